"""From a surface form to a word type: case, spelling, plural, and the noun of its derivational family."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from valuelex.errors import BadInput
from valuelex.resources import instruments
from valuelex.tables import own_or_packaged, read_frame

# Headwords that are as often something else in running text ("I share", "to support"); in a list they count.
_WEAK = (
    "help support guide share create explain love care work play power change focus order trust respect hope interest reason "
    "life people world time place part way value values service use experience company power family health money "
    "concern style voice travel identity potential opportunity resolve attachment survival certainty representation prevention "
    "perspective transformation ownership healing talent celebration willingness questioning"
)
_WEAK_IN_PROSE = frozenset(_WEAK.split())

_REMEMBERED, _SHORT = 2**17, 60
"""So many forms, none longer than that, are remembered with what was found: running text repeats itself."""


@dataclass(frozen=True)
class ValueLexicon:
    """The value lexicon: word types, their glosses, and which surface form belongs to which.

    Attributes
    ----------
    glosses : dict of str -> str
        One entry per word type.
    forms : dict of str -> str
        Every surface form (lower case, hyphens as spaces) -> its word type.
    spelling : dict of str -> str
        British -> American.
    non_values : frozenset of str
        Words that are no values.
    """

    glosses: dict[str, str]
    forms: dict[str, str]
    spelling: dict[str, str]
    non_values: frozenset[str]
    _found: dict[str, str | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def look_up(self, form: str) -> str | None:
        """Return the word type of a surface form, trying its American spelling and its singular."""
        if form in self._found:
            return self._found[form]
        word = next((self.forms[attempt] for attempt in self._attempts(_key(form)) if attempt in self.forms), None)
        if len(form) <= _SHORT:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[form] = word
        return word

    def is_non_value(self, form: str) -> bool:
        """Whether the form, or its singular, is on the list of non-values."""
        return any(attempt in self.non_values for attempt in self._attempts(_key(form)))

    def _attempts(self, key: str) -> list[str]:
        american = " ".join(self.spelling.get(part, part) for part in key.split())
        out = [key, american, american.replace(" ", "")]
        for form in (key, american):
            if form.endswith("ies"):
                out.append(form[:-3] + "y")
            if form.endswith("es"):
                out.append(form[:-2])
            if form.endswith("s") and not form.endswith("ss"):
                out.append(form[:-1])
        return out

    def in_prose(self, word: str) -> bool:
        """Whether the word type, met in running text, can be taken to name a value."""
        return word in self.glosses and word not in _WEAK_IN_PROSE and len(word) > 4


def _key(form: str) -> str:
    return re.sub(r"[\s\-‐-―]+", " ", form.lower()).strip(" .'")


def load_lexicon(source: str, folder: Path) -> ValueLexicon:
    """Read a value lexicon, the spelling table and the list of non-values.

    Raises
    ------
    BadInput
        If the file lacks a column or one form is claimed by two word types.
    """
    import pandas as pd

    path = own_or_packaged(source, "lexicon", ".csv", folder)
    data = read_frame(path).astype(object).fillna("")
    missing = {"word", "gloss", "variants"} - set(data.columns)
    if missing:
        raise BadInput(
            f"{path}: column {', '.join(sorted(missing))} is missing.", "A value lexicon has word, gloss, variants."
        )
    forms: dict[str, str] = {}
    for word, variants in zip(data["word"], data["variants"], strict=True):
        for form in (word, *filter(None, variants.split("|"))):
            owner = forms.setdefault(_key(form), word)
            if owner != word:
                raise BadInput(
                    f"{path}: '{form}' stands under {owner} and under {word}.", "Leave it under one of the two."
                )
    folder_ = instruments() / "lexicon"
    spelling = pd.read_csv(folder_ / "spelling.csv", dtype=str)
    non_values = (folder_ / "non_values.txt").read_text(encoding="utf-8").split()
    return ValueLexicon(
        glosses=dict(zip(data["word"], data["gloss"], strict=True)),
        forms=forms,
        spelling=dict(zip(spelling["british"], spelling["american"], strict=True)),
        non_values=frozenset(non_values),
    )


@dataclass(frozen=True)
class Reading:
    """What a candidate was read as: a word type (or the normalised token of an unknown word) and how it was found."""

    word: str
    known: bool
    how: str


_QUOTED = 120
_PREPOSITION = re.compile(r"\s+(?:for|of|to|toward|towards|in|with|from|at|by|on|among|over|about|as|through)\s+")
_TOKEN = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")


def read_item(raw: str, lexicon: ValueLexicon) -> Reading | None:
    """Read one list item: the whole of it, else the head before a preposition, else its last word.

    "respect for others" is read as respect, "unshakable integrity" as integrity; None if the item holds no word.
    """
    text = " ".join(_TOKEN.findall(raw.lower()))
    if not text:
        return None
    whole = lexicon.look_up(text)
    if whole is not None:
        return Reading(whole, True, "value lexicon")
    head = _PREPOSITION.split(text, maxsplit=1)[0]
    if head != text and (found := lexicon.look_up(head)) is not None:
        return Reading(found, True, f"value lexicon, head of '{text[:_QUOTED]}'")
    parts = head.split()
    if len(parts) > 1 and (found := lexicon.look_up(parts[-1])) is not None:
        return Reading(found, True, f"value lexicon, last word of '{text[:_QUOTED]}'")
    return Reading(text, False, "")


def read_prose(raw: str, lexicon: ValueLexicon) -> list[str]:
    """Return the word types that running text names, in order, each once; two-word values before single words."""
    tokens = _TOKEN.findall(raw.lower())
    found: list[str] = []
    skip = False
    for i, token in enumerate(tokens):
        if skip:
            skip = False
            continue
        pair = lexicon.look_up(f"{token} {tokens[i + 1]}") if i + 1 < len(tokens) else None
        word = pair or lexicon.look_up(token)
        skip = pair is not None
        # Single tokens must stand in the noun form itself: "kindly" in a sentence names no value.
        if word is not None and (pair or word == token) and lexicon.in_prose(word) and word not in found:
            found.append(word)
    return found
