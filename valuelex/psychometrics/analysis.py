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
from valuelex.psychometrics.exploratory import presets
from valuelex.psychometrics.exploratory import scores as scoring
from valuelex.psychometrics.exploratory.bootstrap import BootstrapResult
from valuelex.psychometrics.exploratory.efa import efa, enough_cases
from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.reliability.scales import reliability_of
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention.panel import DEFAULT, RetentionResult, retain
from valuelex.psychometrics.screening.screen import AdequacyResult, screen

AUTO = "auto"
OMEGA_RESAMPLES = 200
CHEAP = 5e6
"""Cases times squared variables up to which omega is resampled although no bootstrap was asked for."""


@dataclass(frozen=True, eq=False)
class Analysis(Result):
    """Everything that one factor analysis found.

    `reliability` has one row per factor (of the items that load highest on it, reversed where negative) and one
    "overall": alpha, omega_total, omega_hierarchical, omega_general, each with _ci_low and _ci_high, and the items. The
    omegas' limits are from 200 resamples if no bootstrap was asked for and these are cheap, else NaN. `messages` are the
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
    missing: str | None = None,
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
    missing = presets.resolve(options.get("mimic"), {"missing": missing})["missing"]
    common: dict[str, Any] = {"n_obs": n_obs, "correlation": correlation, "missing": missing}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", checks.PsychometricsWarning)
        # Screening has no likelihood to maximise: every pair of cells that full information would use.
        screening = screen(data, **{**common, "missing": "pairwise" if missing == "fiml" else missing})
        # efa would refuse it too, but after the criteria have taken their time.
        given = checks.as_frame(data)
        if n_obs is None and not intake.looks_like_correlations(given.to_numpy()):
            enough_cases(*given.shape, options.get("method"))
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
    source = found.source
    home = np.abs(L).argmax(axis=1)
    signs = np.where(L[np.arange(len(L)), home] < 0, -1.0, 1.0)
    keyed = {
        str(factor): {source.names[i]: float(signs[i]) for i in np.flatnonzero(home == j)}
        for j, factor in enumerate(found.loadings.columns)
    }
    n_boot = bootstrap or (OMEGA_RESAMPLES if _cheap(found) else 0)
    return reliability_of(source, keyed, found.n_factors, n_boot=n_boot, level=level, seed=seed).frame


def _cheap(found: EFAResult) -> bool:
    """Whether omega's default resamples take less than a second: one product gives all correlations."""
    X = found.source.X
    if X is None or found.settings["correlation"] != "pearson" or np.isnan(X).any():
        return False
    return X.size * X.shape[1] <= CHEAP
