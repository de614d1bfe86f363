"""Correlations between the true scores of several variables, with what they share by being measured together taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.generalizability.components import identified
from valuelex.psychometrics.generalizability.moments import FloatArray, IntArray, Moments, partition
from valuelex.psychometrics.results import Result

METHOD = "multivariate generalizability: covariance components of sums, analogous ANOVA; jackknife over objects"


@dataclass(frozen=True, eq=False)
class UniverseCorrelationResult(Result):
    """One row per pair of variables.

    `frame` has first, second, covariance (of universe scores), correlation (disattenuated; above 1 where error has its
    way, NaN where a variance is not positive), se, ci_low, ci_high (not cut off), n (objects), note. `variances` holds
    each variable's universe-score variance from all of its scores.
    """

    frame: pd.DataFrame
    variances: pd.Series[Any]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per pair."""
        return self.frame.copy()

    def _headline(self) -> str:
        return f"Universe-score correlations of {len(self.variances)} variables"


def universe_correlations(
    scores: pd.DataFrame,
    factors: pd.DataFrame,
    effects: Mapping[str, Sequence[str]],
    *,
    object: str,
    level: float = 0.95,
) -> UniverseCorrelationResult:
    """Correlate what objects would get on each variable over all levels of the random facets (Brennan, 2001, ch. 9-10).

    A covariance component is half of what the variance component of a sum exceeds those of its parts. Variables that are
    scored on the same items and occasions share errors; these end up in the components of items and occasions, not in the
    objects'.

    Parameters
    ----------
    scores : DataFrame, cases x variables
        Missing where a case has no score; each pair uses the cases that have both.
    factors : DataFrame
        Rows as in `scores`.
    effects : mapping of str -> sequence of str
        Name -> factors, the object's own effect among them.
    object : str
        The effect of which components are wanted.
    level : float
        Coverage of the intervals, 0-1.

    Raises
    ------
    SettingError
        If `object` is no effect.
    DataError
        Rows that do not match.
    """
    level = checks.number(level, "level", low=0, high=1)
    if object not in effects:
        raise SettingError(f"object={object!r} is no effect.", f"Use one of: {', '.join(effects)}.")
    if len(scores) != len(factors):
        raise DataError(f"scores has {len(scores)} rows, factors {len(factors)}.", "Give one row of each per case.")
    values = scores.to_numpy(dtype=np.float64)
    codes = {str(name): pd.factorize(factors[name])[0].astype(np.int64) for name in factors.columns}
    keys = {name: partition([codes[f] for f in names]) for name, names in effects.items()}
    variances = {}
    for i, name in enumerate(scores.columns):
        told = _components(values[:, [i]], keys, object)
        variances[str(name)] = np.nan if told is None else float(told[0][0])
    rows = [_pair(scores, values, keys, object, i, j, level) for i, j in combinations(range(scores.shape[1]), 2)]
    columns = ["first", "second", "covariance", "correlation", "se", "ci_low", "ci_high", "n", "note"]
    settings = {"method": METHOD, "object": object, "effects": list(effects), "level": level}
    return UniverseCorrelationResult(pd.DataFrame(rows, columns=columns), pd.Series(variances, dtype=float), settings)


def _pair(
    scores: pd.DataFrame, values: FloatArray, keys: Mapping[str, IntArray], object: str, i: int, j: int, level: float
) -> dict[str, Any]:
    row: dict[str, Any] = {"first": str(scores.columns[i]), "second": str(scores.columns[j])}
    row |= dict.fromkeys(("covariance", "correlation", "se", "ci_low", "ci_high"), np.nan)
    x, y = values[:, i], values[:, j]
    told = _components(np.column_stack([x, y, x + y]), keys, object)
    if told is None:
        return row | {"n": 0, "note": "too few objects or cases have both"}
    whole, without = told
    n = len(without)
    covariance = (whole[2] - whole[0] - whole[1]) / 2
    row |= {"n": n, "covariance": float(covariance), "note": ""}
    if min(whole[0], whole[1]) <= 0:
        return row | {"note": "no variance between objects beyond error on one of the two"}
    product = without[:, 0] * without[:, 1]
    row["correlation"] = float(covariance / np.sqrt(whole[0] * whole[1]))
    if (without[:, :2] <= 0).any():
        return row | {"note": "no interval: without one of the objects a variance is not positive"}
    left_out = (without[:, 2] - without[:, 0] - without[:, 1]) / 2 / np.sqrt(product)
    se = float(np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()))
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, 0.5 + level / 2)) * se
    return row | {"se": se, "ci_low": row["correlation"] - half, "ci_high": row["correlation"] + half}


def _components(columns: FloatArray, keys: Mapping[str, IntArray], object: str) -> tuple[FloatArray, FloatArray] | None:
    """The object's component of each column, and without each object; None where it cannot be estimated."""
    from scipy import sparse

    kept = np.isfinite(columns).all(axis=1)
    if int(kept.sum()) < 4:
        return None
    # Zeros of a sparse matrix are scores too, and a shift changes no component: centred for precision.
    data = columns[kept] - columns[kept].mean(axis=0)
    part = {name: partition([key[kept]]) for name, key in keys.items()}
    notes = identified(part, int(kept.sum()))
    used = [name for name in part if not notes[name]]
    if object not in used or int(part[object].max()) < 2:
        return None
    at = 1 + used.index(object)
    whole, without = [], []
    for column in data.T:
        T, A, T_without, A_without = Moments(
            sparse.csr_array(column[:, None]), [part[name] for name in used], part[object]
        ).systems()
        if np.linalg.matrix_rank(A) < len(A) or not np.isfinite(A_without).all():
            return None
        try:
            whole.append(float(np.linalg.solve(A, T)[at]))
            without.append(np.linalg.solve(A_without, T_without[:, :, None])[:, at, 0])
        except np.linalg.LinAlgError:
            return None
    return np.array(whole), np.column_stack(without)
