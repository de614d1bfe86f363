"""Principal axis, alpha and image factoring, and components: eigenvectors of a rescaled or reduced R. Array core."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.extraction.eigen import starting_uniquenesses, top
from valuelex.psychometrics.extraction.solution import Extraction, at_bound

FloatArray = NDArray[np.float64]


def principal_axis(
    R: FloatArray,
    k: int,
    *,
    lower_bound: float,
    tolerance: float,
    max_iter: int,
    stop: str = "max",
    start: FloatArray | None = None,
) -> Extraction:
    """Iterated principal axis from squared multiple correlations (Harman, 1976, ch. 8).

    Stops when no communality moves by more than `tolerance` (stop "max": SPSS with .001), or when their sum does not
    (stop "sum": psych and EFAtools with .001).
    """
    h2 = 1 - (starting_uniquenesses(R, 0) if start is None else start)
    change, iteration = np.inf, 0
    reduced = R.copy()
    V = np.zeros((R.shape[0], k))
    values = np.zeros(k)
    for iteration in range(1, max_iter + 1):  # noqa: B007 - the count is part of the result
        np.fill_diagonal(reduced, h2)
        values, V = top(reduced, k)
        new = np.clip((V**2) @ np.maximum(values, 0), 0.0, 1 - lower_bound)
        change = float(np.abs(new - h2).max()) if stop == "max" else abs(float(new.sum() - h2.sum()))
        h2 = new
        if change <= tolerance:
            break
    L = V * np.sqrt(np.maximum(values, 0))
    psi = 1 - h2
    residual = R - L @ L.T
    np.fill_diagonal(residual, 0.0)
    objective = 0.5 * float(np.sum(residual**2))
    return Extraction(L, psi, objective, iteration, change, change <= tolerance, at_bound(psi, lower_bound))


def alpha_factors(R: FloatArray, k: int, *, lower_bound: float, tolerance: float, max_iter: int) -> Extraction:
    """Alpha factoring (Kaiser & Caffrey, 1965): factors of greatest coefficient alpha over the universe of variables.

    Eigenvectors of H^-1 (R - Psi) H^-1 with H^2 the communalities, iterated until none moves by more than `tolerance`.
    """
    h2 = np.clip(1 - starting_uniquenesses(R, 0), lower_bound, 1 - lower_bound)
    change, iteration = np.inf, 0
    L = np.zeros((R.shape[0], k))
    for iteration in range(1, max_iter + 1):  # noqa: B007
        reduced = R.copy()
        np.fill_diagonal(reduced, h2)
        scale = np.sqrt(h2)
        values, V = top(reduced / np.outer(scale, scale), k)
        L = scale[:, None] * V * np.sqrt(np.maximum(values, 0))
        new = np.clip(np.sum(L**2, axis=1), 1e-12, 1 - lower_bound)
        change = float(np.abs(new - h2).max())
        h2 = new
        if change <= tolerance:
            break
    psi = 1 - h2
    return Extraction(L, psi, np.nan, iteration, change, change <= tolerance, at_bound(psi, lower_bound))


def image_factors(R: FloatArray, k: int) -> Extraction:
    """Image factoring (Kaiser, 1963; Harris, 1962): R rescaled by its anti-image variances S^2 = diag(R^-1)^-1.

    With eigenvalues l and vectors V of S^-1 R S^-1, loadings are S V (l - 1) / sqrt(l) (SPSS's "image factoring").
    """
    S = 1 / np.sqrt(np.diag(np.linalg.inv(R)))
    values, V = top(R / np.outer(S, S), k)
    kept = np.maximum(values, 1.0)
    L = S[:, None] * V * ((kept - 1) / np.sqrt(kept))
    psi = 1 - np.sum(L**2, axis=1)
    return Extraction(L, psi, np.nan, 1, 0.0, True, np.zeros(R.shape[0], dtype=bool))


def components(R: FloatArray, k: int) -> Extraction:
    """Principal components, scaled to loadings; uniqueness is what the k components leave out."""
    values, V = top(R, k)
    L = V * np.sqrt(np.maximum(values, 0))
    psi = np.maximum(1 - np.sum(L**2, axis=1), 0.0)
    return Extraction(L, psi, np.nan, 1, 0.0, True, np.zeros(R.shape[0], dtype=bool))
