"""Guttman's six lower bounds to reliability, the best split half among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.reliability import resamples
from valuelex.psychometrics.reliability.coefficient_alpha import alpha_core
from valuelex.psychometrics.resampling import replicate
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

NAMES = tuple(f"lambda{i}" for i in range(1, 7))
ALL_SPLITS_UP_TO = 18  # items: 24,310 splits; beyond, splits are searched
SEARCHES = 100


@dataclass(frozen=True, eq=False)
class GuttmanResult(Result):
    """Guttman's bounds: `frame` has coefficient (lambda1 to lambda6), value, ci_low, ci_high; see `guttman`.

    `half` names the items of one half of the best split.
    """

    frame: pd.DataFrame
    half: tuple[str, ...]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Six rows."""
        return self.frame.copy()

    def _headline(self) -> str:
        return "Guttman's lower bounds to reliability"


def guttman(
    data: object,
    *,
    standardized: bool = False,
    correlation: str = "pearson",
    missing: str = "listwise",
    n_boot: int = 0,
    level: float = 0.95,
    n_obs: int | None = None,
    seed: int | None = None,
) -> GuttmanResult:
    """Guttman's (1945) six lower bounds to the reliability of the sum of the items.

    With V the variance of the sum and c the covariances of items: lambda1 = 1 - trace(C) / V; lambda2 = lambda1 +
    sqrt(p/(p - 1) sum c^2) / V; lambda3 is alpha; lambda4 the largest split-half coefficient, 4 cov(A, B) / V, of all
    halves (of sizes p/2, or one more and one less); lambda5 = lambda1 + 2 sqrt(max_j sum_i c_ij^2) / V; lambda6 = 1 -
    sum(e) / V, e the residual variance of each item given the others. lambda4 profits from chance, the more so the
    more items and the fewer cases (Ten Berge & Socan, 2004); so does the greatest lower bound, which none exceeds.

    Parameters
    ----------
    data : DataFrame or array
        n x p items, keyed alike, or a p x p correlation or covariance matrix with n_obs.
    standardized, correlation, missing, n_obs
        As in `glb`.
    n_boot : int
        Resamples for percentile limits; 0 for none (NaN).
    level : float
        Coverage, 0-1.
    seed : int, optional
        Of the resamples; stored. Above 18 items not all splits are tried: 100 random ones, fixed for all seeds, are
        improved by exchanging items, which finds a good split, not surely the best.

    Raises
    ------
    DataError
        Data as in `alpha`.
    SettingError
        An argument out of range.
    """
    level = checks.number(level, "level", low=0, high=1)
    n_boot = checks.integer(n_boot, "n_boot", low=0)
    ready = intake.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing)
    spread = np.ones(len(ready.names)) if standardized else resamples.spread(ready)
    values, half = lambdas_core(ready.R * np.outer(spread, spread))
    settings = {
        **ready.settings,
        "standardized": standardized,
        "splits": "all" if len(half) <= ALL_SPLITS_UP_TO else f"best of {SEARCHES} searches",
        "n_boot": n_boot,
        "level": level,
    }
    limits = np.full((2, len(NAMES)), np.nan)
    if resamples.can_resample(ready, n_boot) and ready.X is not None:
        seed = checks.resolve_seed(seed)
        drawn = replicate(_redraw, n_boot, seed, ready.X, correlation, missing, standardized, size=resamples.STACK)
        draws = np.array(drawn)
        limits = resamples.percentiles(draws, level)
        n_failed = int(np.isnan(draws).all(axis=1).sum())
        settings |= {"interval": "bootstrap percentile", "n_failed": n_failed, "seed": seed}
    frame = pd.DataFrame({"coefficient": NAMES, "value": values, "ci_low": limits[0], "ci_high": limits[1]})
    return GuttmanResult(frame, tuple(np.array(ready.names)[half > 0]), settings)


@one_thread
def lambdas_core(C: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The six bounds of a covariance matrix C (p x p), and the best split as signs (p).

    lambda6 is NaN for a singular matrix, all are NaN for a sum without variance.
    """
    p, V = len(C), float(C.sum())
    half, variance = best_split(C)
    if V <= 0:
        return np.full(6, np.nan), half
    squares = (C - np.diag(np.diag(C))) ** 2
    first = 1 - float(np.trace(C)) / V
    values = np.linalg.eigvalsh(C)
    residual = float("nan")
    if values[0] > 1e-12 * values[-1]:
        residual = float(np.sum(1 / np.diag(np.linalg.inv(C))))
    bounds = [
        first,
        first + float(np.sqrt(p / (p - 1) * squares.sum())) / V,
        alpha_core(C),
        1 - variance / V,
        first + 2 * float(np.sqrt(squares.sum(axis=0).max())) / V,
        1 - residual / V,
    ]
    return np.array(bounds), half


def best_split(C: FloatArray) -> tuple[FloatArray, float]:
    """Signs s (p) of the split into halves whose difference s'Cs has the least variance, and that variance.

    4 cov(A, B) = V - s'Cs, so that this is the split with the largest coefficient.
    """
    p = len(C)
    splits = _all_splits(p) if p <= ALL_SPLITS_UP_TO else _exchanged(C)
    variances = np.einsum("ij,ij->i", splits @ C, splits)
    best = int(np.argmin(variances))
    return splits[best], float(variances[best])


@lru_cache(maxsize=2)
def _all_splits(p: int) -> FloatArray:
    # Halves of an even number come in mirrored pairs: the first item stays on one side.
    fixed = p % 2 == 0
    size = p // 2
    chosen = list(combinations(range(1, p), size - 1)) if fixed else list(combinations(range(p), size))
    splits = -np.ones((len(chosen), p))
    if fixed:
        splits[:, 0] = 1.0
    if chosen and chosen[0]:
        splits[np.arange(len(chosen))[:, None], np.array(chosen)] = 1.0
    return splits


def _exchanged(C: FloatArray) -> FloatArray:
    """Random halves, each improved by the best exchange of two items until none helps."""
    p = len(C)
    rng = np.random.default_rng(0)
    start = np.where(np.arange(p) < p // 2, 1.0, -1.0)
    splits = rng.permuted(np.repeat(start[None], SEARCHES, axis=0), axis=1)
    for s in splits:
        pull = C @ s
        while True:
            up, down = np.flatnonzero(s > 0), np.flatnonzero(s < 0)
            own = np.diag(C)
            change = (own - pull)[up][:, None] + (own + pull)[down] - 2 * C[np.ix_(up, down)]
            i, j = np.unravel_index(int(np.argmin(change)), change.shape)
            if change[i, j] >= -1e-12 * own.sum():
                break
            a, b = up[i], down[j]
            s[a], s[b] = -1.0, 1.0
            pull += 2 * (C[:, b] - C[:, a])
    return splits


def _redraw(
    streams: Sequence[np.random.SeedSequence], X: FloatArray, correlation: str, missing: str, standardized: bool
) -> list[FloatArray]:
    out = []
    for C in resamples.covariances(streams, X, correlation, missing):
        if C is None:
            out.append(np.full(6, np.nan))
            continue
        spread = np.sqrt(np.diag(C)) if standardized else np.ones(len(C))
        out.append(lambdas_core(C / np.outer(spread, spread))[0])
    return out
