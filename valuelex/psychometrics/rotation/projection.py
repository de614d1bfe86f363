"""Gradient projection over orthogonal or oblique rotation matrices, a stack of starts at once. Array core.

Jennrich (2001, orthogonal; 2002, oblique); Bernaards & Jennrich (2005).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.rotation import criteria

FloatArray = NDArray[np.float64]

MEMORY = 5  # non-monotone line search looks this many values back (Grippo, Lampariello & Lucidi, 1986)


def turn(A: FloatArray, T: FloatArray, oblique: bool) -> FloatArray:
    """Loadings (s x p x k) of A (p x k, or a stack) under each T (s x k x k)."""
    return np.asarray(A @ np.swapaxes(np.linalg.inv(T), 1, 2) if oblique else A @ T)


def random_starts(k: int, n: int, rng: np.random.Generator) -> FloatArray:
    """Identity, then n - 1 orthogonal matrices uniform by Haar measure (n x k x k)."""
    Q, upper = np.linalg.qr(rng.standard_normal((n, k, k)))
    Q = Q * np.sign(np.diagonal(upper, axis1=1, axis2=2))[:, None, :]
    Q[0] = np.eye(k)
    return np.asarray(Q)


def gradient_projection(
    A: FloatArray, T: FloatArray, criterion: criteria.Criterion, oblique: bool, tolerance: float, max_iter: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Minimise the criterion from every start at once.

    A is p x k or s x p x k, T is s x k x k. Steps are Barzilai-Borwein with a non-monotone Armijo search. Returns T,
    the values f (s) and the norms of the projected gradients (s).
    """
    T = T.copy()
    f, G = _project(A, T, criterion, oblique)
    norm = np.sqrt(np.sum(G**2, axis=(1, 2)))
    step = 1 / np.maximum(norm, 1.0)
    history = np.repeat(f[:, None], MEMORY, axis=1)
    stuck = np.zeros(f.shape, dtype=bool)
    for iteration in range(max_iter):
        active = np.flatnonzero((norm > tolerance) & ~stuck)
        if active.size == 0:
            break
        base = A[active] if A.ndim == 3 else A
        pending = np.arange(active.size)
        for _ in range(40):
            rows = active[pending]
            X = _retract(T[rows] - step[rows, None, None] * G[rows], oblique)
            fresh_f, fresh_G = _project(base[pending] if A.ndim == 3 else A, X, criterion, oblique)
            limit = history[rows].max(axis=1) - 1e-4 * step[rows] * norm[rows] ** 2
            good = np.isfinite(fresh_f) & (fresh_f <= limit + 1e-13 * (1 + np.abs(f[rows])))
            taken = rows[good]
            if taken.size:
                move, bend = X[good] - T[taken], fresh_G[good] - G[taken]
                length, curve = np.sum(move**2, axis=(1, 2)), np.sum(move * bend, axis=(1, 2))
                step[taken] = np.where(curve > 0, np.clip(length / np.where(curve > 0, curve, 1), 1e-6, 1e3), 1.0)
                T[taken], G[taken], f[taken] = X[good], fresh_G[good], fresh_f[good]
                norm[taken] = np.sqrt(np.sum(G[taken] ** 2, axis=(1, 2)))
                history[taken, iteration % MEMORY] = f[taken]
            pending = pending[~good]
            if pending.size == 0:
                break
            step[active[pending]] /= 2
        stuck[active[pending]] = True
    return T, f, norm


def _project(
    A: FloatArray, T: FloatArray, criterion: criteria.Criterion, oblique: bool
) -> tuple[FloatArray, FloatArray]:
    # Gradient in T, projected on the tangent space of unit columns (2002, eq. 12) or orthogonal matrices (2001).
    L = turn(A, T, oblique)
    f, Gq = criterion(L)
    if oblique:
        G = -np.swapaxes(np.swapaxes(L, 1, 2) @ Gq @ np.linalg.inv(T), 1, 2)
        return f, G - T * np.sum(T * G, axis=1, keepdims=True)
    G = np.swapaxes(np.broadcast_to(A, L.shape), 1, 2) @ Gq
    M = np.swapaxes(T, 1, 2) @ G
    return f, G - T @ ((M + np.swapaxes(M, 1, 2)) / 2)


def _retract(X: FloatArray, oblique: bool) -> FloatArray:
    if oblique:
        return np.asarray(X / np.sqrt(np.sum(X**2, axis=1, keepdims=True)))
    U, _, V = np.linalg.svd(X)
    return np.asarray(U @ V)
