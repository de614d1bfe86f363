"""Variance components of many outcomes at once, for the effects that one names: which sources make whole profiles differ?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.generalizability.moments import FloatArray, Moments, partition
from valuelex.psychometrics.results import Result

RESIDUAL = "residual"
METHOD = "analogous ANOVA (Henderson's method 1), summed over outcomes"

_RANK = 1e-9
"""Singular values of the scaled equations below this are 0."""


@dataclass(frozen=True, eq=False)
class ComponentsResult(Result):
    """Variance components, summed over outcomes.

    Attributes
    ----------
    components : DataFrame
        Indexed by effect, the residual last: levels; estimate (the trace of the covariance component; may be negative); share
        (of the sum of the estimates that are not negative; 0 for a negative one); se of the share; ci_low and ci_high of the
        share; note (why there is no estimate, else empty).
    settings : dict
        Method, numbers of scores and outcomes, cluster and its number of levels, level of the intervals.
    """

    components: pd.DataFrame
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per effect."""
        return self.components.copy()

    def _headline(self) -> str:
        return f"Variance components of {self.settings['n_scores']} profiles of {self.settings['n_outcomes']} outcomes"


def variance_components(
    scores: Any,
    factors: pd.DataFrame,
    effects: Mapping[str, Sequence[str]],
    *,
    cluster: str | None = None,
    level: float = 0.95,
) -> ComponentsResult:
    """Estimate the variance component of each effect, summed over the columns of `scores`.

    Sums of squared effect means are set to their expectations (Henderson, 1953, method 1; Brennan, 2001, sec. 7.1). These are
    quadratic in the scores, so that one set of equations serves all outcomes: squares become squared lengths of sum vectors,
    as in permutational analysis of variance (Anderson, 2001), and components become traces of covariance components. Exact
    for balanced and unbiased for unbalanced data. What no named effect holds is the residual: error and higher interactions.

    Parameters
    ----------
    scores : array or scipy.sparse, cases x outcomes
        One row a case; zeros and ones for incidences.
    factors : DataFrame
        One column a factor, rows as in `scores`; an empty cell is a level of its own.
    effects : mapping of str -> sequence of str
        Name of each effect -> the factors whose combinations are its levels. Nesting is said by the combination: settings
        within models are ("model", "setting").
    cluster : str, optional
        An effect whose levels are left out in turn for standard errors and intervals, which then say how much other levels
        of it could have changed, all else being as it is. Resampling them with replacement would not do: what is drawn twice
        agrees with itself on every crossed facet, which then seems to matter.
    level : float
        Coverage of the intervals, 0-1: jackknife over clusters with Student's t, cut off at 0 and 1. NaN where a component
        cannot be estimated without some cluster.

    Raises
    ------
    DataError
        Rows that do not match, or scores that are missing.
    SettingError
        An effect of unknown factors, or a cluster that is no effect.
    """
    level = checks.number(level, "level", low=0, high=1)
    X = _checked(scores, factors)
    unknown = sorted({name for names in effects.values() for name in names} - set(map(str, factors.columns)))
    if unknown or not all(len(names) for names in effects.values()):
        raise SettingError(f"effects names {', '.join(unknown) or 'no factor'}.", "Use columns of factors.")
    if cluster is not None and cluster not in effects:
        raise SettingError(f"cluster={cluster!r} is no effect.", f"Use one of: {', '.join(effects)}.")
    codes = {str(name): pd.factorize(factors[name], use_na_sentinel=False)[0] for name in factors.columns}
    keys = {name: partition([codes[f] for f in names]) for name, names in effects.items()}
    notes = identified(keys, len(factors))
    named = [name for name in keys if not notes[name]]
    one = np.zeros(len(factors), dtype=np.int64)
    moments = Moments(X, [keys[name] for name in named], keys[cluster] if cluster else one)
    T, A, T_without, A_without = moments.systems()
    used, dropped = _solvable(A, named)
    for name in dropped:
        notes[name] = "cannot be told from the other effects in these data"
    kept = [*(name for name in named if name not in dropped), RESIDUAL]
    estimate = np.asarray(np.linalg.solve(A[np.ix_(used, used)], T[used])[1:], dtype=np.float64)
    share = shares(estimate)
    se = np.full(estimate.size, np.nan)
    if cluster is not None and moments.n_clusters > 2:
        se = _jackknife(T_without[:, used], A_without[:, used][:, :, used])
    from scipy.special import stdtrit

    width = float(stdtrit(max(moments.n_clusters - 1, 1), 0.5 + level / 2)) * se
    frame = pd.DataFrame(
        {
            "levels": [int(key.max(initial=-1)) + 1 for key in keys.values()] + [len(factors)],
            "estimate": np.nan,
            "share": np.nan,
            "se": np.nan,
            "ci_low": np.nan,
            "ci_high": np.nan,
            "note": [notes[name] for name in keys] + [""],
        },
        index=pd.Index([*keys, RESIDUAL], name="effect"),
    )
    frame.loc[kept, ["estimate", "share", "se", "ci_low", "ci_high"]] = np.column_stack(
        [estimate, share, se, np.maximum(share - width, 0.0), np.minimum(share + width, 1.0)]
    )
    settings = {
        "method": METHOD,
        "n_scores": int(X.shape[0]),
        "n_outcomes": int(X.shape[1]),
        "cluster": cluster,
        "n_clusters": None if cluster is None else moments.n_clusters,
        "interval": None if cluster is None else f"jackknife over {cluster}",
        "level": level,
    }
    return ComponentsResult(frame, settings)


