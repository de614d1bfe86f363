"""Rotation criteria: value f (s) and gradient dQ/dL (s x p x k) for a stack of loadings L (s x p x k).

Values are on the scale of Bernaards & Jennrich (2005) where that paper has the criterion, so that they can be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Criterion = Callable[[FloatArray], tuple[FloatArray, FloatArray]]

add = np.add.reduce


def varimax(L: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Kaiser (1958): minus a quarter of the column variances of squared loadings (Bernaards & Jennrich, 2005)."""
    squares = L * L
    centred = squares - add(squares, axis=1, keepdims=True) / L.shape[1]
    return -add(centred * centred, axis=(1, 2)) / 4, -L * centred


def quartimax(L: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Minus a quarter of the sum of fourth powers (Neuhaus & Wrigley, 1954)."""
    squares = L * L
    return -add(squares * squares, axis=(1, 2)) / 4, -L * squares


def oblimin(gamma: float) -> Criterion:
    """Direct oblimin (Jennrich & Sampson, 1966): f = <L^2, (I - gamma C) L^2 N> / 4; gamma 0 is quartimin."""

    def criterion(L: FloatArray) -> tuple[FloatArray, FloatArray]:
        squares = L * L
        others = squares @ _others(L.shape[2])
        if gamma:
            others -= gamma / L.shape[1] * add(others, axis=1, keepdims=True)
        return add(squares * others, axis=(1, 2)) / 4, L * others

    return criterion


def crawford_ferguson(kappa: float) -> Criterion:
    """Crawford & Ferguson (1970): (1 - kappa) row complexity + kappa column complexity, each a quarter of <L^2, ...>.

    kappa 0 is quartimax (orthogonal) or quartimin, 1/p varimax, k/2p equamax, (k - 1)/(p + k - 2) parsimax, 1 factor
    parsimony.
    """

    def criterion(L: FloatArray) -> tuple[FloatArray, FloatArray]:
        squares = L * L
        mixed = (1 - kappa) * (squares @ _others(L.shape[2]))
        mixed += kappa * (add(squares, axis=1, keepdims=True) - squares)
        return add(squares * mixed, axis=(1, 2)) / 4, L * mixed

    return criterion


def geomin(epsilon: float) -> Criterion:
    """Yates (1987), with the offset of Browne (2001): sum over rows of the geometric mean of L^2 + epsilon."""

    def criterion(L: FloatArray) -> tuple[FloatArray, FloatArray]:
        squares = L * L + epsilon
        k = L.shape[2]
        rows = np.exp(np.log(squares) @ np.full((k, 1), 1 / k))
        return add(rows, axis=(1, 2)), (2 / k) * (L / squares) * rows

    return criterion


def bentler(L: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Bentler's (1977) invariant pattern simplicity: -(ln det M - ln det diag M) / 4 with M = (L^2)'(L^2)."""
    squares = L * L
    # The ridge, below rounding for loadings of usual size, gives a factor of zeros a value.
    M = squares.transpose(0, 2, 1) @ squares + 1e-14 * np.eye(L.shape[2])
    diagonal = np.diagonal(M, axis1=1, axis2=2)
    f = -(np.linalg.slogdet(M)[1] - add(np.log(diagonal), axis=1)) / 4
    inverse = invert(M)
    inverse[:, np.arange(L.shape[2]), np.arange(L.shape[2])] -= 1 / diagonal
    return f, -L * (squares @ inverse)


def infomax(L: FloatArray) -> tuple[FloatArray, FloatArray]:
    """McKeon's infomax (Browne, 2001): ln k minus the mutual information of rows and columns of squared loadings."""
    squares = L * L
    total = np.maximum(add(squares, axis=(1, 2), keepdims=True), 1e-300)
    rows = add(squares, axis=2, keepdims=True)
    columns = add(squares, axis=1, keepdims=True)
    parts = [_surprise(part / total) for part in (squares, rows, columns)]
    shares = [part / total for part in (squares, rows, columns)]
    q = [add(share * part, axis=(1, 2), keepdims=True) for share, part in zip(shares, parts, strict=True)]
    f = np.log(L.shape[2]) + q[0] - q[1] - q[2]
    slope = ((parts[0] - q[0]) - (parts[1] - q[1]) - (parts[2] - q[2])) / total
    return f[:, 0, 0], 2 * L * slope


def simplimax(n_zeros: int) -> Criterion:
    """Kiers (1994): the sum of the `n_zeros` smallest squared loadings."""

    def criterion(L: FloatArray) -> tuple[FloatArray, FloatArray]:
        squares = (L * L).reshape(L.shape[0], -1)
        border = np.partition(squares, n_zeros - 1, axis=1)[:, n_zeros - 1 : n_zeros]
        small = squares <= border
        return add(squares * small, axis=1), 2 * L * small.reshape(L.shape)

    return criterion


def bifactor(L: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Jennrich & Bentler (2011, 2012): quartimin over all columns but the first, which is left to a general factor."""
    squares = L * L
    k = L.shape[2]
    N = _others(k).copy()
    N[0] = N[:, 0] = 0
    others = squares @ N
    return add(squares * others, axis=(1, 2)), 4 * L * others


def target(goal: FloatArray, weights: FloatArray) -> Criterion:
    """Weighted squared distance from `goal` (p x k); a zero weight leaves the cell free (Browne, 1972, 2001)."""
    goal = np.where(weights > 0, goal, 0.0)

    def criterion(L: FloatArray) -> tuple[FloatArray, FloatArray]:
        misses = weights * (L - goal)
        return add(misses * (L - goal), axis=(1, 2)), 2 * misses

    return criterion


def invert(stack: FloatArray) -> FloatArray:
    """Inverses (s x k x k); NaN where a matrix is singular, which the line search then rejects."""
    try:
        return np.asarray(np.linalg.inv(stack))
    except np.linalg.LinAlgError:
        regular = np.linalg.matrix_rank(stack) == stack.shape[-1]
        out = np.full_like(stack, np.nan)
        out[regular] = np.linalg.inv(stack[regular])
        return out


@lru_cache(maxsize=64)
def _others(k: int) -> FloatArray:
    """N: 1 off the diagonal, 0 on it; L^2 N sums the squares of the other columns. Not to be written to."""
    N = np.ones((k, k)) - np.eye(k)
    N.flags.writeable = False
    return N


def _surprise(share: FloatArray) -> FloatArray:
    """-ln share, and 0 for an empty share, where share x surprise vanishes."""
    return np.asarray(-np.log(np.where(share > 0, share, 1.0)))
