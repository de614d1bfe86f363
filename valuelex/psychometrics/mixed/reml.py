"""Restricted maximum likelihood of variance components by average information (Gilmour, Thompson & Cullis, 1995).

Likelihood and derivatives come from Henderson's mixed-model equations: with W the inverse of the block-diagonal part of V, and
A the columns of fixed and outer random effects, P = W - W A M A'W, M = (A'W A + D)^-1, D the outer effects' inverse variances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics.mixed.blocks import Blocks, FloatArray
from valuelex.psychometrics.mixed.influence import bias_reduced

FLOOR = 1e-8
"""Least variance of a component, as a share of the scores' variance: at it, a component counts as 0."""

RESIDUAL = "residual"


@dataclass(frozen=True)
class Evaluation:
    """Likelihood and derivatives at some components, and the solution of the mixed-model equations there."""

    theta: FloatArray
    loglik: float
    gradient: FloatArray
    information: FloatArray
    solution: FloatArray
    M: FloatArray
    WA: FloatArray
    Py: FloatArray

    def sensitivity(self, blocks: Blocks, contrasts: FloatArray) -> FloatArray:
        """Derivative of each contrast's sampling variance by each component, contrasts x components."""
        p = blocks.p
        out = np.empty((contrasts.shape[0], self.theta.size))
        for k, name in enumerate(blocks.names):
            out[:, k] = (self.loadings_on(blocks, name, contrasts) ** 2).sum(axis=0)
        v = self.WA @ (self.M[:, :p] @ contrasts.T)
        out[:, -1] = (v**2).sum(axis=(0, 1))
        return out

    def influence(self, blocks: Blocks, contrasts: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What each block adds to the error of each contrast, and what a block settles alone; see `bias_reduced`."""
        full = np.hstack([contrasts, np.zeros((len(contrasts), len(self.M) - blocks.p))])
        of_blocks = ((A.T @ Py, A.T @ WA) for A, WA, Py in zip(blocks.A, self.WA, self.Py, strict=True))
        return bias_reduced(of_blocks, self.M, full)

    def loadings_on(self, blocks: Blocks, name: str, contrasts: FloatArray) -> FloatArray:
        """Weight of each level of a random effect in each contrast's estimate, levels x contrasts."""
        p = blocks.p
        v = self.WA @ (self.M[:, :p] @ contrasts.T)
        if name in blocks.inner:
            return _level_sums(blocks.inner[name], v)
        return np.asarray(np.einsum("smq,smc->qc", blocks.A[:, :, blocks.outer[name]], v))


@dataclass(frozen=True)
class Fit:
    """Components at the maximum.

    Attributes
    ----------
    theta : array
        Variances of the effects in the order of the blocks' names, the residual last.
    free : array of bool
        Components that are not at their bound of 0.
    covariance : array
        Of the free components, from the average information; 0 elsewhere.
    """

    theta: FloatArray
    free: NDArray[np.bool_]
    covariance: FloatArray
    at: Evaluation
    iterations: int


def fit(blocks: Blocks, *, max_iterations: int = 100, tolerance: float = 1e-7) -> Fit:
    """Maximise the restricted likelihood over components of at least 0.

    Raises
    ------
    DataError
        If it does not converge.
    """
    scale = _variance(blocks)
    if not scale > 0:
        raise DataError("The scores do not vary beyond their fixed effects.", "There is nothing to decompose.")
    r = len(blocks.names) + 1
    floor = FLOOR * scale
    theta = np.full(r, scale / r)
    now = evaluate(blocks, theta)
    for iteration in range(1, max_iterations + 1):
        free = (now.theta > floor * 1.01) | (now.gradient > 0)
        step = _step(now, free, scale)
        size = 1.0
        for _ in range(30):
            trial = np.maximum(now.theta + size * step, floor)
            found = evaluate(blocks, trial)
            if found.loglik >= now.loglik - 1e-10 * abs(now.loglik):
                break
            size /= 2
        else:
            found = now
        moved = float(np.abs(found.theta - now.theta).max()) / scale
        gained = found.loglik - now.loglik
        now = found
        if moved < tolerance or (moved < 1e-4 and abs(gained) < 1e-9):
            free = now.theta > floor * 1.01
            covariance = np.zeros((r, r))
            covariance[np.ix_(free, free)] = np.linalg.pinv(now.information[np.ix_(free, free)], hermitian=True)
            return Fit(np.where(free, now.theta, 0.0), free, covariance, now, iteration)
    raise DataError(
        f"The variance components did not converge in {max_iterations} iterations.",
        "Effects may hardly be told apart in these data: leave out the one with fewest levels.",
    )


def _step(now: Evaluation, free: NDArray[np.bool_], scale: float) -> FloatArray:
    step = np.zeros(free.size)
    index = np.ix_(free, free)
    information = now.information[index]
    ridge = 1e-10 * np.trace(information) / max(int(free.sum()), 1)
    step[free] = np.linalg.solve(information + ridge * np.eye(len(information)), now.gradient[free])
    return np.clip(step, -scale, scale)


def evaluate(blocks: Blocks, theta: FloatArray) -> Evaluation:
    """Return likelihood, gradient and average information at some components (all above 0)."""
    A, y, there = blocks.A, blocks.y, blocks.there
    residual = theta[-1]
    eye = np.eye(there.shape[1])
    V = np.where(there, residual, 1.0)[:, :, None] * eye
    same = {}
    for k, name in enumerate(blocks.names):
        if name in blocks.inner:
            key = blocks.inner[name]
            same[name] = (key[:, :, None] == key[:, None, :]) & there[:, :, None]
            V += theta[k] * same[name]
    L = np.linalg.cholesky(V)
    logdet = 2 * float(np.log(np.diagonal(L, axis1=1, axis2=2)).sum())
    W = np.linalg.inv(V)
    WA = W @ A
    B = np.einsum("smi,smj->ij", A, WA, optimize=True)
    D = np.zeros(A.shape[2])
    for k, name in enumerate(blocks.names):
        if name in blocks.outer:
            part = blocks.outer[name]
            D[part] = 1 / theta[k]
            logdet += (part.stop - part.start) * float(np.log(theta[k]))
    equations = B + np.diag(D)
    sign, more = np.linalg.slogdet(equations)
    if sign <= 0:
        raise DataError("The fixed effects cannot be told apart.", "Leave out a covariate.")
    M = np.linalg.inv(equations)
    Wy = np.einsum("smn,sn->sm", W, y)
    b = np.einsum("smi,sm->i", A, Wy)
    solution = M @ b
    Py = Wy - WA @ solution
    loglik = -0.5 * (logdet + float(more) + float((y * Py).sum()))
    traces, squares, F = [], [], []
    inside = B - B @ M @ B
    for name in blocks.names:
        if name in blocks.inner:
            sums = _level_sums(blocks.inner[name], np.concatenate([WA, Py[:, :, None]], axis=2))
            gram = sums[:, :-1].T @ sums[:, :-1]
            traces.append(float(W[same[name]].sum()) - float((M * gram).sum()))
            f = np.where(there, sums[:, -1][blocks.inner[name]], 0.0)
            squares.append(float((sums[:, -1] ** 2).sum()))
        else:
            part = blocks.outer[name]
            u = np.einsum("smq,sm->q", A[:, :, part], Py)
            traces.append(float(np.trace(inside[part, part])))
            f = A[:, :, part] @ u
            squares.append(float(u @ u))
        F.append(f)
    # The padding is an identity in V: its rows of W must not count for the residual.
    traces.append(float((np.diagonal(W, axis1=1, axis2=2) * there).sum()) - float((M * _gram(WA)).sum()))
    squares.append(float((Py**2).sum()))
    F.append(Py)
    stacked = np.stack(F, axis=2)
    WF = W @ stacked
    AWF = np.einsum("smi,smk->ik", A, WF, optimize=True)
    information = 0.5 * (np.einsum("smk,sml->kl", stacked, WF, optimize=True) - AWF.T @ M @ AWF)
    gradient = -0.5 * (np.array(traces) - np.array(squares))
    return Evaluation(theta, loglik, gradient, (information + information.T) / 2, solution, M, WA, Py)


def _gram(X: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("smi,smj->ij", X, X, optimize=True))


def _level_sums(key: NDArray[np.int64], X: FloatArray) -> FloatArray:
    """Sum of the rows of X (blocks x m x c) of each level, levels x c; the padding adds to none."""
    flat, rows = key.ravel(), X.reshape(-1, X.shape[2])
    kept = flat >= 0
    order = np.argsort(flat[kept], kind="stable")
    ordered = flat[kept][order]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1])
    return np.asarray(np.add.reduceat(rows[kept][order], starts, axis=0))


def _variance(blocks: Blocks) -> float:
    """Of the scores around their fixed effects."""
    y, X = blocks.y[blocks.there], blocks.A[blocks.there][:, : blocks.p]
    rest = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    free = y.size - blocks.p
    total = float(rest @ rest) / free if free > 0 else 0.0
    return total if total > 1e-12 * max(float(y @ y) / y.size, 1e-300) else 0.0
