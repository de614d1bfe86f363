"""Category codes, thresholds and two-way tables of all pairs of ordinal columns, from one cross-product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Categories:
    """Columns as category numbers 0, 1, ... in `codes` (n x p; -1 is missing), with what their margins say.

    `counts` (p arrays) are the cases per category, `thresholds` (p arrays, one shorter) the normal quantiles of the
    cumulated shares, `values` the categories as they were written in the data. Only observed categories count.
    """

    codes: IntArray
    values: list[FloatArray]
    counts: list[FloatArray]
    thresholds: list[FloatArray]

    @property
    def sizes(self) -> IntArray:
        """Number of categories per column (p)."""
        return np.array([len(count) for count in self.counts], dtype=np.int64)


def categorise(X: FloatArray) -> Categories:
    """Recode the columns of X (n x p, NaN is missing); each margin uses every observed value of its column."""
    from scipy.special import ndtri

    codes = np.full(X.shape, -1, dtype=np.int64, order="F")
    values, counts, thresholds = [], [], []
    for j, column in enumerate(X.T):
        seen = ~np.isnan(column)
        observed = column if seen.all() else column[seen]
        found, codes[seen, j], count = _unique(observed)
        values.append(found)
        counts.append(count.astype(np.float64))
        thresholds.append(np.asarray(ndtri(np.cumsum(count)[:-1] / count.sum())))
    return Categories(codes, values, counts, thresholds)


def _unique(column: FloatArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Sorted values, codes and counts; small whole numbers need no sorting, which is most of the time it takes."""
    low, high = (column.min(), column.max()) if column.size else (0.0, 0.0)
    if high - low <= 1000:
        whole = (column - low).astype(np.int64)
        if np.array_equal(whole + low, column):
            count = np.bincount(whole)
            used = np.flatnonzero(count)
            position = np.cumsum(count > 0) - 1
            return used + low, position[whole], count[used]
    return np.unique(column, return_inverse=True, return_counts=True)


def indicators(codes: IntArray, sizes: IntArray) -> NDArray[np.float32]:
    """One-hot columns of all categories (n x sum of sizes), missing cases 0 everywhere.

    Single precision halves the time of the cross-product, and counts up to 16 million stay exact in it.
    """
    starts = np.cumsum(sizes) - sizes
    one_hot = np.zeros((codes.shape[0], int(sizes.sum())), dtype=np.float32)
    for start, column in zip(starts, codes.T, strict=True):
        rows = np.flatnonzero(column >= 0)
        one_hot[rows, column[rows] + start] = 1.0
    return one_hot


def pair_tables(joint: NDArray[np.float32], sizes: IntArray, i: IntArray, j: IntArray) -> FloatArray:
    """Tables (I x J x q) of the q column pairs (i, j), cut out of the cross-product `joint` of all indicators.

    All first columns must have I categories and all second ones J. Pairs come last, so that what follows runs along
    contiguous memory.
    """
    starts = np.cumsum(sizes) - sizes
    rows = starts[i] + np.arange(sizes[i[0]])[:, None]
    columns = starts[j] + np.arange(sizes[j[0]])[:, None]
    return joint[rows[:, None, :], columns[None, :, :]].astype(np.float64)


def pair_groups(sizes: IntArray) -> list[tuple[IntArray, IntArray]]:
    """All pairs of columns, grouped by their two numbers of categories; the first column never has more."""
    first, second = np.tril_indices(len(sizes), -1)
    swap = sizes[first] > sizes[second]
    i, j = np.where(swap, second, first), np.where(swap, first, second)
    key = sizes[i] * (sizes.max(initial=0) + 1) + sizes[j]
    return [(i[key == value], j[key == value]) for value in np.unique(key)]
