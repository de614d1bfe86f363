"""Repair of correlation matrices that are not positive definite, as pairwise and polychoric estimates may be.

What is done to a matrix changes its factors (Debelak & Tran, 2016, https://doi.org/10.1371/journal.pone.0148143), so
every repair is returned with what was wrong and how far the result moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuelex.errors import SettingError

FloatArray = NDArray[np.float64]

METHODS = ("clip", "higham")
FLOOR = 1e-6
HIGHAM_TOLERANCE = 1e-10
HIGHAM_ITERATIONS = 1000


@dataclass(frozen=True, eq=False)
class Smoothing:
    """A positive definite R (p x p) and how it came about.

    `smoothed` is whether anything was done, `smallest_before` and `smallest_after` are the smallest eigenvalues,
    `distance` the Frobenius norm of the change, `largest_change` its largest cell.
    """

    R: FloatArray
    smoothed: bool
    method: str
    floor: float
    smallest_before: float
    smallest_after: float
    distance: float
    largest_change: float


def smooth(R: FloatArray, method: str = "clip", *, floor: float = FLOOR) -> Smoothing:
    """Make R positive definite with a unit diagonal; a matrix that already is stays as it is.

    Parameters
    ----------
    R : array, p x p
        Symmetric with a unit diagonal.
    method : {"clip", "higham"}
        "clip" raises eigenvalues to `floor` and rescales the diagonal to 1 (Knol & Berger, 1991; Rebonato & Jaeckel,
        2000, section 3; psych's cor.smooth with a floor of 1e-10). "higham" finds the nearest correlation matrix in
        the Frobenius norm whose eigenvalues are at least `floor` (Higham, 2002,
        https://doi.org/10.1093/imanum/22.3.329, algorithm 3.3).
    floor : float
        Smallest eigenvalue aimed at, above 0 and below 1; rescaling may end slightly beside it.

    Raises
    ------
    SettingError
        Unknown method, or a floor outside (0, 1).
    """
    if method not in METHODS:
        raise SettingError(f"method={method!r} is not known.", f"Use one of: {', '.join(METHODS)}.")
    if not 0 < floor < 1:
        raise SettingError(f"floor={floor} is out of range.", "Give floor between 0 and 1; 1e-6 is the default.")
    smallest = float(np.linalg.eigvalsh(R)[0])
    if smallest >= floor:
        return Smoothing(R, False, method, floor, smallest, smallest, 0.0, 0.0)
    fixed = _clip(R, floor) if method == "clip" else _higham(R, floor)
    change = fixed - R
    return Smoothing(
        fixed,
        True,
        method,
        floor,
        smallest,
        float(np.linalg.eigvalsh(fixed)[0]),
        float(np.linalg.norm(change)),
        float(np.abs(change).max()),
    )


def repair(R: FloatArray) -> tuple[FloatArray, float | None]:
    """Clip eigenvalues at 1e-6; return the matrix and its smallest eigenvalue before (None if nothing was done)."""
    done = smooth(R)
    return done.R, done.smallest_before if done.smoothed else None


def _clip(R: FloatArray, floor: float) -> FloatArray:
    return _unit_diagonal(_raised(R, floor))


def _higham(R: FloatArray, floor: float) -> FloatArray:
    """Alternate projections on {eigenvalues >= floor} and {unit diagonal}; Dykstra's correction for the first."""
    Y, correction = R, np.zeros_like(R)
    for _ in range(HIGHAM_ITERATIONS):
        shifted = Y - correction
        X = _raised(shifted, floor)
        correction = X - shifted
        last, Y = Y, X.copy()
        np.fill_diagonal(Y, 1.0)
        if np.linalg.norm(Y - last) <= HIGHAM_TOLERANCE * np.linalg.norm(Y):
            break
    # The last projection set the diagonal; rescaling X instead keeps the eigenvalues positive.
    return _unit_diagonal(X)


def _raised(R: FloatArray, floor: float) -> FloatArray:
    values, vectors = np.linalg.eigh(R)
    fixed = (vectors * np.maximum(values, floor)) @ vectors.T
    return np.asarray((fixed + fixed.T) / 2)


def _unit_diagonal(R: FloatArray) -> FloatArray:
    scale = np.sqrt(np.diag(R))
    fixed = R / np.outer(scale, scale)
    np.fill_diagonal(fixed, 1.0)
    return fixed
