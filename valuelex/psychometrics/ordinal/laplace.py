"""Laplace's approximation of the likelihood of a cumulative link mixed model, with its gradient, and where it is greatest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from valuelex.errors import DataError
from valuelex.psychometrics.ordinal.categories import FloatArray, IntArray, Link, Rows, rows
from valuelex.psychometrics.ordinal.layout import Curvature, Inverse, Layout

_STEPS = 60
_WALL = 1e3
"""How steeply the negative log-likelihood is said to rise where it cannot be had."""
_CLOSE = 1e-12
"""Newton steps in the random effects end when they would gain less than this."""
_APART = 0.02
"""Step of the differences of gradients, in standard errors."""


@dataclass
class Problem:
    """Ratings y = 0, 1, ... of a cumulative link mixed model: P(y <= k) = F(threshold k - X beta - sum of random effects).

    Parameters are the first threshold, the logarithms of the gaps to the next ones, beta, and the logarithms of the random
    effects' standard deviations, in this order.

    Attributes
    ----------
    y : array of int, n
    X : array, n x p
        Without a constant, for which the thresholds stand.
    layout : Layout
        Of the random effects.
    link : {"logit", "probit"}
    cluster : array of int, n
        Clusters that gradients are given for: no effect of the layout may reach across them, or all rows are one cluster.
    offset : array, n
        Added to the linear predictor.
    mode : array
        Standardised random effects that were found last, from which the next search starts.
    """

    y: IntArray
    X: FloatArray
    layout: Layout
    link: Link
    cluster: IntArray
    offset: FloatArray
    mode: FloatArray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        self.k = int(self.y.max())
        self.p = self.X.shape[1]
        self.n_clusters = int(self.cluster.max()) + 1
        if self.mode.size != self.layout.effect.size:
            self.mode = np.zeros(self.layout.effect.size)
        # Each position belongs to the cluster of its rows.
        self.cluster_at = np.zeros(self.layout.effect.size, dtype=np.int64)
        for place in self.layout.place:
            self.cluster_at[place] = self.cluster

    def thresholds(self, parameters: FloatArray) -> FloatArray:
        """The thresholds, in rising order."""
        return np.cumsum(np.concatenate([parameters[:1], np.exp(parameters[1 : self.k])]))

    def sd(self, parameters: FloatArray) -> FloatArray:
        """The random effects' standard deviations."""
        return np.exp(parameters[self.k + self.p :])

    def evaluate(self, parameters: FloatArray) -> Evaluation:
        """Find the mode of the random effects and give the negative log-likelihood with its gradient."""
        theta, scale = self.thresholds(parameters), self.sd(parameters)
        fixed = self.X @ parameters[self.k : self.k + self.p] + self.offset
        b, at, curvature = self._mode(fixed, theta, scale)
        self.mode = b
        inverse = curvature.invert()
        value = -at.loglik.sum() + 0.5 * float(b @ b) + 0.5 * inverse.logdet
        return Evaluation(value, self._gradient(parameters, b, at, curvature, inverse), b)

    def _effects(self, b: FloatArray, scale: FloatArray) -> FloatArray:
        """What each random effect adds to each row, effects x n."""
        return b[self.layout.place] * scale[:, None]

    def _mode(self, fixed: FloatArray, theta: FloatArray, scale: FloatArray) -> tuple[FloatArray, Rows, Curvature]:
        b = self.mode
        at = rows(self.y, fixed + self._effects(b, scale).sum(axis=0), theta, self.link)
        value = -at.loglik.sum() + 0.5 * float(b @ b)
        for _ in range(_STEPS):
            curvature = Curvature(self.layout, -at.d2, scale)
            slope = self._collect(at.d1, scale) - b
            step = curvature.solve(slope)
            gain = float(slope @ step)
            if gain < _CLOSE:
                return b, at, curvature
            for halving in range(40):
                tried = b + step * 0.5**halving
                found = rows(self.y, fixed + self._effects(tried, scale).sum(axis=0), theta, self.link)
                reached = -found.loglik.sum() + 0.5 * float(tried @ tried)
                if reached < value + 1e-10:
                    break
            b, at, value = tried, found, reached
        raise DataError("The random effects of the ordinal model did not settle.", "Leave an effect out.")

    def _collect(self, of_rows: FloatArray, scale: FloatArray) -> FloatArray:
        """Sums over the rows of each position, times the effect's standard deviation."""
        out = np.zeros(self.layout.effect.size)
        for place, one in zip(self.layout.place, scale, strict=True):
            out += one * np.bincount(place, of_rows, out.size)
        return out

    def _gradient(
        self, parameters: FloatArray, b: FloatArray, at: Rows, curvature: Curvature, inverse: Inverse
    ) -> FloatArray:
        """Clusters x parameters. The mode moves with the parameters, and with it the curvature: both are in it."""
        scale, layout = self.sd(parameters), self.layout
        # Variance of each row's linear predictor given the ratings.
        spread = np.zeros(self.y.size)
        for e, one in enumerate(layout.place):
            for f in range(e + 1):
                twice = 1.0 if e == f else 2.0
                spread += twice * scale[e] * scale[f] * inverse.between(layout, one, layout.place[f])
        bend = -0.5 * spread * at.d3
        r = curvature.solve(self._collect(bend, scale))
        moved = self._effects(r, scale)
        rho = moved.sum(axis=0)
        out = np.zeros((self.n_clusters, parameters.size))
        k, p = self.k, self.p
        by_eta = -at.d1 + bend + rho * at.d2
        for j in range(p):
            out[:, k + j] = self._by_cluster(by_eta * self.X[:, j])
        # Thresholds first, then the gaps that they are sums of.
        by_threshold = np.zeros((self.n_clusters, k))
        for side, ends in ((at.upper, self.y), (at.lower, self.y - 1)):
            weight = -side[0] - 0.5 * spread * side[2] + rho * side[1]
            inside = (ends >= 0) & (ends < k)
            np.add.at(by_threshold, (self.cluster[inside], ends[inside]), weight[inside])
        out[:, :k] = np.cumsum(by_threshold[:, ::-1], axis=1)[:, ::-1]
        out[:, 1:k] *= np.exp(parameters[1:k])
        left = 1 - inverse.diagonal()
        added = self._effects(b, scale)
        for e in range(len(layout.names)):
            own = layout.effect == e
            of_levels = np.bincount(self.cluster_at[own], (left + r * b)[own], self.n_clusters)
            out[:, k + p + e] = of_levels + self._by_cluster(by_eta * added[e])
        return out

    def _by_cluster(self, of_rows: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(self.cluster, of_rows, self.n_clusters), dtype=np.float64)


