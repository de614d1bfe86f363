"""Variance components of a design with one object of measurement and any number of facets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.generalizability.designs import Design, Effect, make_design
from valuelex.psychometrics.generalizability.moments import Moments
from valuelex.psychometrics.results import Result

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

RESIDUAL = "residual"
ROUNDING = 1e-12
"""Scores that differ by less, beside the largest of them, are the same: what differs is rounding, which has no components."""
METHODS = {
    "anova": "analogous ANOVA (Henderson's method 1)",
    "reml": "restricted maximum likelihood by average information",
}


@dataclass(frozen=True, eq=False)
class GStudyResult(Result):
    """Variance components.

    `components` is indexed by effect: estimate (may be negative), variance (estimate, or 0 if that is negative),
    percent of the total, se, ci_low, ci_high (jackknife over objects), levels (how many were observed). `negative` names the
    effects whose estimate was negative. `mean` is the grand mean.
    """

    components: pd.DataFrame
    design: Design
    balanced: bool
    mean: float
    negative: tuple[str, ...]
    settings: dict[str, Any]
    effects: dict[str, Effect] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """One row per effect."""
        return self.components.copy()

    def _headline(self) -> str:
        return f"Generalizability study, {self.design}{'' if self.balanced else ', unbalanced'}"


def g_study(
    ratings: pd.DataFrame,
    facets: Sequence[str] | str,
    *,
    object: str = "person",
    score: str = "score",
    nested: Mapping[str, str | Sequence[str]] | None = None,
    method: str = "anova",
    level: float = 0.95,
) -> GStudyResult:
    """Estimate the variance components of all effects of a design, crossed or nested, balanced or not.

    By the analogous-ANOVA method (Henderson's, 1953, method 1; Brennan, 2001, sec. 7.1): sums of squared effect means
    are set to their expectations, which are exact whatever cells are missing. In a balanced design these are the usual
    expected mean squares. Standard errors by the jackknife over objects (Brennan, 2001, sec. 6.2). Or by restricted maximum
    likelihood, which is more precise where many cells are missing, never negative, and quicker with 10^5 scores.

    Parameters
    ----------
    ratings : DataFrame
        Long: one row a score. Rows without a score are left out.
    facets : str or sequence of str
        Columns of the facets: rater, item, occasion, ...
    object : str
        Column of the object of measurement.
    score : str
        Column of the scores.
    nested : mapping, optional
        Facet -> what it is nested in, where labels do not tell (rater 1 of task 1 is not rater 1 of task 2). Nesting
        that the labels show is found.
    method : str
        anova, or reml: standard errors are then those of the average information.
    level : float
        Coverage of the intervals, 0-1.

    Raises
    ------
    DataError
        Columns are missing, scores are not numbers or do not vary, the object or a facet has one level, or an effect cannot be
        told from another with these data (both are named).
    SettingError
        Facets or nesting that make no sense.
    """
    if not isinstance(ratings, pd.DataFrame):
        raise DataError("ratings is not a DataFrame.", "Give one row a score, with columns for object and facets.")
    level = checks.number(level, "level", low=0, high=1)
    checks.choice(method, ("anova", "reml"), "method")
    design = make_design(ratings, object, facets, nested)
    if score not in ratings.columns:
        raise DataError(f"ratings has no column {score!r}.", "Name the column of the scores with score=.")
    numbers = pd.to_numeric(ratings[score], errors="coerce")
    wrong = ratings[score].notna() & numbers.isna()
    if wrong.any():
        raise DataError(
            f"{score} is not a number in row {wrong.idxmax()}: {ratings[score][wrong].iloc[0]!r}.", "Mend it."
        )
    used = ratings.loc[numbers.notna(), list(design.factors)]
    values = numbers[numbers.notna()].to_numpy(dtype=np.float64)
    if np.ptp(values) <= ROUNDING * max(1.0, float(np.abs(values).max())):
        raise DataError("The scores do not vary: there is no variance to part.", "Give scores that differ.")
    if used.isna().to_numpy().any():
        raise DataError("Some rows have a score but no object or facet.", "Fill the gaps, or drop these rows.")
    flat = [name for name in design.factors if used[name].nunique() < 2]
    if flat:
        raise DataError(f"{', '.join(flat)} has fewer than two levels with scores.", "Leave it out of the facets.")
    codes = {name: pd.factorize(used[name])[0].astype(np.int64) for name in design.factors}
    codes = _unfold(codes, design)
    keys = [_codes(effect, codes) for effect in design.effects]
    several = len(values) > int(keys[-1].max()) + 1
    names = [design.label(effect) for effect in design.effects]
    if several:
        # More than one score in a cell: the residual can be told from the highest interaction.
        keys.append(np.arange(len(values), dtype=np.int64))
        names.append(RESIDUAL)
    else:
        names[-1] += ", residual"
    estimates = _components(values, keys, names)
    if method == "reml":
        estimates, se = _reml(values, keys, names, list(codes.values()))
    else:
        left_out = _left_out(values, keys, codes[design.object])
        n = len(left_out)
        with np.errstate(invalid="ignore"):
            se = np.sqrt((n - 1) / n * np.nansum((left_out - np.nanmean(left_out, axis=0)) ** 2, axis=0))
    from scipy.special import ndtri

    width = float(ndtri(0.5 + level / 2)) * se
    variance = np.maximum(estimates, 0.0)
    sizes = [int(key.max()) + 1 for key in keys]
    frame = pd.DataFrame(
        {
            "estimate": estimates,
            "variance": variance,
            "percent": 100 * variance / variance.sum() if variance.sum() > 0 else 0.0,
            "se": se,
            "ci_low": estimates - width,
            "ci_high": estimates + width,
            "levels": sizes,
        },
        index=pd.Index(names, name="effect"),
    )
    effects = dict(zip(names, [*design.effects, *([frozenset(design.factors)] if several else [])], strict=True))
    negative = tuple(name for name, value in zip(names, estimates, strict=True) if value < 0)
    if negative:
        checks.warn(f"Negative variance components are taken as 0: {', '.join(negative)}.")
    settings = {
        "design": str(design),
        "object": object,
        "facets": list(design.facets),
        "nested": {name: sorted(above) for name, above in design.nested.items()},
        "method": METHODS[method],
        "n_scores": len(values),
        "level": level,
        "interval": "jackknife over objects" if method == "anova" else "average information",
    }
    balanced = all(np.ptp(np.bincount(key)) == 0 for key in keys) and len(values) % (int(keys[-1].max()) + 1) == 0
    return GStudyResult(
        frame, design, _complete(codes, design) and balanced, float(values.mean()), negative, settings, effects
    )


def _unfold(codes: dict[str, IntArray], design: Design) -> dict[str, IntArray]:
    """Give levels of nested facets labels of their own, so that rater 1 of task 2 is not rater 1 of task 1."""
    out = dict(codes)
    for name, above in design.nested.items():
        out[name] = _codes(frozenset([name, *above]), codes)
    return out


def _codes(effect: Effect, codes: dict[str, IntArray]) -> IntArray:
    """Level of the effect for every score, 0, 1, ..."""
    key = np.zeros(next(iter(codes.values())).size, dtype=np.int64)
    for name in sorted(effect):
        key = key * (int(codes[name].max()) + 1) + codes[name]
        key = np.unique(key, return_inverse=True)[1].astype(np.int64)
    return key


def _components(values: FloatArray, keys: Sequence[IntArray], names: Sequence[str]) -> FloatArray:
    """Solve E(T) = T, T(a) = sum over levels of (sum of scores)^2 / n, for the grand mean squared and the components."""
    T, A = _system(values, keys)
    if np.linalg.matrix_rank(A) < A.shape[0]:
        raise DataError(
            f"These data cannot tell the effects apart ({', '.join(names)}).",
            "Facets may be nested or aliased: name the nesting with nested=, or leave a facet out.",
        )
    return np.asarray(np.linalg.solve(A, T)[1:], dtype=np.float64)


def _reml(
    values: FloatArray, keys: Sequence[IntArray], names: Sequence[str], factors: Sequence[IntArray]
) -> tuple[FloatArray, FloatArray]:
    """Components and their standard errors; NaN for one at its bound of 0. The last of the effects is the residual."""
    from valuelex.psychometrics.mixed.blocks import make_blocks
    from valuelex.psychometrics.mixed.reml import fit

    effects = dict(zip(names[:-1], keys[:-1], strict=True))
    found = fit(make_blocks(values, np.ones((values.size, 1)), effects, factors))
    return found.theta, np.where(found.free, np.sqrt(np.diag(found.covariance)), np.nan)


def _system(values: FloatArray, keys: Sequence[IntArray]) -> tuple[FloatArray, FloatArray]:
    n = values.size
    everything = np.zeros(n, dtype=np.int64)
    rows = [everything, *keys]
    T = np.empty(len(rows))
    A = np.empty((len(rows), len(rows)))
    for a, key in enumerate(rows):
        size = np.bincount(key)
        filled = size > 0
        sums = np.bincount(key, weights=values)
        T[a] = float(np.sum(sums[filled] ** 2 / size[filled]))
        A[a, 0] = n
        for b, other in enumerate(keys, start=1):
            # Cases that share a level of both effects, squared, over those of the first (Brennan, 2001, eq. 7.4).
            joint, count = np.unique(key * (int(other.max()) + 1) + other, return_counts=True)
            A[a, b] = float(np.sum(count**2 / size[joint // (int(other.max()) + 1)]))
    return T, A


def _left_out(values: FloatArray, keys: Sequence[IntArray], people: IntArray) -> FloatArray:
    """Components without each object in turn; NaN where the rest cannot tell the effects apart."""
    from scipy import sparse

    # The last effect has a level per score: it is the residual of the moments.
    _, _, T, A = Moments(sparse.csr_array(values[:, None]), keys[:-1], people).systems()
    found = np.full((len(T), len(keys)), np.nan)
    for person in range(len(T)):
        if np.isfinite(A[person]).all() and np.linalg.matrix_rank(A[person]) == A.shape[1]:
            found[person] = np.linalg.solve(A[person], T[person])[1:]
    return found


def _complete(codes: dict[str, IntArray], design: Design) -> bool:
    """Whether every combination that the design allows was observed."""
    crossed = [name for name in design.factors if name not in design.nested]
    cells = 1
    for name in crossed:
        cells *= int(codes[name].max()) + 1
    seen = int(_codes(frozenset(crossed), codes).max()) + 1
    if seen < cells:
        return False
    for name, above in design.nested.items():
        per = pd.DataFrame({"level": codes[name], "in": _codes(above, codes)}).drop_duplicates()["in"].value_counts()
        if per.nunique() > 1:
            return False
        with_all = pd.DataFrame({"level": codes[name], "object": codes[design.object]}).drop_duplicates()
        if design.object not in above and with_all["level"].value_counts().nunique() > 1:
            return False
    return True
