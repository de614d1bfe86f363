"""The completely standardised solution (std.all) and its standard errors by the delta method."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.confirmatory.structure import Matrices, Structure

FloatArray = NDArray[np.float64]

COMPLEX_STEP = 1e-30


def standardised(structure: Structure, theta: FloatArray) -> FloatArray:
    """Standardised value of each row of the table; NaN where a variance is not positive."""
    with np.errstate(invalid="ignore"):  # what has no standard deviation becomes NaN
        return np.asarray(_standardised(structure, theta).real)


def standardised_covariance(structure: Structure, theta: FloatArray, covariance: FloatArray) -> FloatArray:
    """Covariance of the standardised values, J V J', with J exact by complex steps (Squire & Trapp, 1998)."""
    J = np.zeros((len(structure.table), theta.size))
    for k in range(theta.size):
        moved = theta.astype(np.complex128)
        moved[k] += COMPLEX_STEP * 1j
        with np.errstate(invalid="ignore"):
            J[:, k] = _standardised(structure, moved).imag / COMPLEX_STEP
    return np.asarray(J @ covariance @ J.T)


def _standardised(structure: Structure, theta: NDArray[Any]) -> NDArray[Any]:
    groups = structure.matrices(theta)
    scales = [_scales(group) for group in groups]
    out = np.zeros(len(structure.table), dtype=theta.dtype)
    for row, p in enumerate(structure.table):
        group, (y, f, residual, disturbance) = groups[p.group], scales[p.group]
        value = _value(group, p.matrix, p.i, p.j)
        if p.matrix == "lambda":
            out[row] = value * f[p.j] / y[p.i]
        elif p.matrix == "beta":
            out[row] = value * f[p.j] / f[p.i]
        elif p.matrix == "psi":
            out[row] = value / (f[p.i] ** 2 if p.i == p.j else disturbance[p.i] * disturbance[p.j])
        elif p.matrix == "theta":
            out[row] = value / (y[p.i] ** 2 if p.i == p.j else residual[p.i] * residual[p.j])
        elif p.matrix in ("nu", "tau"):
            out[row] = value / y[structure.owner[p.i] if p.matrix == "tau" else p.i]
        elif p.matrix == "alpha":
            out[row] = value / f[p.i]
        else:
            out[row] = value * y[p.i]
    return out


def _scales(group: Matrices) -> tuple[NDArray[Any], ...]:
    """Standard deviations of variables and factors, and of what is unexplained of each."""
    diagonals = (np.diag(group.sigma), np.diag(group.phi), np.diag(group.Theta), np.diag(group.Psi))
    return tuple(np.sqrt(np.where(d.real > 0, d, np.nan)) for d in diagonals)


def _value(group: Matrices, matrix: str, i: int, j: int) -> Any:
    array = {
        "lambda": group.L,
        "beta": group.B,
        "psi": group.Psi,
        "theta": group.Theta,
        "nu": group.nu,
        "alpha": group.alpha,
        "tau": group.tau,
        "delta": group.delta,
    }[matrix]
    return array[i] if array.ndim == 1 else array[i, j]


def values(structure: Structure, theta: FloatArray) -> FloatArray:
    """Value of each row of the table, derived variances included."""
    groups = structure.matrices(theta)
    return np.array([_value(groups[p.group], p.matrix, p.i, p.j) for p in structure.table])
