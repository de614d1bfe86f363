"""A whole factor analysis in one call: screening, number of factors, solution, uncertainty, reliability, scores.

`valuelex efa` is this with files around it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.exploratory import scores as scoring
from valuelex.psychometrics.exploratory.bootstrap import BootstrapResult
from valuelex.psychometrics.exploratory.efa import efa
from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.reliability.coefficient_omega import alpha, omega
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention.panel import DEFAULT, RetentionResult, retain
from valuelex.psychometrics.screening.screen import AdequacyResult, screen

AUTO = "auto"


@dataclass(frozen=True, eq=False)
class Analysis(Result):
    """Everything that one factor analysis found.

    `reliability` has one row per factor (of the items that load highest on it, reversed where negative) and one
    "overall": alpha, omega_total, omega_hierarchical, each with ci_low and ci_high, and the items. `messages` are the
    warnings that arose, in order, each once. `scores` and `bootstrap` are None where they were not asked for.
    """

    efa: EFAResult
    screening: AdequacyResult
    retention: RetentionResult
    reliability: pd.DataFrame
    bootstrap: BootstrapResult | None
    scores: pd.DataFrame | None
    messages: tuple[str, ...]
    settings: dict[str, Any]
    data: pd.DataFrame = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Pattern with communalities, uniquenesses and complexity."""
        return self.efa.to_frame()

    def summary(self) -> str:
        """Return screening, retention and solution as text."""
        return "\n\n".join([self.screening._headline(), self.retention.summary(), self.efa.summary(), *self.messages])


def analyse(
    data: pd.DataFrame,
    n_factors: int | str = AUTO,
    *,
    n_obs: int | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    bootstrap: int = 0,
    scores: str | None = None,
    criteria: tuple[str, ...] | None = None,
    level: float = 0.95,
    seed: int | None = None,
    **options: Any,
) -> Analysis:
    """Screen, decide how many factors, fit, resample, and report reliability and scores.

    Parameters
    ----------
    data : DataFrame
        n x p raw data, or a p x p correlation or covariance matrix with n_obs.
    n_factors : int or "auto"
        "auto" takes the ensemble of the retention criteria (docs/recovery.md), or their vote if the ensemble was not
        asked; all of them are shown in any case.
    n_obs, correlation, missing
        As in `efa`.
    bootstrap : int
        Resamples for intervals of loadings and omega; 0 for none.
    scores : {"regression", "bartlett", "tenberge", "anderson"}, optional
        Also score the cases (raw data only).
    criteria : tuple of str, optional
        Retention criteria; default those of `retain`.
    level : float
        Coverage of all intervals, 0-1.
    seed : int, optional
        One seed for all stochastic parts; stored.
    **options
        Further arguments of `efa`: method, rotation, mimic, ...

    Raises
    ------
    DataError
        Data that cannot be factored; or no factor, with n_factors "auto".
    SettingError
        An option out of range; scores or a bootstrap of a matrix.
    """
    seed = checks.resolve_seed(seed)
    bootstrap = checks.integer(bootstrap, "bootstrap", low=0)
    level = checks.number(level, "level", low=0, high=1)
    if scores is not None:
        checks.choice(scores, scoring.METHODS, "scores")
    if n_obs is not None and (bootstrap or scores):
        what = "scores" if scores else "bootstrap"
        raise SettingError(f"{what} needs raw data, and n_obs says that data is a matrix.", f"Leave {what} out.")
    common: dict[str, Any] = {"n_obs": n_obs, "correlation": correlation, "missing": missing}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", checks.PsychometricsWarning)
        screening = screen(data, **common)
        _factorable(data, n_obs, options)
        retention = retain(data, DEFAULT if criteria is None else criteria, seed=seed, **common)
        k, rule = _number(n_factors, retention)
        found = efa(data, k, seed=seed, **common, **options)
        resampled = found.bootstrap(bootstrap, seed, level=level) if bootstrap else None
        reliability = _reliability(found, bootstrap, level, seed)
        scored = None if scores is None else found.scores(data, scores)
    messages = tuple(
        dict.fromkeys(str(w.message) for w in caught if issubclass(w.category, checks.PsychometricsWarning))
    )
    settings = {
        **found.settings,
        "n_factors_rule": rule,
        "bootstrap": bootstrap,
        "scores": scores,
        "level": level,
    }
    return Analysis(found, screening, retention, reliability, resampled, scored, messages, settings, data)


