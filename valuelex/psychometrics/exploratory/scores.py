"""Step 7: factor score weights. Array core; `EFAResult.scores` is the labelled front."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

METHODS = ("regression", "bartlett", "tenberge")


def weights(R: FloatArray, L: FloatArray, phi: FloatArray, psi: FloatArray, method: str) -> FloatArray:
    """Weights W (p x k); scores are Z W for standardized data Z (n x p).

    regression: R^-1 L Phi (Thurstone, 1935); bartlett: Psi^-1 L (L' Psi^-1 L)^-1 (Bartlett, 1937); tenberge:
    correlation-preserving (ten Berge, Krijnen, Wansbeek & Shapiro, 1999, eq. 8). A singular R takes its pseudo-inverse.
    """
    if method == "regression":
        return np.asarray(np.linalg.pinv(R, hermitian=True) @ L @ phi)
    if method == "bartlett":
        scaled = L / np.maximum(psi, 1e-12)[:, None]
        return np.asarray(scaled @ np.linalg.inv(L.T @ scaled))
    root = power(R, -0.5)
    spread = power(phi, 0.5)
    C = root @ L @ spread
    C = C @ power(C.T @ C, -0.5)
    return np.asarray(root @ C @ spread)


def power(S: FloatArray, exponent: float) -> FloatArray:
    """Symmetric power of a positive semidefinite matrix; null directions stay null."""
    values, V = np.linalg.eigh(S)
    keep = values > values[-1] * 1e-12
    powered = np.zeros_like(values)
    powered[keep] = values[keep] ** exponent
    return np.asarray((V * powered) @ V.T)
