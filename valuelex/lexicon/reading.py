"""One answer -> its words, each with a verdict and its reason; what was read once is remembered."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from valuelex.lexicon.items import Reading, prose_readings, read_item
from valuelex.lexicon.normalise import ValueLexicon
from valuelex.lexicon.parse import Candidate, candidates, json_list, segments
from valuelex.models.answers import CUT_OFF

RAW_LENGTH = 120
"""Running text is quoted in the words table up to this many characters; no word is longer."""

REMEMBERED = 2**16
"""So many segments are remembered with what they were read as: answers repeat one another."""

LONGEST_REMEMBERED = 200
"""Longer segments are read anew each time."""

NAMED_IN_PROSE = "value lexicon, named in running text"
REPEATED = "repeated in this answer"


FOREIGN = "no English: "
"""How the reason of an item begins that is in another language and was not translated."""

SCRIPT = "not in Latin script"


class Entry(NamedTuple):
    """A row of the table `words` without its answer and place; `kept` is None where the embedding has to decide.

    The trail goes from `raw` over `token` and `lemma` to `word`; `rule` names the rules that were used.
    """

    raw: str
    word: str | None
    kept: bool | None
    reason: str
    token: str | None = None
    lemma: str | None = None
    rule: str | None = None


class Mark(NamedTuple):
    """One entry of a piece of an answer: its code, its word, and whether that word may be kept."""

    code: int
    word: str | None
    open: bool


Piece = tuple[str, tuple[Mark, ...]]


class Reader:
    """Reads answers against one value lexicon.

    Attributes
    ----------
    entries : list of Entry
        Every distinct entry met so far; `codes` refers to them by position.
    """

    def __init__(self, lexicon: ValueLexicon) -> None:
        self.lexicon = lexicon
        self.entries: list[Entry] = []
        self._codes: dict[Entry, int] = {}
        self._pieces: dict[str, dict[str, tuple[Piece, ...]]] = {}
        self._again: dict[int, int] = {}

    def read(self, text: str, status_reason: str | None, language: str = "en") -> list[Entry]:
        """The entries of one answer, in order; a word that was named before in this answer is not kept again."""
        return [self.entries[code] for code in self.codes(text, status_reason, language)]

    def codes(self, text: str, status_reason: str | None, language: str = "en") -> list[int]:
        """The same by position in `entries`; `language` is that in which the answer was asked for."""
        listed = json_list(text)
        if listed is None:
            pieces = [piece for segment in segments(text) for piece in self._segment(segment, language)]
        else:
            pieces = [self._piece(Candidate(item, prose=False), language) for item in listed]
        if pieces and status_reason == CUT_OFF and text[-1:].isalpha():
            half = Entry(pieces[-1][0], None, False, "cut off at the end of the answer: may be half a word")
            pieces[-1] = (half.raw, (Mark(self._code(half), None, False),))
        out: list[int] = []
        seen: set[str] = set()
        for _, marks in pieces:
            for code, word, open_ in marks:
                if word is not None:
                    if open_ and word in seen:
                        code = self._repeated(code)
                    else:
                        seen.add(word)
                out.append(code)
        return out

    def _repeated(self, code: int) -> int:
        """The code of an entry's repetition in the same answer."""
        again = self._again.get(code)
        if again is None:
            again = self._again[code] = self._code(self.entries[code]._replace(kept=False, reason=REPEATED))
        return again

    def _segment(self, segment: str, language: str) -> tuple[Piece, ...]:
        pieces = self._pieces.setdefault(language, {})
        known = pieces.get(segment)
        if known is None:
            known = tuple(self._piece(candidate, language) for candidate in candidates(segment))
            if len(segment) <= LONGEST_REMEMBERED:
                if len(pieces) >= REMEMBERED:
                    pieces.clear()
                pieces[segment] = known
        return known

    def _piece(self, candidate: Candidate, language: str) -> Piece:
        found = self._judge(candidate, language)
        marks = tuple(Mark(self._code(entry), entry.word, entry.kept is not False) for entry in found)
        return candidate.raw[:RAW_LENGTH], marks

    def _judge(self, candidate: Candidate, language: str) -> list[Entry]:
        raw = candidate.raw[:RAW_LENGTH]
        if candidate.prose:
            named = prose_readings(candidate.raw, self.lexicon, language)
            if not named:
                return [Entry(raw, None, False, "running text that names no value")]
            return [Entry(raw, r.word, True, NAMED_IN_PROSE, r.token, r.lemma, r.rule) for r in named]
        reading = read_item(candidate.raw, self.lexicon, language)
        if reading is None:
            return [Entry(raw, None, False, "no letters")]
        kept, reason = self._verdict(reading, language)
        word, token, lemma = (
            None if x is None else x[:RAW_LENGTH] for x in (reading.word, reading.token, reading.lemma)
        )
        return [Entry(raw, word, kept, reason, token, lemma, reading.rule)]

    def _verdict(self, reading: Reading, language: str) -> tuple[bool | None, str]:
        """Whether an item counts, None where the embedding has to decide; and why."""
        word = reading.word
        if word is None:
            return False, f"set aside by override{': ' if reading.how else ''}{reading.how}"
        if reading.known:
            return True, reading.how
        if len(word) > RAW_LENGTH:
            return False, "too long"
        if not _latin(word):
            return False, f"{FOREIGN}{SCRIPT}"
        if language != "en" and reading.rule is None:
            there = language in self.lexicon.translations
            return False, f"{FOREIGN}{language}, {'not in its' if there else 'no'} translations"
        if len(word) < 3:
            return False, "too short"
        if self.lexicon.is_non_value(word):
            return False, "non-value list"
        return None, ""

    def _code(self, entry: Entry) -> int:
        code = self._codes.get(entry)
        if code is None:
            code = self._codes[entry] = len(self.entries)
            self.entries.append(entry)
        return code


def _latin(word: str) -> bool:
    return word.isascii() or all(unicodedata.name(c, "LATIN").startswith("LATIN") for c in word if c.isalpha())
