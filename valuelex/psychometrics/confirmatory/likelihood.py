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
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Stack:
    """The R patterns of missing cells of one group: which variables are seen (R x p), cases (R), means and covariances.

    What is not seen holds 0. Arrays of all patterns together are worked on in one call each.
    """

    seen: BoolArray
    n: FloatArray
    mean: FloatArray
    covariance: FloatArray

    @classmethod
    def of(cls, groups: Sequence[Pattern]) -> Stack:
        """From the sufficient statistics of `correlation.expectation.patterns`."""
        p = groups[0].seen.size
        mean, covariance = np.zeros((len(groups), p)), np.zeros((len(groups), p, p))
        for r, part in enumerate(groups):
            mean[r, part.seen] = part.mean
            covariance[r][np.ix_(part.seen, part.seen)] = part.covariance
        return cls(
            np.array([part.seen for part in groups]), np.array([float(part.n) for part in groups]), mean, covariance
        )

    def deviation(self, mu: FloatArray) -> FloatArray:
        """Means less mu (R x p), 0 where not seen."""
        return np.where(self.seen, self.mean - mu, 0.0)

    def scatter(self, mu: FloatArray) -> FloatArray:
        """Mean products of deviations from mu (R x p x p)."""
        z = self.deviation(mu)
        return np.asarray(self.covariance + z[:, :, None] * z[:, None, :])

    def inverse(self, sigma: FloatArray) -> FloatArray:
        """Inverses of the seen parts of Sigma (R x p x p), 0 elsewhere."""
        return np.asarray(np.linalg.inv(self.padded(sigma)) * self._both())

    def padded(self, sigma: FloatArray) -> FloatArray:
        """Sigma with the rows and columns that are not seen replaced by those of the identity (R x p x p)."""
        return np.where(self._both(), sigma, np.eye(sigma.shape[0]))

    def _both(self) -> BoolArray:
        return np.asarray(self.seen[:, :, None] & self.seen[:, None, :])


@dataclass(frozen=True, eq=False)
class Sample:
    """Data of one group: n cases of p variables by pattern; X (n x p) if raw. `mean` and `covariance` (divisor n) are
    the saturated estimates, by EM where cells are missing."""

    n: int
    patterns: Stack
    mean: FloatArray
    covariance: FloatArray
    log_likelihood: float
    X: FloatArray | None = None

    @property
    def complete(self) -> bool:
        """No missing cell."""
        return bool(self.patterns.seen.all())


def sample_of(X: FloatArray) -> Sample:
    """Sample of raw data (n x p; NaN is missing)."""
    X = X[~np.isnan(X).all(axis=1)]
    if np.isnan(X).any():
        moments = em_moments(X, tolerance=1e-14)
        mean, S = moments.mean, moments.covariance
    else:
        mean = X.mean(axis=0)
        S = (X - mean).T @ (X - mean) / X.shape[0]
    found = Stack.of(patterns(X))
    return Sample(X.shape[0], found, mean, S, log_likelihood(found, mean, S), X)


def sample_of_moments(S: FloatArray, n: int) -> Sample:
    """Sample known by its covariances (divisor n) alone; means count as 0."""
    p = S.shape[0]
    found = Stack.of([Pattern(np.ones(p, dtype=np.bool_), n, np.zeros(p), S)])
    return Sample(n, found, np.zeros(p), S, log_likelihood(found, np.zeros(p), S))


def log_likelihood(stack: Stack, mu: FloatArray, sigma: FloatArray) -> float:
    """Log-likelihood; -inf where Sigma is not positive definite."""
    try:
        root = np.linalg.cholesky(stack.padded(sigma))
    except np.linalg.LinAlgError:
        return -np.inf
    log_det = 2 * np.sum(np.log(np.diagonal(root, axis1=1, axis2=2)), axis=1)
    quadratic = np.einsum("rij,rij->r", stack.inverse(sigma), stack.scatter(mu))
    each = stack.seen.sum(axis=1) * np.log(2 * np.pi) + log_det + quadratic
    return float(-0.5 * stack.n @ each)


def score(stack: Stack, mu: FloatArray, sigma: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Derivatives of the log-likelihood in mu (p) and Sigma (p x p)."""
    Q = stack.inverse(sigma)
    by_mean = np.einsum("r,rij,rj->i", stack.n, Q, stack.deviation(mu))
    by_sigma = np.tensordot(stack.n / 2, Q @ stack.scatter(mu) @ Q - Q, axes=1)
    return by_mean, by_sigma


def information(stack: Stack, sigma: FloatArray, d_mu: FloatArray, d_sigma: FloatArray) -> FloatArray:
    """Expected information (q x q) for derivatives d_mu (q x p), d_sigma (q x p x p) of the moments."""
    q, p = d_mu.shape
    H = np.zeros((q, q))
    inverses = stack.inverse(sigma)
    for n, Q in zip(stack.n, inverses, strict=True):
        A = Q @ d_sigma
        H += 0.5 * n * (A.reshape(q, p**2) @ A.transpose(0, 2, 1).reshape(q, p**2).T)
    H += d_mu @ np.tensordot(stack.n, inverses, axes=1) @ d_mu.T
    return np.asarray((H + H.T) / 2)


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
    stack = sample.patterns
    inverses, scatters, z = stack.inverse(sample.covariance), stack.scatter(sample.mean), stack.deviation(sample.mean)
    for n, Q, T, deviation in zip(stack.n, inverses, scatters, z, strict=True):
        K, u = Q @ T @ Q, Q @ deviation
        H[:p, :p] += n * Q
        mixed = Q[:, i] * u[j] + Q[:, j] * u[i]
        H[:p, p:] += n * mixed * half
        second = K - Q / 2
        four = Q[np.ix_(i, i)] * second[np.ix_(j, j)] + Q[np.ix_(i, j)] * second[np.ix_(j, i)]
        four += Q[np.ix_(j, i)] * second[np.ix_(i, j)] + Q[np.ix_(j, j)] * second[np.ix_(i, i)]
        H[p:, p:] += n * four * np.outer(half, half)
    H[p:, :p] = H[:p, p:].T
    return H
