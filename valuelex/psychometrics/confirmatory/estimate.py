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
SINGULAR = 1e-9  # smallest eigenvalue of the information, scaled to a unit diagonal, that counts as positive


class Objective(Protocol):
    """A fit function F(theta) of q parameters, its gradient, and a positive semi-definite approximation of its Hessian."""

    def value(self, theta: FloatArray) -> float:
        """F(theta); infinite where the model is impossible."""
        ...

    def derivatives(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient (q) and expected Hessian (q x q)."""
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

    def derivatives(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient and expected information per case."""
        g, H = np.zeros(self.structure.q), np.zeros((self.structure.q, self.structure.q))
        for k, (group, s) in enumerate(zip(self.structure.matrices(theta), self.samples, strict=True)):
            d_mu, d_sigma = self.structure.jacobian(group, k)
            g += self._gradient(group, s, d_mu, d_sigma)
            H += like.information(s.patterns, group.sigma, d_mu if self.structure.means else 0 * d_mu, d_sigma)
        return g / self.n, H / self.n

    def _gradient(self, group: Matrices, s: like.Sample, d_mu: FloatArray, d_sigma: FloatArray) -> FloatArray:
        by_mean, by_sigma = like.score(s.patterns, self.means(group, s), group.sigma)
        g = -np.tensordot(d_sigma, by_sigma, axes=2)
        return g - d_mu @ by_mean if self.structure.means else g

    def observed(self, theta: FloatArray) -> FloatArray:
        """Observed information per case: central differences of the exact gradient."""

        def gradient(at: FloatArray) -> FloatArray:
            g = np.zeros(self.structure.q)
            for k, (group, s) in enumerate(zip(self.structure.matrices(at), self.samples, strict=True)):
                g += self._gradient(group, s, *self.structure.jacobian(group, k))
            return g / self.n

        H = np.zeros((theta.size, theta.size))
        for k in range(theta.size):
            move = np.zeros(theta.size)
            move[k] = STEP * max(1.0, abs(theta[k]))
            H[k] = (gradient(theta + move) - gradient(theta - move)) / (2 * move[k])
        return (H + H.T) / 2

    def case_products(self, theta: FloatArray) -> FloatArray:
        """Mean outer product of the scores of the cases (q x q); raw data only."""
        B = np.zeros((theta.size, theta.size))
        for k, (group, s) in enumerate(zip(self.structure.matrices(theta), self.samples, strict=True)):
            if s.X is None:
                raise ValueError("raw data needed")
            d_mu, d_sigma = self.structure.jacobian(group, k)
            scores = like.case_scores(
                s.X, self.means(group, s), group.sigma, d_mu if self.structure.means else 0 * d_mu, d_sigma
            )
            B += scores.T @ scores
        return B / self.n

    def cell_scores(self, theta: FloatArray, cells: Sequence[Cells]) -> tuple[FloatArray, FloatArray]:
        """Score and expected information of the free parameters followed by further `cells` of each group, in total."""
        added = [c.i.size for c in cells]
        q = theta.size
        g, H = np.zeros(q + sum(added)), np.zeros((q + sum(added), q + sum(added)))
        first = q
        for k, (group, s) in enumerate(zip(self.structure.matrices(theta), self.samples, strict=True)):
            own, more = self.structure.jacobian(group, k), self.structure.derivatives(group, cells[k])
            where = np.concatenate([np.arange(q), np.arange(first, first + added[k])])
            d_mu, d_sigma = np.concatenate([own[0], more[0]]), np.concatenate([own[1], more[1]])
            g[where] -= self._gradient(group, s, d_mu, d_sigma)
            part = like.information(s.patterns, group.sigma, d_mu if self.structure.means else 0 * d_mu, d_sigma)
            H[np.ix_(where, where)] += part
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
    """Damped scoring steps with halving; stops when the Newton decrement (twice the fall of F to come) is `tolerance`.

    Where the Hessian is singular the shortest step is taken; `unidentified` then names the parameters.
    """
    theta, value = start, objective.value(start)
    if start.size == 0:
        return Fit(theta, value, 0, 0.0, True)
    ridge, decrement, iteration = 0.0, np.inf, 0
    for iteration in range(max_iter + 1):
        g, H = objective.derivatives(theta)
        scale = np.sqrt(np.maximum(np.diag(H), 1e-12))
        scaled = H / np.outer(scale, scale)
        eigenvalues, V = np.linalg.eigh(scaled)
        held = np.where(eigenvalues > SINGULAR * max(1.0, eigenvalues[-1]), 1 / np.maximum(eigenvalues, 1e-300), 0.0)
        decrement = float((V.T @ (g / scale)) ** 2 @ held)
        if decrement <= tolerance or iteration == max_iter:
            break
        accepted = False
        for _ in range(40):
            damped = np.where(held > 0, 1 / (np.maximum(eigenvalues, 0) + ridge + 1e-300), 0.0) if ridge else held
            step = -(V @ (damped * (V.T @ (g / scale)))) / scale
            trial = theta + step
            found = objective.value(trial)
            if found < value - 1e-15 * abs(value) or (decrement < 1e-9 and found <= value + 1e-13 * abs(value)):
                theta, value, accepted = trial, found, True
                ridge = ridge / 10 if ridge > 1e-6 else 0.0
                break
            ridge = max(10 * ridge, 1e-3)
        if not accepted:
            break
    return Fit(theta, value, iteration, decrement, bool(decrement <= 1e4 * tolerance))


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
