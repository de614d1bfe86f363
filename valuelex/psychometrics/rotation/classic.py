"""Varimax as older programs compute it; they stop early, and `mimic=` has to stop where they do. Array core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ALGORITHMS = ("projection", "svd", "planes")
SVD_EPS = 1e-5  # stats::varimax: stop when the sum of singular values grows by less than this share
PLANES_EPS = 1e-5  # EFAtools: stop when the varimax criterion moves by less
PLANES_SWEEPS = 25


def varimax(A: FloatArray, algorithm: str) -> FloatArray:
    """Orthogonal T (k x k) for weighted loadings A (p x k), by "svd" (Sherin, 1966; R) or "planes" (Kaiser, 1958)."""
    return _svd(A) if algorithm == "svd" else _planes(A)


def _svd(A: FloatArray) -> FloatArray:
    p, k = A.shape
    T = np.eye(k)
    size = 0.0
    for _ in range(1000):
        L = A @ T
        U, singular, V = np.linalg.svd(A.T @ (L**3 - L * (np.sum(L**2, axis=0) / p)))
        T = U @ V
        before, size = size, float(singular.sum())
        if size < before * (1 + SVD_EPS):
            break
    return np.asarray(T)


def _planes(A: FloatArray) -> FloatArray:
    p, k = A.shape
    T = np.eye(k)
    L = A.copy()
    before = _variance(L)
    for _ in range(PLANES_SWEEPS):
        for i in range(k - 1):
            for j in range(i + 1, k):
                x, y = L[:, i], L[:, j]
                u, v = x**2 - y**2, 2 * x * y
                top = 2 * np.sum(u * v) - 2 * u.sum() * v.sum() / p
                bottom = np.sum(u**2 - v**2) - (u.sum() ** 2 - v.sum() ** 2) / p
                angle = 0.25 * np.arctan2(top, bottom)
                turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
                L[:, [i, j]] = L[:, [i, j]] @ turn
                T[:, [i, j]] = T[:, [i, j]] @ turn
        now = _variance(L)
        if abs(now - before) <= PLANES_EPS:
            break
        before = now
    return T


def _variance(L: FloatArray) -> float:
    p = L.shape[0]
    return float(np.sum(np.sum(L**4, axis=0) * p - np.sum(L**2, axis=0) ** 2) / p**2)
