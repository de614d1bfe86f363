"""Step 6: how well the model reproduces the correlations, in the conventions of three programs. Array core."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

CONVENTIONS = {
    "psych": (
        "chi2 = (n - 1 - (2p + 5)/6 - 2k/3) x ML discrepancy (Bartlett, 1951), whatever the extraction method; "
        "null model with the same factor; rmsea = sqrt(chi2 / (df n) - 1 / (n - 1)) with a 90 % interval; "
        "bic = chi2 - df ln n, sabic = chi2 - df ln((n + 2)/24), aic = chi2 - 2 df; "
        "srmr over the lower triangle with diagonal, rmsr without (as psych)"
    ),
    "lavaan": (
        "chi2 = n x ML discrepancy, null model alike; rmsea = sqrt((chi2 - df) / (df n)) with a 90 % interval; aic, bic and "
        "sabic from the normal likelihood in the metric of the data (divisor n), without means unless the data are "
        "incomplete; srmr over the lower triangle with diagonal, rmsr without (as lavaan)"
    ),
    "efatools": (
        "chi2 = (n - 1 - (2p + 5)/6 - 2k/3) x ML discrepancy, null model without 2k/3, and from this p, aic = chi2 - 2 df, "
        "bic = chi2 - df ln n, sabic = chi2 - df ln((n + 2)/24); rmsea = sqrt((c - df) / (df (n - 1))) with a 90 % "
        "interval, tli and cfi from the uncorrected c = (n - 1) x discrepancy; srmr over the lower triangle with diagonal, "
        "rmsr without (as EFAtools)"
    ),
}
NO_FIT = "components have no fit test; srmr over the lower triangle with diagonal, rmsr without"
INDICES = ("chi2", "df", "p", "rmsea", "rmsea_ci", "tli", "cfi", "srmr", "rmsr", "aic", "bic", "sabic", "objective")


def fit_indices(
    R: FloatArray,
    implied: FloatArray,
    k: int,
    n: int,
    *,
    convention: str = "psych",
    components: bool = False,
    spread: FloatArray | None = None,
) -> dict[str, Any]:
    """Fit of the implied correlation matrix (p x p, uniquenesses included) to R.

    Returns a dict: chi2, df, p, rmsea, rmsea_ci (low, high; 90 %), tli, cfi, srmr, rmsr, aic, bic, sabic, objective, n_obs,
    convention. What is not defined (components, a singular R, df = 0) is NaN. All depends on the implied matrix alone,
    so rotation cannot change it. RMSEA: Steiger & Lind (1980), interval by Browne & Cudeck (1993); TLI: Tucker & Lewis
    (1973); CFI: Bentler (1990). `spread` (p, standard deviations with divisor n) puts the likelihood of "lavaan" in the
    metric of the data.
    """
    p = R.shape[0]
    residual = R - implied
    lower = residual[np.tril_indices(p, -1)]
    out: dict[str, Any] = dict.fromkeys(INDICES, np.nan)
    out["rmsea_ci"] = (np.nan, np.nan)
    out["df"] = ((p - k) ** 2 - (p + k)) // 2
    out["srmr"] = float(np.sqrt((np.sum(lower**2) + np.sum(np.diag(residual) ** 2)) / (p * (p + 1) / 2)))
    out["rmsr"] = float(np.sqrt(np.mean(lower**2)))
    out["n_obs"] = n
    out["convention"] = CONVENTIONS[convention]
    if components:
        out["df"] = np.nan
        out["convention"] = NO_FIT
        return out
    objective = discrepancy(R, implied)
    if not np.isfinite(objective):
        return out
    log_det = float(np.linalg.slogdet(R)[1])
    bartlett = max(n - 1 - (2 * p + 5) / 6 - 2 * k / 3, 0.0)
    factor = n if convention == "lavaan" else bartlett
    # The same small-sample factor for null and model keeps TLI and CFI on one scale; EFAtools does otherwise.
    null_factor = max(n - 1 - (2 * p + 5) / 6, 0.0) if convention == "efatools" else factor
    out |= {"objective": objective, "chi2": factor * objective}
    out |= {"null_chi2": null_factor * -log_det, "null_df": p * (p - 1) // 2}
    out |= comparative(out["chi2"], out["df"], out["null_chi2"], out["null_df"], n, convention)
    if convention == "efatools":
        raw = comparative((n - 1) * objective, out["df"], (n - 1) * -log_det, out["null_df"], n, convention)
        out |= {key: raw[key] for key in ("rmsea", "rmsea_ci", "cfi", "tli") if key in raw}
    if convention == "lavaan":
        scale = 0.0 if spread is None else 2 * float(np.sum(np.log(spread)))
        log_likelihood = -0.5 * n * (p * np.log(2 * np.pi) + log_det + scale + p + objective)
        out |= information(log_likelihood, p * k + p - k * (k - 1) // 2, n)
    return out


def comparative(
    chi2: float, df: int, null_chi2: float, null_df: int, n: int, convention: str = "psych"
) -> dict[str, Any]:
    """p, rmsea, rmsea_ci, tli, cfi, and for the Bartlett conventions aic, bic, sabic, from two chi-squares."""
    from scipy.special import chdtrc

    if df <= 0:
        return {}
    excess, null_excess = max(chi2 - df, 0.0), max(null_chi2 - null_df, 0.0)
    size = n if convention == "lavaan" else n - 1
    rmsea = np.sqrt(max(chi2 / (df * n) - 1 / (n - 1), 0.0)) if convention == "psych" else np.sqrt(excess / (df * size))
    out: dict[str, Any] = {
        "p": float(chdtrc(df, chi2)),
        "rmsea": float(rmsea),
        "rmsea_ci": rmsea_interval(chi2, df, size),
    }
    worst = max(null_excess, excess)
    out["cfi"] = float(1 - excess / worst) if worst > 0 else 1.0
    if null_chi2 / null_df != 1:
        out["tli"] = float((null_chi2 / null_df - chi2 / df) / (null_chi2 / null_df - 1))
    if convention != "lavaan":
        out |= {
            "aic": float(chi2 - 2 * df),
            "bic": float(chi2 - df * np.log(n)),
            "sabic": float(chi2 - df * np.log((n + 2) / 24)),
        }
    return out


def information(log_likelihood: float, n_parameters: int, n: int) -> dict[str, Any]:
    """Likelihood forms of aic, bic and sabic."""
    return {
        "log_likelihood": log_likelihood,
        "n_parameters": n_parameters,
        "aic": -2 * log_likelihood + 2 * n_parameters,
        "bic": -2 * log_likelihood + n_parameters * float(np.log(n)),
        "sabic": -2 * log_likelihood + n_parameters * float(np.log((n + 2) / 24)),
    }


def fit_table(R: FloatArray, implied: FloatArray, k: int, n: int, spread: FloatArray | None = None) -> pd.DataFrame:
    """All indices (rows) in each convention (columns), so that a number can be found again in another program."""
    columns = {}
    for name in CONVENTIONS:
        found = fit_indices(R, implied, k, n, convention=name, spread=spread)
        low, high = found.pop("rmsea_ci")
        columns[name] = {
            key: found[key] for key in ("chi2", "df", "p", "rmsea", "tli", "cfi", "srmr", "rmsr", "aic", "bic", "sabic")
        } | {"rmsea_ci_low": low, "rmsea_ci_high": high}
    return pd.DataFrame(columns)


def discrepancy(R: FloatArray, implied: FloatArray) -> float:
    """ML discrepancy tr(S^-1 R) - ln|S^-1 R| - p; NaN if either matrix is not positive definite."""
    try:
        of_data, of_model = np.diag(np.linalg.cholesky(R)), np.diag(np.linalg.cholesky(implied))
    except np.linalg.LinAlgError:
        return float("nan")
    if of_data.min() <= 1e-6:
        return float("nan")
    difference = 2 * float(np.sum(np.log(of_data)) - np.sum(np.log(of_model)))
    return max(float(np.trace(np.linalg.solve(implied, R)) - difference - R.shape[0]), 0.0)


def rmsea_interval(chi2: float, df: float, size: float) -> tuple[float, float]:
    """90 % limits: where the noncentral chi-square puts .95 and .05 below the observed value (noncentrality df size)."""
    from scipy.special import chdtr, chndtrinc

    central = float(chdtr(df, chi2))
    low = float(chndtrinc(chi2, df, 0.95)) if central > 0.95 else 0.0
    high = float(chndtrinc(chi2, df, 0.05)) if central > 0.05 else 0.0
    return float(np.sqrt(max(low, 0.0) / (df * size))), float(np.sqrt(max(high, 0.0) / (df * size)))
