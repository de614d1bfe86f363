"""From variance components to decisions: how good are means over so many raters, items, occasions?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.generalizability.g_study import GStudyResult
from valuelex.psychometrics.results import Result


@dataclass(frozen=True, eq=False)
class DStudyResult(Result):
    """One row per design of the grid.

    `frame` has a column per facet (numbers of levels), universe (variance of universe scores), relative and absolute (error
    variances), sem_relative, sem_absolute (their roots, in units of the score), generalizability (E rho^2), dependability
    (Phi), and dependability_at_cut where a cut score was given.
    """

    frame: pd.DataFrame
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per design."""
        return self.frame.copy()

    def smallest(self, target: float, coefficient: str = "generalizability") -> pd.Series[Any] | None:
        """The design with fewest scores per object whose coefficient reaches `target`; None if none of the grid does."""
        checks.choice(coefficient, ("generalizability", "dependability"), "coefficient")
        facets = self.settings["facets"]
        good = self.frame[self.frame[coefficient] >= target]
        if good.empty:
            return None
        return good.loc[good[facets].prod(axis=1).idxmin()]

    def _headline(self) -> str:
        low, high = self.frame["generalizability"].min(), self.frame["generalizability"].max()
        return f"Decision study, {len(self.frame)} design(s); generalizability {low:.3f} to {high:.3f}"


def d_study(
    result: GStudyResult,
    n: Mapping[str, float | Sequence[float]] | None = None,
    *,
    fixed: Sequence[str] = (),
    nested_in_object: Sequence[str] = (),
    cut: float | None = None,
) -> DStudyResult:
    """Error variances and coefficients of mean scores over given numbers of levels (Brennan, 2001, ch. 4-5).

    Parameters
    ----------
    result : GStudyResult
        Components of a G study; negative estimates count as 0.
    n : mapping facet -> number or list of numbers, optional
        Levels of each facet per object (for a nested facet: within each level of what it is nested in); lists make a
        grid. Default: one of each. Where objects have different numbers, their harmonic mean (Brennan, 2001, sec. 7.3), which
        need not be whole.
    fixed : sequence of str
        Facets that are not sampled: the same items will always be used, say. What objects do on them belongs to the
        universe score.
    nested_in_object : sequence of str
        Facets of which each object gets its own levels in the decision study (other raters for each person), although they
        were crossed in the G study: their main effects then add to the relative error.
    cut : float, optional
        Cut score for the index Phi(lambda).

    Raises
    ------
    SettingError
        An unknown facet, all facets fixed, or a number below 1.
    """
    facets = list(result.design.facets)
    for name in [*(n or {}), *fixed, *nested_in_object]:
        checks.choice(name, facets, "facet")
    if set(fixed) >= set(facets):
        raise SettingError("All facets are fixed: there is no error to generalise over.", "Leave one facet random.")
    grid = {}
    for name in facets:
        wanted = (n or {}).get(name, 1)
        values = [wanted] if isinstance(wanted, (int, float)) else list(wanted)
        grid[name] = [_levels(value, f"n[{name!r}]") for value in values]
    variance = {str(name): float(value) for name, value in result.components["variance"].items()}
    rows = [
        _row(result, variance, dict(zip(facets, sizes, strict=True)), set(fixed), set(nested_in_object), cut)
        for sizes in product(*grid.values())
    ]
    settings = {
        "design": str(result.design),
        "facets": facets,
        "fixed": list(fixed),
        "nested_in_object": list(nested_in_object),
        "cut": cut,
        "components": "negative estimates as 0",
    }
    return DStudyResult(pd.DataFrame(rows), settings)


def _levels(value: float, name: str) -> float:
    if isinstance(value, float):
        return checks.number(value, name, low=np.nextafter(1.0, 0.0), high=np.inf)
    return checks.integer(value, name, low=1)


def _row(
    result: GStudyResult,
    variance: dict[str, float],
    sizes: dict[str, float],
    fixed: set[str],
    own: set[str],
    cut: float | None,
) -> dict[str, Any]:
    person = result.design.object
    universe = relative = absolute = of_mean = 0.0
    n_objects = int(result.components["levels"].to_dict()[result.design.label(frozenset([person]))])
    for name, effect in result.effects.items():
        around = effect - {person}
        size = 1.0
        for facet in around:
            size *= sizes[facet]
        share = variance[name] / size
        random = around - fixed
        if person in effect and not random:
            universe += share
            of_mean += share / n_objects
            continue
        if not random:
            continue  # only fixed facets: the same for all, and not sampled
        if person in effect or around & own:
            relative += share
            of_mean += share / n_objects
        else:
            of_mean += share
        absolute += share
    row: dict[str, Any] = {
        **sizes,
        "universe": universe,
        "relative": relative,
        "absolute": absolute,
        "sem_relative": relative**0.5,
        "sem_absolute": absolute**0.5,
        "generalizability": _ratio(universe, relative),
        "dependability": _ratio(universe, absolute),
    }
    if cut is not None:
        # The squared distance of the mean from the cut is too large by the error variance of the mean (eq. 2.54).
        distance = max((result.mean - cut) ** 2 - of_mean, 0.0)
        row["dependability_at_cut"] = _ratio(universe + distance, absolute)
    return row


def _ratio(signal: float, error: float) -> float:
    return signal / (signal + error) if signal + error > 0 else float("nan")