def _factorable(data: pd.DataFrame, n_obs: int | None, options: dict[str, Any]) -> None:
    # The same refusals as efa's, before time is spent on criteria.
    checks.as_frame(data)
    if n_obs is None and data.shape[0] <= data.shape[1] and options.get("method") != "pca":
        if intake.looks_like_correlations(checks.as_frame(data).to_numpy()):
            return
        raise DataError(
            f"There are no more cases ({data.shape[0]}) than variables ({data.shape[1]}): a common factor model cannot "
            "be fitted.",
            "Drop variables, gather more cases, or use method='pca'.",
        )


def _number(n_factors: int | str, retention: RetentionResult) -> tuple[int, str]:
    """The number of factors, and what decided it."""
    if n_factors != AUTO:
        if isinstance(n_factors, str):
            raise SettingError(f"n_factors={n_factors!r} is neither a number nor 'auto'.", "Give one of them.")
        return n_factors, "given"
    rows = retention.frame.set_index("criterion")["n_factors"]
    chosen, rule = (int(rows["ensemble"]), "ensemble") if "ensemble" in rows else (retention.vote or 0, "vote")
    if chosen < 1:
        raise DataError(
            "The retention criteria find no factor in these data.", "Look at the correlations, or give n_factors."
        )
    return chosen, f"{rule} of the retention criteria, which differ by {retention.disagreement}"


def _reliability(found: EFAResult, bootstrap: int, level: float, seed: int) -> pd.DataFrame:
    """Alpha and omega of the items of each factor, and of all."""
    L = found.loadings.to_numpy()
    R = found.correlations
    home = np.abs(L).argmax(axis=1)
    signs = np.sign(L[np.arange(len(L)), home])
    rows = []
    for j, factor in enumerate(found.loadings.columns):
        names = [name for name, own in zip(R.index, home == j, strict=True) if own]
        rows.append({"scale": factor, **_scale(found, R, names, dict(zip(R.index, signs, strict=True)), level)})
    everything = {"scale": "overall", "items": ", ".join(R.index), "n_items": len(R)}
    total = omega(
        R if found.source.X is None or not bootstrap else pd.DataFrame(found.source.X, columns=R.index),
        found.n_factors,
        n_obs=found.source.n_obs if found.source.X is None or not bootstrap else None,
        n_boot=bootstrap if found.source.X is not None and not np.isnan(found.source.X).any() else 0,
        level=level,
        seed=seed,
    )
    reversed_items = set(total.reversed)
    keys = np.array([-1.0 if name in reversed_items else 1.0 for name in R.index])
    everything["items"] = ", ".join(f"-{name}" if name in reversed_items else str(name) for name in R.index)
    single = alpha(R * np.outer(keys, keys), n_obs=found.source.n_obs, level=level)
    everything |= {
        "alpha": single.raw,
        "alpha_ci_low": single.ci_low,
        "alpha_ci_high": single.ci_high,
        "omega_total": total.total,
        "omega_total_ci_low": total.total_ci[0],
        "omega_total_ci_high": total.total_ci[1],
        "omega_hierarchical": total.hierarchical,
        "omega_hierarchical_ci_low": total.hierarchical_ci[0],
        "omega_hierarchical_ci_high": total.hierarchical_ci[1],
    }
    return pd.DataFrame([*rows, everything])


def _scale(
    found: EFAResult, R: pd.DataFrame, names: list[str], signs: dict[str, float], level: float
) -> dict[str, Any]:
    out: dict[str, Any] = {"items": ", ".join(name if signs[name] >= 0 else f"-{name}" for name in names)}
    out["n_items"] = len(names)
    if len(names) < 2:
        return out
    keys = np.array([signs[name] for name in names])
    part = R.loc[names, names] * np.outer(keys, keys)
    single = alpha(part, n_obs=found.source.n_obs, level=level)
    return out | {"alpha": single.raw, "alpha_ci_low": single.ci_low, "alpha_ci_high": single.ci_high}
