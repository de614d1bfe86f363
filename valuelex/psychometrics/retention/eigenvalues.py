"""Eigenvalues of R, or of R with communalities in the diagonal: what parallel analysis counts. Stacks allowed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics import correlation as corr

FloatArray = NDArray[np.float64]

KINDS = ("pca", "fa", "minres")
LARGEST_LOADING = np.sqrt(0.995)  # uniqueness of at least .005, the Heywood bound of `extraction`
STEPS = 60
TOLERANCE = 1e-5  # gradient at which communalities are settled to about four digits, far below simulation error


def eigenvalues(R: FloatArray, kind: str = "pca") -> FloatArray:
    """Eigenvalues, descending, of R (... x p x p) with the diagonal that `kind` asks for.

    pca: ones. fa: squared multiple correlations (Humphreys & Ilgen, 1969). minres: communalities of one factor by
    unweighted least squares, as psych's `fa.parallel` has them.
    """
    if kind != "pca":
        R = R.copy()
        diagonal = np.arange(R.shape[-1])
        if kind == "fa":
            R[..., diagonal, diagonal] = corr.smc(R)
        else:
            stack = R.reshape(-1, *R.shape[-2:])
            R[..., diagonal, diagonal] = (one_factor(stack) ** 2).reshape(R.shape[:-1])
    return np.asarray(np.linalg.eigvalsh(R)[..., ::-1])


def leading(observed: FloatArray, reference: FloatArray) -> int:
    """Count eigenvalues above their reference, up to the first that is not."""
    below = np.flatnonzero(~(observed > reference))
    return int(below[0]) if below.size else int(observed.size)


def one_factor(R: FloatArray) -> FloatArray:
    """Loadings (s x p) of one factor that minimise the squared off-diagonal residuals of each R (s x p x p).

    Harman & Jones (1966). Newton steps in the loadings, damped as by Levenberg & Marquardt, on all matrices at once: one
    linear system per step, no eigenvectors. A loading at the Heywood bound whose gradient points outwards stays there.
    """
    p = R.shape[-1]
    diagonal = np.arange(p)
    C = R.copy()
    C[:, diagonal, diagonal] = 0.0
    loadings = _start(R)
    damping = np.full(R.shape[0], 0.1)
    f = _loss(C, loadings)
    active = np.arange(R.shape[0])
    for _ in range(STEPS):
        c, x = C[active], loadings[active]
        squares = x**2
        left = squares.sum(axis=1, keepdims=True) - squares
        gradient = x * left - np.einsum("sij,sj->si", c, x)
        held = ((x >= LARGEST_LOADING) & (gradient < 0)) | ((x <= -LARGEST_LOADING) & (gradient > 0))
        gradient[held] = 0.0
        open_ = np.abs(gradient).max(axis=1) > TOLERANCE
        if not open_.any():
            break
        active, c, x, gradient, held, left = (a[open_] for a in (active, c, x, gradient, held, left))
        H = 2 * x[:, :, None] * x[:, None, :] - c
        H[held] = 0.0
        np.swapaxes(H, 1, 2)[held] = 0.0
        H[:, diagonal, diagonal] = np.where(held, 1.0, left) + damping[active, None]
        step = np.linalg.solve(H, gradient[:, :, None])[:, :, 0]
        # Where the Hessian is not positive the Newton step may climb; the gradient's own direction never does.
        uphill = np.einsum("si,si->s", step, gradient) <= 0
        step[uphill] = gradient[uphill] / (1 + damping[active][uphill, None])
        trial = np.clip(x - step, -LARGEST_LOADING, LARGEST_LOADING)
        loss = _loss(c, trial)
        better = loss <= f[active]
        loadings[active[better]] = trial[better]
        f[active[better]] = loss[better]
        damping[active] *= np.where(better, 0.2, 5.0)
    return loadings


def _start(R: FloatArray) -> FloatArray:
    # R^16 is close to its first eigenvector's projection; its largest column starts the search without eigenvectors.
    p = R.shape[-1]
    power = R
    for _ in range(4):
        power = power @ power
        power = power / np.abs(power).max(axis=(1, 2), keepdims=True)
    largest = np.argmax(np.diagonal(power, axis1=1, axis2=2), axis=1)
    v = power[np.arange(R.shape[0]), :, largest]
    v = v / np.sqrt(np.sum(v**2, axis=1, keepdims=True))
    first = np.einsum("si,sij,sj->s", v, R, v)
    size = np.sqrt(np.maximum(first - 1, 0.05 * p / (p + 1)))
    return np.asarray(np.clip(v * size[:, None], -0.95, 0.95))


def _loss(C: FloatArray, loadings: FloatArray) -> FloatArray:
    # 1/4 sum_{i != j} (r_ij - l_i l_j)^2 up to a constant; the factor makes the gradient in `one_factor` exact.
    squares = loadings**2
    total = squares.sum(axis=1)
    return np.asarray(
        0.25 * (total**2 - np.sum(squares**2, axis=1)) - 0.5 * np.einsum("si,sij,sj->s", loadings, C, loadings)
    )
