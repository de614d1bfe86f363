"""Everything about the completeness of one sample in one call."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.richness.counts import Frequencies, frequencies, tally
from valuelex.psychometrics.richness.coverage import Coverage, coverage_of
from valuelex.psychometrics.richness.estimators import RichnessEstimate, chao_of
from valuelex.psychometrics.richness.rarefaction import AHEAD, POINTS, curve_of, grid


@dataclass(frozen=True, eq=False)
class RichnessResult(Result):
    """How complete a sample is.

    Attributes
    ----------
    n : int
        Individuals (or incidences).
    n_units : int or None
        Sampling units; None where only individuals were given.
    observed, singletons, doubletons : int
        Types seen; in one unit (or once); in two.
    coverage : Coverage
        Share of further draws that would be of types already seen.
    chao1 : RichnessEstimate or None
        Least number of types, from individuals; None where only incidences were given.
    chao2 : RichnessEstimate or None
        The same from sampling units; None without them.
    curve : DataFrame
        size, expected, se, ci_low, ci_high, coverage, extrapolated.
    """

    n: int
    n_units: int | None
    observed: int
    singletons: int
    doubletons: int
    coverage: Coverage
    chao1: RichnessEstimate | None
    chao2: RichnessEstimate | None
    curve: pd.DataFrame
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per estimate: coverage, chao1, chao2."""
        rows = [{"statistic": "coverage", **{k: v for k, v in asdict(self.coverage).items() if k in ROW}}]
        rows += [
            {"statistic": found.name, **{k: v for k, v in asdict(found).items() if k in ROW}}
            for found in (self.chao1, self.chao2)
            if found is not None
        ]
        return pd.DataFrame(rows).set_index("statistic")

    def _headline(self) -> str:
        units = "" if self.n_units is None else f" in {self.n_units} units"
        return f"{self.observed} types{units}; coverage {self.coverage.estimate:.3f}"


ROW = ("estimate", "low", "high")


def richness(
    data: Any,
    *,
    n_units: int | None = None,
    curve: str = "auto",
    points: int = POINTS,
    ahead: float = AHEAD,
    level: float = 0.95,
) -> RichnessResult:
    """Sample coverage, Chao1 and Chao2 with intervals, and the rarefaction curve with its extrapolation.

    Parameters
    ----------
    data : array-like or scipy.sparse
        A vector: how often each type was seen, or, with `n_units`, in how many sampling units. A table: sampling units in rows,
        types in columns, counts or 0/1.
    n_units : int, optional
        Sampling units behind a vector of incidences.
    curve : {"auto", "units", "individuals"}
        What the curve, coverage, singletons and doubletons count; auto takes units where there are any.
    points : int
        Sizes on the curve up to the observed one.
    ahead : float
        The curve goes on to this many times the observed size.
    level : float
        Coverage of the intervals, 0-1.

    Raises
    ------
    DataError
        Counts that are no whole numbers of 0 or more.
    SettingError
        A curve by units without units, or by individuals without counts of them.
    """
    level = checks.number(level, "level", low=0, high=1)
    checks.choice(curve, ("auto", "units", "individuals"), "curve")
    checks.integer(points, "points", low=1)
    ahead = checks.number(ahead, "ahead", low=0.999, high=1e6)
    by_count: Frequencies | None = None
    by_unit: Frequencies | None = None
    if hasattr(data, "tocsc") or np.ndim(data) == 2:
        counts, incidences, units = tally(data)
        by_count, by_unit = frequencies(counts, None), frequencies(incidences, units)
    elif n_units is None:
        by_count = frequencies(data, None)
    else:
        by_unit = frequencies(data, n_units)
    chosen = _choose(by_count, by_unit, curve)
    return RichnessResult(
        n=(by_count or chosen).total,
        n_units=None if by_unit is None else by_unit.units,
        observed=chosen.observed,
        singletons=chosen.of(1),
        doubletons=chosen.of(2),
        coverage=coverage_of(chosen, level),
        chao1=None if by_count is None else chao_of(by_count, "chao1", None, level),
        chao2=None if by_unit is None else chao_of(by_unit, "chao2", None, level),
        curve=curve_of(chosen, grid(chosen.units, points, ahead), level),
        settings={
            "curve": "units" if chosen is by_unit else "individuals",
            "level": level,
            "points": points,
            "ahead": ahead,
        },
    )


def _choose(by_count: Frequencies | None, by_unit: Frequencies | None, curve: str) -> Frequencies:
    """What the curve counts."""
    wanted = by_count if curve == "individuals" else by_unit
    if wanted is None and curve == "auto":
        wanted = by_count
    if wanted is not None:
        return wanted
    if curve == "units":
        raise SettingError("curve='units' needs sampling units.", "Give a units x types table, or n_units.")
    raise SettingError("curve='individuals' needs counts of individuals.", "Leave n_units out, or give a table.")
