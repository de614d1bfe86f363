"""What k factors say about R: quick fits for criteria that fit many models. Array core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics import extraction

FloatArray = NDArray[np.float64]

# Six digits are far below sampling error. Near a Heywood case the full tolerance can cost a thousand steps and seconds.
TOLERANCE = 1e-6
MOST_STEPS = 60


def loadings(R: FloatArray, k: int, method: str = "minres") -> FloatArray:
    """Unrotated loadings (p x k)."""
    return extraction.extract(R, k, method, tolerance=TOLERANCE, max_iter=MOST_STEPS).loadings


def implied(R: FloatArray, k: int, method: str = "minres") -> FloatArray:
    """Correlation matrix that k factors imply: L L' + Psi with a unit diagonal; positive definite."""
    L = loadings(R, k, method)
    model = L @ L.T
    np.fill_diagonal(model, 1.0)
    # A uniqueness at its bound can leave the smallest eigenvalue at rounding level; Cholesky needs it above.
    smallest = np.linalg.eigvalsh(model)[0]
    if smallest < 1e-8:
        model = (model + (1e-8 - smallest) * np.eye(R.shape[0])) / (1 + 1e-8 - smallest)
    return model
