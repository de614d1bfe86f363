"""All starts at once: run them, tell the minima apart, count how often each was reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.psychometrics.rotation import classic
from valuelex.psychometrics.rotation.projection import gradient_projection, random_starts, turn
from valuelex.psychometrics.rotation.spec import Spec

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

HYPERPLANE = 0.10  # absolute loadings below this lie in the hyperplane (Cattell)
COARSE = 1e-3  # gradient at which starts are compared: those that already share a solution go on as one
SAME_LOADINGS = 0.02  # two solutions are one if no loading differs by more ...
SAME_VALUE_COARSE = 1e-3  # ... and their criterion values by no more, relative to 1 or the value, before polishing
SAME_VALUE = 1e-5  # ... and after
POLISH_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Minima:
    """Distinct local minima, best first: T (m x k x k), values, gradient norms, counts of starts, hyperplane counts."""

    T: FloatArray
    values: FloatArray
    gradients: FloatArray
    counts: IntArray
    hyperplanes: IntArray
    tolerance: float

    @property
    def frame(self) -> pd.DataFrame:
        """Columns value, count, share, hyperplane, converged."""
        return pd.DataFrame(
            {
                "value": self.values,
                "count": self.counts,
                "share": self.counts / self.counts.sum(),
                "hyperplane": self.hyperplanes,
                "converged": self.gradients <= self.tolerance,
            }
        )

    @classmethod
    def single(cls, A: FloatArray) -> Minima:
        """The one solution of loadings that are not rotated."""
        one, none = np.ones(1, dtype=np.int64), np.zeros(1)
        return cls(np.eye(A.shape[1])[None], none, none, one, one * hyperplane(A), 1.0)


def find_minima(A: FloatArray, weights: FloatArray, spec: Spec, rng: np.random.Generator) -> Minima:
    """Minimise from all starts; A (p x k) has its rows weighted, `weights` (p) takes that back for hyperplane counts."""
    p, k = A.shape
    criterion = spec.criterion(p, k)
    oblique = spec.oblique and spec.method != "promax"
    if spec.classic:
        only = classic.varimax(A, spec.algorithm)
        value, _ = criterion((A @ only)[None])
        count = np.ones(1, dtype=np.int64)
        zeros = np.array([np.sum(np.abs(A @ only * weights[:, None]) < HYPERPLANE)])
        return Minima(only[None], value, np.zeros(1), count, zeros, spec.tolerance)
    if spec.n_starts == 1:
        T, f, norm = gradient_projection(A, np.eye(k)[None], criterion, oblique, spec.tolerance, spec.max_iter)
        return _polished(A, T, f, norm, np.ones(1, dtype=np.int64), weights, spec)
    coarse = max(COARSE, spec.tolerance)
    T, f, norm = gradient_projection(A, random_starts(k, spec.n_starts, rng), criterion, oblique, coarse, spec.max_iter)
    counts = np.ones(f.size, dtype=np.int64)
    free, turnable = spec.exchangeable(k), spec.reflectable(k)
    leaders, counts = _merge(turn(A, T, oblique), f, counts, free, turnable, SAME_VALUE_COARSE)
    T, f, norm = gradient_projection(A, T[leaders], criterion, oblique, spec.tolerance, spec.max_iter)
    # A start that ran to the end of its iterations is not a minimum; it leads only if nothing converged.
    rank = np.where(norm <= spec.tolerance, f, np.inf) if (norm <= spec.tolerance).any() else f
    leaders, counts = _merge(turn(A, T, oblique), rank, counts, free, turnable, SAME_VALUE)
    return _polished(A, T[leaders], f[leaders], norm[leaders], counts, weights, spec)


def _polished(
    A: FloatArray, T: FloatArray, f: FloatArray, norm: FloatArray, counts: IntArray, weights: FloatArray, spec: Spec
) -> Minima:
    """The minima, best first, with the best one brought to full precision."""
    oblique = spec.oblique and spec.method != "promax"
    criterion = spec.criterion(*A.shape)
    best, value, size = gradient_projection(A, T[:1], criterion, oblique, POLISH_TOLERANCE, spec.max_iter)
    if size[0] <= norm[0]:
        T[0], f[0], norm[0] = best[0], value[0], size[0]
    hyperplanes = np.sum(np.abs(turn(A, T, oblique) * weights[:, None]) < HYPERPLANE, axis=(1, 2))
    return Minima(T, f, norm, counts, hyperplanes.astype(np.int64), spec.tolerance)


def hyperplane(L: FloatArray) -> int:
    """Number of loadings below .10 in absolute size."""
    return int(np.sum(np.abs(L) < HYPERPLANE))


def _merge(
    L: FloatArray, f: FloatArray, counts: IntArray, free: range, turnable: NDArray[np.bool_], same_value: float
) -> tuple[IntArray, IntArray]:
    """Positions of the leaders, best first, and how many starts stand behind each."""
    left = np.argsort(f, kind="stable")
    left = left[~np.isnan(f[left])]
    leaders, merged = [], []
    while left.size:
        first = left[0]
        with np.errstate(invalid="ignore"):  # infinite values: starts that did not converge are compared by loadings
            close = ~(np.abs(f[left] - f[first]) > same_value * max(1.0, abs(float(f[first]))))
        close &= _distance(L[left], L[first], free, turnable) <= SAME_LOADINGS
        close[0] = True
        leaders.append(first)
        merged.append(int(counts[left[close]].sum()))
        left = left[~close]
    return np.array(leaders, dtype=np.int64), np.array(merged, dtype=np.int64)


def _distance(L: FloatArray, target: FloatArray, free: range, turnable: NDArray[np.bool_]) -> FloatArray:
    """Largest difference of a loading of each of a stack L (s x p x k) from `target` (p x k).

    Exchangeable columns are permuted and reflected to their partner first. Where two columns have the same partner the
    solutions are different anyway, and the difference is large.
    """
    L = L.copy()
    if len(free):
        part = L[:, :, free.start :]
        products = target[:, free.start :].T @ part
        partner = np.abs(products).argmax(axis=2)
        turned = np.sign(np.take_along_axis(products, partner[:, :, None], axis=2))[:, :, 0]
        L[:, :, free.start :] = np.take_along_axis(part, partner[:, None, :], axis=2) * turned[:, None, :]
    fixed = slice(0, free.start)
    signs = np.sign(np.sum(L[:, :, fixed] * target[:, fixed], axis=1, keepdims=True))
    L[:, :, fixed] *= np.where(turnable[fixed], signs, 1.0)
    return np.asarray(np.abs(L - target).max(axis=(1, 2)))
