"""The greatest lower bound to the reliability of a sum of items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.reliability import resamples
from valuelex.psychometrics.reliability.trace_minimum import trace_minimum
from valuelex.psychometrics.resampling import replicate
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

SINGULAR = 1e-10  # smallest eigenvalue, relative to the largest, of a matrix that leaves no room for error variance


@dataclass(frozen=True, eq=False)
class GLBResult(Result):
    """Greatest lower bound.

    `glb` (0-1) with bootstrap limits `ci_low`, `ci_high` (NaN without); `bias` is the mean of the resamples less `glb`, an
    estimate, on the low side, of by how much the sample's bound is too high (NaN without). `items` has each item's
    variance and its part in the largest error variance of the sum; the exact solution lies between `glb` - `gap` and `glb`.
    """

    glb: float
    ci_low: float
    ci_high: float
    bias: float
    items: pd.DataFrame
    gap: float
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row: glb, ci_low, ci_high, bias."""
        return pd.DataFrame([{key: getattr(self, key) for key in ("glb", "ci_low", "ci_high", "bias")}])

    def _headline(self) -> str:
        return f"greatest lower bound = {self.glb:.3f}"


def glb(
    data: object,
    *,
    standardized: bool = False,
    correlation: str = "pearson",
    missing: str = "listwise",
    n_boot: int = 0,
    level: float = 0.95,
    n_obs: int | None = None,
    seed: int | None = None,
) -> GLBResult:
    """Greatest lower bound to the reliability of the sum of the items.

    The smallest reliability that the covariances allow if errors are uncorrelated: as much variance is called error as
    leaves a true-score matrix without negative eigenvalues (Bentler & Woodward, 1980; Ten Berge, Snijders & Zegers,
    1981). No coefficient of Guttman's, and not alpha, can exceed it. In samples it is biased upwards, as it picks the
    most favourable error variances: the more so the fewer cases and the more items (Shapiro & Ten Berge, 2000; Ten Berge
    & Socan, 2004). For eight items of one factor and a true .80 the mean was .855, .840 and .827 with 100, 200 and 500
    cases. A bootstrap takes off part of that bias: nominal 95 % limits held the true value in 47, 51 and 59 % of 150
    samples (percentiles: 17-23 %). Read them as spread between samples, not as where the true bound lies.

    Parameters
    ----------
    data : DataFrame or array
        n x p items, keyed alike, or a p x p correlation or covariance matrix with n_obs.
    standardized : bool
        Of the sum of standardised items, from correlations; else of the sum as it is, from covariances.
    correlation, missing, n_obs
        As in `alpha`; other than Pearson correlations are standardised anyway.
    n_boot : int
        Resamples for the basic interval 2 glb - q (Davison & Hinkley, 1997, eq. 5.6), q the resamples' quantiles, which
        takes the bias off where percentiles would add it; cut to 0-1. 0 for none.
    level : float
        Coverage, 0-1.
    seed : int, optional
        Of the resamples; stored.

    Raises
    ------
    DataError
        A singular matrix (of it everything could be true), or a bootstrap of a matrix.
    SettingError
        An argument out of range.
    """
    level = checks.number(level, "level", low=0, high=1)
    n_boot = checks.integer(n_boot, "n_boot", low=0)
    ready = intake.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing)
    spread = np.ones(len(ready.names)) if standardized else resamples.spread(ready)
    C = ready.R * np.outer(spread, spread)
    if singular(C[None])[0]:
        raise DataError(
            "The covariance matrix is singular: some items are sums of others, and the bound would be 1.",
            "Drop items that others determine, or gather more cases than items.",
        )
    value, psi, gap = _solved(C)
    settings = {**ready.settings, "standardized": standardized, "n_boot": n_boot, "level": level}
    low = high = bias = np.nan
    if resamples.can_resample(ready, n_boot) and ready.X is not None:
        seed = checks.resolve_seed(seed)
        drawn = replicate(_redraw, n_boot, seed, ready.X, correlation, missing, standardized, size=resamples.STACK)
        draws = np.array(drawn)
        valid = draws[~np.isnan(draws)]
        settings |= {"interval": "bootstrap basic", "n_failed": n_boot - valid.size, "seed": seed}
        if valid.size > 1:
            bias = float(valid.mean()) - value
            upper, lower = resamples.percentiles(valid[:, None], level)[:, 0]
            low, high = np.clip([2 * value - lower, 2 * value - upper], 0, 1)
    items = pd.DataFrame({"variance": np.diag(C), "error_variance": psi}, index=ready.names)
    return GLBResult(value, float(low), float(high), bias, items, gap, settings)


@one_thread
def _solved(C: FloatArray) -> tuple[float, FloatArray, float]:
    found = trace_minimum(C[None])
    total = float(C.sum())
    return float(1 - found.psi[0].sum() / total), found.psi[0], float(found.gap[0]) / total


def glb_stack(C: FloatArray) -> FloatArray:
    """The bound (s) of a stack of covariance matrices (s x p x p); NaN for a singular one."""
    out = np.full(len(C), np.nan)
    fine = ~singular(C)
    if fine.any():
        out[fine] = 1 - trace_minimum(C[fine]).psi.sum(axis=1) / C[fine].sum(axis=(1, 2))
    return out


def singular(C: FloatArray) -> NDArray[np.bool_]:
    """Which of a stack (s x p x p) leave no room for error variance."""
    values = np.linalg.eigvalsh(C)
    return np.asarray(values[:, 0] <= SINGULAR * values[:, -1])


def _redraw(
    streams: Sequence[np.random.SeedSequence], X: FloatArray, correlation: str, missing: str, standardized: bool
) -> list[float]:
    out = [float("nan")] * len(streams)
    C = resamples.covariances(streams, X, correlation, missing)
    where = [b for b, S in enumerate(C) if S is not None]
    if not where:
        return out
    stack = np.array([C[b] for b in where])
    if standardized:
        spread = np.sqrt(np.diagonal(stack, axis1=1, axis2=2))
        stack = stack / (spread[:, :, None] * spread[:, None, :])
    for b, value in zip(where, glb_stack(stack), strict=True):
        out[b] = float(value)
    return out
