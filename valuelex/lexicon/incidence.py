"""Which answer names which word, as a sparse matrix: what the tables about the survey itself are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.lexicon.chunks import Readings

ALL = "(all)"
"""The row of a table that takes all models together."""


@dataclass(frozen=True, eq=False)
class Incidence:
    """Usable answers and their words.

    Attributes
    ----------
    answers : DataFrame
        The design columns of `responses`, one row per usable answer, numbered 0, 1, ...
    named : scipy.sparse.csr_array, answers x words
        1 where an answer names a word, counted as a value or not.
    words : array of str
        The words, sorted.
    accepted : array of bool
        Whether a word counts as a value, be it rare or not: what coverage and richness are about.
    kept : array of bool
        Whether it counts and enough respondents named it.
    """

    answers: pd.DataFrame
    named: Any
    words: NDArray[Any]
    accepted: NDArray[np.bool_]
    kept: NDArray[np.bool_]

    def only(self, rows: NDArray[Any]) -> Incidence:
        """Some of the answers."""
        return Incidence(
            self.answers[rows].reset_index(drop=True),
            self.named[np.nonzero(rows)[0]],
            self.words,
            self.accepted,
            self.kept,
        )

    def modes(self) -> list[str]:
        """The modes of asking that occur: open, closed, logprob first, then others by name."""
        found = [str(mode) for mode in self.answers["elicitation"].dropna().unique()]
        known = ["open", "closed", "logprob"]
        return sorted(found, key=lambda mode: (known.index(mode) if mode in known else len(known), mode))

    def of_mode(self, mode: str) -> Incidence:
        """The answers of one mode."""
        return self.only((self.answers["elicitation"] == mode).fillna(False).to_numpy(dtype=bool))

    def groups(self) -> list[tuple[str, NDArray[np.bool_]]]:
        """Each model and which answers are its, by name; then all, where there are several."""
        model = self.answers["model_id"].to_numpy(dtype=object)
        found = [(str(name), model == name) for name in sorted(set(model))]
        return [*found, (ALL, np.ones(len(model), dtype=bool))] if len(found) != 1 else found

    def frequencies(self, rows: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """In how many (of some) answers each word is named."""
        weight = np.ones(len(self.answers)) if rows is None else rows.astype(np.float64)
        return np.asarray(np.rint(self.named.T @ weight), dtype=np.int64)


def incidence(readings: Readings, answers: pd.DataFrame, kept: Sequence[str]) -> Incidence:
    """Make the matrix of decided readings; `kept` are the words of the table `lexicon`."""
    from scipy import sparse

    words = np.array(sorted({e.word for e in readings.entries if e.word is not None}), dtype=object)
    at = {word: i for i, word in enumerate(words)}
    accepted = np.zeros(words.size, dtype=bool)
    for entry in readings.entries:
        if entry.kept and entry.word is not None:
            accepted[at[entry.word]] = True
    word_of = np.array([-1 if e.word is None else at[e.word] for e in readings.entries], dtype=np.int64)
    column = word_of[readings.codes] if readings.codes.size else np.zeros(0, dtype=np.int64)
    there = column >= 0
    shape = (len(answers), words.size)
    named = sparse.coo_array(
        (
            np.ones(int(there.sum()), dtype=np.int8),
            (readings.owners[there].astype(np.int32), column[there].astype(np.int32)),
        ),
        shape=shape,
    ).tocsr()
    named.data[:] = 1  # a word that is repeated in an answer is named in it once
    return Incidence(
        answers.reset_index(drop=True), named, words, accepted, np.isin(words, np.array(list(kept), dtype=object))
    )
