"""Gradient projection over orthogonal or oblique rotation matrices, a stack of starts at once. Array core.

Jennrich (2001, orthogonal; 2002, oblique); Bernaards & Jennrich (2005).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.rotation.criteria import Criterion, invert

FloatArray = NDArray[np.float64]

MEMORY = 5  # non-monotone line search looks this many values back (Grippo, Lampariello & Lucidi, 1986)
HALVINGS = 40
NEWTON_SCHULZ = 9  # enough for full precision from the largest excess that is let in
SHORTEST, LONGEST = 1e-6, 1e3  # bounds of a Barzilai-Borwein step

add = np.add.reduce  # the stacks are small: np.sum's own overhead would be a good part of the work


def turn(A: FloatArray, T: FloatArray, oblique: bool) -> FloatArray:
    """Loadings (s x p x k) of A (p x k, or a stack) under each T (s x k x k)."""
    return np.asarray(A @ np.linalg.inv(T).transpose(0, 2, 1) if oblique else A @ T)


def random_starts(k: int, n: int, rng: np.random.Generator) -> FloatArray:
    """Identity, then n - 1 orthogonal matrices uniform by Haar measure (n x k x k)."""
    Q, upper = np.linalg.qr(rng.standard_normal((n, k, k)))
    Q = Q * np.sign(np.diagonal(upper, axis1=1, axis2=2))[:, None, :]
    Q[0] = np.eye(k)
    return np.asarray(Q)


def gradient_projection(
    A: FloatArray, T: FloatArray, criterion: Criterion, oblique: bool, tolerance: float, max_iter: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Minimise the criterion from every start at once.

    A is p x k or s x p x k, T is s x k x k. Steps are Barzilai-Borwein with a non-monotone Armijo search. Returns T,
    the values f (s) and the norms of the projected gradients (s).
    """
    T = T.copy()
    f, G = _project(A, T, criterion, oblique)
    norm = np.sqrt(add(G * G, axis=(1, 2)))
    step = 1 / np.maximum(norm, 1.0)
    history = np.repeat(f[:, None], MEMORY, axis=1)
    stuck = np.zeros(f.shape, dtype=bool)
    stacked = A.ndim == 3
    for iteration in range(max_iter):
        rows = ((norm > tolerance) & ~stuck).nonzero()[0]
        if rows.size == 0:
            break
        for _ in range(HALVINGS):
            old_T, old_G = T[rows], G[rows]
            X = _retract(old_T - step[rows, None, None] * old_G, oblique)
            new_f, new_G = _project(A[rows] if stacked else A, X, criterion, oblique)
            limit = np.maximum.reduce(history[rows], axis=1) - 1e-4 * step[rows] * norm[rows] ** 2
            # NaN and infinity compare as false, and are rejected with the rest.
            good = new_f <= limit + 1e-13 * (1 + np.abs(f[rows]))
            everything = bool(good.all())
            taken = rows if everything else rows[good]
            if taken.size:
                if not everything:
                    X, old_T, new_f, new_G, old_G = X[good], old_T[good], new_f[good], new_G[good], old_G[good]
                move, bend = X - old_T, new_G - old_G
                # The shorter of Barzilai & Borwein's (1988) two steps: a third fewer evaluations than the longer here.
                curve, bent = add(move * bend, axis=(1, 2)), add(bend * bend, axis=(1, 2))
                curved = curve > 0
                pace = curve / np.where(bent > 0, bent, 1.0)
                step[taken] = np.where(curved, np.minimum(np.maximum(pace, SHORTEST), LONGEST), 1.0)
                T[taken], G[taken], f[taken] = X, new_G, new_f
                norm[taken] = np.sqrt(add(new_G * new_G, axis=(1, 2)))
                history[taken, iteration % MEMORY] = new_f
            if everything:
                break
            rows = rows[~good]
            step[rows] /= 2
        else:
            stuck[rows] = True
    return T, f, norm


def _project(A: FloatArray, T: FloatArray, criterion: Criterion, oblique: bool) -> tuple[FloatArray, FloatArray]:
    # Gradient in T, projected on the tangent space of unit columns (2002, eq. 12) or orthogonal matrices (2001).
    if oblique:
        inverse = invert(T)
        L = A @ inverse.transpose(0, 2, 1)
        f, Gq = criterion(L)
        G = -(L.transpose(0, 2, 1) @ Gq @ inverse).transpose(0, 2, 1)
        return f, G - T * add(T * G, axis=1, keepdims=True)
    f, Gq = criterion(A @ T)
    G = np.swapaxes(A, -1, -2) @ Gq
    M = T.transpose(0, 2, 1) @ G
    return f, G - T @ ((M + M.transpose(0, 2, 1)) / 2)


def _retract(X: FloatArray, oblique: bool) -> FloatArray:
    if oblique:
        return np.asarray(X / np.sqrt(add(X * X, axis=1, keepdims=True)))
    # The nearest orthogonal matrix. X'X = I + step^2 G'G, so Newton-Schulz (Higham, 2008, sec. 8.3) takes a few small
    # products for the usual short step; a long one needs the singular vectors.
    for _ in range(NEWTON_SCHULZ):
        excess = X.transpose(0, 2, 1) @ X - np.eye(X.shape[-1])
        size = np.abs(excess).max()
        if size < 1e-14:
            return X
        if not size < 1:
            break
        X = X - X @ excess / 2
    U, _, V = np.linalg.svd(X)
    return np.asarray(U @ V)
