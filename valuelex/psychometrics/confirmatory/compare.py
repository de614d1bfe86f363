"""Tests of nested models: likelihood ratio, Satorra & Bentler (2001), and for weighted least squares Satorra (2000)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.confirmatory.inference import adjusted, column_space, standard_gamma
from valuelex.psychometrics.confirmatory.ordinal import WeightedLeastSquares
from valuelex.psychometrics.confirmatory.result import Estimation

FloatArray = NDArray[np.float64]

METHODS = {
    "ml": "likelihood ratio",
    "mlr": "scaled difference of Satorra and Bentler (2001)",
    "wlsmv": "scaled and shifted difference, Satorra (2000)",
}


@dataclass(frozen=True, eq=False)
class Difference:
    """Rise of chi-square from a model to one nested in it; NaN where the test is not defined."""

    chisq: float
    df: int
    pvalue: float


def difference(wide: Estimation, narrow: Estimation) -> Difference:
    """Test the restrictions that lead from `wide` to `narrow`.

    The scaled difference of Satorra and Bentler (2001) is not defined where its scaling factor is not positive.
    """
    from scipy.special import chdtrc

    df = narrow.test.df - wide.test.df
    if df <= 0:
        return Difference(np.nan, df, np.nan)
    value = narrow.test.statistic - wide.test.statistic
    if isinstance(wide.objective, WeightedLeastSquares) and isinstance(narrow.objective, WeightedLeastSquares):
        inner = narrow.objective.delta(narrow.theta)
        value = float(adjusted(value, _restrictions(wide.objective, wide.theta, inner), df).scaled or 0.0)
    elif narrow.test.scaled is not None:
        # A saturated wide model has no scaling factor, and needs none.
        scale = (narrow.test.df * narrow.test.scaling - wide.test.df * wide.test.scaling) / df
        value = value / scale if scale > 0 else np.nan
    return Difference(float(value), df, float(chdtrc(df, max(value, 0.0))) if np.isfinite(value) else np.nan)


def _restrictions(wide: WeightedLeastSquares, theta: FloatArray, inner: FloatArray) -> FloatArray:
    """U Gamma of the restrictions, r x r, in an orthonormal basis.

    The derivatives `inner` of the narrow model, as combinations of those D of the wide one, leave r directions A of its
    parameters; with P = D'WD, U projects on W^1/2 D P^-1 A' (Satorra, 2000, eq. 23).
    """
    D = wide.delta(theta)
    H = np.linalg.lstsq(D, inner, rcond=None)[0]
    left, _, _ = np.linalg.svd(H, full_matrices=True)
    A = left[:, inner.shape[1] :]
    gamma, root = standard_gamma(wide)
    M = root[:, None] * D
    Q = column_space(M @ np.linalg.solve(M.T @ M, A))
    return np.asarray(Q.T @ gamma @ Q)
