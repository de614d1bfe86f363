"""The plain mean of one object over sampled units (items) in strata fixed in advance, with t and bootstrap-t intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class MeanInterval:
    """A mean over units, its standard error and intervals; None where too few units tell."""

    mean: float | None
    se: float | None
    df: float | None
    ci_low: float | None
    ci_high: float | None
    boot_low: float | None
    boot_high: float | None
    n: int


def mean_interval(
    values: ArrayLike,
    strata: Sequence[object] | None = None,
    *,
    level: float = 0.95,
    bootstrap: int = 0,
    seed: int | None = None,
) -> MeanInterval:
    """Mean of the units, with what lies between strata left out of its error.

    The error is that of other units in the same proportions of strata: var = sum of (n_h / n)^2 s_h^2 / n_h (Cochran, 1977,
    sec. 5.4), with as many degrees of freedom as units less strata, as is usual in surveys. Satterthwaite's own (his eq. 5.16)
    made intervals of ten units in four strata hold .975 in place of .95. A stratum of one unit is joined with the other
    such, or with the largest. The bootstrap draws residuals of the strata, scaled by (n_h / (n_h - 1))^.5, and studentises
    (Efron & Tibshirani, 1993, sec. 12.5): percentile intervals are too short with few units.

    Parameters
    ----------
    values : array, n
        One value a unit; missing ones are left out.
    strata : sequence, n, optional
    level : float
        Coverage, 0-1.
    bootstrap : int
        Resamples; 0 for none.
    seed : int, optional
        Of the resamples.

    Raises
    ------
    DataError
        If strata and values differ in length.
    """
    level = checks.number(level, "level", low=0, high=1)
    y = np.asarray(values, dtype=np.float64).ravel()
    groups = np.zeros(y.size, dtype=np.int64) if strata is None else _codes(strata)
    if groups.size != y.size:
        raise DataError(f"{y.size} values have {groups.size} strata.", "Give one stratum a value.")
    kept = np.isfinite(y)
    y, groups = y[kept], groups[kept]
    n = y.size
    if n < 2:
        return MeanInterval(float(y[0]) if n else None, None, None, None, None, None, None, n)
    groups = _joined(groups)
    mean = float(y.mean())
    se = float(_error(y[None, :], groups)[0])
    df = float(n - groups.max() - 1)
    from scipy.special import stdtrit

    if not se > 0:
        return MeanInterval(mean, se, None, mean, mean, mean if bootstrap else None, mean if bootstrap else None, n)
    half = float(stdtrit(df, 0.5 + level / 2)) * se
    low = high = None
    if bootstrap:
        low, high = _studentised(y, groups, mean, se, level, bootstrap, checks.resolve_seed(seed))
    return MeanInterval(mean, se, df, mean - half, mean + half, low, high, n)


def _codes(strata: Sequence[object]) -> NDArray[np.int64]:
    place = {one: i for i, one in enumerate(dict.fromkeys(strata))}
    return np.array([place[one] for one in strata], dtype=np.int64)


def _joined(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Strata of at least two units each, counted 0, 1, ..."""
    sizes = np.bincount(groups)
    alone = np.flatnonzero(sizes == 1)
    if alone.size:
        others = np.where(sizes > 1, sizes, 0)
        into = alone[0] if alone.size > 1 else int(others.argmax())
        groups = np.where(np.isin(groups, alone), into, groups)
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _error(rows: FloatArray, groups: NDArray[np.int64]) -> FloatArray:
    """Standard error of the mean of each row."""
    n = rows.shape[1]
    parts = np.zeros(len(rows))
    for h in range(int(groups.max()) + 1):
        mine = rows[:, groups == h]
        parts += mine.shape[1] / n**2 * mine.var(axis=1, ddof=1)
    return np.asarray(np.sqrt(parts))


def _studentised(
    y: FloatArray, groups: NDArray[np.int64], mean: float, se: float, level: float, draws: int, seed: int
) -> tuple[float, float]:
    sizes = np.bincount(groups)[groups]
    centres = (np.bincount(groups, weights=y) / np.bincount(groups))[groups]
    residuals = (y - centres) * np.sqrt(sizes / (sizes - 1))
    rng = np.random.default_rng(seed)
    drawn = residuals[rng.integers(0, y.size, (draws, y.size))]
    errors = _error(drawn, groups)
    told = errors > 1e-9 * se
    t = (drawn.mean(axis=1)[told] - residuals.mean()) / errors[told]
    low, high = np.quantile(t, [0.5 + level / 2, 0.5 - level / 2])
    return mean - float(low) * se, mean - float(high) * se
