"""Asymptotic covariance of correlations: what weighted least squares and sandwich standard errors need.

Both functions write each estimate as a mean over cases, sqrt(n) (r - rho) ~ sum of e(case) / sqrt(n), and return the mean
product of these influences e. The order of the p* = p (p - 1) / 2 correlations is that of ``np.tril_indices(p, -1)``:
(1, 0), (2, 0), (2, 1), (3, 0), ..., row by row (lavaan goes column by column).
"""

from __future__ import annotations

import numpy as np

from valuelex.psychometrics.correlation.contingency import (
    Categories,
    FloatArray,
    IntArray,
    categorise,
    indicators,
    pair_groups,
    pair_tables,
)
from valuelex.psychometrics.correlation.newton import BOUND
from valuelex.psychometrics.correlation.polychoric import FLOOR, Grid, Polychoric
from valuelex.psychometrics.threads import one_thread


@one_thread
def asymptotic_covariance(X: FloatArray, polychoric: Polychoric, *, diagonal: bool = False) -> FloatArray:
    """Gamma (p* x p*), the covariance of sqrt(n) (r - rho) of two-step polychoric correlations.

    The thresholds are estimates too: the score of rho in pair (i, j) loses what their errors add to it (Muthén, 1984,
    https://doi.org/10.1007/BF02294210, eqs. 21-26; Jöreskog, 1994, https://doi.org/10.1007/BF02296131, section 4).
    Information is the mean outer product of the observed scores, as in lavaan's NACOV.

    Parameters
    ----------
    X : array, n cases x p columns
        The codes that `polychoric` was estimated from. NaN is missing: each estimate then rests on its own cases, and n
        is the number of rows, so that Gamma / n is the covariance of the correlations.
    polychoric : Polychoric
        Result of `polychoric_core(X)`.
    diagonal : bool
        Only the p* variances (a vector), from the tables alone: cheap for any p. The full matrix takes n x p* and
        p* x p* numbers (p = 50, n = 2,000: 20 + 12 MB; p = 200: 3 GB).
    """
    data = categorise(X)
    n, p = X.shape
    first, second = np.tril_indices(p, -1)
    position = np.zeros((p, p), dtype=np.int64)
    position[first, second] = position[second, first] = np.arange(len(first))
    one_hot = indicators(data.codes, data.sizes)
    joint = one_hot.T @ one_hot
    threshold = [threshold_influence(data, j) for j in range(p)]
    variance = np.zeros(len(first))
    influence = np.zeros((0 if diagonal else len(first), n))
    for i, j in pair_groups(data.sizes):
        tables = pair_tables(joint, data.sizes, i, j)
        e_pair, e_i, e_j = pair_influence(tables, polychoric.R[i, j], data, i, j, threshold)
        where = position[i, j]
        if diagonal:
            variance[where] = _cell_variance(tables, e_pair, e_i, e_j, data, i, j)
            continue
        for q, (a, b) in enumerate(zip(i, j, strict=True)):
            # A missing case reads the last row or column, which holds 0 for it.
            whole = np.pad(e_pair[:, :, q], ((0, 1), (0, 1)))
            e = whole[data.codes[:, a], data.codes[:, b]]
            e += np.append(e_i[:, q], 0.0)[data.codes[:, a]]
            e += np.append(e_j[:, q], 0.0)[data.codes[:, b]]
            influence[where[q]] = e
    return variance * n if diagonal else influence @ influence.T * n


