"""The work, cut where it is shared: clusters of a view's words, and all extractions from the same data with what follows.

Both are tasks for joblib. No bootstrap and no null control is run in a cell.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import ValuelexError
from valuelex.psychometrics import PsychometricsWarning
from valuelex.psychometrics.threads import single_thread
from valuelex.semantics import cluster
from valuelex.taxonomy.extraction import solve
from valuelex.taxonomy.joint import Joint, join
from valuelex.taxonomy.matrix import Matrix
from valuelex.taxonomy.multiverse.cache import Ground, Kept, Solved
from valuelex.taxonomy.multiverse.compare import Reference, agreement, matched
from valuelex.taxonomy.multiverse.grid import Cell
from valuelex.taxonomy.preparation import Prepared, prepare
from valuelex.taxonomy.settings import TaxonomySettings

FloatArray = NDArray[np.float64]
Labels = NDArray[np.intp]

ClusterKey = tuple[str, str, int | str]
"""Embedding, clustering, n_clusters."""


@dataclass(frozen=True, eq=False)
class Clustered:
    """Clusters of meaning of one view's words, or why there are none."""

    labels: Labels | None
    n_clusters: int = 0
    reason: str = ""


def find_clusters(vectors: FloatArray, wanted: Sequence[ClusterKey], seed: int) -> dict[ClusterKey, Clustered]:
    """Return the clusters of one view's words for each clustering that is `wanted` of these vectors."""
    with single_thread():
        return {key: _find_clusters(vectors, key, seed) for key in wanted}


def _find_clusters(vectors: FloatArray, key: ClusterKey, seed: int) -> Clustered:
    _, method, k = key
    try:
        found = cluster(vectors, min(k, len(vectors)) if isinstance(k, int) else "auto", method=method, seed=seed)  # type: ignore[arg-type]
    except ValuelexError as error:
        return Clustered(None, 0, error.what)
    return Clustered(found.labels, found.n_clusters)


@dataclass(frozen=True, eq=False)
class Task:
    """All analyses of the same data: one matrix, one association, one rule of prevalence.

    Attributes
    ----------
    cells : sequence of (int, Cell)
        With their place in the grid.
    matrix : Matrix or None
        None where everything that needs it is kept.
    models : Series or None
        Of each respondent.
    settings : TaxonomySettings
        Of this data; extraction and what follows are each cell's own.
    words : sequence of str
        Of the view.
    vectors : dict of str -> array
        By embedding.
    clusters : dict
        By embedding, clustering, number.
    references : sequence of (Reference, array, array)
        With the dimension and subdimension that each word of the view has there.
    seed : int
    kept : Path or None
    """

    cells: Sequence[tuple[int, Cell]]
    matrix: Matrix | None
    models: pd.Series | None
    settings: TaxonomySettings
    words: Sequence[str]
    vectors: Mapping[str, FloatArray]
    clusters: Mapping[ClusterKey, Clustered]
    references: Sequence[tuple[Reference, Labels, Labels]]
    seed: int
    kept: Path | None


Row = dict[str, Any]


def analyse_all(task: Task) -> list[tuple[int, Row]]:
    """Return a row for each cell: what the analysis found, and how far it agrees with the references."""
    kept = Kept(task.kept)
    with single_thread(), warnings.catch_warnings():  # what the data are like is said by the study's own analysis
        warnings.simplefilter("ignore", PsychometricsWarning)
        ground, solve_one = _ground(task, kept)
        compared: dict[tuple[bytes, bytes], Row] = {}
        out = []
        for number, cell in task.cells:
            key = extraction_key(cell)
            solved = Solved(None, 0, " ".join(ground.reasons)) if ground.reasons else kept.solved.get(key)
            if solved is None:
                solved = solve_one(cell)
                kept.put(key, solved)
            out.append((number, {"n_respondents": ground.n_respondents} | _row(task, cell, solved, compared)))
    return out


def extraction_key(cell: Cell) -> str:
    """What tells the extractions from the same data apart."""
    return f"{cell.n_factors}/{cell.method}/{cell.rotation}"


def _ground(task: Task, kept: Kept) -> tuple[Ground, Callable[[Cell], Solved]]:
    """What all cells share, made or read; and what solves one of them."""
    ready: list[Prepared] = []

    def prepared() -> Prepared:
        if not ready:
            assert task.matrix is not None and task.models is not None
            ready.append(prepare(task.matrix, task.models, task.settings, seed=task.seed))
        return ready[0]

    def solve_one(cell: Cell) -> Solved:
        mine = {"n_factors": cell.n_factors, "method": cell.method, "rotation": cell.rotation}
        try:
            found = solve(prepared(), task.settings.model_copy(update=mine), seed=task.seed)
        except ValuelexError as error:
            return Solved(None, 0, f"The factor analysis failed: {error.what}")
        return Solved(tuple(found.group_of(task.words).tolist()), found.efa.loadings.shape[1])

    if kept.ground is None:
        adequacy = prepared().adequacy
        kept.put_ground(Ground(int(adequacy["n_respondents"]), tuple(str(r) for r in adequacy["reasons"])))
    assert kept.ground is not None
    return kept.ground, solve_one


def _row(task: Task, cell: Cell, solved: Solved, compared: dict[tuple[bytes, bytes], Row]) -> Row:
    clusters = task.clusters[cell.embedding, cell.clustering, cell.n_clusters]
    if clusters.labels is None:
        return {"status": "failed", "reason": clusters.reason}
    groups = None if solved.labels is None else np.array(solved.labels, dtype=np.intp)
    joint = join(
        task.vectors[cell.embedding],
        clusters.labels,
        groups,
        outer=cell.outer,
        least_words=task.settings.least_words,
    )
    same = joint.dimension.tobytes(), joint.subdimension.tobytes()
    if same not in compared:
        compared[same] = _compared(task, joint)
    return compared[same] | {
        "status": "analysed",
        "reason": solved.reason or None,
        "factorable": groups is not None,
        "n_factors": solved.n_factors,
        "n_clusters": clusters.n_clusters,
    }


def _compared(task: Task, joint: Joint) -> Row:
    dimension = np.asarray(joint.dimension, dtype=np.intp)
    row: Row = {
        "n_words": len(task.words),
        "n_placed": int((dimension >= 0).sum()),
        "n_dimensions": len(set(dimension[dimension >= 0].tolist())),
        "n_subdimensions": len(set(joint.subdimension[joint.subdimension >= 0].tolist())),
    }
    jaccard = {}
    for reference, own, pieces in task.references:
        jaccard[reference.taxonomy] = matched(own, dimension, len(reference.names))
        if reference.taxonomy == "own":
            row["n_shared"], row["ari"], row["nmi"] = agreement(own, dimension)
            row["ari_subdimensions"] = agreement(pieces, np.asarray(joint.subdimension, dtype=np.intp))[1]
    return row | {"jaccard": jaccard}
