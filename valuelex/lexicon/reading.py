"""One answer -> its words, each with a verdict and its reason; what was read once is remembered."""

from __future__ import annotations

from typing import NamedTuple

from valuelex.lexicon.normalise import ValueLexicon, read_item, read_prose
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


class Entry(NamedTuple):
    """A row of the table `words` without its answer and place; `kept` is None where the embedding has to decide."""

    raw: str
    word: str | None
    kept: bool | None
    reason: str


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
        self._pieces: dict[str, tuple[Piece, ...]] = {}

    def read(self, text: str, status_reason: str | None) -> list[Entry]:
        """The entries of one answer, in order; a word that was named before in this answer is not kept again."""
        return [self.entries[code] for code in self.codes(text, status_reason)]

    def codes(self, text: str, status_reason: str | None) -> list[int]:
        """The same by position in `entries`."""
        listed = json_list(text)
        if listed is None:
            pieces = [piece for segment in segments(text) for piece in self._segment(segment)]
        else:
            pieces = [self._piece(Candidate(item, prose=False)) for item in listed]
        if pieces and status_reason == CUT_OFF and text[-1:].isalpha():
            half = Entry(pieces[-1][0], None, False, "cut off at the end of the answer: may be half a word")
            pieces[-1] = (half.raw, (Mark(self._code(half), None, False),))
        out: list[int] = []
        seen: set[str] = set()
        for _, marks in pieces:
            for code, word, open_ in marks:
                if word is not None:
                    if open_ and word in seen:
                        code = self._code(Entry(self.entries[code].raw, word, False, REPEATED))
                    else:
                        seen.add(word)
                out.append(code)
        return out

    def _segment(self, segment: str) -> tuple[Piece, ...]:
        known = self._pieces.get(segment)
        if known is None:
            known = tuple(self._piece(candidate) for candidate in candidates(segment))
            if len(segment) <= LONGEST_REMEMBERED:
                if len(self._pieces) >= REMEMBERED:
                    self._pieces.clear()
                self._pieces[segment] = known
        return known

    def _piece(self, candidate: Candidate) -> Piece:
        found = self._judge(candidate)
        marks = tuple(Mark(self._code(entry), entry.word, entry.kept is not False) for entry in found)
        return candidate.raw[:RAW_LENGTH], marks

    def _judge(self, candidate: Candidate) -> list[Entry]:
        raw = candidate.raw[:RAW_LENGTH]
        if candidate.prose:
            named = read_prose(candidate.raw, self.lexicon)
            if not named:
                return [Entry(raw, None, False, "running text that names no value")]
            return [Entry(raw, word, True, NAMED_IN_PROSE) for word in named]
        reading = read_item(candidate.raw, self.lexicon)
        if reading is None:
            return [Entry(raw, None, False, "no letters")]
        word = reading.word
        if reading.known:
            return [Entry(raw, word, True, reading.how)]
        if len(word) > RAW_LENGTH:
            return [Entry(raw, word[:RAW_LENGTH], False, "too long")]
        if len(word) < 3:
            return [Entry(raw, word, False, "too short")]
        if self.lexicon.is_non_value(word):
            return [Entry(raw, word, False, "non-value list")]
        return [Entry(raw, word, None, "")]

    def _code(self, entry: Entry) -> int:
        code = self._codes.get(entry)
        if code is None:
            code = self._codes[entry] = len(self.entries)
            self.entries.append(entry)
        return code
