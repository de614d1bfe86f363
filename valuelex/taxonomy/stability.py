"""Do the dimensions come back? Resampling respondents, models and families, and leaving out each family in turn.

The number of factors and of groups stays as found; the factors are extracted and the words grouped anew in every resample.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import ValuelexError
from valuelex.psychometrics import PsychometricsWarning, resampling
from valuelex.taxonomy.empirical import Solution, extract
from valuelex.taxonomy.groups import RESAMPLED_STARTS, partition, unit
from valuelex.taxonomy.settings import TaxonomySettings

FloatArray = NDArray[np.float64]
Labels = NDArray[np.intp]

LEAST_UNITS = 10
"""Fewer models (or families) are not resampled: a handful of units has no sampling distribution to speak of."""

LEFT_OUT = "leave one family out"
"""Unit of a recovery whose samples each lack one family."""

MOST_CELLS = 20_000_000
"""Respondents times words that a resample works on; above it the words that were placed by extension are left out."""


@dataclass(frozen=True, eq=False)
class Recovery:
    """What one way of resampling gave.

    Attributes
    ----------
    unit : str
        What was resampled, or which family was left out.
    jaccard, congruence : arrays, shape (resamples, n_groups)
        Per dimension: Jaccard similarity of its words with those of its match, and Tucker congruence of its loadings.
    same : array, shape (words,)
        Share of the resamples that gave each word to the match of its dimension; NaN for words without one.
    together : array or None, shape (words, words)
        Share of the resamples in which two words had one dimension.
    n_failed : int
        Resamples without a solution.
    """

    unit: str
    jaccard: FloatArray
    congruence: FloatArray
    same: FloatArray
    together: FloatArray | None
    n_failed: int


def recover(
    found: Solution,
    others: pd.DataFrame | None,
    units: pd.Series | None,
    settings: TaxonomySettings,
    *,
    unit_name: str,
    n: int,
    seed: int,
    n_together: int = 0,
) -> Recovery:
    """Resample respondents, or whole units of them, and look for the dimensions again.

    Parameters
    ----------
    found : Solution
    others : DataFrame or None
        Observations of the words that were placed by extension.
    units : Series or None
        What each respondent belongs to; None resamples respondents.
    unit_name : str
        For the table.
    n, seed : int
        Resamples.
    n_together : int
        The co-assignment is counted for so many of the words, the first ones.
    """
    codes = np.arange(len(found.data)) if units is None else pd.factorize(units.to_numpy())[0]
    members = [np.flatnonzero(codes == c) for c in range(int(codes.max()) + 1)]
    task = _Task(found, others, settings, members, seed)
    return _collect(found, resampling.replicate(_resample, n, seed, task, size=5), unit_name, n_together)


def leave_out(
    found: Solution, others: pd.DataFrame | None, families: pd.Series, settings: TaxonomySettings, *, seed: int
) -> dict[str, Recovery]:
    """Leave out the respondents of each family in turn; return what came back, by family."""
    out = {}
    for family in sorted(families.unique()):
        rows = np.flatnonzero((families != family).to_numpy())
        task = _Task(found, others, settings, [], seed)
        out[str(family)] = _collect(found, [_again(task, rows)], f"{family} left out", 0)
    return out


@dataclass(frozen=True, eq=False)
class _Task:
    found: Solution
    others: pd.DataFrame | None
    settings: TaxonomySettings
    members: list[Labels]
    seed: int


_Again = tuple[Labels, FloatArray] | None


def _resample(streams: Sequence[np.random.SeedSequence], task: _Task) -> list[_Again]:
    out = []
    for stream in streams:
        drawn = np.random.default_rng(stream).integers(0, len(task.members), len(task.members))
        out.append(_again(task, np.concatenate([task.members[u] for u in drawn])))
    return out


def _again(task: _Task, rows: Labels) -> _Again:
    """Return the matched group of every word (-1: none) and the loadings on each group's direction; None without solution."""
    found = task.found
    data = found.data.iloc[rows]
    if (data.std() < 1e-9).any():
        return None
    k = found.efa.loadings.shape[1]
    try:
        with warnings.catch_warnings():  # what the data are like was said of the whole of them
            warnings.simplefilter("ignore", PsychometricsWarning)
            efa = extract(data.reset_index(drop=True), k, task.settings, rotation="none", seed=task.seed)
    except ValuelexError:
        return None
    A = efa.loadings.to_numpy()
    space = A
    if task.others is not None:
        weights = np.bincount(rows, minlength=len(found.data)).astype(float)
        space = np.vstack([A, _extended(task.others.to_numpy(), found.data.to_numpy(), weights, A)])
    return _read(found, space, task.seed)


