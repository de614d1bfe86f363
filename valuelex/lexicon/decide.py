"""From readings with open entries to decided ones: families among the answers' own words, then the verdict on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from valuelex.lexicon.chunks import Readings
from valuelex.lexicon.families import merge
from valuelex.lexicon.reading import REPEATED, Entry

OUTSIDE = "not in the value lexicon"
PHRASE = "phrase that is not in the value lexicon"
FAMILY = "family among the answers"
"""Rule of a word that stands for the noun of another word of the answers."""

Verdicts = Mapping[str, tuple[bool, str]]


def open_words(readings: Readings) -> set[str]:
    """The words that are used and not decided yet."""
    used = np.zeros(len(readings.entries), dtype=bool)
    used[readings.codes] = True
    return {str(e.word) for e, there in zip(readings.entries, used, strict=True) if there and e.kept is None}


def single(words: set[str]) -> list[str]:
    """Those that are one word: a phrase of several unknown words is a description, no word that a language has settled on."""
    return sorted(word for word in words if len(word.split()) == 1)


def join_families(readings: Readings) -> Readings:
    """Let words that are in no lexicon stand for the noun of their family where the answers name it too."""
    merged = merge(single(open_words(readings)))
    if not merged:
        return readings
    entries = [_joined(entry, merged) if entry.kept is None else entry for entry in readings.entries]
    return _once(Readings(entries, readings.codes, readings.per_answer), set(merged.values()))


def _joined(entry: Entry, merged: Mapping[str, str]) -> Entry:
    noun = merged.get(str(entry.word))
    if noun is None:
        return entry
    return entry._replace(word=noun, rule=" + ".join(filter(None, (entry.rule, FAMILY))))


def _once(readings: Readings, words: set[str]) -> Readings:
    """Set aside what names one of the words again in the same answer."""
    names = {word: i for i, word in enumerate(sorted(words))}
    entries = list(readings.entries)
    word_of = np.array([names.get(str(e.word), -1) if e.kept is None else -1 for e in entries], dtype=np.int64)
    rows = np.nonzero(word_of[readings.codes] >= 0)[0]
    pairs = readings.owners[rows] * len(names) + word_of[readings.codes[rows]]
    first = np.unique(pairs, return_index=True)[1]
    again = np.delete(rows, first)
    codes = readings.codes.copy()
    repeated: dict[int, int] = {}
    for row in again.tolist():
        code = int(codes[row])
        if code not in repeated:
            repeated[code] = len(entries)
            entries.append(entries[code]._replace(kept=False, reason=REPEATED))
        codes[row] = repeated[code]
    return Readings(entries, codes, readings.per_answer)


def decide(readings: Readings, verdicts: Verdicts | None) -> Readings:
    """Fill in the entries that are open.

    Parameters
    ----------
    readings : Readings
        Families joined.
    verdicts : mapping of str -> (bool, str), optional
        Word -> whether it counts, and why. Without it no word outside the value lexicon counts.
    """

    def closed(entry: Entry) -> Entry:
        kept, reason = (False, OUTSIDE) if verdicts is None else verdicts.get(str(entry.word), (False, PHRASE))
        return entry._replace(kept=kept, reason=reason)

    entries = [entry if entry.kept is not None else closed(entry) for entry in readings.entries]
    return Readings(entries, readings.codes, readings.per_answer)


def judged_words(readings: Readings) -> dict[str, bool]:
    """Every word type that a list item was read as, with whether it counts; phrases and what is no word left out."""
    out: dict[str, bool] = {}
    for entry in _used(readings):
        if entry.word is None or entry.kept is None or entry.token is None or entry.reason == REPEATED:
            continue
        if entry.reason in (PHRASE, "too short", "too long") or entry.reason.startswith(NO_WORD):
            continue
        if not entry.kept and " " in entry.word:
            continue
        out[entry.word] = out.get(entry.word, False) or bool(entry.kept)
    return dict(sorted(out.items()))


NO_WORD = ("no English: ", "cut off")
"""How reasons begin of what cannot be judged as a word."""


def _used(readings: Readings) -> list[Any]:
    used = np.zeros(len(readings.entries), dtype=bool)
    used[readings.codes] = True
    return [entry for entry, there in zip(readings.entries, used, strict=True) if there]
