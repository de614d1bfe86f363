"""Polyserial correlations, and matrices that mix continuous and ordinal columns.

Two-step ML (Olsson, Drasgow & Dorans, 1982, https://doi.org/10.1007/BF02294164, section 3): the continuous variable is
standardised by its own moments, the thresholds tau come from the ordinal margin, then rho is estimated. Given a
standardised value y, category x has the probability

    Phi(u_x) - Phi(u_(x-1)),   u = (tau - rho y) / sqrt(1 - rho^2) = tau cosh(z) - y sinh(z)   with z = artanh(rho).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.correlation.contingency import Categories, FloatArray, IntArray, categorise
from valuelex.psychometrics.correlation.newton import TOLERANCE, correlation_of, maximise
from valuelex.psychometrics.correlation.polychoric import normal_scores, polychoric_core
from valuelex.psychometrics.correlation.product_moment import matrix, pairwise_counts
from valuelex.psychometrics.threads import one_thread

MAX_CATEGORIES = 7
# Stands for an infinite threshold; the normal density underflows to 0 long before.
FAR = 1e3
FLOOR = 1e-300
# Continuous columns worked on together, which bounds memory: a dozen arrays of 32 x n.
CHUNK = 32


@dataclass(frozen=True, eq=False)
class Polyserial:
    """Polyserial correlations R (c x o) of c continuous with o ordinal columns; `thresholds` are those of the ordinal.

    `at_bound` (m x 2) lists (continuous, ordinal) positions whose likelihood rises to |rho| = 1, set to .9999.
    """

    R: FloatArray
    thresholds: list[FloatArray]
    at_bound: IntArray
    iterations: int
    converged: bool


@dataclass(frozen=True, eq=False)
class Mixed:
    """Correlations R (p x p), each by the method of its pair's kinds: Pearson, polyserial or polychoric.

    `thresholds` has one array per column, None for continuous ones; the rest as in `Polychoric`.
    """

    R: FloatArray
    ordinal: NDArray[np.bool_]
    thresholds: list[FloatArray | None]
    n_pairs: IntArray
    empty_cells: int
    at_bound: IntArray
    iterations: int
    converged: bool


@one_thread
def polyserial_core(Y: FloatArray, X: FloatArray, *, tolerance: float = TOLERANCE) -> Polyserial:
    """Estimate the polyserial correlations of continuous Y (n x c) with ordinal X (n x o).

    NaN is missing: rho comes from a pair's common cases, moments and thresholds from all observed values of a column
    (as lavaan's ``lavCor(missing="pairwise")``). Columns must vary; a pair without a common case has NaN.
    """
    data = categorise(X)
    y = ((Y - np.nanmean(Y, axis=0)) / np.nanstd(Y, axis=0)).T
    R = np.full((Y.shape[1], X.shape[1]), np.nan)
    bound: list[IntArray] = [np.empty((0, 2), dtype=np.int64)]
    iterations, converged = 0, True
    for j in range(X.shape[1]):
        for first in range(0, len(y), CHUNK):
            part = y[first : first + CHUNK]
            likelihood = SerialLikelihood.of(part, data, j)
            z, steps, done = maximise(likelihood, _start(part, data, j), tolerance)
            rho, stuck = correlation_of(z)
            R[first : first + CHUNK, j] = np.where(likelihood.size > 0, rho, np.nan)
            where = first + np.flatnonzero(stuck)
            bound.append(np.column_stack([where, np.full_like(where, j)]))
            iterations, converged = max(iterations, steps), converged and done
    return Polyserial(R, data.thresholds, np.concatenate(bound), iterations, converged)


@one_thread
def mixed_core(
    X: FloatArray,
    ordinal: NDArray[np.bool_],
    *,
    correct: float = 0.0,
    keep_margins: bool = False,
    tolerance: float = TOLERANCE,
) -> Mixed:
    """Correlate all columns of X (n x p), of which those in the mask `ordinal` (p) are categories.

    Two continuous columns get Pearson's r, a continuous and an ordinal one the polyserial, two ordinal ones the
    polychoric correlation (as lavaan's lavCor and psych's mixedCor). Missing cells are left out pair by pair; see
    `polychoric_core` for `correct`, `keep_margins` and `tolerance`.
    """
    p = X.shape[1]
    o, c = np.flatnonzero(ordinal), np.flatnonzero(~ordinal)
    R = np.eye(p)
    thresholds: list[FloatArray | None] = [None] * p
    empty, iterations, converged = 0, 0, True
    bound: list[IntArray] = [np.empty((0, 2), dtype=np.int64)]
    if len(c):
        R[np.ix_(c, c)] = matrix(X[:, c])
    if len(o):
        poly = polychoric_core(X[:, o], correct=correct, keep_margins=keep_margins, tolerance=tolerance)
        R[np.ix_(o, o)] = poly.R
        for column, cuts in zip(o, poly.thresholds, strict=True):
            thresholds[column] = cuts
        empty, iterations, converged = poly.empty_cells, poly.iterations, poly.converged
        bound.append(o[poly.at_bound])
    if len(o) and len(c):
        serial = polyserial_core(X[:, c], X[:, o], tolerance=tolerance)
        R[np.ix_(c, o)], R[np.ix_(o, c)] = serial.R, serial.R.T
        iterations, converged = max(iterations, serial.iterations), converged and serial.converged
        bound.append(np.column_stack([c[serial.at_bound[:, 0]], o[serial.at_bound[:, 1]]]))
    return Mixed(R, ordinal, thresholds, pairwise_counts(X), empty, np.concatenate(bound), iterations, converged)


def ordinal_columns(X: FloatArray, max_categories: int = MAX_CATEGORIES) -> NDArray[np.bool_]:
    """Columns (p) of X that hold whole numbers only, at most `max_categories` different ones.

    Seven is where treating categories as continuous stops to matter (Rhemtulla, Brosseau-Liard & Savalei, 2012,
    https://doi.org/10.1037/a0029315).
    """
    flags = np.zeros(X.shape[1], dtype=bool)
    for j, column in enumerate(X.T):
        seen = column[~np.isnan(column)]
        flags[j] = bool((seen == np.floor(seen)).all()) and len(np.unique(seen)) <= max_categories
    return flags


@dataclass(frozen=True, eq=False)
class SerialLikelihood:
    """Likelihoods of one ordinal column given c standardised ones y (c x n), as functions of their z (c).

    `upper` and `lower` (n) are the thresholds around each case's category; cases missing on either side have `seen` 0.
    """

    y: FloatArray
    seen: FloatArray
    lower: FloatArray
    upper: FloatArray
    size: FloatArray

    @classmethod
    def of(cls, y: FloatArray, data: Categories, j: int) -> SerialLikelihood:
        """Build from standardised y (c x n, NaN is missing) and ordinal column j."""
        rows = data.codes[:, j] >= 0
        cuts = np.concatenate([[-FAR], data.thresholds[j], [FAR]])
        code = data.codes[rows, j]
        known = ~np.isnan(y[:, rows])
        seen = known.astype(np.float64)
        return cls(np.where(known, y[:, rows], 0.0), seen, cuts[code], cuts[code + 1], seen.sum(axis=1))

    def derivatives(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Slope and curvature of sum log(Phi(u_x) - Phi(u_(x-1)))."""
        from scipy.special import ndtr

        cosh, sinh = np.cosh(z)[:, None], np.sinh(z)[:, None]
        high, low = self.upper * cosh - self.y * sinh, self.lower * cosh - self.y * sinh
        # Differences of upper tails keep their digits only when taken from the other side.
        flip = low > 0
        pi = np.maximum(ndtr(np.where(flip, -low, high)) - ndtr(np.where(flip, -high, low)), FLOOR)
        slope, bend = np.zeros_like(pi), np.zeros_like(pi)
        for sign, cut, u in ((1.0, self.upper, high), (-1.0, self.lower, low)):
            density = np.exp(-(u**2) / 2) * (sign / np.sqrt(2 * np.pi))
            speed = cut * sinh - self.y * cosh
            slope += density * speed
            bend += density * u * (1 - speed**2)
        slope *= self.seen / pi
        return slope.sum(axis=1), (bend * self.seen / pi - slope**2).sum(axis=1)

    def take(self, keep: NDArray[np.bool_]) -> SerialLikelihood:
        """Only the continuous columns of `keep`."""
        return SerialLikelihood(self.y[keep], self.seen[keep], self.lower, self.upper, self.size[keep])


def _start(y: FloatArray, data: Categories, j: int) -> FloatArray:
    """Covariance with the normal scores over their variance (c): the first scoring step from 0, as z."""
    count, rows = data.counts[j], data.codes[:, j] >= 0
    scores = normal_scores(count, data.thresholds[j])
    product = y[:, rows] * scores[data.codes[rows, j]]
    cases = np.maximum((~np.isnan(product)).sum(axis=1), 1)
    covariance = np.nansum(product, axis=1) / cases
    return np.asarray(np.arctanh(np.clip(covariance / (count @ scores**2 / count.sum()), -0.9, 0.9)))
