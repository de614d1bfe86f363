"""Minres and ML of a whole stack of correlation matrices at once, for resampling and simulation. Array core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

STEPS = 60
HALVINGS = 12


def extract_stack(
    R: FloatArray, k: int, method: str, start: FloatArray, *, lower_bound: float, tolerance: float
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Loadings (s x p x k), uniquenesses (s x p) and whether each converged, for a stack R (s x p x p).

    The same objective, gradient and approximate Hessian as `extract`, but the steps of all matrices are computed
    together; what does not converge here is left to the caller (`extract`, one by one).

    Parameters
    ----------
    R : array, s x p x p
        Correlation matrices, positive definite for "ml".
    method : {"minres", "ml"}
        Extraction.
    start : array, p or s x p
        Uniquenesses to start from; near the solution, a few steps are enough.
    lower_bound, tolerance : float
        As in `extract`.
    """
    s, p, _ = R.shape
    likelihood = method == "ml"
    low, high = (np.log(lower_bound), 0.0) if likelihood else (lower_bound, 1.0)
    x = np.clip(np.log(start) if likelihood else start, low, high) * np.ones((s, 1))
    offset = np.linalg.slogdet(R)[1] if likelihood else np.zeros(s)
    loadings, done = np.zeros((s, p, k)), np.zeros(s, dtype=bool)
    f_old, x_old = np.full(s, np.inf), x.copy()
    step, scale = np.zeros((s, p)), np.ones(s)
    halved = np.zeros(s, dtype=np.int64)
    alive = np.arange(s)
    for _ in range(STEPS):
        f, g, V, L = _evaluate(R[alive], x[alive], k, likelihood, offset[alive])
        loadings[alive] = L
        at = x[alive]
        free = ~(((at <= low) & (g > 0)) | ((at >= high) & (g < 0)))
        size = np.abs(np.where(free, g, 0.0)).max(axis=1)
        finished = size <= tolerance
        done[alive[finished]] = True
        # A full step that went uphill is halved; the others take the next Newton step.
        worse = ~finished & ~(f <= f_old[alive] + 1e-12 * (1 + np.abs(f)))
        back = alive[worse]
        halved[back] += 1
        scale[back] /= 2
        x[back] = np.clip(x_old[back] + scale[back, None] * step[back], low, high)
        on = ~finished & ~worse
        if on.any():
            rows = alive[on]
            H = (np.eye(p) - V[on] @ V[on].transpose(0, 2, 1)) ** 2
            open_ = free[on]
            H = H * (open_[:, :, None] & open_[:, None, :])
            diagonal = np.arange(p)
            H[:, diagonal, diagonal] += np.where(open_, 1e-8, 1.0)
            x_old[rows], f_old[rows] = x[rows], f[on]
            step[rows] = -np.linalg.solve(H, np.where(open_, g[on], 0.0)[:, :, None])[:, :, 0]
            scale[rows], halved[rows] = 1.0, 0
            x[rows] = np.clip(x[rows] + step[rows], low, high)
        alive = alive[~finished & (halved[alive] < HALVINGS)]
        if alive.size == 0:
            break
    return loadings, np.exp(x) if likelihood else x, done


def _evaluate(
    R: FloatArray, x: FloatArray, k: int, likelihood: bool, log_det: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    p = R.shape[1]
    diagonal = np.arange(p)
    if likelihood:
        root = np.exp(x / 2)
        S = R / (root[:, :, None] * root[:, None, :])
    else:
        S = R.copy()
        S[:, diagonal, diagonal] -= x
    values, vectors = np.linalg.eigh(S)
    values, V = values[:, ::-1][:, :k], vectors[:, :, ::-1][:, :, :k]
    on_diagonal = S[:, diagonal, diagonal]
    if likelihood:
        large = np.maximum(values, 1.0)
        f = on_diagonal.sum(axis=1) - (log_det - x.sum(axis=1)) - p - np.sum(large - np.log(large) - 1, axis=1)
        g = 1 - on_diagonal - (V**2 @ (1 - large)[:, :, None])[:, :, 0]
        L = root[:, :, None] * V * np.sqrt(large - 1)[:, None, :]
    else:
        positive = np.maximum(values, 0.0)
        f = 0.5 * (np.sum(S * S, axis=(1, 2)) - np.sum(positive**2, axis=1))
        g = -(on_diagonal - (V**2 @ positive[:, :, None])[:, :, 0])
        L = V * np.sqrt(positive)[:, None, :]
    return f, g, V, L
