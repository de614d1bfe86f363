"""Step 7: factor score weights and how well scores determine their factors. Array core."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

METHODS = ("regression", "bartlett", "tenberge", "anderson")


def weights(R: FloatArray, L: FloatArray, phi: FloatArray, psi: FloatArray, method: str) -> FloatArray:
    """Weights W (p x k); scores are Z W for standardized data Z (n x p).

    regression: R^-1 L Phi (Thurstone, 1935); bartlett: Psi^-1 L (L' Psi^-1 L)^-1 (Bartlett, 1937); tenberge:
    correlation-preserving (ten Berge, Krijnen, Wansbeek & Shapiro, 1999, eq. 8); anderson: uncorrelated scores
    Psi^-1 L (L' Psi^-1 R Psi^-1 L)^-1/2 (Anderson & Rubin, 1956, eq. 9.5). A singular R takes its pseudo-inverse.
    """
    if method == "regression":
        return np.asarray(np.linalg.pinv(R, hermitian=True) @ L @ phi)
    scaled = L / np.maximum(psi, 1e-12)[:, None]
    if method == "bartlett":
        # A factor without loadings has no scores; the pseudo-inverse gives it zeros.
        return np.asarray(scaled @ np.linalg.pinv(L.T @ scaled, hermitian=True))
    if method == "anderson":
        return np.asarray(scaled @ power(scaled.T @ R @ scaled, -0.5))
    root = power(R, -0.5)
    spread = power(phi, 0.5)
    C = root @ L @ spread
    C = C @ power(C.T @ C, -0.5)
    return np.asarray(root @ C @ spread)


def determinacy(R: FloatArray, L: FloatArray, phi: FloatArray, W: FloatArray) -> dict[str, FloatArray]:
    """How well scores Z W stand for their factors (Grice, 2001).

    Returns `r2` (k), the largest share of a factor's variance that any linear score can have, diag(Phi L' R^-1 L Phi);
    `minimum` (k), Guttman's (1955) smallest correlation of two equally good sets of scores, 2 r2 - 1; `validity` (k), the
    correlation of each score with its factor; `scores` (k x k), the correlations of the scores, which are not Phi;
    `with_factors` (k x k), scores in rows, factors in columns: what lies off the diagonal is univocality lost.
    """
    r2 = np.clip(np.diag(phi @ L.T @ np.linalg.pinv(R, hermitian=True) @ L @ phi), 0.0, 1.0)
    covariance = W.T @ R @ W
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    spread = np.where(spread > 1e-12, spread, np.nan)
    with_factors = (W.T @ L @ phi) / spread[:, None]
    correlations = covariance / np.outer(spread, spread)
    np.fill_diagonal(correlations, 1.0)
    return {
        "r2": r2,
        "minimum": 2 * r2 - 1,
        "validity": np.diag(with_factors).copy(),
        "scores": correlations,
        "with_factors": with_factors,
    }


def power(S: FloatArray, exponent: float) -> FloatArray:
    """Symmetric power of a positive semidefinite matrix; null directions stay null."""
    values, V = np.linalg.eigh(S)
    keep = values > values[-1] * 1e-12
    powered = np.zeros_like(values)
    powered[keep] = values[keep] ** exponent
    return np.asarray((V * powered) @ V.T)


def determinacy_table(found: dict[str, FloatArray], factors: pd.Index) -> pd.DataFrame:
    """Rows are factors: r2, determinacy (its root), minimum, validity."""
    return pd.DataFrame(
        {
            "r2": found["r2"],
            "determinacy": np.sqrt(found["r2"]),
            "minimum_correlation": found["minimum"],
            "validity": found["validity"],
        },
        index=factors,
    )
