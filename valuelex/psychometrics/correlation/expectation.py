"""Means and covariances of incomplete data by maximum likelihood (EM), for missing at random. Array core."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pattern:
    """The cases that share one pattern of missing cells: which columns are seen, n, means and covariances (divisor n)."""

    seen: BoolArray
    n: int
    mean: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, eq=False)
class Moments:
    """Maximum likelihood means (p) and covariances (p x p), with the log-likelihood and how it was reached."""

    mean: FloatArray
    covariance: FloatArray
    log_likelihood: float
    iterations: int
    converged: bool


def patterns(X: FloatArray) -> list[Pattern]:
    """Sufficient statistics per pattern of X (n x p); rows without any value are left out."""
    seen = ~np.isnan(X)
    kinds, which = np.unique(seen, axis=0, return_inverse=True)
    found = []
    for index, kind in enumerate(kinds):
        if kind.any():
            part = X[which.ravel() == index][:, kind]
            mean = part.mean(axis=0)
            found.append(Pattern(kind, part.shape[0], mean, (part - mean).T @ (part - mean) / part.shape[0]))
    return found


def em_moments(X: FloatArray, *, tolerance: float = 1e-10, max_iter: int = 5000) -> Moments:
    """Unstructured means and covariances (Dempster, Laird & Rubin, 1977; Little & Rubin, 2002, sec. 11.2).

    Stops when the log-likelihood rises by less than `tolerance` per case.
    """
    groups = patterns(X)
    n = sum(group.n for group in groups)
    mean = np.nanmean(X, axis=0)
    S = np.diag(np.nanvar(X, axis=0))
    before, iteration, value = -np.inf, 0, -np.inf
    for iteration in range(1, max_iter + 1):  # noqa: B007
        value, mean, S = expected_moments(groups, mean, S)
        if value - before < tolerance * n:
            break
        before = value
    value = log_likelihood(groups, mean, S)
    return Moments(mean, S, value, iteration, iteration < max_iter)


def expected_moments(groups: list[Pattern], mean: FloatArray, S: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood at (mean, S), and the expected complete-data mean and covariance given them (the E step)."""
    p = mean.size
    n = sum(group.n for group in groups)
    total = np.zeros(p)
    squares = np.zeros((p, p))
    value = 0.0
    for group in groups:
        o, m = group.seen, ~group.seen
        inverse: FloatArray = np.asarray(np.linalg.inv(S[np.ix_(o, o)]), dtype=np.float64)
        deviation = group.mean - mean[o]
        scatter = group.covariance + np.outer(deviation, deviation)
        value += _pattern_likelihood(group, S, inverse, scatter)
        # Rows of K give each column's expected deviation from `mean` as a combination of the seen deviations.
        K = np.zeros((p, int(o.sum())))
        K[o] = np.eye(K.shape[1])
        K[m] = S[np.ix_(m, o)] @ inverse
        total += group.n * (K @ deviation)
        squares += group.n * (K @ scatter @ K.T)
        squares[np.ix_(m, m)] += group.n * (S[np.ix_(m, m)] - K[m] @ S[np.ix_(o, m)])
    shift = total / n
    covariance = squares / n - np.outer(shift, shift)
    return value, mean + shift, (covariance + covariance.T) / 2


def log_likelihood(groups: list[Pattern], mean: FloatArray, S: FloatArray) -> float:
    """Log-likelihood of the observed cells under a normal distribution."""
    value = 0.0
    for group in groups:
        o = group.seen
        deviation = group.mean - mean[o]
        scatter = group.covariance + np.outer(deviation, deviation)
        value += _pattern_likelihood(group, S, np.asarray(np.linalg.inv(S[np.ix_(o, o)]), dtype=np.float64), scatter)
    return value


def _pattern_likelihood(group: Pattern, S: FloatArray, inverse: FloatArray, scatter: FloatArray) -> float:
    o = group.seen
    log_det = np.linalg.slogdet(S[np.ix_(o, o)])[1]
    return float(-0.5 * group.n * (o.sum() * np.log(2 * np.pi) + log_det + np.sum(inverse * scatter)))
