"""Stems and completions as text: joined into a sentence, parted again, and cut into sentences. Nothing is ever evaluated."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BREAK = re.compile(r"(?<=[.!?])[\"'”’)]*\s+|\n+")
_TRAIL = " \t\r\n.…_-"
_OPEN = " \t\r\n\"'“”‘’*_`>#-–—:.…"
_MARKS = '"“”*_` '
_WORD = re.compile(r"\w+")

_COURTESY = re.compile(
    r"\W*(?:i hope (?:this|that|it) (?:helps|is helpful|was helpful|answers)"
    r"|(?:please )?(?:let me know|feel free to (?:ask|reach))"
    r"|is there anything else (?:i|you)|(?:please )?don['’]t hesitate to|would you like me to)\b",
    re.IGNORECASE,
)
_CLOSING = "\"'”’)]"
_ENDS = ".!?:"
_NOT_WORD_END = re.compile(r"[^\w%$€£]+$")
_BULLET = " \t-–—*•>#"
_LONE_I = re.compile(r"\bi\b")

SHOUTING = 0.7
"""A sentence with a larger share of capitals among its letters is read in small ones."""

PREAMBLE = 200
"""Within so many characters a preamble such as "Sure, here is the sentence:" may stand before an echoed stem."""


def bare(stem: str) -> str:
    """Return a stem without the dots, dashes or line that invite to go on."""
    return stem.strip().rstrip(_TRAIL)


def sentence(stem: str, completion: str) -> str:
    """Return stem and completion as one text: what judges read."""
    rest = completion.strip()
    gap = "" if re.match(r"[,;:.!?)'’]", rest) else " "
    return f"{bare(stem)}{gap}{rest}".strip()


def without_names(text: str, names: Sequence[str]) -> str:
    """Return a text with the names of models, each as a whole word and of more than two characters, replaced by "[model]"."""
    for name in sorted({name for name in names if len(name) > 2}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[model]", text, flags=re.IGNORECASE)
    return text


def sentences(text: str) -> list[str]:
    """Cut a text after ``. ! ?`` and white space, and at line ends; parts without a letter are left out."""
    parts = [part.strip() for part in _BREAK.split(text) if part]
    return [part for part in parts if any(character.isalpha() for character in part)]


def statements(text: str) -> list[str]:
    """Return the sentences of a completion without the courtesies to whoever asked that follow it ("I hope this helps!").

    A courtesy stands for nothing that the completion is about, and would count as a sentence like the others. The first
    sentence is what completes the stem, whatever its words.
    """
    first, *others = sentences(text) or [text]
    return [first, *(part for part in others if not _COURTESY.match(part))]


def in_plain_form(text: str, after: str = "") -> str:
    """Return a sentence in the form that contrasts have: one full stop (or question mark) at its end, no shouting.

    Where it goes on with what `after` began, its first word gets a small letter, unless it is "I" or an abbreviation.

    A hidden state after "!" or after no mark at all is unlike one after a full stop, whatever the sentence says: left as they
    are, exclamation marks alone cost a point of seven, and a capital a tenth (docs/validation.md).
    """
    body = text.strip().lstrip(_BULLET)
    closing = body[len(body.rstrip(_CLOSING)) :]
    body = body[: len(body) - len(closing)]
    ended = _NOT_WORD_END.sub("", body)
    if not ended:
        return text
    mark = "?" if "?" in body[len(ended) :] else "."
    letters = [character for character in ended if character.isalpha()]
    if len(ended.split()) > 1 and sum(map(str.isupper, letters)) > SHOUTING * len(letters):
        ended = _LONE_I.sub("I", ended.lower())
    if after and after[-1] not in _ENDS and ended[:1].isupper() and ended[1:2].islower():
        ended = ended[0].lower() + ended[1:]
    return f"{ended}{mark}{closing}"


def strip_echo(stem: str, answer: str) -> str:
    """Return what stands after the stem where the answer repeats it first, without wrapping quotes or markup.

    An echo counts at the start of the answer, or after a preamble of at most `PREAMBLE` characters that ends in a colon or a
    line end. A stem that comes back later (a model that loops) stays.
    """
    text = answer.strip()
    words = _WORD.findall(bare(stem))
    echo = re.compile(r"\W+".join(re.escape(word) for word in words) + r"\b", re.IGNORECASE) if words else None
    found = echo.search(text) if echo else None
    if found is None or found.start() > PREAMBLE or not _is_preamble(text[: found.start()]):
        text = text.lstrip(" .…")
        wrapped = len(text) > 1 and text[0] in _MARKS and text[-1] in _MARKS
        return text.strip(_MARKS) if wrapped else text
    rest = text[found.end() :]
    if any(mark in text[: found.start()] for mark in _MARKS):
        rest = rest.rstrip(_MARKS)  # what was opened before the echo is closed at the end
    # "I" + "'m": the rest of a contraction belongs to the completion.
    return rest if re.match(r"['’]\w", rest) else rest.lstrip(_OPEN)


def _is_preamble(before: str) -> bool:
    if not _WORD.search(before):
        return True
    return before.rstrip(" \t\"'“”‘’*_`>").endswith((":", "\n"))


def first_sentences(text: str, n: int) -> str:
    """Return the first `n` sentences of a text, as it was written."""
    end = 0
    for _ in range(n):
        found = _BREAK.search(text, end)
        if found is None:
            return text
        end = found.end()
    return text[:end].strip()
