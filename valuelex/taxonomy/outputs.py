"""From what was found to the step's tables: where each word is and why, and the evidence beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.semantics import ClusterNumbers, Clusters, word_map
from valuelex.semantics.cluster import unit
from valuelex.semantics.partition import LINKAGES, linkage_distances, tree_of
from valuelex.tables import empty, frame
from valuelex.taxonomy.document import Piece
from valuelex.taxonomy.empirical import Empirical, Solution
from valuelex.taxonomy.levels import Levels
from valuelex.taxonomy.stability import LEFT_OUT, Recovery

FloatArray = NDArray[np.float64]

Outputs = dict[str, pd.DataFrame | dict[str, Any]]


def assign(
    names: list[str],
    vectors: FloatArray,
    lexicon: pd.DataFrame,
    clusters: Clusters,
    dimensions: Sequence[Piece],
    found: Empirical,
    recoveries: Sequence[Recovery],
) -> pd.DataFrame:
    points = word_map(vectors)
    place = {w: (d.name, s.name) for d in dimensions for s in d.parts for w in s.words}
    solution = found.solution
    row_of = {} if solution is None else {str(w): i for i, w in enumerate(solution.loadings.index)}
    # The probability comes from the most cautious resampling: the last but the leaving out of families.
    resampled = [r for r in recoveries if r.unit != LEFT_OUT]
    rows = []
    for i, word in enumerate(names):
        dimension, subdimension = place.get(word, (None, None))
        row: dict[str, Any] = {
            "word": word,
            "dimension": dimension,
            "subdimension": subdimension,
            "cluster": None if clusters.labels[i] < 0 else int(clusters.labels[i]),
            "factor": None,
            "loading": None,
            "communality": None,
            "placed_by": _placed_by(row_of.get(word), solution, dimension),
            "probability": None,
            "x": round(float(points[i, 0]), 6),
            "y": round(float(points[i, 1]), 6),
            "n_respondents": lexicon["n_respondents"].iloc[i],
        }
        if solution is not None and word in row_of:
            j = row_of[word]
            line = solution.loadings.iloc[j]
            factor = str(line.abs().idxmax())
            communality = min(float((solution.space[j] ** 2).sum()), 1.0)
            row |= {"factor": factor, "loading": line[factor], "communality": communality}
            if resampled and dimension is not None and not np.isnan(resampled[-1].same[j]):
                row["probability"] = float(resampled[-1].same[j])
        rows.append(row)
    return frame("assignments", rows)


def _placed_by(j: int | None, solution: Solution | None, dimension: str | None) -> str:
    """What gave a word its dimension, or why it has none; `j` is its row among the words that were placed."""
    if solution is None:
        return "unassigned: neither answers nor meaning place it" if dimension is None else "meaning"
    if j is None:
        return "unassigned: too rare or too common" if dimension is None else "meaning"
    if solution.groups.background[j] and dimension is None:
        return "unassigned: background"
    if solution.groups.labels[j] < 0:
        return "unassigned: no salient loading" if dimension is None else "meaning"
    return "factors" if j < solution.data.shape[1] else "extension"


def word_pairs(
    associations: pd.DataFrame, cosines: FloatArray, split: Levels | None, together: FloatArray | None
) -> pd.DataFrame:
    """Return the table `word_pairs`: what is known of every pair of the words that were factored."""
    names = np.array([str(word) for word in associations.index], dtype=object)
    first, second = np.triu_indices(len(names), 1)
    nothing = np.full((len(names), len(names)), np.nan)
    values = {
        "association": associations.to_numpy(),
        "within_models": nothing if split is None else split.within.to_numpy(),
        "between_models": nothing if split is None else split.between.to_numpy(),
        "cosine": cosines,
        "together": nothing if together is None else together,
    }
    pairs = {name: matrix[first, second] for name, matrix in values.items()}
    return frame("word_pairs", pd.DataFrame({"word": names[first], "other": names[second], **pairs}))


def word_tree(names: Sequence[str], vectors: FloatArray, method: str) -> pd.DataFrame:
    """Return the table `word_tree`: average linkage where that is the study's clustering, else Ward's, of unit vectors."""
    kind = method if method in LINKAGES else "agglomerative"
    points = unit(vectors)
    merges = tree_of(linkage_distances(points, kind), kind)

    def name(node: float) -> str:
        k = int(node)
        return str(names[k]) if k < len(names) else f"#{k - len(names) + 1}"

    rows = [
        {"step": step, "left": name(a), "right": name(b), "height": float(height), "n_words": int(n)}
        for step, (a, b, height, n) in enumerate(merges, start=1)
    ]
    return frame("word_tree", rows)


def cluster_numbers(found: ClusterNumbers | None, chosen: int) -> pd.DataFrame:
    """Return the table `cluster_numbers`: the criteria side by side, and which of them prefers which number."""
    if found is None:
        return empty("cluster_numbers")
    rows = found.to_frame()
    by = [", ".join(name for name, k in found.preferred.items() if k == row) for row in rows["k"]]
    return frame("cluster_numbers", rows.assign(preferred_by=by, chosen=rows["k"] == chosen))


def tables(
    found: Empirical,
    assignments: pd.DataFrame,
    steady: pd.DataFrame,
    agreement: list[dict[str, Any]],
    tested: Sequence[dict[str, Any]] = (),
    *,
    pairs: pd.DataFrame | None = None,
    tree: pd.DataFrame | None = None,
    numbers: pd.DataFrame | None = None,
) -> Outputs:
    solution = found.solution
    return {
        "assignments": assignments,
        "loadings": _wide("loadings", "word", solution.loadings if solution else None),
        "structure": _wide("structure", "word", solution.loadings @ solution.efa.phi if solution else None),
        "factor_correlations": _wide("factor_correlations", "factor", solution.efa.phi if solution else None),
        "retention": frame("retention", found.retention),
        "eigenvalues": frame(
            "eigenvalues",
            [
                {"index": i, "observed": o, "reference": r}
                for i, (o, r) in enumerate(zip(found.observed, found.reference, strict=True), start=1)
            ],
        ),
        "stability": steady,
        "structure_agreement": frame("structure_agreement", agreement),
        "controls": frame("controls", tested),
        "word_pairs": empty("word_pairs") if pairs is None else pairs,
        "word_tree": empty("word_tree") if tree is None else tree,
        "cluster_numbers": empty("cluster_numbers") if numbers is None else numbers,
        "adequacy": found.adequacy,
    }


def _wide(name: str, key: str, matrix: pd.DataFrame | None) -> pd.DataFrame:
    return empty(name) if matrix is None else frame(name, matrix.rename_axis(key).reset_index())


def from_assignments(assignments: pd.DataFrame) -> Outputs:
    """Return the step's tables for assignments that someone else made: nothing is computed, and the documents say so."""
    reason = "The assignments were given, not computed."
    adequacy = {"factorable": False, "reasons": [reason], "notes": []}
    dimensions = []
    for name, group in assignments.dropna(subset=["dimension"]).groupby("dimension", sort=False):
        inner = group.dropna(subset=["subdimension"]).groupby("subdimension", sort=False)
        subdimensions = [{"name": str(sub), "words": [str(w) for w in rows["word"]]} for sub, rows in inner]
        dimensions.append({"name": str(name), "words": [str(w) for w in group["word"]], "subdimensions": subdimensions})
    taxonomy = {
        "interpretable": bool(dimensions),
        "reasons": [reason],
        "basis": "given",
        "dimensions": dimensions,
        "unassigned": [str(w) for w in assignments.loc[assignments["dimension"].isna(), "word"]],
        "method": {},
    }
    return tables(Empirical(adequacy), assignments, empty("stability"), []) | {"taxonomy": taxonomy}
