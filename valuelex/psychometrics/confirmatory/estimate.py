"""Estimation: maximum likelihood by Fisher scoring, diagonally weighted least squares by Gauss-Newton. Array core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.confirmatory import likelihood as like
from valuelex.psychometrics.confirmatory.structure import Cells, Matrices, Structure
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

STEP = 1e-5  # of central differences, relative to the size of a parameter
SCORING = 4  # first iterations, which take a fresh information matrix each
OLDEST = 12  # iterations after which it is evaluated anew
SINGULAR = 1e-9  # smallest eigenvalue of the information, scaled to a unit diagonal, that counts as positive


class Objective(Protocol):
    """A fit function F(theta) of q parameters, its gradient, and a positive semi-definite approximation of its Hessian."""

    def value(self, theta: FloatArray) -> float:
        """F(theta); infinite where the model is impossible."""
        ...

    def gradient(self, theta: FloatArray) -> FloatArray:
        """Derivatives of F (q)."""
        ...

    def information(self, theta: FloatArray) -> FloatArray:
        """Expected Hessian of F (q x q)."""
        ...


class Likelihood:
    """Minus the log-likelihood per case of a structure, over its groups. Without mean structure mu is the sample mean."""

    def __init__(self, structure: Structure, samples: Sequence[like.Sample]) -> None:
        self.structure, self.samples = structure, list(samples)
        self.n = sum(sample.n for sample in samples)

    def means(self, group: Matrices, sample: like.Sample) -> FloatArray:
        """Means of a group as the model has them."""
        return group.mu if self.structure.means else sample.mean

    def value(self, theta: FloatArray) -> float:
        """-l / n."""
        groups = self.structure.matrices(theta)
        each = (
            like.log_likelihood(s.patterns, self.means(group, s), group.sigma)
            for group, s in zip(groups, self.samples, strict=True)
        )
        return -sum(each) / self.n

    def gradient(self, theta: FloatArray) -> FloatArray:
        """Derivatives of -l / n."""
        g = np.zeros(self.structure.q)
        for k, (group, s) in enumerate(zip(self.structure.matrices(theta), self.samples, strict=True)):
            own, d_mu, d_sigma = self.structure.jacobian(group, k)
            g[own] += self._gradient(group, s, d_mu, d_sigma)
        return g / self.n

    def information(self, theta: FloatArray) -> FloatArray:
        """Expected information per case."""
        H = np.zeros((self.structure.q, self.structure.q))
        for k, (group, s) in enumerate(zip(self.structure.matrices(theta), self.samples, strict=True)):
            own, d_mu, d_sigma = self.structure.jacobian(group, k)
            H[np.ix_(own, own)] += like.information(s.patterns, group.sigma, d_mu, d_sigma)
        return H / self.n

    def _gradient(self, group: Matrices, s: like.Sample, d_mu: FloatArray, d_sigma: FloatArray) -> FloatArray:
        by_mean, by_sigma = like.score(s.patterns, self.means(group, s), group.sigma)
        return np.asarray(-np.tensordot(d_sigma, by_sigma, axes=2) - d_mu @ by_mean)

    def observed(self, theta: FloatArray) -> FloatArray:
        """Observed information per case: central differences of the exact gradient."""
        H = np.zeros((theta.size, theta.size))
        for k in range(theta.size):
            move = np.zeros(theta.size)
            move[k] = STEP * max(1.0, abs(theta[k]))
            H[k] = (self.gradient(theta + move) - self.gradient(theta - move)) / (2 * move[k])
        return (H + H.T) / 2

    def case_products(self, theta: FloatArray) -> FloatArray:
        """Mean outer product of the scores of the cases (q x q); raw data only."""
        B = np.zeros((theta.size, theta.size))
        for k, (group, s) in enumerate(zip(self.structure.matrices(theta), self.samples, strict=True)):
            if s.X is None:
                raise ValueError("raw data needed")
            own, d_mu, d_sigma = self.structure.jacobian(group, k)
            scores = like.case_scores(s.X, self.means(group, s), group.sigma, d_mu, d_sigma)
            B[np.ix_(own, own)] += scores.T @ scores
        return B / self.n

    def cell_scores(self, theta: FloatArray, cells: Sequence[Cells]) -> tuple[FloatArray, FloatArray]:
        """Score and expected information of the free parameters followed by further `cells` of each group, in total."""
        added = [c.i.size for c in cells]
        q = theta.size
        g, H = np.zeros(q + sum(added)), np.zeros((q + sum(added), q + sum(added)))
        first = q
        for k, (group, s) in enumerate(zip(self.structure.matrices(theta), self.samples, strict=True)):
            own, *free = self.structure.jacobian(group, k)
            more = self.structure.derivatives(group, cells[k])
            where = np.concatenate([own, np.arange(first, first + added[k])])
            d_mu, d_sigma = (np.concatenate(pair) for pair in zip(free, more, strict=True))
            g[where] -= self._gradient(group, s, d_mu, d_sigma)
            H[np.ix_(where, where)] += like.information(s.patterns, group.sigma, d_mu, d_sigma)
            first += added[k]
        return g, H


@dataclass(frozen=True, eq=False)
class Fit:
    """Estimates theta (q), F there, iterations, the Newton decrement g' H^-1 g, and whether it converged."""

    theta: FloatArray
    value: float
    iterations: int
    decrement: float
    converged: bool


