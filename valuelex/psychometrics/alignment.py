"""Matching factors: Tucker's congruence, permutation and reflection, Procrustes, and the package's own order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.results import Result

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class AlignResult(Result):
    """A's factors in the order and direction of B's.

    `order` gives, for each factor of B, the position of its partner in A; `signs` the reflection; `congruence` Tucker's
    coefficient of each matched pair.
    """

    loadings: pd.DataFrame
    phi: pd.DataFrame | None
    order: IntArray
    signs: FloatArray
    congruence: pd.Series[float]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Variables x factors, named as in B."""
        return self.loadings.copy()

    def _headline(self) -> str:
        return f"Aligned; congruences {self.congruence.min():.3f} to {self.congruence.max():.3f}"


def congruence(A: object, B: object) -> pd.DataFrame:
    """Tucker's congruence of each factor of A (rows) with each of B (columns).

    phi = sum(ab) / sqrt(sum(a^2) sum(b^2)) (Tucker, 1951; Lorenzo-Seva & ten Berge, 2006: .85-.94 fair, .95 equal).
    Frames are matched by variable name.

    Parameters
    ----------
    A, B : DataFrame, array, or result of `efa` or `rotate`, p x k_A and p x k_B
        Loadings on the same variables.

    Returns
    -------
    DataFrame, k_A x k_B, range -1 to 1; NaN for a factor of zeros

    Raises
    ------
    DataError
        The variables differ, or cells are missing.
    """
    a, b = _matched(A, B)
    return pd.DataFrame(congruence_core(a.to_numpy(), b.to_numpy()), index=a.columns, columns=b.columns)


def align(A: object, B: object, *, phi: object = None) -> AlignResult:
    """Permute and reflect the factors of A to match those of B as well as possible.

    The assignment maximises the sum of absolute congruences (Tucker, 1951), by the Hungarian method (Kuhn, 1955); Phi of
    A, if given, moves along.

    Parameters
    ----------
    A, B : DataFrame, array, or result of `efa` or `rotate`, p x k
        Loadings on the same variables, equally many factors.
    phi : DataFrame or array, k x k, optional
        Factor correlations of A.

    Raises
    ------
    DataError
        Different variables or numbers of factors, or a Phi of the wrong shape.
    """
    a, b = _matched(A, B)
    if a.shape[1] != b.shape[1]:
        raise DataError(
            f"A has {a.shape[1]} factors and B has {b.shape[1]}.", "Align solutions with equally many factors."
        )
    order, signs = match(a.to_numpy(), b.to_numpy())
    names = list(b.columns)
    moved: pd.DataFrame | None = None
    if phi is not None:
        values = intake.correlation_matrix(phi)[0]
        if values.shape[0] != a.shape[1]:
            raise DataError(f"phi is {values.shape[0]} x {values.shape[0]}, but A has {a.shape[1]} factors.", "")
        moved = pd.DataFrame(values[np.ix_(order, order)] * np.outer(signs, signs), index=names, columns=names)
    aligned = a.to_numpy()[:, order] * signs
    pairs = np.diag(congruence_core(aligned, b.to_numpy()))
    return AlignResult(
        pd.DataFrame(aligned, index=b.index, columns=names),
        moved,
        order,
        signs,
        pd.Series(pairs, index=names, name="congruence"),
        {"rule": "largest sum of absolute congruences"},
    )


