"""Do the columns share enough to be factored? KMO and Bartlett's test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import intake
from valuelex.psychometrics.results import Result

FloatArray = NDArray[np.float64]

# Beyond this condition number a 64-bit inverse keeps fewer than four digits: KMO and Bartlett would be noise.
SINGULAR_CONDITION = 1e12
WELL_CONDITIONED = 1e-8  # reciprocal condition number above which R is far from that


@dataclass(frozen=True, eq=False)
class KMOResult(Result):
    """Kaiser-Meyer-Olkin measure: `overall` (0-1) and `msa`, one value per variable."""

    overall: float
    msa: pd.Series[float]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Variables and their measure of sampling adequacy."""
        return self.msa.rename("msa").to_frame()

    def _headline(self) -> str:
        return f"KMO = {self.overall:.3f}"


@dataclass(frozen=True, eq=False)
class BartlettResult(Result):
    """Bartlett's test of sphericity: chi2, df, p, and the log determinant behind it."""

    chi2: float
    df: int
    p: float
    log_determinant: float
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row: chi2, df, p."""
        return pd.DataFrame({"chi2": [self.chi2], "df": [self.df], "p": [self.p]})


def kmo(
    data: object, n_obs: int | None = None, *, correlation: str = "pearson", missing: str = "listwise"
) -> KMOResult:
    """Kaiser-Meyer-Olkin measure of sampling adequacy, overall and per variable.

    Sum of squared correlations over that sum plus the sum of squared partial correlations, off the diagonal
    (Kaiser & Rice, 1974, eqs. 4-5).

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data, or a p x p correlation matrix (n_obs is then optional: KMO does not use it).
    n_obs : int, optional
        Number of cases behind a correlation matrix.
    correlation, missing : str
        As in `correlate`.

    Raises
    ------
    DataError
        The correlation matrix is singular (duplicate columns, or no more cases than variables).
    """
    ready = intake.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing, need_n=False)
    if is_singular(ready.R):
        raise DataError(
            "The correlation matrix is singular: KMO needs its inverse.",
            "Call screen() to see why; drop duplicate columns or gather more cases than variables.",
        )
    overall, msa = kmo_core(ready.R)
    return KMOResult(overall, pd.Series(msa, index=ready.names, name="msa"), ready.settings)


def bartlett(
    data: object, n_obs: int | None = None, *, correlation: str = "pearson", missing: str = "listwise"
) -> BartlettResult:
    """Bartlett's (1950) test that the population correlation matrix is the identity.

    chi2 = -(n - 1 - (2p + 5)/6) ln|R| on p(p - 1)/2 degrees of freedom.

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data, or a p x p correlation matrix with n_obs.
    n_obs : int, optional
        Number of cases behind a correlation matrix.
    correlation, missing : str
        As in `correlate`.

    Raises
    ------
    DataError
        The correlation matrix is singular, or a correlation matrix came without n_obs.
    """
    ready = intake.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing)
    if is_singular(ready.R):
        raise DataError(
            "The correlation matrix is singular: its determinant is 0 and Bartlett's test is not defined.",
            "Call screen() to see why; drop duplicate columns or gather more cases than variables.",
        )
    return bartlett_core(ready.R, ready.n_obs, ready.settings)


def is_singular(R: FloatArray) -> bool:
    """Whether R cannot be inverted with useful precision, or is indefinite."""
    from scipy.linalg import lapack

    # A Cholesky factor gives a condition estimate at a tenth of the price of eigenvalues; only near the limit are they
    # needed.
    factor, failed = lapack.dpotrf(R, lower=1)
    if not failed and lapack.dpocon(factor, np.abs(R).sum(axis=0).max(), uplo="L")[0] > WELL_CONDITIONED:
        return False
    values = np.linalg.eigvalsh(R)
    return bool(values[0] <= values[-1] / SINGULAR_CONDITION)


def kmo_core(R: FloatArray) -> tuple[float, FloatArray]:
    """Overall KMO and MSA (p) from an invertible R (p x p)."""
    Q = np.linalg.inv(R)
    scale = np.sqrt(np.diag(Q))
    partial = Q / np.outer(scale, scale)
    r2, q2 = R**2, partial**2
    np.fill_diagonal(r2, 0.0)
    np.fill_diagonal(q2, 0.0)
    total = r2.sum() + q2.sum()
    columns = r2.sum(axis=0) + q2.sum(axis=0)
    # A matrix without any correlation has 0/0 here; its adequacy is none.
    msa = np.divide(r2.sum(axis=0), columns, out=np.zeros_like(columns), where=columns > 0)
    return float(r2.sum() / total) if total > 0 else 0.0, msa


def bartlett_core(R: FloatArray, n: int, settings: dict[str, Any]) -> BartlettResult:
    """Bartlett's test from a positive definite R (p x p) of n cases."""
    from scipy.special import chdtrc

    p = R.shape[0]
    log_determinant = float(np.linalg.slogdet(R)[1])
    df = p * (p - 1) // 2
    chi2 = max(-(n - 1 - (2 * p + 5) / 6) * log_determinant, 0.0)
    return BartlettResult(chi2, df, float(chdtrc(df, chi2)), log_determinant, settings)
