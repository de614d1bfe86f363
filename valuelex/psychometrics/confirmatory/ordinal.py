"""Ordered items: thresholds and polychoric correlations of each group, their precision, and the DWLS fit function.

Muthen, du Toit & Spisic (1997): thresholds and correlations are weighted by one over their sampling variances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.confirmatory.structure import Cells, Structure
from valuelex.psychometrics.correlation import asymptotic
from valuelex.psychometrics.correlation.contingency import categorise, indicators, pair_groups, pair_tables
from valuelex.psychometrics.correlation.polychoric import polychoric_core
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OrdinalSample:
    """Data of one group: `moments` are thresholds, then correlations (order of ``np.tril_indices(p, -1)``).

    `gamma` is the covariance of sqrt(n) times their errors, `owner` the item of each threshold.
    """

    n: int
    R: FloatArray
    moments: FloatArray
    gamma: FloatArray
    owner: IntArray
    pairs_with_empty_cells: int

    @property
    def weights(self) -> FloatArray:
        """One over each moment's variance."""
        return 1 / np.maximum(np.diag(self.gamma), 1e-12)


@one_thread
def ordinal_sample(X: FloatArray) -> OrdinalSample:
    """Thresholds, polychorics and their joint covariance from category codes (n x p; NaN is missing, pair by pair)."""
    found = polychoric_core(X)
    data = categorise(X)
    n, p = X.shape
    first, second = np.tril_indices(p, -1)
    position = np.zeros((p, p), dtype=np.int64)
    position[first, second] = position[second, first] = np.arange(first.size)
    threshold = [asymptotic.threshold_influence(data, j) for j in range(p)]
    one_hot = indicators(data.codes, data.sizes)
    joint = one_hot.T @ one_hot
    cuts = data.sizes - 1
    t = int(cuts.sum())
    influence = np.zeros((t + first.size, n))
    starts = np.cumsum(cuts) - cuts
    for j in range(p):
        rows = np.vstack([threshold[j], np.zeros((1, cuts[j]))])
        influence[starts[j] : starts[j] + cuts[j]] = rows[data.codes[:, j]].T
    for one, other in pair_groups(data.sizes):
        tables = pair_tables(joint, data.sizes, one, other)
        e_pair, e_i, e_j = asymptotic.pair_influence(tables, found.R[one, other], data, one, other, threshold)
        for q, (a, b) in enumerate(zip(one, other, strict=True)):
            # A missing case reads the last row or column, which holds 0 for it.
            e = np.pad(e_pair[:, :, q], ((0, 1), (0, 1)))[data.codes[:, a], data.codes[:, b]]
            e += np.append(e_i[:, q], 0.0)[data.codes[:, a]] + np.append(e_j[:, q], 0.0)[data.codes[:, b]]
            influence[t + position[a, b]] = e
    moments = np.concatenate([*found.thresholds, found.R[first, second]])
    owner = np.repeat(np.arange(p), cuts)
    return OrdinalSample(n, found.R, moments, influence @ influence.T * n, owner, found.empty_cells)


class WeightedLeastSquares:
    """Half the weighted sum of squared residuals of the moments, groups weighted by their share of the cases."""

    def __init__(self, structure: Structure, samples: Sequence[OrdinalSample]) -> None:
        self.structure, self.samples = structure, list(samples)
        self.n = sum(sample.n for sample in samples)
        self.shares = [sample.n / self.n for sample in samples]

    def value(self, theta: FloatArray) -> float:
        """F(theta); infinite where a variance of y* is not positive."""
        total = 0.0
        for group, s, share in zip(self.structure.matrices(theta), self.samples, self.shares, strict=True):
            if (np.diag(group.sigma) <= 0).any() or (group.delta <= 0).any():
                return np.inf
            residual = s.moments - self.structure.ordinal_moments(group)
            total += share * float(np.sum(s.weights * residual**2)) / 2
        return total

    def gradient(self, theta: FloatArray) -> FloatArray:
        """Derivatives of F (q)."""
        g = np.zeros(theta.size)
        for k, (group, s) in enumerate(zip(self.structure.matrices(theta), self.samples, strict=True)):
            residual = s.moments - self.structure.ordinal_moments(group)
            g -= self.structure.ordinal_delta(group, k).T @ (residual * s.weights * self.shares[k])
        return g

    def information(self, theta: FloatArray) -> FloatArray:
        """The Gauss-Newton Hessian (q x q)."""
        H = np.zeros((theta.size, theta.size))
        for k, (group, s) in enumerate(zip(self.structure.matrices(theta), self.samples, strict=True)):
            delta = self.structure.ordinal_delta(group, k)
            H += (delta * (s.weights * self.shares[k])[:, None]).T @ delta
        return H

    def delta(self, theta: FloatArray) -> FloatArray:
        """Derivatives of all moments, group under group, in theta."""
        groups = self.structure.matrices(theta)
        return np.vstack([self.structure.ordinal_delta(group, k) for k, group in enumerate(groups)])

    def cell_scores(self, theta: FloatArray, cells: Sequence[Cells]) -> tuple[FloatArray, FloatArray]:
        """Score and Gauss-Newton Hessian, times n, of the free parameters followed by `cells` of each group."""
        added = [c.i.size for c in cells]
        q = theta.size
        g, H = np.zeros(q + sum(added)), np.zeros((q + sum(added), q + sum(added)))
        first = q
        for k, (group, s) in enumerate(zip(self.structure.matrices(theta), self.samples, strict=True)):
            delta = np.hstack(
                [self.structure.ordinal_delta(group, k), self.structure.ordinal_jacobian(group, cells[k])]
            )
            where = np.concatenate([np.arange(q), np.arange(first, first + added[k])])
            weighted = delta * (s.weights * s.n)[:, None]
            g[where] += weighted.T @ (s.moments - self.structure.ordinal_moments(group))
            H[np.ix_(where, where)] += weighted.T @ delta
            first += added[k]
        return g, H
