"""Vectors that someone else computed: a table of words and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from valuelex.errors import DataError, TableError
from valuelex.tables.files import read_frame

WORD = "word"


class PrecomputedEmbedder:
    """Looks vectors of words up in a table.

    A text is looked up as it stands; failing that, what stands before its first colon, since the taxonomy step embeds a word as
    ``word: gloss``. Letter case does not matter where that leaves no doubt.

    Parameters
    ----------
    table : DataFrame
        A column `word` and at least two numeric columns; other columns are left out. Rows are scaled to length one.
    name : str
        What tables and reports call the vectors.

    Attributes
    ----------
    dimensions : int
    left_out : tuple of str
        Columns that are no numbers.

    Raises
    ------
    DataError
        Without a column `word` or numbers; for words that stand twice with different vectors, missing numbers, or vectors
        without length.
    """

    def __init__(self, table: pd.DataFrame, name: str = "precomputed") -> None:
        self.name = name
        if WORD not in table.columns:
            raise DataError(f"The table of vectors ({name}) has no column '{WORD}'.", "Name the column of words so.")
        rest = table.drop(columns=WORD)
        numbers = pd.DataFrame({c: made for c in rest.columns if (made := _numbers(rest[c])) is not None})
        self.left_out = tuple(str(c) for c in rest.columns if c not in numbers.columns)
        if numbers.shape[1] < 2:
            raise DataError(
                f"The table of vectors ({name}) has {numbers.shape[1]} numeric columns.",
                "Give at least two dimensions.",
            )
        self.dimensions = numbers.shape[1]
        words = [str(w).strip() for w in table[WORD]]
        values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
        lengths = np.linalg.norm(values, axis=1)
        bad = [w for w, length in zip(words, lengths, strict=True) if not np.isfinite(length) or length == 0]
        if bad:
            raise DataError(
                f"The vectors of {_listed(bad)} ({name}) have missing numbers or no length.",
                "Mend or remove these rows.",
            )
        values = values / lengths[:, None]
        self._vectors: dict[str, np.ndarray] = {}
        for word, vector in zip(words, values, strict=True):
            if word in self._vectors and not np.array_equal(self._vectors[word], vector):
                raise DataError(f"'{word}' stands twice in {name}, with different vectors.", "Keep one of the rows.")
            self._vectors[word] = vector
        lower: dict[str, set[str]] = {}
        for word in self._vectors:
            lower.setdefault(word.lower(), set()).add(word)
        self._lower = {key: next(iter(forms)) for key, forms in lower.items() if len(forms) == 1}

    @classmethod
    def from_file(cls, path: Path) -> PrecomputedEmbedder:
        """Read a CSV or Parquet file.

        Raises
        ------
        DataError
            If it is not there, cannot be read, or does not hold what is needed.
        """
        try:
            table = read_frame(path)
        except TableError as error:
            raise DataError(error.what, error.remedy) from error
        return cls(table, f"precomputed:{path.name}")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return an array of len(texts) x dimensions, rows of length one.

        Raises
        ------
        DataError
            Naming the words that have no vector.
        """
        found = [self._look_up(text) for text in texts]
        missing = [text.partition(":")[0] for text, vector in zip(texts, found, strict=True) if vector is None]
        if missing:
            raise DataError(
                f"{len(missing)} of {len(texts)} words have no vector in {self.name}: {_listed(missing)}.",
                "Add their rows to the file, or leave the words out of the lexicon.",
            )
        return np.vstack([v for v in found if v is not None]) if found else np.empty((0, self.dimensions))

    def _look_up(self, text: str) -> np.ndarray | None:
        for form in (text.strip(), text.partition(":")[0].strip()):
            known = form if form in self._vectors else self._lower.get(form.lower())
            if known is not None:
                return self._vectors[known]
        return None


def _numbers(column: pd.Series) -> pd.Series | None:
    """The column as numbers, gaps as NaN; None if anything in it is no number, or nothing is in it."""
    made = pd.to_numeric(column, errors="coerce")
    filled = column.notna() & (column.astype(str).str.strip() != "")
    return made if filled.any() and made[filled].notna().all() else None


def _listed(words: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(f"'{word}'" for word in words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"
