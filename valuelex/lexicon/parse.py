"""From an answer to the items it lists. Answers come as comma lists, numbered lists, bullets, JSON, or prose."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

ITEM_WORDS = 3
"""A segment of more words than this is running text, not an item of a list."""

_BREAK = re.compile(
    r"[\n\r;,•·|]+|(?:^|(?<=[\s.:,]))\(?\d{1,2}[.):](?=\s|[*\"'A-Za-z]|$)|\s[-–—*]\s|(?<=[a-z])\.\s+(?=[A-Z\d])"
)
_MARKUP = re.compile(r"</?[a-zA-Z][^>]{0,20}>|[*_`#>\"“”„\[\]{}<]+")
_PREAMBLE = re.compile(
    r"^[^:\n]{0,200}?\b(?:values?|words?|list|are|is|ideals|principles|here|following)\b[^:\n]{0,80}:\s*(?=\S)", re.I
)
_AND = re.compile(r"^(?:and|or|&|plus|also)\s+|\s+(?:and|or|&)\s+|\s*/\s*", re.I)
_LEAD = re.compile(
    r"^(?:[a-j][).]\s+)?(?:(?:a|an|the|my|our|your|being|to be|be|having|strong|deep|true|sense of)\s+)*", re.I
)
_EDGE = " \t.,;:!?'’‘()-–—+=~"


@dataclass(frozen=True)
class Candidate:
    """A piece of an answer: an item of its list, or a stretch of running text."""

    raw: str
    prose: bool


def parse(text: str) -> list[Candidate]:
    """Return the pieces of an answer, in order; nothing is dropped, running text included.

    An item's explanation ("Honesty: telling the truth") is cut off at the colon. "love and peace" gives two items.
    """
    listed = _json_list(text)
    if listed is not None:
        return [Candidate(item, prose=False) for item in listed]
    body = _PREAMBLE.sub("", _MARKUP.sub(" ", text).replace("\u2019", "'"), count=1)
    found: list[Candidate] = []
    for segment in _BREAK.split(body):
        head = segment.split(":", 1)[0].strip(_EDGE)
        if not head:
            continue
        for part in filter(None, (p.strip(_EDGE) for p in _AND.split(head))):
            item = _LEAD.sub("", part).strip(_EDGE)
            if item:
                found.append(Candidate(item, prose=len(item.split()) > ITEM_WORDS))
    return found


def _json_list(text: str) -> list[str] | None:
    """The strings of a JSON list, or of an object's first list; None if the answer is no JSON."""
    start = text.strip()
    if not start.startswith(("{", "[")):
        return None
    try:
        value = json.loads(start)
    except ValueError:
        return None
    if isinstance(value, dict):
        value = next((v for v in value.values() if isinstance(v, list)), None)
    return [str(v) for v in value if isinstance(v, str) and v.strip()] if isinstance(value, list) else None
