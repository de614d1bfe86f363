"""Pearson and Spearman correlations of arrays; `correlate` is the labelled front."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def matrix(X: FloatArray, method: str = "pearson") -> FloatArray:
    """Correlations (p x p) of X (n x p); cells with NaN are left out pair by pair."""
    if np.isnan(X).any():
        R = pd.DataFrame(X).corr(method="spearman" if method == "spearman" else "pearson").to_numpy(copy=True)
    else:
        R = pearson(rank(X) if method == "spearman" else X)
    np.fill_diagonal(R, 1.0)
    return R


def pearson(X: FloatArray) -> FloatArray:
    """Pearson correlations (p x p) of complete X (n x p), clipped to [-1, 1] against rounding."""
    Z = X - X.mean(axis=0)
    Z /= np.sqrt(np.einsum("ij,ij->j", Z, Z))
    return np.asarray(np.clip(Z.T @ Z, -1.0, 1.0))


def rank(X: FloatArray) -> FloatArray:
    """Average ranks within columns."""
    return pd.DataFrame(X).rank().to_numpy()


def standardize(X: FloatArray) -> FloatArray:
    """Z scores by the sample standard deviation (n - 1)."""
    return np.asarray((X - X.mean(axis=0)) / X.std(axis=0, ddof=1))


def constant_columns(X: FloatArray) -> NDArray[np.bool_]:
    """Columns whose observed values are all equal up to rounding."""
    low, high = np.nanmin(X, axis=0), np.nanmax(X, axis=0)
    return np.asarray(high - low <= 1e-12 * np.maximum(np.abs(low), np.abs(high)))


def pairwise_counts(X: FloatArray) -> NDArray[np.int64]:
    """Number of cases that each pair of columns shares (p x p)."""
    seen = (~np.isnan(X)).astype(np.int64)
    return seen.T @ seen


def smc(R: FloatArray) -> FloatArray:
    """Squared multiple correlations (p) of each variable with all others; stacks of matrices allowed."""
    inverse = np.linalg.inv(R)
    return np.asarray(1.0 - 1.0 / np.diagonal(inverse, axis1=-2, axis2=-1))
