"""Every resampling of a taxonomy, as rows of the table `stability`: clusters of meaning, and dimensions by their units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.semantics import Clusters, stability
from valuelex.taxonomy.association import observations
from valuelex.taxonomy.document import Piece
from valuelex.taxonomy.empirical import Empirical, choose_words
from valuelex.taxonomy.matrix import Matrix
from valuelex.taxonomy.settings import TaxonomySettings
from valuelex.taxonomy.stability import (
    LEAST_UNITS,
    LEFT_OUT,
    MOST_CELLS,
    Recovery,
    leave_out,
    recover,
    spread_row,
    summary_rows,
)

FloatArray = NDArray[np.float64]

MOST_LEFT_OUT = 40
"""With more families than this none is left out in turn: a single one moves little, and each takes a fit of its own."""

_WHAT = {
    LEFT_OUT: "each family left out in turn",
    "within models": "within models alone",
    "between models": "between models alone",
}


def recoveries(
    found: Empirical,
    matrix: Matrix,
    models: pd.Series,
    families: Mapping[str, str] | None,
    settings: TaxonomySettings,
    seed: int,
) -> list[Recovery]:
    """Resample by respondent, model and family as far as there are enough of each; leave out each family."""
    solution = found.solution
    if solution is None or solution.groups.n_groups == 0 or settings.bootstrap == 0:
        return []
    rest = choose_words(matrix, settings)[solution.data.shape[1] :]
    small = len(matrix.respondents) * len(solution.loadings) <= MOST_CELLS
    others = observations(matrix, rest, settings.association) if len(rest) and small else None
    family = models.map(lambda m: (families or {}).get(m) or m)
    units: list[tuple[str, pd.Series | None]] = [("respondents", None)]
    if LEAST_UNITS <= models.nunique() < len(models):
        units.append(("models", models))
    if LEAST_UNITS <= family.nunique() < models.nunique():
        units.append(("families", family))
    # The last one is the most cautious: the cases that are alike are resampled together.
    factored = solution.data.shape[1]
    out = [
        recover(solution, others, by, settings, unit_name=name, n=settings.bootstrap, seed=seed, n_together=factored)
        for name, by in units
    ]
    if 2 < family.nunique() <= MOST_LEFT_OUT and family.nunique() < len(models):
        left_out = leave_out(solution, others, family, settings, seed=seed)
        out.append(_pooled(list(left_out.values())))
    return out


def _pooled(each: list[Recovery]) -> Recovery:
    """One recovery out of those that each left out one family: its spread is over families."""
    return Recovery(
        LEFT_OUT,
        np.vstack([r.jaccard for r in each]),
        np.vstack([r.congruence for r in each]),
        np.mean([r.same for r in each], axis=0),
        None,
        sum(r.n_failed for r in each),
    )


def dimension_rows(
    recoveries: Sequence[Recovery], dimensions: Sequence[Piece], settings: TaxonomySettings
) -> list[dict[str, Any]]:
    """Rows of the dimensions; none where the clusters of meaning are the dimensions."""
    if settings.outer != "factors":
        return []
    by_group = {d.number: d.name for d in dimensions}
    rows: list[dict[str, Any]] = []
    for recovery in recoveries:
        names = [by_group.get(g, f"group {g}") for g in range(recovery.jaccard.shape[1])]
        what = _WHAT.get(recovery.unit) or (
            recovery.unit if recovery.unit.endswith(" alone") else f"{recovery.unit} resampled"
        )
        rows += summary_rows(recovery, names, what=what)
    return rows


def cluster_rows(
    vectors: FloatArray, clusters: Clusters, names: Sequence[str], settings: TaxonomySettings, seed: int
) -> list[dict[str, Any]]:
    """Rows of the clusters of meaning, their words resampled."""
    if settings.bootstrap == 0 or clusters.n_clusters == 0:
        return []
    jaccard = stability(vectors, clusters, n_resamples=settings.bootstrap, seed=seed)
    first = {int(label): name for label, name in reversed(list(zip(clusters.labels, names, strict=True)))}
    statistic = "Jaccard similarity, words resampled"
    return [
        spread_row("cluster", f"cluster {c} ({first[c]}, ...)", statistic, jaccard[:, c])
        for c in range(clusters.n_clusters)
    ]
