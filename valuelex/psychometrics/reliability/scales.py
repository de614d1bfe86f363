"""Alpha and omega of several scales at once, and of all their items together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.reliability import resamples
from valuelex.psychometrics.reliability.coefficient_alpha import alpha_core, cases, feldt_interval
from valuelex.psychometrics.reliability.coefficient_omega import (
    factored,
    group_factors,
    make_spec,
    omegas,
    resampled,
)
from valuelex.psychometrics.reliability.hierarchy import Hierarchy
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.rotation import rotate as rotation

FloatArray = NDArray[np.float64]

OVERALL = "overall"
NO_FACTOR = -1  # of a scale, where there are fewer group factors than scales
COEFFICIENTS = ("alpha", "omega_total", "omega_hierarchical", "omega_general")


@dataclass(frozen=True, eq=False)
class ScaleReliability(Result):
    """Reliability of scales.

    `frame` has one row per scale and one "overall": scale, items (reversed ones with a minus), n_items, then alpha,
    omega_total, omega_hierarchical and omega_general, each with _ci_low and _ci_high; see `scale_reliability`.
    """

    frame: pd.DataFrame
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per scale, and the overall one."""
        return self.frame.copy()

    def _headline(self) -> str:
        return f"Reliability of {len(self.frame) - 1} scales"


def scale_reliability(
    data: object,
    assignment: Mapping[str, Sequence[str]],
    n_factors: int | None = None,
    *,
    solution: str = "schmid-leiman",
    rotate: str | None = None,
    n_boot: int = 200,
    level: float = 0.95,
    correlation: str = "pearson",
    missing: str = "listwise",
    n_obs: int | None = None,
    n_starts: int = rotation.DEFAULT_STARTS,
    lower_bound: float = 0.005,
    seed: int | None = None,
) -> ScaleReliability:
    """Alpha and omega of each scale and of all items, with intervals.

    Every coefficient is of the sum of standardised items. The omegas come from one solution with a general and as many
    group factors as there are scales; each scale takes the group factor that its items load on most, no two the same
    one. For a scale omega_general is the general factor's share of its variance, omega_hierarchical its own factor's
    beyond the general one (omega HS: Reise, 2012; Rodriguez, Reise & Haviland, 2016), omega_total their sum. Overall,
    omega_total is the share of all factors, omega_hierarchical = omega_general that of the general one. With a single
    factor hierarchical and general are the same for the scale too.

    Parameters
    ----------
    data : DataFrame or array
        n x p items, or a p x p correlation or covariance matrix with n_obs. Items in no scale are left out.
    assignment : mapping of scale to items
        Names of the items; a minus before a name reverses it ("-A1"). No item in two scales. A scale without items
        has NaN, one with a single item no alpha.
    n_factors : int, optional
        Group factors; default one per scale. More than the items can carry, or items fewer than three: the omegas are
        NaN, which is warned about.
    n_boot : int
        Resamples for the omegas' percentile intervals, and for alpha's if it is ordinal (otherwise Feldt's). A matrix
        has no cases to draw: the omegas' limits are NaN. 0 for none.
    level : float
        Coverage, 0-1.
    solution, rotate, correlation, missing, n_obs, n_starts, lower_bound, seed
        As in `omega`.

    Raises
    ------
    DataError
        An item that is not in the data or in two scales; fewer than two items in all.
    SettingError
        An argument out of range.
    """
    frame = checks.as_frame(data)
    keyed = {str(scale): [_key(item, list(frame.columns)) for item in items] for scale, items in assignment.items()}
    used = [name for items in keyed.values() for name, _ in items]
    doubled = sorted({name for name in used if used.count(name) > 1})
    if doubled:
        raise DataError(f"Items are in two scales: {checks.listed(doubled)}.", "Give each item to one scale.")
    if len(used) < 2:
        raise DataError(f"The scales have {len(used)} item(s) in all.", "Give at least two.")
    if n_obs is None and intake.looks_like_correlations(frame.to_numpy()):
        # Some of its columns would no longer look like one, and be taken for raw data.
        raise DataError(
            "data looks like a correlation matrix, but n_obs is not given.",
            "Give n_obs, the number of cases behind it.",
        )
    wanted = set(used)
    places = [i for i, name in enumerate(frame.columns) if name in wanted]
    frame = frame.iloc[:, places] if n_obs is None else frame.iloc[places, places]
    ready = intake.prepare(frame, n_obs=n_obs, correlation=correlation, missing=missing)
    return reliability_of(
        ready,
        {scale: dict(items) for scale, items in keyed.items()},
        len(keyed) if n_factors is None else n_factors,
        solution=solution,
        rotate=rotate,
        n_boot=n_boot,
        level=level,
        n_starts=n_starts,
        lower_bound=lower_bound,
        seed=seed,
    )


