"""From an answer to the items it lists. Answers come as comma lists, numbered lists, bullets, JSON, or prose."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

ITEM_WORDS = 3
"""A segment of more words than this is running text, not an item of a list."""

_BREAK = re.compile(
    r"[\n\r;,•·|、，；。،؛]+|(?:^|(?<=[\s.:,]))\(?\d{1,2}[.):](?=\s|[*\"'A-Za-z]|$)|\s[-–—*]\s|(?<=[a-z])\.\s+(?=[A-Z\d])"
)
_MARKUP = re.compile(r"</?[a-zA-Z][^>]{0,20}>|[*_`#>\"“”„\[\]{}<]+")
_PREAMBLE = re.compile(
    r"^[^:\n]{0,200}?\b(?:values?|words?|list|are|is|ideals|principles|here|following)\b[^:\n]{0,80}:\s*(?=\S)", re.I
)
# A run of white space is tried from its first character only: from each of them it would take quadratic time.
_AND = re.compile(r"^(?:and|or|&|plus|also)\s+|(?<!\s)\s+(?:and|or|&)\s+|(?:(?<!\s)\s+)?/\s*", re.I)
_LEAD = re.compile(
    r"^(?:[a-j][).]\s+)?(?:(?:a|an|the|my|our|your|being|to be|be|having|strong|deep|true|sense of)\s+)*", re.I
)
_EDGE = " \t.,;:!?'’‘()-–—+=~"


class Candidate(NamedTuple):
    """A piece of an answer: an item of its list, or a stretch of running text."""

    raw: str
    prose: bool


def parse(text: str) -> list[Candidate]:
    """Return the pieces of an answer, in order; nothing is dropped, running text included.

    An item's explanation ("Honesty: telling the truth") is cut off at the colon. "love and peace" gives two items. The time
    is linear in the length of the answer, whatever it holds.
    """
    listed = json_list(text)
    if listed is not None:
        return [Candidate(item, prose=False) for item in listed]
    return [candidate for segment in segments(text) for candidate in candidates(segment)]


def segments(text: str) -> list[str]:
    """Cut an answer that is no JSON at line ends, commas, bullets and numbers, markup and preamble taken off."""
    body = _PREAMBLE.sub("", _MARKUP.sub(" ", text).replace("\u2019", "'"), count=1)
    return _BREAK.split(body)


def candidates(segment: str) -> tuple[Candidate, ...]:
    """The pieces of one segment."""
    head = segment.replace("：", ":").split(":", 1)[0].strip(_EDGE)
    if not head:
        return ()
    found = []
    for part in filter(None, (p.strip(_EDGE) for p in _AND.split(head))):
        item = _LEAD.sub("", part, count=1).strip(_EDGE)
        if item:
            found.append(Candidate(item, prose=len(item.split(None, ITEM_WORDS)) > ITEM_WORDS))
    return tuple(found)


def json_list(text: str) -> list[str] | None:
    """The strings of a JSON list, or of an object's first list; None if the answer is no JSON."""
    start = text.strip()
    if not start.startswith(("{", "[")):
        return None
    try:
        value = json.loads(start)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        value = next((v for v in value.values() if isinstance(v, list)), None)
    return [whole(v) for v in value if isinstance(v, str) and v.strip()] if isinstance(value, list) else None


def whole(text: str) -> str:
    """Return `text` with lone surrogates, which JSON can hold and no file can, as question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