@dataclass(frozen=True, eq=False)
class ProcrustesResult(Result):
    """A turned to B: `loadings` (p x k, named as B), `T` (k x k), Tucker `congruence` per factor, and `rmsd`."""

    loadings: pd.DataFrame
    T: FloatArray
    congruence: pd.Series[float]
    rmsd: float
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Variables x factors, named as in B."""
        return self.loadings.copy()

    def _headline(self) -> str:
        low, high = self.congruence.min(), self.congruence.max()
        return f"Procrustes rotation; congruences {low:.3f} to {high:.3f}, root mean squared difference {self.rmsd:.3f}"


def procrustes(A: object, B: object) -> ProcrustesResult:
    """Rotate A orthogonally as close to B as it will go (Schoenemann, 1966): A T with least sum of squared differences.

    Chance brings even unrelated loadings to congruences of .6 and more this way, the more so with few variables per
    factor: read the result against random matrices of the same size (Korth & Tucker, 1975). For an oblique or partial
    target see `rotate(method="target")`; to permute and reflect only, `align`.

    Parameters
    ----------
    A, B : DataFrame, array, or result of `efa` or `rotate`, p x k
        Loadings on the same variables, equally many factors.

    Raises
    ------
    DataError
        Different variables or numbers of factors.
    """
    a, b = _matched(A, B)
    if a.shape[1] != b.shape[1]:
        raise DataError(
            f"A has {a.shape[1]} factors and B has {b.shape[1]}.", "Turn solutions with equally many factors."
        )
    T = procrustes_core(a.to_numpy(), b.to_numpy())
    turned = a.to_numpy() @ T
    return ProcrustesResult(
        pd.DataFrame(turned, index=b.index, columns=b.columns),
        T,
        pd.Series(np.diag(congruence_core(turned, b.to_numpy())), index=b.columns, name="congruence"),
        float(np.sqrt(np.mean((turned - b.to_numpy()) ** 2))),
        {"rule": "orthogonal, least squares"},
    )


def congruence_core(A: FloatArray, B: FloatArray) -> FloatArray:
    """Tucker's congruence (k_A x k_B) of arrays."""
    lengths = np.outer(np.sqrt(np.sum(A**2, axis=0)), np.sqrt(np.sum(B**2, axis=0)))
    product = A.T @ B
    return np.divide(product, lengths, out=np.full_like(product, np.nan), where=lengths > 0)


def match(A: FloatArray, B: FloatArray) -> tuple[IntArray, FloatArray]:
    """Order and signs that turn A's columns into B's; A[:, order] * signs is the aligned matrix."""
    from scipy.optimize import linear_sum_assignment

    C = np.nan_to_num(congruence_core(A, B))
    rows, columns = linear_sum_assignment(-np.abs(C))
    order = rows[np.argsort(columns)].astype(np.int64)
    signs = np.where(C[order, np.arange(B.shape[1])] < 0, -1.0, 1.0)
    return order, signs


def convention(L: FloatArray, phi: FloatArray) -> tuple[IntArray, FloatArray]:
    """The package's order and signs: by variance explained diag(Phi L'L), each column summing to a positive number."""
    order = np.argsort(-explained(L, phi), kind="stable").astype(np.int64)
    return order, reflection(L[:, order])


def reflection(L: FloatArray) -> FloatArray:
    """Signs (k) that make each column of L sum to a positive number, or its largest loading if the sum is zero."""
    sums = L.sum(axis=0)
    largest = L[np.abs(L).argmax(axis=0), np.arange(L.shape[1])]
    return np.where(np.where(np.abs(sums) > 1e-12, sums, largest) < 0, -1.0, 1.0)


def explained(L: FloatArray, phi: FloatArray) -> FloatArray:
    """Variance explained per factor, diag(Phi L'L): sums to the total communality for oblique factors too."""
    return np.asarray(np.einsum("ij,ji->i", phi, L.T @ L))


def procrustes_core(A: FloatArray, B: FloatArray) -> FloatArray:
    """Orthogonal Q (k x k) that brings A Q closest to B (Schoenemann, 1966)."""
    U, _, V = np.linalg.svd(A.T @ B)
    return np.asarray(U @ V)


def _matched(A: object, B: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    A, B = (getattr(given, "loadings", given) for given in (A, B))
    a, b = checks.loadings(A, "A"), checks.loadings(B, "B")
    if isinstance(A, pd.DataFrame) and isinstance(B, pd.DataFrame):
        if set(a.index) != set(b.index) or len(set(a.index)) < len(a.index):
            odd = sorted(set(a.index) ^ set(b.index))[:8]
            raise DataError(
                f"A and B do not have the same variables (only in one: {', '.join(odd) or 'names occur twice'}).",
                "Keep the variables that both have, e.g. A.loc[names] and B.loc[names].",
            )
        a = a.loc[b.index]
    elif a.shape[0] != b.shape[0]:
        raise DataError(f"A has {a.shape[0]} variables and B has {b.shape[0]}.", "Give the same variables.")
    return a, b
