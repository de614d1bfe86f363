"""Fit measures of a confirmatory model as lavaan defines them, from its test and that of the independence model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.confirmatory.estimate import Likelihood
from valuelex.psychometrics.confirmatory.inference import Test
from valuelex.psychometrics.confirmatory.ordinal import WeightedLeastSquares
from valuelex.psychometrics.exploratory.fit import comparative, information, rmsea_interval

FloatArray = NDArray[np.float64]

CONVENTION = (
    "as lavaan: chisq is n x the ML discrepancy (DWLS: n - 1 per group); rmsea over n, times the root of the number of groups, "
    "90 % interval; cfi and tli against independent variables; srmr over variances, covariances and, with mean structure, "
    "means; aic, bic, sabic from the likelihood"
)


def fit_measures(test: Test, null: Test, *, n: int, n_groups: int, npar: int, complete: bool = True) -> dict[str, Any]:
    """npar, chisq, df, pvalue, baseline, cfi, tli, rmsea with interval; `_scaled` and `_robust` ones where there are.

    "_scaled" measures take the scaled statistics in the place of the plain ones; "_robust" ones estimate the population
    value of the plain ones (Brosseau-Liard & Savalei, 2014; Li & Bentler, 2006), for `complete` data.
    """
    out: dict[str, Any] = {"npar": npar, "n_obs": n, "chisq": test.statistic, "df": test.df}
    out |= _indices(test.statistic, null.statistic, test.df, null.df, n, n_groups)
    out |= {"baseline_chisq": null.statistic, "baseline_df": null.df}
    if test.scaled is None or null.scaled is None:
        return out
    if test.scaling <= 0 or null.scaling <= 0:
        # Small samples of misfitting models: the estimated scaling factor has no sense, and so has nothing built on it.
        undefined = ("chisq_scaled", "pvalue_scaled", "cfi_scaled", "tli_scaled", "rmsea_scaled")
        return out | dict.fromkeys(undefined, np.nan) | {"scaling_factor": test.scaling}
    scaled = _indices(test.scaled, null.scaled, test.df, null.df, n, n_groups)
    out |= {"chisq_scaled": test.scaled, "scaling_factor": test.scaling, "shift": test.shift}
    out |= {f"{key}_scaled": value for key, value in scaled.items()}
    out |= {"baseline_chisq_scaled": null.scaled, "baseline_scaling_factor": null.scaling}
    if test.shift or test.df == 0:
        return out
    c, c0 = test.scaling, null.scaling
    low, high = rmsea_interval(test.statistic, test.df * c, n)
    out["rmsea_ci_scaled"] = (low * np.sqrt(n_groups), high * np.sqrt(n_groups))
    if not complete:
        return out
    excess = max(test.statistic - c * test.df, 0.0)
    null_excess = max(null.statistic - c0 * null.df, excess)
    out["rmsea_robust"] = float(np.sqrt(excess / (n * test.df) * n_groups))
    low, high = rmsea_interval(test.scaled, test.df, n)
    out["rmsea_ci_robust"] = (low * np.sqrt(c * n_groups), high * np.sqrt(c * n_groups))
    if null_excess > 0:
        out["cfi_robust"] = 1 - excess / null_excess
        ratio = (test.statistic - c * test.df) / test.df
        out["tli_robust"] = 1 - ratio / ((null.statistic - c0 * null.df) / null.df)
    return out


def _indices(chi2: float, null_chi2: float, df: int, null_df: int, n: int, n_groups: int) -> dict[str, Any]:
    if df == 0:
        return {"pvalue": np.nan, "cfi": 1.0, "tli": 1.0, "rmsea": 0.0, "rmsea_ci": (0.0, 0.0)}
    found = comparative(chi2, df, null_chi2, null_df, n, "lavaan")
    root = float(np.sqrt(n_groups))
    low, high = found["rmsea_ci"]
    return {
        "pvalue": found["p"],
        "cfi": found["cfi"],
        "tli": found.get("tli", np.nan),
        "rmsea": found["rmsea"] * root,
        "rmsea_ci": (low * root, high * root),
    }


def likelihood_measures(objective: Likelihood, theta: FloatArray) -> dict[str, Any]:
    """logl, unrestricted_logl, aic, bic, sabic, and srmr."""
    log_likelihood = -objective.n * objective.value(theta)
    found = information(log_likelihood, theta.size, objective.n)
    groups = objective.structure.matrices(theta)
    residuals = [
        _standardised(
            s.covariance, s.mean, group.sigma, objective.means(group, s) if objective.structure.means else None
        )
        for group, s in zip(groups, objective.samples, strict=True)
    ]
    return {
        "logl": log_likelihood,
        "unrestricted_logl": sum(s.log_likelihood for s in objective.samples),
        "aic": found["aic"],
        "bic": found["bic"],
        "sabic": found["sabic"],
        "srmr": _root_mean_square(residuals, [s.n for s in objective.samples]),
    }


def weighted_measures(objective: WeightedLeastSquares, theta: FloatArray) -> dict[str, Any]:
    """srmr over correlations and their diagonal, which fits exactly; likelihood measures do not exist."""
    residuals = []
    for group, s in zip(objective.structure.matrices(theta), objective.samples, strict=True):
        implied = objective.structure.ordinal_moments(group)[s.owner.size :]
        residuals.append(np.concatenate([s.moments[s.owner.size :] - implied, np.zeros(len(s.R))]))
    return {"srmr": _root_mean_square(residuals, [s.n for s in objective.samples])}


def _standardised(S: FloatArray, mean: FloatArray, sigma: FloatArray, mu: FloatArray | None) -> FloatArray:
    """Residuals of covariances (lower triangle with diagonal) and means, in standard deviations of the data."""
    sd = np.sqrt(np.diag(S))
    lower = ((S - sigma) / np.outer(sd, sd))[np.tril_indices(sd.size)]
    return lower if mu is None else np.concatenate([lower, (mean - mu) / sd])


def _root_mean_square(residuals: Sequence[FloatArray], n: Sequence[int]) -> float:
    each = [float(np.sqrt(np.mean(r**2))) for r in residuals]
    return float(np.dot(each, n) / sum(n))