def shares(estimate: FloatArray) -> FloatArray:
    """Each component's share of the sum of those that are not negative; NaN where nothing varies."""
    positive = np.maximum(estimate, 0.0)
    total = positive.sum(axis=-1, keepdims=True)
    return np.asarray(np.where(total > 0, positive / np.where(total > 0, total, 1.0), np.nan))


def _checked(scores: Any, factors: pd.DataFrame) -> Any:
    from scipy import sparse

    X = sparse.csr_array(scores, dtype=np.float64)
    if X.shape[0] != len(factors):
        raise DataError(f"scores has {X.shape[0]} rows, factors {len(factors)}.", "Give one row of each per case.")
    if X.shape[0] < 2:
        raise DataError(f"{X.shape[0]} case(s) have no variance.", "Give more cases.")
    if not np.isfinite(X.data).all():
        raise DataError("scores holds missing values.", "Leave these cases out.")
    return X


def identified(keys: Mapping[str, Any], n: int) -> dict[str, str]:
    """Why an effect has no component, as far as its levels alone tell; empty where it may have one."""
    notes: dict[str, str] = {}
    for name, key in keys.items():
        levels = int(key.max(initial=-1)) + 1
        same = next((other for other, note in notes.items() if not note and np.array_equal(keys[other], key)), "")
        if levels < 2:
            notes[name] = "one level"
        elif levels == n:
            notes[name] = "a level per case: part of the residual"
        else:
            notes[name] = f"the same levels as {same}" if same else ""
    return notes


def _solvable(A: FloatArray, names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Rows of the equations that can be solved, and the effects left out: the later of two that are confounded."""
    last = len(names) + 1
    used, dropped = [0, last], []
    for i, name in enumerate(names):
        trial = [*used[:-1], i + 1, last]
        if _rank(A[np.ix_(trial, trial)]) < len(trial):
            dropped.append(name)
        else:
            used = trial
    return used, dropped


def _rank(A: FloatArray) -> int:
    scale = np.sqrt(np.abs(np.diag(A)))
    return int(np.linalg.matrix_rank(A / scale[:, None] / scale[None, :], tol=_RANK))


def _jackknife(T: FloatArray, A: FloatArray) -> FloatArray:
    """Standard errors of the shares; NaN if the equations without some cluster cannot be solved."""
    n = len(T)
    if not (np.isfinite(A).all() and all(_rank(part) == part.shape[0] for part in A)):
        return np.full(T.shape[1] - 1, np.nan)
    left_out = shares(np.asarray(np.linalg.solve(A, T[:, :, None])[:, 1:, 0], dtype=np.float64))
    return np.asarray(np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean(axis=0)) ** 2, axis=0)))
