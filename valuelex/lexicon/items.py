"""A piece of an answer -> the word types it names: an item of a list, or running text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from valuelex.lexicon.normalise import OVERRIDE, TRANSLATION, Found, ValueLexicon


@dataclass(frozen=True)
class Reading:
    """What a candidate was read as.

    Attributes
    ----------
    word : str or None
        The word type, or the normalised token of an unknown word; None for what an override sets aside.
    known : bool
        Whether the word is one of the value lexicon.
    how : str
        How it was found, for people.
    token : str
        The part of the candidate that was looked up: lower case, without punctuation.
    lemma : str
        See `Found`.
    rule : str or None
        See `Found`; "head" and "last word" say which part of the candidate was looked up.
    """

    word: str | None
    known: bool
    how: str
    token: str
    lemma: str
    rule: str | None


_QUOTED = 120
_PREPOSITION = re.compile(r"\s+(?:for|of|to|toward|towards|in|with|from|at|by|on|among|over|about|as|through)\s+")
_TOKEN = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")


def tokens_of(raw: str) -> str:
    """The words of a candidate: lower case, one space between them, no punctuation or digits."""
    return " ".join(_TOKEN.findall(raw.lower()))


def read_item(raw: str, lexicon: ValueLexicon, language: str = "en") -> Reading | None:
    """Read one list item: the whole of it, else the head before a preposition, else its last word, else by its family.

    "respect for others" is read as respect, "unshakable integrity" as integrity; None if the item holds no word. An item of
    another language goes through the declared translations first.
    """
    text = tokens_of(raw)
    if not text:
        return None
    head = _PREPOSITION.split(text, maxsplit=1)[0]
    parts = head.split()
    places = {text: ""}
    places.setdefault(head, "head")
    places.setdefault(parts[-1], "last word")
    if language != "en":
        for part, place in places.items():
            found = lexicon.translate(part, language)
            if found is not None:
                return _reading(found, lexicon, text, part, place)
    for part, place in places.items():
        found = lexicon.find(part)
        if found is not None:
            return _reading(found, lexicon, text, part, place)
    if len(parts) == 1 and language == "en" and not lexicon.is_non_value(head):
        found = lexicon.derive(head)
        if found is not None:
            return _reading(found, lexicon, text, head, places[head])
    return Reading(text, False, "", text, text, None)


def _reading(found: Found, lexicon: ValueLexicon, text: str, part: str, place: str) -> Reading:
    rule = " + ".join(filter(None, (place, found.rule))) or None
    if found.word is None:
        return Reading(None, False, lexicon.overrides[found.lemma].reason, part, found.lemma, rule)
    known = found.word in lexicon.glosses
    if not known:
        return Reading(found.word, False, "", part, found.lemma, rule)
    how = "value lexicon" + (f", {place} of '{text[:_QUOTED]}'" if place else "")
    return Reading(found.word, True, how + _BY.get(found.rule or "", ""), part, found.lemma, rule)


_BY = {OVERRIDE: ", by override", "derivation": ", by derivation"}


def read_prose(raw: str, lexicon: ValueLexicon, language: str = "en") -> list[str]:
    """Return the word types that running text names, in order, each once; two-word values before single words."""
    return [reading.word for reading in prose_readings(raw, lexicon, language) if reading.word is not None]


def prose_readings(raw: str, lexicon: ValueLexicon, language: str = "en") -> list[Reading]:
    """The same as readings."""
    tokens = _TOKEN.findall(raw.lower())
    out: list[Reading] = []
    seen: set[str] = set()
    skip = False
    for i, token in enumerate(tokens):
        if skip:
            skip = False
            continue
        two = f"{token} {tokens[i + 1]}" if i + 1 < len(tokens) else None
        pair = _find(two, lexicon, language) if two is not None else None
        found = pair or _find(token, lexicon, language)
        skip = pair is not None
        if found is None or found.word is None or found.word in seen:
            continue
        # Single tokens must stand in the noun form itself: "kindly" in a sentence names no value.
        declared = (found.rule or "").startswith((OVERRIDE, TRANSLATION))
        if (pair or declared or found.word == token) and lexicon.in_prose(found.word):
            seen.add(found.word)
            out.append(Reading(found.word, True, "", two if pair and two else token, found.lemma, found.rule))
    return out


def _find(form: str, lexicon: ValueLexicon, language: str) -> Found | None:
    found = lexicon.translate(form, language) if language != "en" else None
    return found or lexicon.find(form)
