"""Step 2: can these data be factored at all? KMO, Bartlett's test, and a screening that never crashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics import correlation as corr
from valuelex.psychometrics.results import Result

FloatArray = NDArray[np.float64]

# Beyond this condition number a 64-bit inverse keeps fewer than four digits: KMO and Bartlett would be noise.
SINGULAR_CONDITION = 1e12


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


@dataclass(frozen=True, eq=False)
class AdequacyResult(Result):
    """Screening before factoring; quantities that cannot be computed are NaN, and `reasons` says why."""

    kmo: float
    msa: pd.Series[float]
    bartlett: BartlettResult | None
    determinant: float
    constant: tuple[str, ...]
    duplicates: tuple[tuple[str, str], ...]
    n: int
    p: int
    n_at_most_p: bool
    factorable: bool
    reasons: tuple[str, ...]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per quantity."""
        chi2, df, p = (self.bartlett.chi2, self.bartlett.df, self.bartlett.p) if self.bartlett else (np.nan,) * 3
        rows = {
            "kmo": self.kmo,
            "bartlett_chi2": chi2,
            "bartlett_df": df,
            "bartlett_p": p,
            "determinant": self.determinant,
            "n": self.n,
            "p": self.p,
            "n_constant": len(self.constant),
            "n_duplicate_pairs": len(self.duplicates),
        }
        return pd.DataFrame({"quantity": list(rows), "value": [float(value) for value in rows.values()]})

    def _headline(self) -> str:
        verdict = "Factorable." if self.factorable else "Not factorable."
        return " ".join([verdict, *self.reasons])


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
    ready = checks.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing, need_n=False)
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

    Raises
    ------
    DataError
        The correlation matrix is singular, or a correlation matrix came without n_obs.
    """
    ready = checks.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing)
    if is_singular(ready.R):
        raise DataError(
            "The correlation matrix is singular: its determinant is 0 and Bartlett's test is not defined.",
            "Call screen() to see why; drop duplicate columns or gather more cases than variables.",
        )
    return _bartlett(ready.R, ready.n_obs, ready.settings)


def screen(
    data: object,
    n_obs: int | None = None,
    *,
    correlation: str = "pearson",
    missing: str = "listwise",
    alpha: float = 0.05,
) -> AdequacyResult:
    """Say whether `data` can be factored, and if not, why. Degenerate data give reasons, never a crash.

    `factorable` is False when a column is constant, columns are perfectly correlated, n <= p, the matrix is singular or
    indefinite, KMO < .5 (Kaiser, 1974: "unacceptable"), or Bartlett's test has p >= `alpha`.

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data, or a p x p correlation matrix with n_obs.
    n_obs : int, optional
        Number of cases behind a correlation matrix.
    correlation, missing : str
        As in `correlate`.
    alpha : float
        Level of Bartlett's test, 0-1.

    Raises
    ------
    DataError
        Only if the input is not a numeric table, or not a correlation matrix although n_obs is given.
    """
    checks.choice(correlation, checks.CORRELATIONS, "correlation")
    checks.choice(missing, checks.MISSING, "missing")
    alpha = checks.number(alpha, "alpha", low=0, high=1)
    reasons: list[str] = []
    constant: list[str] = []
    raw = checks.as_frame(data)
    if n_obs is None and not checks.looks_like_correlations(raw.to_numpy()):
        R, kept, n, constant = _screen_raw(raw, correlation, missing, reasons)
        names = list(raw.columns)
    else:
        ready = checks.prepare(data, n_obs=n_obs)
        R, names, n = ready.R, ready.names, ready.n_obs
        kept = names
    duplicates = _duplicates(R, kept)
    if duplicates:
        shown = "; ".join(f"{a} = {b}" for a, b in duplicates[:5])
        more = f" and {len(duplicates) - 5} more pairs" if len(duplicates) > 5 else ""
        reasons.append(f"Columns are perfectly correlated: {shown}{more}.")
    p = len(kept)
    if n <= p:
        reasons.append(f"There are no more cases ({n}) than variables ({p}).")
    overall, msa, determinant, test = np.nan, np.full(p, np.nan), np.nan, None
    if p < 3:
        reasons.append(f"Only {p} usable variable(s); a common factor needs at least 3.")
    if p >= 2 and np.isfinite(R).all():
        smallest = float(np.linalg.eigvalsh(R)[0])
        if smallest < -checks.SYMMETRY_TOLERANCE:
            determinant = float(np.linalg.det(R))
            reasons.append(f"The correlation matrix is not positive definite (smallest eigenvalue {smallest:.4f}).")
        elif is_singular(R):
            determinant = 0.0
            reasons.append("The correlation matrix is singular: some columns are exact combinations of others.")
        else:
            determinant = float(np.linalg.det(R))
            overall, msa = kmo_core(R)
            if overall < 0.5:
                reasons.append(f"KMO is {overall:.3f}, below .5: the variables share too little.")
            if n > p:
                test = _bartlett(R, n, {"n_obs": n})
                if not test.p < alpha:
                    reasons.append(
                        f"Bartlett's test is not significant (p = {test.p:.3f}): the correlations may all be zero."
                    )
    elif p >= 2:
        reasons.append("Some correlations cannot be computed: pairs of columns share too few cases or do not vary.")
    return AdequacyResult(
        kmo=float(overall),
        msa=pd.Series(msa, index=kept, name="msa", dtype=float).reindex(names),
        bartlett=test,
        determinant=determinant,
        constant=tuple(constant),
        duplicates=tuple(duplicates),
        n=n,
        p=len(names),
        n_at_most_p=n <= len(names),
        factorable=not reasons,
        reasons=tuple(reasons),
        settings={"correlation": correlation, "missing": missing, "alpha": alpha, "n_obs": n},
    )


def _screen_raw(
    frame: pd.DataFrame, correlation: str, missing: str, reasons: list[str]
) -> tuple[FloatArray, list[str], int, list[str]]:
    X = frame.to_numpy()
    names = list(frame.columns)
    if missing == "listwise":
        X = X[~np.isnan(X).any(axis=1)]
    n = int(X.shape[0])
    if n < 3:
        reasons.append(f"Only {n} complete rows of {frame.shape[0]}.")
        return np.full((len(names), len(names)), np.nan), names, n, []
    filled = ~np.isnan(X).all(axis=0)
    varies = filled.copy()
    varies[filled] = ~corr.constant_columns(X[:, filled])
    constant = [name for name, ok in zip(names, varies, strict=True) if not ok]
    if constant:
        shown = ", ".join(constant[:8]) + (f" and {len(constant) - 8} more" if len(constant) > 8 else "")
        reasons.append(f"Columns do not vary: {shown}.")
    kept = [name for name, ok in zip(names, varies, strict=True) if ok]
    if len(kept) < 2:
        return np.eye(len(kept)), kept, n, constant
    X = X[:, varies]
    if np.isnan(X).any():
        n = int(corr.pairwise_counts(X).min())
    return corr.matrix(X, correlation), kept, n, constant


def _duplicates(R: FloatArray, names: list[str]) -> list[tuple[str, str]]:
    rows, columns = np.nonzero(np.triu(np.abs(R) > 1 - checks.DUPLICATE_TOLERANCE, 1))
    return [(names[i], names[j]) for i, j in zip(rows, columns, strict=True)]


def is_singular(R: FloatArray) -> bool:
    """Whether R cannot be inverted with useful precision, or is indefinite."""
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


def _bartlett(R: FloatArray, n: int, settings: dict[str, Any]) -> BartlettResult:
    from scipy.special import chdtrc

    p = R.shape[0]
    log_determinant = float(np.linalg.slogdet(R)[1])
    df = p * (p - 1) // 2
    chi2 = max(-(n - 1 - (2 * p + 5) / 6) * log_determinant, 0.0)
    return BartlettResult(chi2, df, float(chdtrc(df, chi2)), log_determinant, settings)
