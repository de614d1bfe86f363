"""Sums of squared effect means and their expectations, for a whole sample and for it without each of its clusters.

Cases of the same cell (combination of all effects' levels) are added up first: after that nothing grows with the cases. What a
cluster takes away is a difference, so that leaving out each of hundreds costs little more than leaving out one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def partition(codes: Sequence[NDArray[Any]]) -> IntArray:
    """Number the combinations of levels 0, 1, ... in the order in which they first occur."""
    key = pd.factorize(np.asarray(codes[0], dtype=np.int64))[0].astype(np.int64)
    for code in codes[1:]:
        key = key * (int(np.max(code, initial=0)) + 1) + np.asarray(code, dtype=np.int64)
        key = pd.factorize(key)[0].astype(np.int64)
    return key


class Moments:
    """What the equations of an analogous ANOVA need of one data set.

    Parameters
    ----------
    X : scipy.sparse, cases x outcomes
    keys : sequence of array
        Level of each case in each effect, numbered 0, 1, ...
    cluster : array
        The cluster of each case, numbered 0, 1, ...
    """

    def __init__(self, X: Any, keys: Sequence[IntArray], cluster: IntArray) -> None:
        cell, first = numbered(partition([*keys, cluster]))
        self.n_clusters = int(cluster.max(initial=-1)) + 1
        self._cases = np.bincount(cell).astype(np.float64)
        self._cluster = cluster[first]
        self._all = np.zeros(first.size, dtype=np.int64)
        self._keys = [self._all, *(key[first] for key in keys)]  # the grand mean is an effect of one level
        self._sums = _add_up(X, cell, first.size)
        squares = np.asarray(X.multiply(X).sum(axis=1)).ravel()
        self._squares = np.bincount(cell, weights=squares, minlength=first.size)

    def systems(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return T and A of E(T) = A (squared mean, components, residual), then both without each cluster.

        T has k + 2 elements, A is (k + 2) x (k + 2); the others have one more axis, in front, of clusters.
        """
        k, C = len(self._keys), self.n_clusters
        T, A = np.empty(k + 1), np.empty((k + 1, k + 1))
        T_without, A_without = np.empty((C, k + 1)), np.empty((C, k + 1, k + 1))
        T[k], A[k] = self._squares.sum(), self._cases.sum()
        T_without[:, k] = T[k] - self._per_cluster(self._cluster, self._squares)
        A_without[:, k, :] = (A[k, 0] - self._per_cluster(self._cluster, self._cases))[:, None]
        for a, key in enumerate(self._keys):
            row, at = numbered(partition([key, self._cluster]))
            level, cluster = key[at], self._cluster[at]
            part, whole = _sums(row, self._cases), _sums(key, self._cases)
            T[a], T_without[:, a] = self._means(key, row, level, cluster, part, whole)
            A[a, k] = whole.size
            A_without[:, a, k] = whole.size - self._per_cluster(cluster, part == whole[level])
            for b, other in enumerate(self._keys):
                A[a, b], A_without[:, a, b] = self._expected(key, other, row, level, cluster, part, whole)
        return T, A, T_without, A_without

    def _means(
        self, key: IntArray, row: IntArray, level: IntArray, cluster: IntArray, part: FloatArray, whole: FloatArray
    ) -> tuple[float, FloatArray]:
        """Sum over levels of the squared length of the sum of scores over their number; the same without each cluster."""
        total = _add_up(self._sums, key, whole.size)
        own = _add_up(self._sums, row, level.size)
        length, own_length = _inner(total, total), _inner(own, own)
        crossed = own_length if whole.size == level.size else _inner(own, total[level])
        value = length / whole
        rest = length[level] - 2 * crossed + own_length
        change = value[level] - _over(rest, whole[level] - part)
        return float(value.sum()), float(value.sum()) - self._per_cluster(cluster, change)

    def _expected(
        self,
        key: IntArray,
        other: IntArray,
        row: IntArray,
        level: IntArray,
        cluster: IntArray,
        part: FloatArray,
        whole: FloatArray,
    ) -> tuple[float, FloatArray]:
        """Coefficient of a component: cases that share a level of both, squared, over those of the level."""
        pair, at = numbered(partition([key, other]))
        both = _sums(pair, self._cases)
        square = _sums(key[at], both**2, whole.size)
        mine, seen = numbered(partition([pair, self._cluster]))
        here = _sums(mine, self._cases)
        lost = _sums(row[seen], 2 * both[pair[seen]] * here - here**2, level.size)
        value = square / whole
        change = value[level] - _over(square[level] - lost, whole[level] - part)
        return float(value.sum()), float(value.sum()) - self._per_cluster(cluster, change)

    def _per_cluster(self, cluster: IntArray, values: NDArray[Any]) -> FloatArray:
        return _sums(cluster, values, self.n_clusters)


def numbered(key: IntArray) -> tuple[IntArray, IntArray]:
    """The key, and the first case of each of its levels."""
    _, first = np.unique(key, return_index=True)
    return key, first.astype(np.int64)


def _sums(key: IntArray, values: NDArray[Any], levels: int = 0) -> FloatArray:
    return np.asarray(np.bincount(key, weights=values, minlength=levels), dtype=np.float64)


def _over(value: FloatArray, size: FloatArray) -> FloatArray:
    """Their ratio; 0 where a level is gone."""
    there = size > 0.5
    return np.where(there, value, 0.0) / np.where(there, size, 1.0)


def _add_up(X: Any, key: IntArray, levels: int) -> Any:
    from scipy import sparse

    pick = sparse.csr_array((np.ones(key.size), (key, np.arange(key.size))), shape=(levels, key.size))
    return sparse.csr_array(pick @ X)


def _inner(X: Any, Y: Any) -> FloatArray:
    """Inner product of each pair of rows."""
    return np.asarray(X.multiply(Y).sum(axis=1), dtype=np.float64).ravel()
