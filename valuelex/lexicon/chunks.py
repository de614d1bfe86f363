"""Map: chunks of answers become codes of distinct entries, in any number of processes. Reduce: codes of one common list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.lexicon.normalise import ValueLexicon
from valuelex.lexicon.reading import Entry, Reader

CHUNK = 20_000
"""Answers per chunk: the unit that joblib sends to a worker."""

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Readings:
    """The words of many answers.

    Attributes
    ----------
    entries : list of Entry
        Distinct entries.
    codes : array of int32
        One per word in an answer, in the order of the answers: position in `entries`.
    per_answer : array of int32
        Words per answer.
    """

    entries: list[Entry]
    codes: NDArray[np.int32]
    per_answer: NDArray[np.int32]

    @property
    def owners(self) -> IntArray:
        """For each word the position of its answer."""
        return np.repeat(np.arange(self.per_answer.size), self.per_answer)

    def only(self, wanted: NDArray[np.bool_]) -> Readings:
        """The readings of some answers."""
        return Readings(self.entries, self.codes[np.repeat(wanted, self.per_answer)], self.per_answer[wanted])


def read_chunk(
    texts: Sequence[str], reasons: Sequence[str | None], languages: Sequence[str], lexicon: ValueLexicon
) -> Readings:
    """Read some answers."""
    reader = Reader(lexicon)
    codes: list[int] = []
    per_answer = np.empty(len(texts), dtype=np.int32)
    for i, (text, reason, language) in enumerate(zip(texts, reasons, languages, strict=True)):
        found = reader.codes(text, reason, language)
        per_answer[i] = len(found)
        codes.extend(found)
    return Readings(reader.entries, np.array(codes, dtype=np.int32), per_answer)


def join(parts: Iterable[Readings]) -> Readings:
    """The readings of all chunks, in their order."""
    entries: dict[Entry, int] = {}
    codes, per_answer = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.int32)]
    for part in parts:
        place = np.array([entries.setdefault(entry, len(entries)) for entry in part.entries], dtype=np.int32)
        codes.append(place[part.codes])
        per_answer.append(part.per_answer)
    return Readings(list(entries), np.concatenate(codes), np.concatenate(per_answer))


def read_answers(
    texts: Sequence[str],
    reasons: Sequence[str | None],
    lexicon: ValueLexicon,
    *,
    languages: Sequence[str] | None = None,
    chunk: int = CHUNK,
    n_jobs: int | None = None,
) -> Readings:
    """Read answers chunk by chunk; the result does not depend on the chunks.

    Parameters
    ----------
    texts, reasons : sequence
        Answers, and the reason of their status.
    languages : sequence of str, optional
        In which each was asked for; default: English.
    chunk : int
        Answers per chunk.
    n_jobs : int or None
        Worker processes. None takes what `joblib.parallel_config` says, else every core; a single chunk is read here.
    """
    languages = ["en"] * len(texts) if languages is None else languages
    parts = [slice(i, i + chunk) for i in range(0, len(texts), chunk)]
    tasks = [(texts[part], reasons[part], languages[part], lexicon) for part in parts]
    return join(spread(read_chunk, tasks, n_jobs))


def spread(task: Callable[..., Any], arguments: Sequence[tuple[Any, ...]], n_jobs: int | None) -> Iterator[Any]:
    """Yield `task(*a)` for each of `arguments`, in order, from as many workers as are wanted."""
    if len(arguments) < 2:
        yield from (task(*a) for a in arguments)
        return
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend

    configured = get_active_backend()[1]
    jobs = n_jobs if n_jobs is not None else configured if configured is not None else -1
    yield from Parallel(n_jobs=jobs, return_as="generator")(delayed(task)(*a) for a in arguments)