def _read(found: Solution, space: FloatArray, seed: int) -> _Again:
    """Group the words anew by their unrotated loadings elsewhere, and match the groups with those found."""
    labels = found.groups.labels[: len(space)]
    used = (labels >= 0) | found.groups.background[: len(space)]
    n_parts = found.groups.n_groups + int(found.groups.background.any())
    if n_parts > used.sum():
        return None
    parts = partition(space[used], n_parts, seed, starts=RESAMPLED_STARTS)
    own = np.where(labels >= 0, labels, found.groups.n_groups)[used]
    match = _match(own, parts, n_parts)
    centroids = np.vstack([space[used][parts == match[g]].mean(axis=0) for g in range(found.groups.n_groups)])
    out = np.full(len(labels), -1)
    back = {part: g for g, part in match.items() if g < found.groups.n_groups}
    out[used] = [back.get(int(part), -1) for part in parts]
    return out, space @ unit(centroids).T


def compare(found: Solution, spaces: Sequence[FloatArray], name: str, *, seed: int) -> Recovery:
    """How well the dimensions come back from unrotated loadings found elsewhere, of the same words in the same order."""
    return _collect(found, [_read(found, space, seed) for space in spaces], name, 0)


def _extended(others: FloatArray, data: FloatArray, weights: FloatArray, A: FloatArray) -> FloatArray:
    """Loadings by extension in a resample that holds each respondent `weights` times: (A'A)^-1 A'r for every other word.

    The others are many: they are met in products with the few columns of Z A (A'A)^-1 alone, never correlated with every word.
    """
    n = weights.sum()

    def spread_of(X: FloatArray) -> tuple[FloatArray, FloatArray]:
        mean = weights @ X / n
        spread = np.sqrt(np.maximum(weights @ X**2 / n - mean**2, 0.0))
        return mean, np.where(spread > 1e-9, spread, np.inf)

    mean, spread = spread_of(data)
    scores = ((data - mean) / spread) @ A @ np.linalg.pinv(A.T @ A)
    mean, spread = spread_of(others)
    products = others.T @ (weights[:, None] * scores) / n - np.outer(mean, weights @ scores / n)
    return np.asarray(products / spread[:, None])


def _match(own: Labels, parts: Labels, k: int) -> dict[int, int]:
    """Return for each group the part that shares most words with it, one to one (Hungarian method)."""
    from scipy.optimize import linear_sum_assignment

    shared = np.zeros((k, k))
    np.add.at(shared, (own, parts), 1.0)
    rows, columns = linear_sum_assignment(-shared)
    return dict(zip(rows.tolist(), columns.tolist(), strict=True))


def _collect(found: Solution, results: Sequence[_Again], unit_name: str, n_together: int) -> Recovery:
    solved = [result for result in results if result is not None]
    labels, n_groups = found.groups.labels, found.groups.n_groups
    jaccard, congruence = np.full((len(solved), n_groups), np.nan), np.full((len(solved), n_groups), np.nan)
    same = np.full(len(labels), np.nan)
    hits, total = np.zeros(len(labels)), 0
    together = np.zeros((n_together, n_together)) if n_together else None
    direction = found.space @ unit(found.groups.centroids).T
    for b, (again, projected) in enumerate(solved):
        m = len(again)
        for g in range(n_groups):
            mine, theirs = labels[:m] == g, again == g
            either = (mine | theirs).sum()
            jaccard[b, g] = (mine & theirs).sum() / either if either else np.nan
            congruence[b, g] = _tucker(direction[:m, g], projected[:, g])
        hits[:m] += (again == labels[:m]) & (labels[:m] >= 0)
        total += 1
        if together is not None:
            few = again[:n_together]
            together += (few[:, None] == few[None, :]) & (few >= 0)[:, None]
    if total:
        same = np.where(labels >= 0, hits / total, np.nan)
        together = together / total if together is not None else None
    return Recovery(unit_name, jaccard, congruence, same, together, len(results) - len(solved))


def _tucker(x: FloatArray, y: FloatArray) -> float:
    length = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / length if length > 0 else float("nan")


def summary_rows(recovery: Recovery, names: Sequence[str], *, what: str) -> list[dict[str, Any]]:
    """Return rows of the table `stability`: Jaccard similarity, then Tucker congruence, of every dimension."""
    measures = (("Jaccard similarity", recovery.jaccard), ("Tucker congruence", recovery.congruence))
    return [
        spread_row("dimension", name, f"{measure}, {what}", values[:, g])
        for measure, values in measures
        for g, name in enumerate(names)
    ]


def spread_row(kind: str, name: str, statistic: str, values: FloatArray) -> dict[str, Any]:
    """Return a row of the table `stability`: mean and percentiles of the resamples that gave a value."""
    given = values[~np.isnan(values)]
    several = len(given) > 1
    low, high = np.percentile(given, [2.5, 97.5]) if several else (None, None)
    return {
        "kind": kind,
        "name": name,
        "statistic": statistic + (" (interval: 2.5th to 97.5th percentile)" if several else ""),
        "mean": given.mean() if len(given) else None,
        "ci_low": low,
        "ci_high": high,
        "n_resamples": len(given),
    }
