"""Diagonally weighted least squares, for polychoric correlations of unequal precision. Array core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.extraction.solution import Extraction, at_bound

FloatArray = NDArray[np.float64]

STALLED = 25  # steps that gain less than rounding, at the edge of a Heywood case


def diagonally_weighted(
    R: FloatArray, W: FloatArray, start: FloatArray, *, lower_bound: float, tolerance: float, max_iter: int
) -> Extraction:
    """Minimise half the sum over pairs of W (R - L L')^2, W one over the sampling variance of each correlation.

    Muthen, du Toit & Spisic (1997); Levenberg-Marquardt steps with the exact gradient. Uniquenesses follow from the unit
    diagonal; a row longer than sqrt(1 - lower_bound) is cut to that length, which is a Heywood case.

    Parameters
    ----------
    R, W : array, p x p
        Correlations and weights; the diagonals are ignored.
    start : array, p x k
        Loadings to start from (minres). The solution is turned to principal axes.
    tolerance : float
        Largest projected gradient, relative to the mean weight.
    """
    p, k = start.shape
    W = W / (W.sum() - np.trace(W)) * (p * (p - 1))  # mean weight 1: tolerance and ridge mean the same for all n
    W = W - np.diag(np.diag(W))
    longest = np.sqrt(1 - lower_bound)
    L = _shorten(start, longest)
    f, g = _evaluate(R, W, L)
    ridge, size, iteration, stalled = 1e-4, np.inf, 0, 0
    diagonal = np.arange(p)
    for iteration in range(max_iter + 1):
        size = _projected_size(L, g, longest)
        if size <= tolerance or iteration == max_iter or stalled >= STALLED:
            break
        # Gauss-Newton: J'WJ has blocks W_ij L_j L_i', and on the diagonal sum_m W_im L_m L_m'.
        H = np.einsum("ij,ja,ib->iajb", W, L, L)
        H[diagonal, :, diagonal, :] += np.einsum("im,ma,mb->iab", W, L, L)
        down, held = _along(L, g, longest)
        # A row at the bound moves on its sphere: no step outwards, and the pull outwards adds to the curvature along it.
        H[diagonal, :, diagonal, :] += held[:, None, None] * np.eye(k)
        H = np.einsum("iab,ibjc,jcd->iajd", down, H, down)
        H[diagonal, :, diagonal, :] += np.eye(k) - down
        flat, slope = H.reshape(p * k, p * k), np.einsum("iab,ib->ia", down, g)
        accepted = False
        for _ in range(25):
            damped = flat + ridge * np.eye(p * k)
            step = np.linalg.solve(damped, -slope.ravel()).reshape(p, k)
            trial = _shorten(L + step, longest)
            found = _evaluate(R, W, trial)
            smaller = _projected_size(trial, found[1], longest) < size
            if found[0] < f - 1e-15 * f or (found[0] <= f * (1 + 1e-14) and smaller):
                stalled = stalled + 1 if found[0] > f * (1 - 1e-12) else 0
                L, (f, g), accepted = trial, found, True
                ridge = max(ridge / 10, 1e-10)
                break
            ridge *= 10
        if not accepted:
            break
    _, _, V = np.linalg.svd(L, full_matrices=False)
    L = L @ V.T
    psi = np.maximum(1 - np.sum(L**2, axis=1), lower_bound)
    return Extraction(L, psi, f, iteration, size, size <= 100 * tolerance, at_bound(psi, lower_bound))


def _evaluate(R: FloatArray, W: FloatArray, L: FloatArray) -> tuple[float, FloatArray]:
    residual = R - L @ L.T
    weighted = W * residual
    return 0.25 * float(np.sum(weighted * residual)), -weighted @ L


def _shorten(L: FloatArray, longest: float) -> FloatArray:
    lengths = np.sqrt(np.sum(L**2, axis=1))
    return np.asarray(L * np.minimum(1.0, longest / np.maximum(lengths, 1e-300))[:, None])


def _along(L: FloatArray, g: FloatArray, longest: float) -> tuple[FloatArray, FloatArray]:
    """Per row: the projection (k x k) on the directions that are open to it, and its pull outwards (0 if it is free).

    A row at the bound whose gradient pulls outwards may only move along the sphere.
    """
    squares = np.maximum(np.sum(L**2, axis=1), 1e-300)
    pull = -np.sum(L * g, axis=1) / squares
    pull = np.where((np.sqrt(squares) >= longest * (1 - 1e-9)) & (pull > 0), pull, 0.0)
    outward = L[:, :, None] * L[:, None, :] / squares[:, None, None]
    return np.eye(L.shape[1]) - (pull > 0)[:, None, None] * outward, pull


def _projected_size(L: FloatArray, g: FloatArray, longest: float) -> float:
    return float(np.abs(np.einsum("iab,ib->ia", _along(L, g, longest)[0], g)).max())
