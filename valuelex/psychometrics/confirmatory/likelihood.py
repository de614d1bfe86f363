"""Normal likelihood of the moments of one group, complete or with missing cells, and its derivatives. Array core.

Cases that share a pattern of missing cells enter through n, means and covariances; complete data are one pattern. With
z a case's deviation from mu and y = Sigma^-1 z, over its observed variables,

    dl / dmu = y,    dl / dSigma = (y y' - Sigma^-1) / 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.correlation.expectation import Pattern, em_moments, patterns

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sample:
    """Data of one group: n cases of p variables by pattern; X (n x p) if raw. `mean` and `covariance` (divisor n) are
    the saturated estimates, by EM where cells are missing."""

    n: int
    patterns: list[Pattern]
    mean: FloatArray
    covariance: FloatArray
    log_likelihood: float
    X: FloatArray | None = None

    @property
    def complete(self) -> bool:
        """No missing cell."""
        return len(self.patterns) == 1 and bool(self.patterns[0].seen.all())


def sample_of(X: FloatArray) -> Sample:
    """Sample of raw data (n x p; NaN is missing)."""
    X = X[~np.isnan(X).all(axis=1)]
    if np.isnan(X).any():
        moments = em_moments(X, tolerance=1e-14)
        mean, S = moments.mean, moments.covariance
    else:
        mean = X.mean(axis=0)
        S = (X - mean).T @ (X - mean) / X.shape[0]
    found = patterns(X)
    return Sample(X.shape[0], found, mean, S, log_likelihood(found, mean, S), X)


def sample_of_moments(S: FloatArray, n: int) -> Sample:
    """Sample known by its covariances (divisor n) alone; means count as 0."""
    p = S.shape[0]
    found = [Pattern(np.ones(p, dtype=np.bool_), n, np.zeros(p), S)]
    return Sample(n, found, np.zeros(p), S, log_likelihood(found, np.zeros(p), S))


def log_likelihood(groups: Sequence[Pattern], mu: FloatArray, sigma: FloatArray) -> float:
    """Log-likelihood; -inf where Sigma is not positive definite."""
    value = 0.0
    for part in groups:
        o = part.seen
        try:
            root = np.linalg.cholesky(sigma[np.ix_(o, o)])
        except np.linalg.LinAlgError:
            return -np.inf
        half = np.linalg.inv(root)
        deviation = half @ (part.mean - mu[o])
        quadratic = float(np.sum((half @ part.covariance) * half)) + float(deviation @ deviation)
        log_det = 2 * float(np.sum(np.log(np.diag(root))))
        value -= 0.5 * part.n * (int(o.sum()) * np.log(2 * np.pi) + log_det + quadratic)
    return value


def score(groups: Sequence[Pattern], mu: FloatArray, sigma: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Derivatives of the log-likelihood in mu (p) and Sigma (p x p)."""
    p = mu.size
    by_mean, by_sigma = np.zeros(p), np.zeros((p, p))
    for part in groups:
        o = part.seen
        Q = np.linalg.inv(sigma[np.ix_(o, o)])
        z = part.mean - mu[o]
        scatter = part.covariance + np.outer(z, z)
        by_mean[o] += part.n * (Q @ z)
        by_sigma[np.ix_(o, o)] += 0.5 * part.n * (Q @ scatter @ Q - Q)
    return by_mean, by_sigma


def information(groups: Sequence[Pattern], sigma: FloatArray, d_mu: FloatArray, d_sigma: FloatArray) -> FloatArray:
    """Expected information (q x q) for derivatives d_mu (q x p), d_sigma (q x p x p) of the moments."""
    q = d_mu.shape[0]
    H = np.zeros((q, q))
    for part in groups:
        o = np.flatnonzero(part.seen)
        Q = np.linalg.inv(sigma[np.ix_(o, o)])
        A = Q @ d_sigma[:, o[:, None], o[None, :]]
        H += part.n * (0.5 * (A.reshape(q, o.size**2) @ A.transpose(0, 2, 1).reshape(q, o.size**2).T))
        H += part.n * (d_mu[:, o] @ Q @ d_mu[:, o].T)
    return (H + H.T) / 2


