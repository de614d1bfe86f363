"""Morisita's overlap: do groups of units hold the same types? Small samples do not make them look more different."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.richness.counts import FloatArray


@dataclass(frozen=True, eq=False)
class OverlapResult(Result):
    """Morisita's overlap of groups of units.

    Attributes
    ----------
    overlap, se, ci_low, ci_high : float
        1 where units of different groups share as much as units of one group do, 0 where they share nothing. Estimates can
        come out a little above 1.
    settings : dict
        n_units, n_groups, n_types, level, method.
    """

    overlap: float
    se: float
    ci_low: float
    ci_high: float
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row: overlap, se, ci_low, ci_high."""
        return pd.DataFrame([{key: getattr(self, key) for key in ("overlap", "se", "ci_low", "ci_high")}])

    def _headline(self) -> str:
        return f"Morisita's overlap = {self.overlap:.3f} [{self.ci_low:.3f}, {self.ci_high:.3f}]"


def morisita_overlap(units: Any, groups: Any, *, level: float = 0.95) -> OverlapResult:
    """Types that two units of different groups share, as a share of what two units of the same group share.

    Morisita's (1959) index for several groups, each pair of groups counting the same, on units that hold several types each:
    the expected number of types in common takes the place of the probability that two draws are of one type. Both parts
    are means over pairs of different units, so that neither is biased by the number of units. Error by leaving units out in
    turn, within groups (stratified jackknife; groups are taken as they are), less what it counts twice: what is peculiar to a
    pair of units comes and goes with either of them (Efron & Stein, 1981).

    Parameters
    ----------
    units : array or DataFrame, units x types
        Whether each unit holds each type (0, 1).
    groups : sequence, units
        The group of each unit; groups of one or two units are left out.
    level : float
        Coverage of the interval, 0-1 (Student's t over units).

    Raises
    ------
    DataError
        A table that holds anything but 0 and 1, fewer than two groups of three units or more, or no two units of one group
        that share a type.
    """
    level = checks.number(level, "level", low=0, high=1)
    table = np.asarray(units)
    if table.ndim != 2 or table.dtype.kind not in "biuf" or not np.isin(table, (0, 1)).all():
        raise DataError(
            "units is no table of 0 and 1.", "Give units in rows, types in columns, 1 where a unit holds a type."
        )
    code, names = pd.factorize(pd.Series(groups))
    if len(code) != len(table) or (code < 0).any():
        raise DataError(f"{len(table)} units have {int((code >= 0).sum())} groups.", "Give each unit one group.")
    size = np.bincount(code, minlength=len(names))
    kept = size[code] > 2
    held, code = table[kept].astype(np.float64), pd.factorize(code[kept])[0]
    size = np.bincount(code)
    if size.size < 2:
        raise DataError(f"{size.size} groups have three units or more.", "Give two such groups, or more.")
    sums = np.zeros((size.size, held.shape[1]))
    np.add.at(sums, code, held)
    if not (sums > 1).any():
        raise DataError(
            "No two units of one group share a type.", "Without that, overlap between groups has no measure."
        )
    value, without = _leave_one_out(held, code, sums, size)
    away = without - (np.bincount(code, without) / size)[code]
    jackknife = float(((size[code] - 1) / size[code] * away**2).sum())
    se = float(np.sqrt(max(jackknife - _of_pairs(held, code, sums, size, value), jackknife / 4)))
    from scipy.special import stdtrit

    n, g = len(held), int(size.size)
    half = float(stdtrit(n - g, 0.5 + level / 2)) * se
    settings = {
        "n_units": n,
        "n_groups": g,
        "n_types": int((sums.sum(axis=0) > 0).sum()),
        "level": level,
        "method": "Morisita's overlap of several groups, pairs of different units; jackknife over units within groups",
    }
    return OverlapResult(value, se, max(value - half, 0.0), value + half, settings)


def _leave_one_out(
    held: FloatArray, code: NDArray[np.int64], sums: FloatArray, size: NDArray[np.int64]
) -> tuple[float, FloatArray]:
    """The overlap, and what it is without each unit."""
    g = size.size
    means = sums / size[:, None]
    total = means.sum(axis=0)
    own = (means**2).sum(axis=1)
    pairs = (sums * (sums - 1)).sum(axis=1)
    within = pairs / (size * (size - 1))
    between = (total @ total - own.sum()) / (g * (g - 1))
    # Without a unit, its own group's mean and pairs change, and nothing else does.
    s, n = sums[code] - held, size[code] - 1
    mean = s / n[:, None]
    rest = total - means[code]
    between_without = between - 2 * ((means[code] - mean) * rest).sum(axis=1) / (g * (g - 1))
    within_without = within.mean() + ((s * (s - 1)).sum(axis=1) / (n * (n - 1)) - within[code]) / g
    with np.errstate(divide="ignore", invalid="ignore"):
        without = np.where(within_without > 0, between_without / within_without, between / within.mean())
    return float(between / within.mean()), without


def _of_pairs(
    held: FloatArray, code: NDArray[np.int64], sums: FloatArray, size: NDArray[np.int64], value: float
) -> float:
    """Variance of the overlap that is due to what is peculiar to single pairs of units.

    How much pairs of one group hold of it is taken from pairs of different groups, which is rather too little.
    """
    g = size.size
    centred = held - (sums / size[:, None])[code]
    parts = [centred[code == k] for k in range(g)]
    pairs = (size * (size - 1)).astype(np.float64)
    within = float((((sums * (sums - 1)).sum(axis=1)) / pairs).mean())
    squares, weight = 0.0, float((4 * value**2 / (g**2 * pairs) / 2).sum())
    freedom = 0.0
    for k in range(g):
        for other in range(k):
            squares += float(((parts[k] @ parts[other].T) ** 2).sum())
            freedom += (size[k] - 1) * (size[other] - 1)
            weight += 4 / (g * (g - 1)) ** 2 / (size[k] * size[other])
    return squares / freedom * weight / within**2