def reliability_of(
    ready: intake.Input,
    keyed: Mapping[str, Mapping[str, float]],
    n_factors: int,
    *,
    solution: str = "schmid-leiman",
    rotate: str | None = None,
    n_boot: int = 200,
    level: float = 0.95,
    n_starts: int = rotation.DEFAULT_STARTS,
    lower_bound: float = 0.005,
    seed: int | None = None,
) -> ScaleReliability:
    """`scale_reliability` of checked input; `keyed` has the key (1 or -1) of each item of each scale."""
    level = checks.number(level, "level", low=0, high=1)
    n_boot = checks.integer(n_boot, "n_boot", low=0)
    lower_bound = checks.number(lower_bound, "lower_bound", low=0, high=1)
    n_factors = checks.integer(n_factors, "n_factors", low=1)
    spec = make_spec(solution, rotate, n_starts)
    seed = checks.resolve_seed(seed)
    n_boot = n_boot if ready.X is not None else 0
    weights = np.array([[items.get(name, 0.0) for name in ready.names] for items in keyed.values()])
    p = len(ready.names)
    most = checks.most_factors(p) - (solution == "bifactor" and n_factors > 1)
    found = None
    if n_factors <= most:
        k = group_factors(n_factors, p, solution)
        found = factored(ready.R, k, spec, flip=True, lower_bound=lower_bound, seed=seed)
    else:
        checks.warn(f"{p} items cannot carry {n_factors} factors: omega is not defined. Alpha is given.")
    keys = np.ones(p) if found is None else found.keys
    weights = np.vstack([weights, keys])
    values = np.full((len(weights), len(COEFFICIENTS)), np.nan)
    limits = np.full((2, *values.shape), np.nan)
    values[:, 0] = [_alpha(ready.R, w) for w in weights]
    ordinal = ready.settings.get("correlation") in checks.ORDINAL
    if not ordinal:
        sizes = np.count_nonzero(weights, axis=1)
        limits[:, :, 0] = np.transpose(
            [feldt_interval(a, cases(ready), int(m), level) for a, m in zip(values[:, 0], sizes, strict=True)]
        )
    n_failed = 0
    if found is not None:
        # The solution's matrices are of reflected items: weights are given in the same direction.
        turned = weights * keys
        own = [*_own_factors(turned[:-1], found), None]
        composites = list(zip(turned, own, strict=True))
        values[:, 1:] = _arranged(omegas(composites, found.g, found.group, found.psi, found.R), n_factors)
        draws = resampled(ready, found, spec, lower_bound=lower_bound, n_boot=n_boot, seed=seed)
        n_failed = n_boot - len(draws)
        if draws:
            drawn = np.array([_arranged(omegas(composites, *one), n_factors) for one in draws])
            flat = resamples.percentiles(drawn.reshape(len(draws), -1), level)
            limits[:, :, 1:] = flat.reshape(2, *drawn.shape[1:])
            if ordinal:
                alphas = np.array([[_alpha(one[3], w) for w in turned] for one in draws])
                limits[:, :, 0] = resamples.percentiles(alphas, level)
    rows = []
    for scale, w, value, (low, high) in zip([*keyed, OVERALL], weights, values, limits.transpose(1, 0, 2), strict=True):
        items = [name if key > 0 else f"-{name}" for name, key in zip(ready.names, w, strict=True) if key]
        row: dict[str, Any] = {"scale": scale, "items": ", ".join(items), "n_items": len(items)}
        for j, name in enumerate(COEFFICIENTS):
            row |= {name: value[j], f"{name}_ci_low": low[j], f"{name}_ci_high": high[j]}
        rows.append(row)
    settings = {
        **ready.settings,
        "n_factors": n_factors,
        "solution": solution,
        "method": "minres",
        **spec.settings(),
        "lower_bound": lower_bound,
        "alpha_interval": "bootstrap percentile" if ordinal else "Feldt",
        "omega_interval": "bootstrap percentile" if n_boot else "none",
        "n_boot": n_boot,
        "n_failed": n_failed,
        "level": level,
        "seed": seed,
    }
    return ScaleReliability(pd.DataFrame(rows), settings)


def _key(item: object, columns: Sequence[str]) -> tuple[str, float]:
    name = str(item)
    if name in columns:
        return name, 1.0
    if name.startswith("-") and name[1:] in columns:
        return name[1:], -1.0
    raise DataError(f"Item {name!r} is not a column of the data.", "Name columns, with a minus where reversed.")


def _alpha(R: FloatArray, w: FloatArray) -> float:
    on = w != 0
    return alpha_core(R[np.ix_(on, on)] * np.outer(w[on], w[on]))


def _own_factors(weights: FloatArray, found: Hierarchy) -> list[int | None]:
    """The group factor of each scale (m): those that together give the largest mean loadings."""
    from scipy.optimize import linear_sum_assignment

    sizes = np.maximum(np.count_nonzero(weights, axis=1), 1)
    rows, columns = linear_sum_assignment(-np.abs(weights @ found.group) / sizes[:, None])
    own: list[int | None] = [NO_FACTOR] * len(weights)
    for row, column in zip(rows, columns, strict=True):
        own[row] = int(column)
    return own


def _arranged(shares: FloatArray, k: int) -> FloatArray:
    """Total, hierarchical and general from the shares total, general, own; the last row is the whole."""
    out = shares[:, [0, 2, 1]]
    out[-1, 1] = out[-1, 2]
    if k == 1:
        out[:, 1] = out[:, 2]
    return out