def case_scores(X: FloatArray, mu: FloatArray, sigma: FloatArray, d_mu: FloatArray, d_sigma: FloatArray) -> FloatArray:
    """Score of each case (n x q) in parameters with derivatives d_mu (q x p) and d_sigma (q x p x p) of the moments."""
    q = d_mu.shape[0]
    out = np.zeros((X.shape[0], q))
    seen = ~np.isnan(X)
    kinds, which = np.unique(seen, axis=0, return_inverse=True)
    for index, kind in enumerate(kinds):
        if not kind.any():
            continue
        o, rows = np.flatnonzero(kind), np.flatnonzero(which.ravel() == index)
        Q = np.linalg.inv(sigma[np.ix_(o, o)])
        y = (X[np.ix_(rows, o)] - mu[o]) @ Q
        flat = d_sigma[:, o[:, None], o[None, :]].reshape(q, o.size**2)
        products = (y[:, :, None] * y[:, None, :]).reshape(rows.size, -1)
        out[rows] = y @ d_mu[:, o].T + 0.5 * (products - Q.ravel()) @ flat.T
    return out


def saturated_trace(sample: Sample, means: bool) -> float:
    """tr(B A^-1) of the unrestricted model: A its observed information, B the mean product of case scores.

    Complete data: with Mahalanobis distances d of the cases, the mean of (d^2 - 2 d + p) / 2, and p more for the means.
    """
    if sample.X is None:
        raise ValueError("raw data needed")
    p = sample.mean.size
    if sample.complete:
        Z = sample.X - sample.mean
        d = np.einsum("ij,ij->i", Z @ np.linalg.inv(sample.covariance), Z)
        return float(np.mean(d**2 - 2 * d + p) / 2) + (p if means else 0)
    i, j = np.tril_indices(p)
    basis = np.zeros((p + i.size, p, p))
    row = p + np.arange(i.size)
    basis[row, i, j] = basis[row, j, i] = 1.0
    d_mu = np.zeros((p + i.size, p))
    d_mu[:p] = np.eye(p)
    scores = case_scores(sample.X, sample.mean, sample.covariance, d_mu, basis)
    A = saturated_information(sample)
    return float(np.sum(np.linalg.solve(A, scores.T) * scores.T))


def saturated_information(sample: Sample) -> FloatArray:
    """Observed information of means (p), then covariances (order of ``np.tril_indices(p)``), at the saturated estimate.

    For a pattern with scatter T about mu: Q in the means; in the covariances the pairs' product of Q and 2 Q T Q - Q, in
    both the products of Q with the mean score (Savalei, 2010, https://doi.org/10.1037/a0019238, appendix).
    """
    p = sample.mean.size
    i, j = np.tril_indices(p)
    half = np.where(i == j, 0.5, 1.0)
    H = np.zeros((p + i.size, p + i.size))
    for part in sample.patterns:
        o = np.flatnonzero(part.seen)
        Q, K, u = np.zeros((p, p)), np.zeros((p, p)), np.zeros(p)
        inverse = np.linalg.inv(sample.covariance[np.ix_(o, o)])
        z = part.mean - sample.mean[o]
        Q[np.ix_(o, o)] = inverse
        K[np.ix_(o, o)] = inverse @ (part.covariance + np.outer(z, z)) @ inverse
        u[o] = inverse @ z
        H[:p, :p] += part.n * Q
        mixed = Q[:, i] * u[j] + Q[:, j] * u[i]
        H[:p, p:] += part.n * mixed * half
        second = K - Q / 2
        four = Q[np.ix_(i, i)] * second[np.ix_(j, j)] + Q[np.ix_(i, j)] * second[np.ix_(j, i)]
        four += Q[np.ix_(j, i)] * second[np.ix_(i, j)] + Q[np.ix_(j, j)] * second[np.ix_(i, i)]
        H[p:, p:] += part.n * four * np.outer(half, half)
    H[p:, :p] = H[:p, p:].T
    return H
