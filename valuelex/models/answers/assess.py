"""Answer quality: every label that an answer earns, beside the one status that decides whether it is read further."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from valuelex.models.answers.classify import CUT_OFF, DISCLAIMER, REPETITION, classify
from valuelex.models.answers.copying import echoes, loops, repeats_examples
from valuelex.models.answers.language import other_language
from valuelex.models.request import Request, Response

LABELS = (
    "refusal",
    "disclaimer",
    "content filter",
    "prompt echo",
    "example echo",
    "repetition",
    "wrong language",
    "truncation",
    "empty",
    "too long",
    "error",
)
"""Everything that is looked for in an answer."""

LONGEST = 100_000
"""Characters above which an answer is kept in the ledger alone: a list of values is no book."""


@dataclass(frozen=True)
class Quality:
    """What kind of answer came back.

    Attributes
    ----------
    status : {"ok", "refused", "invalid", "error"}
    reason : str or None
        Why the status is what it is, or the remark on a usable answer.
    labels : tuple of str
        Of `LABELS`, in that order; an answer can have several.
    text : str
        The answer as tables may hold it (`inert`).
    """

    status: str
    reason: str | None
    labels: tuple[str, ...]
    text: str


def assess(request: Request, response: Response, *, language: str = "en", examples: Collection[str] = ()) -> Quality:
    """Label an answer.

    Parameters
    ----------
    request : Request
        What was asked: an answer that repeats it is an echo.
    response : Response
        What came back.
    language : str
        ISO 639-1 code of the language asked in.
    examples : collection of str
        What a few-shot frame showed.
    """
    text = inert(response.text)
    if response.finish_reason == "scored":
        return Quality("ok", None, (), text)
    if len(text) > LONGEST:
        said = f"longer than {LONGEST:,} characters; whole in the ledger"
        return Quality("invalid", said, ("too long",), text[:LONGEST])
    status, reason = classify(response if text == response.text else replace(response, text=text))
    reason = reason and inert(reason)  # an endpoint's own error message is no more to be trusted than an answer
    asked = request.prompt or "\n".join(content for _, content in request.messages)
    found = {
        "refusal": status == "refused" and response.finish_reason != "content_filter",
        "disclaimer": reason == DISCLAIMER,
        "content filter": response.finish_reason == "content_filter",
        "prompt echo": echoes(text, asked),
        "example echo": bool(examples) and repeats_examples(text, examples),
        "repetition": reason == REPETITION or loops(text),
        "wrong language": False,
        "truncation": response.finish_reason == "length",
        "empty": status == "invalid" and reason != REPETITION,
        "error": status == "error",
    }
    if status == "ok" and found["prompt echo"]:
        status, reason = "invalid", "repeats the prompt"
    elif status == "ok" and (other := other_language(text, language)):
        found["wrong language"] = True
        status, reason = "invalid", f"in another language ({other})"
    elif status == "ok" and reason in (None, CUT_OFF) and found["example echo"]:
        reason = reason or "repeats the examples"
    return Quality(status, reason, tuple(label for label in LABELS if found.get(label)), text)


# What a model answers is data. Control characters could drive a terminal (ESC), end a text early (NUL), or break a CSV reader.
_INERT = {code: "\ufffd" for code in (*range(32), 127, *range(128, 160)) if chr(code) not in "\t\n\r"}
# Marks that turn the direction of a text round can make a table show something else than it holds.
_INERT |= dict.fromkeys((8234, 8235, 8236, 8237, 8238, 8294, 8295, 8296, 8297), "")


def inert(text: str) -> str:
    """Return a text without control characters (each becomes U+FFFD; tabs and line ends stay) and without direction marks."""
    return text.translate(_INERT)
