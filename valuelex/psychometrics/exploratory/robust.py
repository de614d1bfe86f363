"""Test statistics that stay right when correlations are not normal-theory: mean- and variance-adjusted. Array core."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.exploratory.fit import comparative

FloatArray = NDArray[np.float64]

LARGEST = 80  # variables; beyond, the p* x p* covariance of the correlations takes gigabytes
CONVENTION = (
    "chi2 is scaled and shifted (Asparouhov & Muthen, 2010) from {statistic}, (n - 1) x the weighted sum of squared residuals "
    "over pairs, with the asymptotic covariance of the correlations; null model alike; rmsea, tli and cfi from these (as "
    "lavaan's WLSMV and ULSMV, 'scaled'); srmr over the lower triangle with diagonal, rmsr without"
)


def scaled_shifted_fit(
    R: FloatArray, L: FloatArray, W: FloatArray, gamma: FloatArray, n: int, df: int
) -> dict[str, Any]:
    """chi2, p, rmsea, rmsea_ci, tli, cfi, the unscaled chi2 and the two corrections.

    Parameters
    ----------
    R, W : array, p x p
        Correlations and weights of the fit function.
    L : array, p x k
        Unrotated loadings.
    gamma : array, p* x p*
        Covariance of sqrt(n) (r - rho), pairs in the order of ``np.tril_indices(p, -1)``.
    """
    p, k = L.shape
    i, j = np.tril_indices(p, -1)
    w = W[i, j]
    delta = np.zeros((i.size, p, k))
    row = np.arange(i.size)
    delta[row, i] += L[j]
    delta[row, j] += L[i]
    root = np.sqrt(w)
    # Loadings are determined up to rotation only: project on the column space instead of inverting.
    left, singular, _ = np.linalg.svd(root[:, None] * delta.reshape(i.size, p * k), full_matrices=False)
    Q = left[:, singular > singular[0] * 1e-9]
    weighted = root[:, None] * gamma * root
    outside = weighted - Q @ (Q.T @ weighted)
    outside = outside - (outside @ Q) @ Q.T
    residual = (R - L @ L.T)[i, j]
    chi2, scale, shift = _adjust((n - 1) * float(np.sum(w * residual**2)), outside, df)
    null_raw = (n - 1) * float(np.sum(w * R[i, j] ** 2))
    null_chi2, _, _ = _adjust(null_raw, weighted, i.size)
    out = {
        "chi2": chi2,
        "null_chi2": null_chi2,
        "null_df": i.size,
        "chi2_unscaled": (n - 1) * float(np.sum(w * residual**2)),
        "scaling": scale,
        "shift": shift,
    }
    return out | comparative(chi2, df, null_chi2, i.size, n - 1, "lavaan")


def _adjust(statistic: float, U: FloatArray, df: int) -> tuple[float, float, float]:
    # Mean and variance of the adjusted statistic equal those of a chi-square with df degrees of freedom.
    if df <= 0:
        return statistic, 1.0, 0.0
    first, second = float(np.trace(U)), float(np.sum(U * U.T))
    slope = np.sqrt(df / second)
    shift = df - slope * first
    return float(statistic * slope + shift), float(1 / slope), float(shift)
