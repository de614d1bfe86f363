"""What every estimator starts from: how many types were seen once, twice, ... in how many individuals or sampling units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Frequencies:
    """Frequency counts of one sample.

    Attributes
    ----------
    seen : array of int
        The frequencies that occur, ascending, 1 or more.
    types : array of int
        How many types have each of them.
    units : int
        n: individuals, or sampling units (then a frequency is the number of units that hold the type).
    """

    seen: IntArray
    types: IntArray
    units: int

    @property
    def total(self) -> int:
        """Sum of the frequencies: individuals, or incidences."""
        return int(np.sum(self.seen * self.types))

    @property
    def observed(self) -> int:
        """Types seen."""
        return int(self.types.sum())

    def of(self, frequency: int) -> int:
        """How many types were seen `frequency` times."""
        at = int(np.searchsorted(self.seen, frequency))
        return int(self.types[at]) if at < self.seen.size and self.seen[at] == frequency else 0


def frequencies(counts: object, n_units: int | None) -> Frequencies:
    """Check a vector of counts per type (zeros are types that were not seen).

    Raises
    ------
    DataError
        Counts that are no whole numbers of 0 or more, or a type in more units than there are.
    """
    values = np.asarray(counts)
    if values.size == 0:
        values = np.zeros(0, dtype=np.int64)
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        raise DataError("counts is no vector of numbers.", "Give how often each type was seen.")
    if values.dtype.kind == "f" and (not np.isfinite(values).all() or (values != np.floor(values)).any()):
        raise DataError("counts holds values that are no whole numbers.", "Give how often each type was seen.")
    whole = values.astype(np.int64)
    if (whole < 0).any():
        raise DataError("counts holds negative values.", "Give how often each type was seen, 0 or more.")
    seen, types = np.unique(whole[whole > 0], return_counts=True)
    if n_units is None:
        return Frequencies(seen, types.astype(np.int64), int(whole.sum()))
    units = checks.integer(n_units, "n_units", low=0)
    if seen.size and int(seen[-1]) > units:
        raise DataError(
            f"A type was seen in {int(seen[-1])} sampling units of {units}.",
            "Give in how many units each type was seen, not how often.",
        )
    return Frequencies(seen, types.astype(np.int64), units)


def tally(data: Any) -> tuple[IntArray, IntArray, int]:
    """Individuals and incidences per type, and the number of units, of a units x types table (array or scipy.sparse).

    Raises
    ------
    DataError
        A table that is not two-dimensional, or holds negative or missing values.
    """
    if hasattr(data, "tocsc"):
        table = data.tocsc()
        values = np.asarray(table.data)
        individuals = np.asarray(table.sum(axis=0)).ravel()
        incidences = np.asarray((table > 0).sum(axis=0)).ravel()
        units = int(table.shape[0])
    else:
        table = np.asarray(data)
        if table.ndim != 2 or table.dtype.kind not in "biuf":
            raise DataError("The table of units is no table of numbers.", "Give units in rows, types in columns.")
        values, units = table, int(table.shape[0])
        individuals, incidences = table.sum(axis=0), (table > 0).sum(axis=0)
    if values.size and (not np.isfinite(values).all() or values.min() < 0):
        raise DataError("The table of units holds negative or missing values.", "Give counts, or 0 and 1.")
    return np.asarray(individuals), np.asarray(incidences, dtype=np.int64), units


def log_ratio(n: int, held: IntArray, size: Sequence[int] | IntArray) -> FloatArray:
    """log of C(n - held, size) / C(n, size), sizes x held; -inf where a draw of that size must meet the type."""
    from scipy.special import gammaln

    m = np.asarray(size, dtype=np.float64)[:, None]
    x = np.asarray(held, dtype=np.float64)[None, :]
    rest = n - x - m
    inside = rest >= 0
    safe = np.where(inside, rest, 0.0)
    out = gammaln(n - x + 1) - gammaln(safe + 1) - gammaln(n + 1.0) + gammaln(n - m + 1)
    return np.where(inside, out, -np.inf)