@dataclass(frozen=True)
class Evaluation:
    """Negative log-likelihood, its gradient (clusters x parameters), and the mode of the standardised random effects."""

    value: float
    gradient: FloatArray
    mode: FloatArray


def maximise(problem: Problem, start: FloatArray) -> tuple[FloatArray, Evaluation, int]:
    """Return the parameters of the greatest likelihood, what it is there, and the number of evaluations.

    Raises
    ------
    DataError
        No convergence.
    """
    from scipy.optimize import minimize

    scale = _spread(problem, start)
    count, best = 0, (np.zeros(start.size), problem.evaluate(start).value)

    def objective(z: FloatArray) -> tuple[float, FloatArray]:
        nonlocal count, best
        count += 1
        try:
            at = problem.evaluate(start + scale @ z)
        except DataError:
            # A search along a line may try points where no likelihood can be had in these numbers: it is sent back.
            problem.mode = np.zeros_like(problem.mode)
            away = z - best[0]
            return best[1] + _WALL * (1 + float(away @ away)), 2 * _WALL * away
        if at.value < best[1]:
            best = z.copy(), at.value
        return at.value, scale.T @ at.gradient.sum(axis=0)

    found = minimize(objective, np.zeros(start.size), jac=True, method="BFGS", options={"gtol": 1e-3, "maxiter": 500})
    if not found.success and float(np.abs(found.jac).max()) > 0.05:
        raise DataError("The ordinal model did not converge.", "Leave an effect out, or use linear scores.")
    parameters = start + scale @ found.x
    return parameters, problem.evaluate(parameters), count


def _spread(problem: Problem, at: FloatArray) -> FloatArray:
    """Square root of about the parameters' covariance, so that one step in any direction is a step of about one error."""
    information = np.zeros((at.size, at.size))
    k, p = problem.k, problem.p
    theta, scale = problem.thresholds(at), problem.sd(at)
    eta = problem.X @ at[k : k + p] + problem.offset
    now = rows(problem.y, eta, theta, problem.link)
    gaps = np.tril(np.ones((k, k)))
    gaps[:, 1:] *= np.exp(at[1:k])
    ends = np.vstack([np.zeros(k), gaps, np.zeros(k)])
    # Fisher's scoring would take both ends of a category; the mean of its ends, as if ratings were points, does here.
    Z = np.hstack([-0.5 * (ends[problem.y] + ends[problem.y + 1]), problem.X])
    curvature = Curvature(problem.layout, -now.d2, scale)
    WZ = Z * -now.d2[:, None]
    crossed = np.stack([problem._collect(column, scale) for column in WZ.T], axis=1)
    information[: k + p, : k + p] = Z.T @ WZ - crossed.T @ curvature.solve(crossed)
    left = 1 - curvature.invert().diagonal()
    for e in range(len(scale)):
        information[k + p + e, k + p + e] = 2 * float((left[problem.layout.effect == e] ** 2).sum()) + 1
    values, vectors = np.linalg.eigh(information)
    return np.asarray(vectors / np.sqrt(np.maximum(values, 1e-2 * np.median(values))))


def information(problem: Problem, parameters: FloatArray, free: IntArray) -> FloatArray:
    """Observed information of each cluster, clusters x free x free, by differences of gradients."""
    scale = np.sqrt((_spread(problem, parameters) ** 2).sum(axis=1))
    out = np.zeros((problem.n_clusters, free.size, free.size))
    for place, j in enumerate(free):
        step = np.zeros(parameters.size)
        step[j] = _APART * scale[j]
        ahead, behind = (problem.evaluate(parameters + sign * step).gradient[:, free] for sign in (1, -1))
        out[:, place] = (ahead - behind) / (2 * step[j])
    return 0.5 * (out + out.transpose(0, 2, 1))
