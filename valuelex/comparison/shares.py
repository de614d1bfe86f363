"""How much of the differences between models lies between groups of them: families, developers, regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.comparison.scored import FloatArray, Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.errors import DataError


@dataclass(frozen=True)
class Share:
    """Intraclass correlation of models in groups, pooled over dimensions.

    Attributes
    ----------
    share : float
        Variance between groups as a share of that between models, 0-1 (negative estimates shown as they are).
    ci_low, ci_high : float
        Bootstrap over groups; too short with few of them.
    p : float
        By permuting the groups among the models.
    """

    share: float
    ci_low: float
    ci_high: float
    p: float
    n_models: int
    n_groups: int
    method: str


def share_between(scored: Scored, groups: pd.Series, settings: ComparisonSettings, *, seed: int = 0) -> Share:
    """Analysis of variance of the models' scores by group, the scores' own error taken off, all dimensions together.

    Parameters
    ----------
    scored : Scored
    groups : Series
        Group by model; models of no known group are left out.
    settings : ComparisonSettings
    seed : int

    Raises
    ------
    DataError
        Fewer than three groups, or none of two models.
    """
    whole = scored.of([str(m) for m in scored.estimate.dropna().index])
    of = groups.reindex(whole.models)
    known = of.notna().to_numpy()
    names, code = np.unique(of[known].astype(str), return_inverse=True)
    if len(names) < 3 or np.bincount(code).max() < 2:
        raise DataError(
            f"{len(names)} groups, the largest of {int(np.bincount(code).max()) if len(code) else 0} models, tell nothing of "
            "what lies between groups.",
            "Give models of three groups or more, some with two models.",
        )
    values = whole.estimate.to_numpy(dtype=np.float64)[known]
    # Error is common to all models of a study in part (hard stems); what is left of it between two models counts.
    U = whole.sources[:, known]
    error = float(((U - U.mean(axis=1, keepdims=True)) ** 2).sum() / max(len(values) - 1, 1)) if U.size else 0.0
    rng = np.random.default_rng(seed)
    share = _intraclass(values, code, error)
    permuted = [_intraclass(values, rng.permutation(code), error) for _ in range(settings.bootstrap)]
    p = (1 + sum(one >= share - 1e-12 for one in permuted)) / (settings.bootstrap + 1)
    members = [np.flatnonzero(code == g) for g in range(len(names))]
    drawn = []
    for _ in range(settings.bootstrap):
        chosen = rng.integers(0, len(names), len(names))
        rows = np.concatenate([members[g] for g in chosen])
        again = np.repeat(np.arange(len(chosen)), [len(members[g]) for g in chosen])
        if np.bincount(again).max() > 1:
            drawn.append(_intraclass(values[rows], again, error))
    tail = (1 - settings.confidence) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    method = "intraclass correlation over all dimensions (analysis of variance), permutation of groups, bootstrap over groups"
    return Share(share, float(low), float(high), p, len(values), len(names), method)


def _intraclass(values: FloatArray, code: NDArray[np.int64], error: float) -> float:
    """ANOVA estimate of the share for groups of unequal size."""
    n, k = len(values), int(code.max()) + 1
    sizes = np.bincount(code)
    sums = np.zeros((k, values.shape[1]))
    np.add.at(sums, code, values)
    means = sums / sizes[:, None]
    within = float(((values - means[code]) ** 2).sum())
    between = float((sizes[:, None] * (means - values.mean(axis=0)) ** 2).sum())
    if n <= k:
        return float("nan")
    typical = (n - float((sizes**2).sum()) / n) / (k - 1)
    unit = within / (n - k)
    group = (between / (k - 1) - unit) / typical
    total = group + max(unit - error, 0.0)
    return group / total if total > 1e-12 * max(unit, 1e-300) else 0.0
