"""Step 6: how well the model reproduces the correlations. Array core."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

CONVENTION = (
    "chi2 = (n - 1 - (2p + 5)/6 - 2k/3) x ML discrepancy (Bartlett, 1951), whatever the extraction method; "
    "null model with the same factor; rmsea = sqrt(chi2 / (df n) - 1 / (n - 1)) with a 90 % interval (both as psych); "
    "bic = chi2 - df ln n; srmr over the lower triangle with diagonal, rmsr without"
)


def fit_indices(R: FloatArray, implied: FloatArray, k: int, n: int, *, components: bool = False) -> dict[str, Any]:
    """Fit of the implied correlation matrix (p x p, uniquenesses included) to R.

    Returns a dict: chi2, df, p, rmsea, rmsea_ci (low, high; 90 %), tli, cfi, srmr, rmsr, bic, objective, n_obs,
    convention. What is not defined (components, a singular R, df = 0) is NaN. All depends on the implied matrix alone,
    so rotation cannot change it. RMSEA: Steiger & Lind (1980), interval by Browne & Cudeck (1993); TLI: Tucker & Lewis
    (1973); CFI: Bentler (1990).
    """
    from scipy.special import chdtrc

    p = R.shape[0]
    residual = R - implied
    lower = residual[np.tril_indices(p, -1)]
    out: dict[str, Any] = dict.fromkeys(
        ("chi2", "df", "p", "rmsea", "rmsea_ci", "tli", "cfi", "srmr", "rmsr", "bic", "objective"), np.nan
    )
    out["rmsea_ci"] = (np.nan, np.nan)
    out["df"] = ((p - k) ** 2 - (p + k)) // 2
    out["srmr"] = float(np.sqrt((np.sum(lower**2) + np.sum(np.diag(residual) ** 2)) / (p * (p + 1) / 2)))
    out["rmsr"] = float(np.sqrt(np.mean(lower**2)))
    out["n_obs"] = n
    out["convention"] = CONVENTION
    if components:
        out["df"] = np.nan
        out["convention"] = "components have no fit test; srmr over the lower triangle with diagonal, rmsr without"
        return out
    df = int(out["df"])
    objective = discrepancy(R, implied)
    if not np.isfinite(objective):
        return out
    factor = max(n - 1 - (2 * p + 5) / 6 - 2 * k / 3, 0.0)
    chi2 = factor * objective
    null_df = p * (p - 1) // 2
    # The same small-sample factor for null and model keeps TLI and CFI on one scale.
    null = factor * -float(np.linalg.slogdet(R)[1])
    out |= {"objective": objective, "chi2": chi2, "null_chi2": null, "null_df": null_df}
    if df > 0:
        excess, null_excess = max(chi2 - df, 0.0), max(null - null_df, 0.0)
        out["p"] = float(chdtrc(df, chi2))
        out["rmsea"] = float(np.sqrt(max(chi2 / (df * n) - 1 / (n - 1), 0.0)))
        out["rmsea_ci"] = _rmsea_interval(chi2, df, n)
        out["bic"] = float(chi2 - df * np.log(n))
        worst = max(null_excess, excess)
        out["cfi"] = 1 - excess / worst if worst > 0 else 1.0
        if null / null_df != 1:
            out["tli"] = float((null / null_df - chi2 / df) / (null / null_df - 1))
    return out


def discrepancy(R: FloatArray, implied: FloatArray) -> float:
    """ML discrepancy tr(S^-1 R) - ln|S^-1 R| - p; NaN if either matrix is not positive definite."""
    sign_r, log_r = np.linalg.slogdet(R)
    sign_s, log_s = np.linalg.slogdet(implied)
    smallest = np.linalg.eigvalsh(R)[0]
    if sign_r <= 0 or sign_s <= 0 or smallest <= 1e-12 or np.linalg.eigvalsh(implied)[0] <= 0:
        return float("nan")
    return max(float(np.trace(np.linalg.solve(implied, R)) - (log_r - log_s) - R.shape[0]), 0.0)


def _rmsea_interval(chi2: float, df: int, n: int) -> tuple[float, float]:
    # 90 % limits of the noncentrality: where the noncentral chi-square puts .95 and .05 below the observed value.
    from scipy.special import chdtr, chndtrinc

    central = float(chdtr(df, chi2))
    low = float(chndtrinc(chi2, df, 0.95)) if central > 0.95 else 0.0
    high = float(chndtrinc(chi2, df, 0.05)) if central > 0.05 else 0.0
    return float(np.sqrt(max(low, 0.0) / (df * (n - 1)))), float(np.sqrt(max(high, 0.0) / (df * (n - 1))))
