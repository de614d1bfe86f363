"""Coefficient alpha: raw, standardized, ordinal, with item statistics. `alpha_core` is the formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import SettingError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics import correlation as corr
from valuelex.psychometrics.reliability import resamples
from valuelex.psychometrics.resampling import replicate
from valuelex.psychometrics.results import Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AlphaResult(Result):
    """Coefficient alpha.

    `raw` (with `ci_low`, `ci_high`) from covariances, `standardized` from correlations, `mean_r` the mean inter-item
    correlation; all at most 1. `items` has alpha_if_dropped, item_rest (correlation with the sum of the others),
    item_total (with the sum of all), and mean and sd of the item as it was given (NaN for a matrix). `reversed` names
    the items that were reversed.
    """

    raw: float
    ci_low: float
    ci_high: float
    standardized: float
    mean_r: float
    items: pd.DataFrame
    settings: dict[str, Any]
    reversed: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row: raw, ci_low, ci_high, standardized, mean_r."""
        return pd.DataFrame(
            [{key: getattr(self, key) for key in ("raw", "ci_low", "ci_high", "standardized", "mean_r")}]
        )

    def _headline(self) -> str:
        return f"alpha = {self.raw:.3f} [{self.ci_low:.3f}, {self.ci_high:.3f}]"


def alpha(
    data: object,
    *,
    correlation: str = "pearson",
    missing: str = "listwise",
    reverse: bool = False,
    n_boot: int = 0,
    level: float = 0.95,
    n_obs: int | None = None,
    seed: int | None = None,
) -> AlphaResult:
    """Coefficient alpha, raw and standardized, with Feldt's interval or a bootstrap.

    raw = p/(p - 1) (1 - trace(C) / sum(C)) (Cronbach, 1951); limits 1 - (1 - alpha) F with n - 1 and (n - 1)(p - 1)
    degrees of freedom (Feldt, Woodruff & Salih, 1987).

    Parameters
    ----------
    data : DataFrame or array
        n x p items, or a p x p correlation or covariance matrix with n_obs (for correlations, raw is the standardized
        value).
    correlation : {"pearson", "spearman", "polychoric", "tetrachoric", "mixed"}
        "polychoric" gives ordinal alpha (Zumbo, Gadermann & Zeisser, 2007): the reliability of a sum of the normal
        variables thought to lie behind the answers. Nobody observes that sum; it is not the reliability of the sum of
        the answers, which is lower, and must not be reported as such (Chalmers, 2018). Raw equals standardized then.
    missing : {"listwise", "pairwise", "fiml"}
        As in `correlate`; pairwise correlations are combined with each item's own standard deviation.
    reverse : bool
        Reverse items with a negative loading on the first principal component. Without, an item with a negative
        item-rest correlation is warned about.
    n_boot : int
        Resamples for a percentile interval; 0 for Feldt's, which does not hold for ordinal alpha (NaN then).
    level : float
        Coverage of the interval, 0-1.
    n_obs : int, optional
        Number of cases behind a matrix.
    seed : int, optional
        Of the resamples; stored.

    Raises
    ------
    DataError
        Fewer than two items or three cases, an item that does not vary, or a bootstrap of a matrix.
    SettingError
        An argument out of range.
    """
    level = checks.number(level, "level", low=0, high=1)
    n_boot = checks.integer(n_boot, "n_boot", low=0)
    if not isinstance(reverse, bool):
        raise SettingError(f"reverse={reverse!r} is not a truth value.", "Use True or False.")
    ready = intake.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing)
    keys = first_component_keys(ready.R) if reverse else np.ones(len(ready.names))
    spread = resamples.spread(ready)
    R = ready.R * np.outer(keys, keys)
    C = R * np.outer(spread, spread)
    raw = alpha_core(C)
    settings = {**ready.settings, "reverse": reverse, "level": level}
    if resamples.can_resample(ready, n_boot) and ready.X is not None:
        seed = checks.resolve_seed(seed)
        again = replicate(resamples.covariances, n_boot, seed, ready.X, correlation, missing, size=resamples.STACK)
        draws = [alpha_core(S * np.outer(keys, keys)) for S in again if S is not None]
        low, high = resamples.percentiles(np.array(draws).reshape(-1, 1), level)[:, 0]
        settings |= {
            "interval": "bootstrap percentile",
            "n_boot": n_boot,
            "n_failed": n_boot - len(draws),
            "seed": seed,
        }
    elif ready.settings.get("correlation") in checks.ORDINAL:
        low = high = np.nan
        settings["interval"] = "none: Feldt's does not hold for ordinal alpha, give n_boot"
    else:
        low, high = feldt_interval(raw, cases(ready), len(ready.names), level)
        settings["interval"] = "Feldt" if ready.moments is None else "Feldt, with the smallest n of a pair"
    items = _items(C, ready)
    negative = [name for name, value in zip(ready.names, items["item_rest"], strict=True) if value < 0]
    if negative:
        checks.warn(f"Items correlate negatively with the rest: {', '.join(negative)}. Reverse them if so keyed.")
    return AlphaResult(
        raw,
        float(low),
        float(high),
        alpha_core(R),
        float(np.mean(R[np.triu_indices(len(R), 1)])),
        items,
        settings,
        tuple(name for name, key in zip(ready.names, keys, strict=True) if key < 0),
    )