def threshold_influence(data: Categories, j: int) -> FloatArray:
    """What a case of each category adds to each threshold of column j (categories x thresholds).

    tau = Phi^-1(P) moves by (1[x <= category] - P) / phi(tau) per case.
    """
    count, tau = data.counts[j], data.thresholds[j]
    share = np.cumsum(count)[:-1] / count.sum()
    below = np.arange(len(count))[:, None] <= np.arange(len(tau))[None]
    density = np.exp(-(tau**2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray((below - share) / density / count.sum())


def pair_influence(
    tables: FloatArray, rho: FloatArray, data: Categories, i: IntArray, j: IntArray, threshold: list[FloatArray]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What a case adds to rho: by its cell (I x J x q), and by each category through the thresholds (I x q, J x q)."""
    from scipy.special import ndtr

    a = np.array([data.thresholds[item] for item in i]).T
    b = np.array([data.thresholds[item] for item in j]).T
    z = np.arctanh(np.clip(rho, -BOUND, BOUND))
    cosh, sinh = np.cosh(z), np.sinh(z)
    pi, slope, _ = Grid.of(a, b).rectangles(z)
    pi = np.maximum(pi, FLOOR)
    # d pi / d rho, with d z / d rho = cosh(z)^2
    score = slope / pi * cosh**2
    ratio = np.divide(tables, pi, out=np.zeros_like(pi), where=tables > 0)
    information = np.maximum((tables * score**2).sum(axis=(0, 1)), FLOOR)
    # d Phi2(a, b) / d a = phi(a) Phi((b - rho a) / sqrt(1 - rho^2)), between the two edges of a row or column
    strip_a = np.diff(_edged(ndtr(b[None] * cosh - a[:, None] * sinh), axis=1), axis=1) * _density(a)[:, None]
    strip_b = np.diff(_edged(ndtr(a[:, None] * cosh - b[None] * sinh), axis=0), axis=0) * _density(b)[None]
    # Threshold k is the upper edge of category k and the lower one of k + 1: mean product of its score with rho's.
    weight = ratio * score
    cross_a = ((weight[:-1] - weight[1:]) * strip_a).sum(axis=1)
    cross_b = ((weight[:, :-1] - weight[:, 1:]) * strip_b).sum(axis=0)
    t_i = np.array([threshold[item] for item in i])
    t_j = np.array([threshold[item] for item in j])
    through_i = -np.einsum("qct,tq->cq", t_i, cross_a) / information
    through_j = -np.einsum("qct,tq->cq", t_j, cross_b) / information
    return score / information, through_i, through_j


def _cell_variance(
    tables: FloatArray,
    e_pair: FloatArray,
    e_i: FloatArray,
    e_j: FloatArray,
    data: Categories,
    i: IntArray,
    j: IntArray,
) -> FloatArray:
    """Sum of squared influences (q): cases of both columns by cell, those of one column by category."""
    both = (tables * (e_pair + e_i[:, None] + e_j[None]) ** 2).sum(axis=(0, 1))
    only_i = np.array([data.counts[item] for item in i]).T - tables.sum(axis=1)
    only_j = np.array([data.counts[item] for item in j]).T - tables.sum(axis=0)
    return np.asarray(both + (only_i * e_i**2).sum(axis=0) + (only_j * e_j**2).sum(axis=0))


@one_thread
def asymptotic_covariance_pearson(X: FloatArray) -> FloatArray:
    """Gamma (p* x p*), the distribution-free covariance of sqrt(n) (r - rho) of Pearson correlations.

    From the fourth moments of the standardised columns (Steiger & Hakstian, 1982,
    https://doi.org/10.1111/j.2044-8317.1982.tb00653.x, eq. 3.4), with moments divided by n. A case adds
    z_i z_j - rho_ij (z_i^2 + z_j^2) / 2 to correlation (i, j).

    Parameters
    ----------
    X : array, n cases x p columns
        Complete, no constant column.
    """
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    i, j = np.tril_indices(X.shape[1], -1)
    R = Z.T @ Z / len(Z)
    influence = Z[:, i] * Z[:, j] - R[i, j] * (Z[:, i] ** 2 + Z[:, j] ** 2) / 2
    return np.asarray(influence.T @ influence / len(Z))


def _density(x: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))


def _edged(inner: FloatArray, axis: int) -> FloatArray:
    """Add the edges at -infinity (0) and +infinity (1)."""
    shape = list(inner.shape)
    shape[axis] = 1
    return np.concatenate([np.zeros(shape), inner, np.ones(shape)], axis=axis)
