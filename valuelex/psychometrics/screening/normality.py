"""Are the columns normal, singly and together? Mardia's multivariate skewness and kurtosis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.correlation.product_moment import constant_columns
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

# Rows of the n x n matrix of Mahalanobis products that are held at a time.
BLOCK = 512


@dataclass(frozen=True, eq=False)
class MardiaMoments:
    """Mardia's skewness b1p and kurtosis b2p with their tests, and moments of the columns.

    `chi2` and `p_skewness` are the large-sample test on `df` degrees of freedom, `chi2_small` and `p_small` the one
    corrected for small samples; `z` and `p_kurtosis` (two-sided) test b2p against p (p + 2).
    """

    skewness: float
    chi2: float
    df: int
    p_skewness: float
    chi2_small: float
    p_small: float
    kurtosis: float
    z: float
    p_kurtosis: float


@dataclass(frozen=True, eq=False)
class MardiaResult(Result):
    """Multivariate normality (`moments`) and skewness and excess kurtosis of each column (`univariate`)."""

    moments: MardiaMoments
    univariate: pd.DataFrame
    n: int
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per test: statistic, test value, degrees of freedom, p."""
        m = self.moments
        return pd.DataFrame(
            {
                "statistic": [m.skewness, m.skewness, m.kurtosis],
                "test": [m.chi2, m.chi2_small, m.z],
                "df": [m.df, m.df, np.nan],
                "p": [m.p_skewness, m.p_small, m.p_kurtosis],
            },
            index=pd.Index(["skewness", "skewness (small sample)", "kurtosis"]),
        )

    def _headline(self) -> str:
        m = self.moments
        return f"Mardia: skewness {m.skewness:.2f}, kurtosis {m.kurtosis:.2f} ({self.n} cases)."


def mardia(data: object, *, moment_type: int = 3, ddof: int = 0) -> MardiaResult:
    """Test multivariate normality by Mardia's skewness and kurtosis; complete rows only.

    b1p is the mean of the cubed, b2p that of the squared Mahalanobis products of cases (the latter with themselves);
    the covariance has divisor n (Mardia, 1970, https://doi.org/10.1093/biomet/57.3.519). The small-sample factor of the
    skewness test is Mardia's (1974, section 5).

    Parameters
    ----------
    data : DataFrame or array, n cases x p columns
        Numeric; rows with NaN are left out.
    moment_type : {1, 2, 3}
        Univariate skewness and excess kurtosis: 1 moment ratios g1, g2; 2 unbiased for normal data G1, G2 (SAS, SPSS);
        3 moments over the sample variance b1, b2 - 3 (psych's and Minitab's) (Joanes & Gill, 1998).
    ddof : {0, 1}
        The covariance has divisor n - ddof: 0 as in Mardia's papers, 1 as in psych.

    Raises
    ------
    DataError
        Constant columns, no more complete rows than columns, or a singular covariance matrix.
    SettingError
        Another moment type or ddof.
    """
    checks.integer(moment_type, "moment_type", low=1, high=3)
    checks.integer(ddof, "ddof", low=0, high=1)
    frame = checks.as_frame(data)
    X = frame.to_numpy()
    X = X[~np.isnan(X).any(axis=1)]
    n, p = X.shape
    if n < max(p + 1, 4):
        raise DataError(
            f"Only {n} complete rows for {p} columns; Mardia's moments need {max(p + 1, 4)} or more.",
            "Drop columns with many missing values, or gather cases.",
        )
    constant = [str(name) for name, flat in zip(frame.columns, constant_columns(X), strict=True) if flat]
    if constant:
        raise DataError(f"Columns do not vary: {', '.join(constant)}.", "Drop them.")
    moments = mardia_core(X, ddof)
    if moments is None:
        raise DataError(
            "The covariance matrix is singular: Mahalanobis distances are not defined.",
            "Call screen() to see why; drop duplicate columns.",
        )
    skewness, kurtosis = univariate_moments(X, moment_type)
    univariate = pd.DataFrame({"skewness": skewness, "kurtosis": kurtosis}, index=frame.columns)
    settings = {"moment_type": moment_type, "ddof": ddof, "missing": "listwise", "n_obs": n, "n_rows": len(frame)}
    return MardiaResult(moments, univariate, n, settings)


@one_thread
def mardia_core(X: FloatArray, ddof: int = 0) -> MardiaMoments | None:
    """Mardia's moments of complete X (n x p, n > p), covariance with n - ddof; None if that is singular."""
    from scipy.special import chdtrc, ndtr

    n, p = X.shape
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    values, vectors = np.linalg.eigh(Z.T @ Z / n)
    if values[0] <= 1e-12 * values[-1]:
        return None
    W = Z @ (vectors / np.sqrt(values * (n / (n - ddof))))
    b1, b2 = _mean_cube(W), float(np.mean(np.einsum("ij,ij->i", W, W) ** 2))
    df = p * (p + 1) * (p + 2) // 6
    chi2 = n * b1 / 6
    factor = (p + 1) * (n + 1) * (n + 3) / (n * ((n + 1) * (p + 1) - 6))
    z = (b2 - p * (p + 2)) / np.sqrt(8 * p * (p + 2) / n)
    return MardiaMoments(
        b1,
        chi2,
        df,
        float(chdtrc(df, chi2)),
        chi2 * factor,
        float(chdtrc(df, chi2 * factor)),
        b2,
        float(z),
        float(2 * ndtr(-abs(z))),
    )


def mardia_work(n: int, p: int) -> float:
    """Multiplications that `mardia_core` needs: for 2,800 cases 2e7 with 25 columns, 2e9 with 200."""
    return float(min(n * p**3 / 2, n**2 * p))


def _mean_cube(W: FloatArray) -> float:
    """Mean of (w_i' w_j)^3 over all pairs of rows of W (n x p).

    Equal to the sum of squares of all third moments mean(w_a w_b w_c), which is less work while p^2 < 2n.
    """
    n, p = W.shape
    if p**2 < 2 * n:
        total = 0.0
        for a in range(p):
            # Moments with b = a once, those with b > a twice: the tensor is symmetric.
            third = (W[:, a:] * W[:, a : a + 1]).T @ W / n
            total += float((third[0] ** 2).sum() + 2 * (third[1:] ** 2).sum())
        return total
    total = 0.0
    for first in range(0, n, BLOCK):
        # Products with later blocks count twice: the matrix of products is symmetric.
        block = W[first : first + BLOCK]
        products = W[first:] @ block.T
        squares = products * products
        own = len(block)
        total += 2 * float(np.vdot(squares, products)) - float(np.vdot(squares[:own], products[:own]))
    return total / n**2


def univariate_moments(X: FloatArray, moment_type: int) -> tuple[FloatArray, FloatArray]:
    """Skewness and excess kurtosis (p each) of complete X (n x p); for the types see `mardia`."""
    n = X.shape[0]
    D = X - X.mean(axis=0)
    m2 = (D**2).mean(axis=0)
    g1, g2 = (D**3).mean(axis=0) / m2**1.5, (D**4).mean(axis=0) / m2**2 - 3
    if moment_type == 2:
        return g1 * np.sqrt(n * (n - 1)) / (n - 2), ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3))
    if moment_type == 3:
        return g1 * (1 - 1 / n) ** 1.5, (g2 + 3) * (1 - 1 / n) ** 2 - 3
    return g1, g2