def alpha_core(C: FloatArray) -> float:
    """Alpha from a covariance matrix C (p x p); NaN for a single item or a sum without variance."""
    p, total = C.shape[0], float(C.sum())
    return float(p / (p - 1) * (1 - np.trace(C) / total)) if p > 1 and total > 0 else float("nan")


def feldt_interval(raw: float, n: int, p: int, level: float) -> tuple[float, float]:
    """Limits of alpha of p items in n cases (Feldt, Woodruff & Salih, 1987, eq. 8); NaN for a single item."""
    from scipy.special import fdtri

    if p < 2 or np.isnan(raw):
        return float("nan"), float("nan")
    df1, df2, tail = n - 1, (n - 1) * (p - 1), (1 - level) / 2
    return float(1 - (1 - raw) * fdtri(df1, df2, 1 - tail)), float(1 - (1 - raw) * fdtri(df1, df2, tail))


def first_component_keys(R: FloatArray) -> FloatArray:
    """Signs (p) of the loadings on the first principal component, which is reflected to a positive sum."""
    component = np.linalg.eigh(R)[1][:, -1]
    component = component if component.sum() >= 0 else -component
    return np.where(component < 0, -1.0, 1.0)


def _items(C: FloatArray, ready: intake.Input) -> pd.DataFrame:
    p = len(C)
    variance, with_total = np.diag(C), C.sum(axis=1)
    rest_variance = C.sum() - 2 * with_total + variance
    nothing = np.full(p, np.nan)
    item_rest = np.divide(
        with_total - variance,
        np.sqrt(variance * np.maximum(rest_variance, 0)),
        out=nothing.copy(),
        where=rest_variance > 0,
    )
    total = float(C.sum())
    item_total = with_total / np.sqrt(variance * total) if total > 0 else nothing
    dropped = [alpha_core(np.delete(np.delete(C, j, 0), j, 1)) for j in range(p)]
    return pd.DataFrame(
        {
            "alpha_if_dropped": dropped,
            "item_rest": item_rest,
            "item_total": item_total,
            "mean": nothing if ready.X is None else np.nanmean(ready.X, axis=0),
            "sd": nothing if ready.X is None else np.nanstd(ready.X, axis=0, ddof=1),
        },
        index=ready.names,
    )


def cases(ready: intake.Input) -> int:
    """Cases behind an interval: under full information the smallest number that a pair shares, which is cautious."""
    if ready.moments is None or ready.X is None:
        return ready.n_obs
    return int(corr.pairwise_counts(ready.X).min())