@one_thread
def minimise(objective: Objective, start: FloatArray, *, tolerance: float = 1e-14, max_iter: int = 500) -> Fit:
    """Scoring steps from the expected Hessian, which BFGS updates keep current between its costly evaluations.

    Steps are halved until F falls (Armijo). Stops when the Newton decrement g' H^-1 g, twice the fall of F to come, is
    `tolerance` by a fresh H. Where H is singular the shortest step is taken; `unidentified` then names the parameters.
    """
    theta, value = start, objective.value(start)
    if start.size == 0:
        return Fit(theta, value, 0, 0.0, True)
    g, M = objective.gradient(theta), _inverse(objective.information(theta))
    age, decrement, iteration, ridge = 0, np.inf, 0, 0.0
    for iteration in range(max_iter + 1):
        decrement = float(g @ M @ g)
        if age and (decrement <= tolerance or age >= OLDEST or iteration < SCORING):
            M, age = _inverse(objective.information(theta)), 0
            decrement = float(g @ M @ g)
        if decrement <= tolerance or iteration == max_iter:
            break
        found = _search(objective, theta, value, g, -(M @ g), decrement)
        if found is None and age:
            M, age = _inverse(objective.information(theta)), 0
            continue
        if found is None:
            # The scoring step points nowhere: shorten it towards the gradient (Levenberg and Marquardt).
            ridge = max(10 * ridge, 1e-3)
            if ridge > 1e6:
                break
            M = _inverse(objective.information(theta), ridge)
            continue
        ridge, age = 0.0, age + 1
        moved, value = found
        new = objective.gradient(moved)
        M = _updated(M, moved - theta, new - g)
        theta, g = moved, new
    return Fit(theta, value, iteration, decrement, bool(decrement <= 1e4 * tolerance and ridge == 0))


def _search(
    objective: Objective, theta: FloatArray, value: float, g: FloatArray, step: FloatArray, decrement: float
) -> tuple[FloatArray, float] | None:
    """First of theta + step, + step / 2, ... at which F falls enough; near the end, at which it does not rise."""
    slope = float(g @ step)
    rounding = 1e-13 * abs(value) if decrement < 1e-9 else 0.0
    for halvings in range(15):
        length = 0.5**halvings
        trial = theta + length * step
        found = objective.value(trial)
        if found <= value + 1e-4 * length * slope + rounding:
            return trial, found
    return None


def _inverse(H: FloatArray, ridge: float = 0.0) -> FloatArray:
    """Pseudo-inverse of H, scaled to a unit diagonal, with `ridge` on it."""
    scale = np.sqrt(np.maximum(np.diag(H), 1e-12))
    values, V = np.linalg.eigh(H / np.outer(scale, scale))
    held = values > SINGULAR * max(1.0, float(values[-1]))
    V = V[:, held] / scale[:, None]
    return np.asarray((V / (values[held] + ridge)) @ V.T)


def _updated(M: FloatArray, s: FloatArray, y: FloatArray) -> FloatArray:
    """BFGS update of an inverse Hessian (Nocedal & Wright, 2006, eq. 6.17)."""
    product = float(s @ y)
    if product <= 1e-10 * float(np.linalg.norm(s) * np.linalg.norm(y)):
        return M
    My = M @ y
    M = M + (product + float(y @ My)) / product**2 * np.outer(s, s)
    return np.asarray(M - (np.outer(My, s) + np.outer(s, My)) / product)


def unidentified(H: FloatArray, names: Sequence[str]) -> list[str]:
    """Names of the parameters that a singular information matrix (q x q) leaves undetermined; empty if regular."""
    if H.size == 0:
        return []
    flat = np.diag(H) <= 0
    if flat.any():
        return [name for name, bad in zip(names, flat, strict=True) if bad]
    scale = np.sqrt(np.diag(H))
    values, V = np.linalg.eigh(H / np.outer(scale, scale))
    null = V[:, values <= SINGULAR * max(1.0, values[-1])]
    if null.shape[1] == 0:
        return []
    share = np.sqrt(np.sum(null**2, axis=1))
    return [name for name, part in zip(names, share, strict=True) if part > 0.1 * share.max()]
