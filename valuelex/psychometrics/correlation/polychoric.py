"""Polychoric correlations of all pairs of ordinal columns at once: thresholds from the margins, then each rho by ML.

Two-step estimation (Olsson, 1979, https://doi.org/10.1007/BF02296207, section 3). A case of categories (i, j) has the
probability of a rectangle under a bivariate normal density with correlation rho, cut at thresholds a and b.

Everything is written in Fisher's z = artanh(rho). The derivative of the bivariate normal integral in rho is its density
(Pearson, 1901), hence

    Phi2(a, b; z) = Phi(a) Phi(b) + integral from 0 to z of f(a, b; t) dt,
    f(a, b; t) = sech(t) exp(-(a^2 + b^2) cosh(t)^2 / 2 + a b sinh(t) cosh(t)) / (2 pi),

a smooth integrand all the way to rho = .9999, where the usual form in arcsin(rho) needs twice the nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.correlation.contingency import (
    Categories,
    FloatArray,
    IntArray,
    categorise,
    indicators,
    pair_groups,
    pair_tables,
)
from valuelex.psychometrics.correlation.newton import TOLERANCE, correlation_of, maximise
from valuelex.psychometrics.threads import one_thread

# Rectangles below the rounding error of their four corners carry no information but their sign.
FLOOR = 1e-15
# Pairs worked on together: six arrays of 25 cells x 512 pairs stay in a core's cache.
CHUNK = 512


@dataclass(frozen=True, eq=False)
class Polychoric:
    """Polychoric correlations R (p x p) with thresholds (p arrays) and how the estimation went.

    `n_pairs` (p x p) counts the cases of each pair, on the diagonal those of each column. `empty_cells` is the number of
    pairs whose table has an empty cell; `at_bound` (m x 2) lists the column pairs whose likelihood rises to |rho| = 1
    and which were set to .9999 with their sign.
    """

    R: FloatArray
    thresholds: list[FloatArray]
    n_pairs: IntArray
    empty_cells: int
    at_bound: IntArray
    iterations: int
    converged: bool


@one_thread
def polychoric_core(
    X: FloatArray, *, correct: float = 0.0, keep_margins: bool = False, tolerance: float = TOLERANCE
) -> Polychoric:
    """Estimate the polychoric correlations of all columns of X.

    Missing cells are left out pair by pair, but the thresholds of a column always come from all its observed values
    (lavaan's ``lavCor(missing="pairwise")``, psych's ``global=TRUE``). Give complete rows for lavaan's listwise default.

    Parameters
    ----------
    X : array, n cases x p columns
        Category codes of any spacing; only their order counts. NaN is missing. Each column needs two categories or
        more; a pair without a common case has NaN.
    correct : float
        What an empty cell counts instead of 0 when rho is estimated; thresholds keep the observed margins. 0 is
        lavaan's rule for more than two categories (psych's .5 takes effect only without its global thresholds).
    keep_margins : bool
        In a 2 x 2 table with one empty cell, take `correct` from the two cells beside it and add it to the one
        across, so that the margins stay (lavaan's rule for 2 x 2 tables, with `correct` = .5).
    tolerance : float
        Largest change of artanh(rho) at which a pair is done.
    """
    data = categorise(X)
    one_hot = indicators(data.codes, data.sizes)
    joint = one_hot.T @ one_hot
    p = X.shape[1]
    R = np.eye(p)
    n_pairs = np.diag([int(count.sum()) for count in data.counts]).astype(np.int64)
    empty, iterations, converged = 0, 0, True
    bound: list[IntArray] = []
    for i, j in pair_groups(data.sizes):
        tables = pair_tables(joint, data.sizes, i, j)
        n_pairs[i, j] = n_pairs[j, i] = tables.sum(axis=(0, 1)).astype(np.int64)
        hollow = (tables == 0).any(axis=(0, 1))
        empty += int(hollow.sum())
        if correct > 0 and hollow.any():
            tables = fill_empty(tables, correct, keep_margins)
        z, steps, done = estimate(tables, data, i, j, tolerance=tolerance)
        rho, stuck = correlation_of(z)
        R[i, j] = R[j, i] = np.where(n_pairs[i, j] > 0, rho, np.nan)
        bound.append(np.column_stack([i[stuck], j[stuck]]))
        iterations, converged = max(iterations, steps), converged and done
    at_bound = np.concatenate(bound) if bound else np.empty((0, 2), dtype=np.int64)
    return Polychoric(R, data.thresholds, n_pairs, empty, at_bound, iterations, converged)


@one_thread
def polychoric_permuted(X: FloatArray, streams: Sequence[np.random.SeedSequence]) -> FloatArray:
    """Polychoric correlations (s x p x p) of s copies of X (n x p) whose columns are shuffled independently.

    Shuffling keeps the margins, so thresholds are computed once; with missing cells the observed values of a column
    are shuffled among its observed rows. Correlations are near 0 and Newton's method starts near the solution: steps
    below 1e-4 in rho end it, which leaves an error of the order of their square.

    Parameters
    ----------
    X : array, n cases x p columns
        As in `polychoric_core`.
    streams : sequence of SeedSequence
        One per copy, as `resampling.replicate` hands them out; copy i depends on stream i only.
    """
    data = categorise(X)
    sizes = data.sizes
    one_hot = np.zeros((X.shape[0], int(sizes.sum())), dtype=np.float32)
    groups = pair_groups(sizes)
    starts = np.cumsum(sizes) - sizes
    seen = [np.flatnonzero(column >= 0) for column in data.codes.T]
    columns = [data.codes[rows, j] + starts[j] for j, rows in enumerate(seen)]
    out = np.tile(np.eye(X.shape[1]), (len(streams), 1, 1))
    for R, stream in zip(out, streams, strict=True):
        rng = np.random.default_rng(stream)
        one_hot.fill(0.0)
        for rows, column in zip(seen, columns, strict=True):
            one_hot[rows, rng.permutation(column)] = 1.0
        joint = one_hot.T @ one_hot
        for i, j in groups:
            z, _, _ = estimate(pair_tables(joint, sizes, i, j), data, i, j, tolerance=1e-4)
            R[i, j] = R[j, i] = np.tanh(z)
    return out


def fill_empty(tables: FloatArray, correct: float, keep_margins: bool) -> FloatArray:
    """Count each empty cell of tables (I x J x q) as `correct` cases; see `polychoric_core` for `keep_margins`."""
    empty = tables == 0
    filled = np.where(empty, correct, tables)
    if keep_margins and tables.shape[:2] == (2, 2):
        lone = empty & (empty.sum(axis=(0, 1)) == 1)
        filled += correct * (lone[::-1, ::-1].astype(float) - lone[::-1] - lone[:, ::-1])
    return filled


def estimate(
    tables: FloatArray, data: Categories, i: IntArray, j: IntArray, *, tolerance: float
) -> tuple[FloatArray, int, bool]:
    """Maximise the likelihood of tables (I x J x q) of column pairs (i, j) in z = artanh(rho).

    Returns z (q), the most iterations any pair took, and whether all ended.
    """
    z = start_value(tables, data, i, j)
    order = np.argsort(np.abs(z), kind="stable")
    iterations, converged = 0, True
    # Chunks of pairs with alike |rho| need the same number of quadrature nodes.
    for first in range(0, len(order), CHUNK):
        part = order[first : first + CHUNK]
        a = np.array([data.thresholds[item] for item in i[part]]).T
        b = np.array([data.thresholds[item] for item in j[part]]).T
        z[part], steps, done = maximise(TableLikelihood.of(tables[:, :, part], a, b), z[part], tolerance)
        iterations, converged = max(iterations, steps), converged and done
    return z, iterations, converged


def start_value(tables: FloatArray, data: Categories, i: IntArray, j: IntArray) -> FloatArray:
    """First scoring step from rho = 0, as z (q): the correlation of normal scores over both their variances."""
    scores = [normal_scores(count, cuts) for count, cuts in zip(data.counts, data.thresholds, strict=True)]
    variance = np.array([count @ s**2 / count.sum() for count, s in zip(data.counts, scores, strict=True)])
    s, t = np.array([scores[item] for item in i]).T, np.array([scores[item] for item in j]).T
    covariance = np.einsum("abq,aq,bq->q", tables, s, t) / np.maximum(tables.sum(axis=(0, 1)), 1.0)
    return np.arctanh(np.clip(covariance / (variance[i] * variance[j]), -0.9, 0.9))


def normal_scores(count: FloatArray, thresholds: FloatArray) -> FloatArray:
    """Mean of a standard normal variable within each category."""
    density = np.exp(-(thresholds**2) / 2) / np.sqrt(2 * np.pi)
    return -np.diff(density, prepend=0.0, append=0.0) * count.sum() / count


@dataclass(frozen=True, eq=False)
class TableLikelihood:
    """Multinomial likelihoods of q tables n (I x J x q), as functions of their z (q)."""

    n: FloatArray
    grid: Grid
    size: FloatArray

    @classmethod
    def of(cls, n: FloatArray, a: FloatArray, b: FloatArray) -> TableLikelihood:
        """Build from tables and their thresholds a ((I - 1) x q), b ((J - 1) x q)."""
        return cls(n, Grid.of(a, b), n.sum(axis=(0, 1)))

    def derivatives(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Slope and curvature of sum n log pi."""
        pi, slope, bend = self.grid.rectangles(z)
        pi = np.maximum(pi, FLOOR)
        ratio = self.n / pi
        g = np.einsum("abq,abq->q", ratio, slope)
        h = np.einsum("abq,abq->q", ratio, bend - slope**2 / pi)
        return g, h

    def take(self, keep: NDArray[np.bool_]) -> TableLikelihood:
        """Only the tables of `keep`."""
        return TableLikelihood(self.n[:, :, keep], self.grid.take(keep), self.size[keep])


@dataclass(frozen=True, eq=False)
class Grid:
    """What the normal integral at all inner corners (a, b) of q tables needs, whatever the correlation.

    `squares` is a^2 + b^2 and `product` a b ((I - 1) x (J - 1) x q); `margins` ((I + 1) x (J + 1) x q) holds
    Phi(a) Phi(b), with the outer corners 0 and 1.
    """

    squares: FloatArray
    product: FloatArray
    margins: FloatArray

    @classmethod
    def of(cls, a: FloatArray, b: FloatArray) -> Grid:
        """Build from thresholds a ((I - 1) x q) and b ((J - 1) x q)."""
        from scipy.special import ndtr

        q = a.shape[1]
        zero, one = np.zeros((1, q)), np.ones((1, q))
        A, B = np.vstack([zero, ndtr(a), one]), np.vstack([zero, ndtr(b), one])
        return cls(a[:, None] ** 2 + b[None] ** 2, a[:, None] * b[None], A[:, None] * B[None])

    def take(self, keep: NDArray[np.bool_]) -> Grid:
        """Only the tables of `keep`."""
        return Grid(self.squares[:, :, keep], self.product[:, :, keep], self.margins[:, :, keep])

    def density(self, z: FloatArray) -> FloatArray:
        """f(a, b; z): the first derivative of the normal integral in z."""
        kernel = self.product * (np.sinh(2 * z) / 2)
        kernel -= self.squares * (np.cosh(z) ** 2 / 2)
        np.exp(kernel, out=kernel)
        kernel *= 1 / (2 * np.pi * np.cosh(z))
        return kernel

    def corners(self, z: FloatArray) -> FloatArray:
        """Phi2 at all corners, outer ones included; Gauss-Legendre with an error below 1e-12 for the nodes taken."""
        node, weight = legendre(int(np.ceil(4 + 7 * np.abs(z).max(initial=0.0))))
        inner = np.zeros_like(self.product)
        for x, w in zip(node, weight, strict=True):
            kernel = self.density(z * x)
            kernel *= w * z
            inner += kernel
        full = self.margins.copy()
        full[1:-1, 1:-1] += inner
        return full

    def rectangles(self, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Probabilities of all cells (I x J x q), with first and second derivatives in z."""
        density = self.density(z)
        curvature = density * (self.product * np.cosh(2 * z) - self.squares * (np.sinh(2 * z) / 2) - np.tanh(z))
        return _cells(self.corners(z)), _cells(_framed(density)), _cells(_framed(curvature))


@lru_cache(maxsize=64)
def legendre(m: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights (m) on (0, 1)."""
    node, weight = np.polynomial.legendre.leggauss(m)
    return (node + 1) / 2, weight / 2


def _framed(inner: FloatArray) -> FloatArray:
    return np.pad(inner, ((1, 1), (1, 1), (0, 0)))


def _cells(corners: FloatArray) -> FloatArray:
    rows = corners[1:] - corners[:-1]
    return np.asarray(rows[:, 1:] - rows[:, :-1])
