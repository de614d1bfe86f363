"""Hill numbers: how many equally common types would be as diverse, rarefied so that samples of different size compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.richness.counts import FloatArray, Frequencies, frequencies, log_ratio

GROUPS = 60
"""Most groups of units that are left out in turn: more would not make the error surer."""


@dataclass(frozen=True, eq=False)
class HillResult(Result):
    """Hill numbers of one sample of units.

    Attributes
    ----------
    numbers : DataFrame
        Indexed by order: observed (of the whole sample), expected (of `size` units drawn from it), se, ci_low, ci_high.
    influence : DataFrame
        groups x orders: what each group of units adds to the error of `expected`; its sum of squares is the variance.
    settings : dict
        n_units, size, groups, seed, level, method.
    """

    numbers: pd.DataFrame
    influence: pd.DataFrame
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per order."""
        return self.numbers.copy()

    def _headline(self) -> str:
        return f"Hill numbers of {self.settings['size']} of {self.settings['n_units']} units"


def hill_numbers(
    units: Any,
    *,
    orders: Sequence[float] = (0, 1, 2),
    size: int | None = None,
    level: float = 0.95,
    seed: int | None = None,
) -> HillResult:
    """Diversity of the types that sampling units hold: 0 their number, 1 exponential of Shannon's entropy, 2 inverse Simpson.

    Rarefied by expected frequency counts (Chao et al., 2014, eqs. 3 and 9, incidence data). Errors leave groups of units out in
    turn (jackknife), so that what units hold together does not pass for independent draws: types named in one answer come
    together, and a variance for single draws is then too small.

    Parameters
    ----------
    units : array or DataFrame, units x types
        Whether each unit holds each type (0, 1).
    orders : sequence of float
        0 or more.
    size : int, optional
        Units to rarefy to, 2 .. number of units. Default: all of them.
    level : float
        Coverage of the intervals, 0-1 (Student's t over the groups).
    seed : int, optional
        Of the division into groups, where there are more than 60 units.

    Raises
    ------
    DataError
        A table that holds anything but 0 and 1, or fewer than three units.
    SettingError
        A size out of range, or a negative order.
    """
    level = checks.number(level, "level", low=0, high=1)
    table = np.asarray(units)
    if table.ndim != 2 or table.dtype.kind not in "biuf" or not np.isin(table, (0, 1)).all():
        raise DataError(
            "units is no table of 0 and 1.", "Give units in rows, types in columns, 1 where a unit holds a type."
        )
    held = table.astype(np.int64)
    n = len(held)
    if n < 3:
        raise DataError(f"{n} units are too few for an error.", "Give three or more.")
    m = n if size is None else checks.integer(size, "size", low=2, high=n)
    asked = [float(q) for q in orders]
    if not asked:
        raise SettingError("orders is empty.", "Name at least one, such as 1.")
    if min(asked) < 0:
        raise SettingError(f"orders holds {min(asked):g}.", "Give orders of 0 or more.")
    root = checks.resolve_seed(seed)
    sums = held.sum(axis=0)
    value = _expected(frequencies(sums, n), m, asked)
    observed = _expected(frequencies(sums, n), n, asked)
    g = min(n, GROUPS)
    order = np.random.default_rng(root).permutation(n) if g < n else np.arange(n)
    without = []
    for group in np.array_split(order, g):
        rest = n - len(group)
        # A smaller sample is rarefied to the same share of it, so that leaving units out is all that differs.
        without.append(_expected(frequencies(sums - held[group].sum(axis=0), rest), max(2, round(m * rest / n)), asked))
    away = np.array(without) - np.mean(without, axis=0)
    influence = away * np.sqrt((g - 1) / g)
    se = np.sqrt((influence**2).sum(axis=0))
    from scipy.special import stdtrit

    half = float(stdtrit(g - 1, 0.5 + level / 2)) * se
    index = pd.Index(asked, name="order")
    numbers = pd.DataFrame(
        {
            "observed": observed,
            "expected": value,
            "se": se,
            "ci_low": np.maximum(value - half, 0.0),
            "ci_high": value + half,
        },
        index=index,
    )
    settings = {
        "n_units": n,
        "size": m,
        "groups": g,
        "seed": root if g < n else None,
        "level": level,
        "method": "incidence data, rarefied by expected frequency counts; jackknife over units",
    }
    return HillResult(numbers, pd.DataFrame(influence, columns=index), settings)


def _expected(sample: Frequencies, m: int, orders: Sequence[float]) -> FloatArray:
    """Hill numbers of m units drawn from the sample without replacement, by expected frequency counts."""
    if not sample.seen.size:
        return np.zeros(len(orders))
    from scipy.special import gammaln

    n = sample.units
    k = np.arange(1, min(m, int(sample.seen[-1])) + 1, dtype=np.float64)[:, None]
    y = sample.seen[None, :].astype(np.float64)
    inside = (k <= y) & (m - k <= n - y)
    a, b = np.where(inside, y - k, 0.0), np.where(inside, n - y - m + k, 0.0)
    log_p = (
        gammaln(y + 1) - gammaln(k + 1) - gammaln(a + 1)
        + gammaln(n - y + 1) - gammaln(m - k + 1) - gammaln(b + 1)
        - (gammaln(n + 1) - gammaln(m + 1) - gammaln(n - m + 1))
    )  # fmt: skip
    counts = np.where(inside, np.exp(log_p), 0.0) @ sample.types
    share = k[:, 0] * n / (m * sample.total)
    out = []
    for q in orders:
        if q == 0:
            out.append(float(sample.types @ (1 - np.exp(log_ratio(n, sample.seen, [m])[0]))))
        elif q == 1:
            out.append(float(np.exp(-(counts * share * np.log(share)).sum())))
        else:
            out.append(float((counts * share**q).sum() ** (1 / (1 - q))))
    return np.array(out)
