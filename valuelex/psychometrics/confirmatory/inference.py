"""Standard errors and test statistics: normal theory, Huber-White with Yuan-Bentler, and those of weighted least squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.confirmatory import likelihood as like
from valuelex.psychometrics.confirmatory.estimate import Likelihood
from valuelex.psychometrics.confirmatory.ordinal import WeightedLeastSquares
from valuelex.psychometrics.confirmatory.structure import Structure
from valuelex.psychometrics.confirmatory.table import Parameter

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Test:
    """A test statistic; for robust estimators also `scaled`, the factor (and shift) that led to it.

    statistic / scaling + shift = scaled.
    """

    statistic: float
    df: int
    scaled: float | None = None
    scaling: float = 1.0
    shift: float = 0.0


def likelihood_covariance(objective: Likelihood, theta: FloatArray, *, robust: bool) -> tuple[FloatArray, float]:
    """Covariance of the estimates (q x q), and tr(B A^-1) if robust (else NaN).

    Expected information with complete data, observed information with missing cells (Kenward & Molenberghs, 1998) and for
    `robust`, which is the sandwich A^-1 B A^-1 / n (White, 1982; Yuan & Bentler, 2000).
    """
    complete = all(sample.complete for sample in objective.samples)
    A = objective.observed(theta) if robust or not complete else objective.information(theta)
    inverse = np.linalg.inv(A)
    if not robust:
        return inverse / objective.n, np.nan
    B = objective.case_products(theta)
    return inverse @ B @ inverse / objective.n, float(np.sum(B * inverse))


def likelihood_test(objective: Likelihood, theta: FloatArray, *, robust: bool, trace: float = np.nan) -> Test:
    """Likelihood ratio against the saturated model; robust: Yuan & Bentler's (2000) T2* in the form of Mplus.

    The scaling factor is (tr(B A^-1) of the saturated model - tr(B A^-1) of the model) / df.
    """
    saturated = sum(sample.log_likelihood for sample in objective.samples)
    statistic = max(2 * (saturated + objective.n * objective.value(theta)), 0.0)
    df = moments(objective) - theta.size
    if not robust or df == 0:
        return Test(statistic, df)
    scaling = (saturated_trace(objective) - trace) / df
    return Test(statistic, df, statistic / scaling, scaling)


def saturated_trace(objective: Likelihood) -> float:
    """tr(B A^-1) of the saturated model, over groups."""
    return sum(like.saturated_trace(sample, objective.structure.means) for sample in objective.samples)


def moments(objective: Likelihood) -> int:
    """Number of means and covariances that the model is held against."""
    p = len(objective.structure.observed)
    return len(objective.samples) * (p * (p + 1) // 2 + (p if objective.structure.means else 0))


def independence(structure: Structure, samples: Sequence[like.Sample]) -> tuple[Structure, FloatArray]:
    """The baseline model, in which variables do not correlate, and its estimates (closed form)."""
    names = structure.observed
    table, values = [], []
    for g, sample in enumerate(samples):
        mean, variance = _margins(sample)
        for i, name in enumerate(names):
            table.append(Parameter(name, "~~", name, g, "theta", i, i, True, 0.0))
            values.append(variance[i])
        for i, name in enumerate(names if structure.means else []):
            table.append(Parameter(name, "~1", "", g, "nu", i, 0, True, 0.0))
            values.append(mean[i])
    return Structure(table, names, []), np.array(values)


def _margins(sample: like.Sample) -> tuple[FloatArray, FloatArray]:
    if sample.complete or sample.X is None:
        return sample.mean, np.diag(sample.covariance).copy()
    return np.nanmean(sample.X, axis=0), np.nanvar(sample.X, axis=0)


def weighted_covariance(objective: WeightedLeastSquares, theta: FloatArray) -> FloatArray:
    """Sandwich covariance of the DWLS estimates (q x q; Satorra & Bentler, 1994)."""
    inverse = np.linalg.inv(objective.information(theta))
    meat = np.zeros_like(inverse)
    for k, (group, s) in enumerate(zip(objective.structure.matrices(theta), objective.samples, strict=True)):
        weighted = objective.structure.ordinal_delta(group, k) * s.weights[:, None]
        meat += objective.shares[k] * (weighted.T @ s.gamma @ weighted)
    # n - 1 per group, as in the test statistic and in lavaan.
    return np.asarray(inverse @ meat @ inverse / (objective.n - len(objective.samples)))


def weighted_test(objective: WeightedLeastSquares, theta: FloatArray) -> tuple[Test, Test]:
    """Scaled and shifted test (Asparouhov & Muthen, 2010) of the model, and of independent items."""
    A, root = standard_gamma(objective)
    Q = column_space(root[:, None] * objective.delta(theta))
    statistic, null_statistic = 0.0, 0.0
    for group, s in zip(objective.structure.matrices(theta), objective.samples, strict=True):
        residual = s.moments - objective.structure.ordinal_moments(group)
        statistic += (s.n - 1) * float(np.sum(s.weights * residual**2))
        null_statistic += (s.n - 1) * float(np.sum((s.weights * s.moments**2)[s.owner.size :]))
    model = adjusted(statistic, outside(A, Q), root.size - theta.size)
    pairs = np.concatenate([np.arange(s.moments.size) >= s.owner.size for s in objective.samples])
    return model, adjusted(null_statistic, A[np.ix_(pairs, pairs)], int(pairs.sum()))


def standard_gamma(objective: WeightedLeastSquares) -> tuple[FloatArray, FloatArray]:
    """W^1/2 Gamma W^1/2 over all groups (block diagonal), and the roots of the group-weighted weights."""
    sizes = [s.moments.size for s in objective.samples]
    A = np.zeros((sum(sizes), sum(sizes)))
    first = 0
    for s in objective.samples:
        root = np.sqrt(s.weights)
        A[first : first + root.size, first : first + root.size] = root[:, None] * s.gamma * root
        first += root.size
    roots = [np.sqrt(s.weights * share) for s, share in zip(objective.samples, objective.shares, strict=True)]
    return A, np.concatenate(roots)


def column_space(M: FloatArray) -> FloatArray:
    """Orthonormal basis of the columns of M."""
    left, singular, _ = np.linalg.svd(M, full_matrices=False)
    return np.asarray(left[:, singular > singular[0] * 1e-9]) if singular.size else left


def outside(A: FloatArray, Q: FloatArray) -> FloatArray:
    """(I - Q Q') A (I - Q Q')."""
    rest = A - Q @ (Q.T @ A)
    return np.asarray(rest - (rest @ Q) @ Q.T)


def adjusted(statistic: float, U: FloatArray, df: int) -> Test:
    """Scale and shift a statistic so that mean and variance are those of a chi-square with df degrees of freedom."""
    if df <= 0:
        return Test(statistic, df)
    first, second = float(np.trace(U)), float(np.sum(U * U.T))
    slope = np.sqrt(df / second)
    shift = df - slope * first
    return Test(statistic, df, statistic * slope + shift, float(1 / slope), float(shift))
