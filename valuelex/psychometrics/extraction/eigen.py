"""Leading eigenpairs and starting communalities. Array core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SUBSET_FROM = 80  # from about this p on, computing k eigenpairs alone is faster than all of them


def top(S: FloatArray, k: int) -> tuple[FloatArray, FloatArray]:
    """Largest k eigenvalues, descending, and their vectors."""
    p = S.shape[0]
    if p > SUBSET_FROM and k < p // 2:
        from scipy.linalg import eigh

        values, vectors = eigh(S, subset_by_index=(p - k, p - 1), driver="evr", check_finite=False)
    else:
        values, vectors = np.linalg.eigh(S)
    return np.asarray(values[::-1][:k]), np.asarray(vectors[:, ::-1][:, :k])


def starting_uniquenesses(R: FloatArray, k: int) -> FloatArray:
    """Joreskog's (1967) (1 - k/2p) / diag(R^-1); with k = 0 one minus the squared multiple correlations."""
    p = R.shape[0]
    try:
        factor = np.linalg.cholesky(R)
    except np.linalg.LinAlgError:
        factor = np.zeros((p, p))
    if np.diag(factor).min() > 1e-5:
        return np.asarray((1 - 0.5 * k / p) / np.diag(np.linalg.inv(R)))
    # Singular R has no SMC; the largest correlation is the customary communality then (Harman, 1976).
    return np.asarray(1 - np.minimum(np.abs(R - np.eye(p)).max(axis=0), 0.95))
