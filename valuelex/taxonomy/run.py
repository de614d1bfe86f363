"""The step: the tables `words` and `lexicon` -> dimensions and subdimensions, with the evidence for and against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.semantics import Clusters, Embedder, cluster, stability, word_map
from valuelex.tables import empty, frame
from valuelex.taxonomy.association import association, observations
from valuelex.taxonomy.controls import controls, doubts_of_controls
from valuelex.taxonomy.correspondence import compare_partitions, mantel, verdict
from valuelex.taxonomy.document import Piece, document, doubts, named_dimensions
from valuelex.taxonomy.empirical import Empirical, Solution, analyse, choose_words
from valuelex.taxonomy.joint import join
from valuelex.taxonomy.matrix import Matrix, of_one_mode, respondent_word_matrix
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

LEAST_WORDS = 6
"""Fewer words than this have no structure worth drawing."""

MOST_LEFT_OUT = 40
"""With more families than this none is left out in turn: a single one moves little, and each takes a fit of its own."""

Outputs = dict[str, pd.DataFrame | dict[str, Any]]


def run(
    words: pd.DataFrame,
    lexicon: pd.DataFrame,
    settings: TaxonomySettings,
    *,
    seed: int,
    embedder: Embedder,
    families: Mapping[str, str] | None = None,
) -> Outputs:
    """Return the tables and documents of the step.

    Tables: assignments, loadings, structure, factor_correlations, retention, eigenvalues, stability,
    structure_agreement, controls. Documents: adequacy (whether and why the words can be factored) and taxonomy (dimensions,
    subdimensions, words, and whether they can be interpreted). A lexicon that is too small gives empty tables and a
    taxonomy that says so.

    Parameters
    ----------
    words, lexicon : DataFrame
        The tables of these names.
    seed : int
        Of permutations, starts and resamples.
    embedder : Embedder
        Of words with their glosses.
    families : mapping of str -> str, optional
        Model id -> family, for resampling by family; a model that is not named is a family of its own.
    """
    names = [str(w) for w in lexicon["word"]]
    if len(names) < LEAST_WORDS:
        reason = f"The lexicon holds {len(names)} words; at least {LEAST_WORDS} are needed for a structure."
        nothing = Empirical({"factorable": False, "reasons": [reason], "notes": []})
        made = document([], names, None, nothing, None, [reason], settings, embedding=embedder.name)
        return _tables(nothing, empty("assignments"), empty("stability"), []) | {"taxonomy": made}
    words = of_one_mode(words, settings.elicitation)
    matrix = respondent_word_matrix(words, lexicon, settings.matrix)
    models = words.drop_duplicates("respondent_id").set_index("respondent_id")["model_id"].astype(object)
    models = models.reindex(matrix.respondents)
    found = analyse(matrix, models, settings, seed=seed)
    vectors = embedder.encode(texts_of(lexicon))
    n_clusters = min(settings.n_clusters, len(names)) if isinstance(settings.n_clusters, int) else settings.n_clusters
    clusters = cluster(vectors, n_clusters, method=settings.clustering, seed=seed)
    groups = _group_of_each(names, found)
    joint = join(vectors, clusters.labels, groups, outer=settings.outer, least_words=settings.least_words)
    weight = lexicon["n_respondents"].to_numpy(dtype=float)
    dimensions = named_dimensions(names, vectors, weight, joint)
    recoveries = _recoveries(found, matrix, models, families, settings, seed)
    steady = frame(
        "stability",
        [*_cluster_rows(vectors, clusters, names, settings, seed), *_dimension_rows(recoveries, dimensions, settings)],
    )
    agreement, said = _agreement(names, vectors, clusters, found, settings, seed)
    tested = controls(words, found, models, settings, seed=seed)
    reasons, caveats = doubts(found, dimensions, clusters, steady)
    reasons += doubts_of_controls(tested)
    made = document(
        dimensions,
        names,
        joint,
        found,
        clusters,
        reasons,
        settings,
        embedding=embedder.name,
        caveats=caveats,
        agreement=agreement,
        agreement_verdict=said,
    )
    assignments = _assign(names, vectors, lexicon, clusters, dimensions, found, recoveries)
    return _tables(found, assignments, steady, agreement, tested) | {"taxonomy": made}


def texts_of(lexicon: pd.DataFrame) -> list[str]:
    """The texts that are embedded: a word alone is ambiguous ("order", "grace"), its gloss says which sense is meant."""
    glosses = lexicon["gloss"].fillna("").astype(str)
    return [f"{w}: {gloss}" if gloss else str(w) for w, gloss in zip(lexicon["word"], glosses, strict=True)]


def _group_of_each(names: Sequence[str], found: Empirical) -> NDArray[np.intp] | None:
    if found.solution is None:
        return None
    of = dict(zip(found.solution.loadings.index, found.solution.groups.labels.tolist(), strict=True))
    return np.array([of.get(name, -1) for name in names], dtype=np.intp)


def _recoveries(
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
    out = [
        recover(solution, others, by, settings, unit_name=name, n=settings.bootstrap, seed=seed) for name, by in units
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


def _dimension_rows(
    recoveries: Sequence[Recovery], dimensions: Sequence[Piece], settings: TaxonomySettings
) -> list[dict[str, Any]]:
    if settings.outer != "factors":
        return []
    by_group = {d.number: d.name for d in dimensions}
    rows: list[dict[str, Any]] = []
    for recovery in recoveries:
        names = [by_group.get(g, f"group {g}") for g in range(recovery.jaccard.shape[1])]
        left_out = recovery.unit == LEFT_OUT
        what = "each family left out in turn" if left_out else f"{recovery.unit} resampled"
        rows += summary_rows(recovery, names, what=what)
    return rows


def _cluster_rows(
    vectors: FloatArray, clusters: Clusters, names: Sequence[str], settings: TaxonomySettings, seed: int
) -> list[dict[str, Any]]:
    if settings.bootstrap == 0 or clusters.n_clusters == 0:
        return []
    jaccard = stability(vectors, clusters, n_resamples=settings.bootstrap, seed=seed)
    first = {int(label): name for label, name in reversed(list(zip(clusters.labels, names, strict=True)))}
    statistic = "Jaccard similarity, words resampled"
    return [
        spread_row("cluster", f"cluster {c} ({first[c]}, ...)", statistic, jaccard[:, c])
        for c in range(clusters.n_clusters)
    ]


def _agreement(
    names: Sequence[str],
    vectors: FloatArray,
    clusters: Clusters,
    found: Empirical,
    settings: TaxonomySettings,
    seed: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """Compare the two structures, on the words that were factored."""
    if found.solution is None:
        return [], None
    data = found.solution.data
    position = {name: i for i, name in enumerate(names)}
    rows = np.array([position[str(w)] for w in data.columns])
    similar = association(data, settings.association).to_numpy()
    cosines = vectors[rows] @ vectors[rows].T
    placed = found.solution.groups.labels[: len(rows)]
    both = (placed >= 0) & (clusters.labels[rows] >= 0)
    out = compare_partitions(placed[both], clusters.labels[rows][both], seed=seed) if both.sum() > 1 else []
    out.append(mantel(similar, cosines, seed=seed))
    return out, verdict(out) if len(out) == 3 else None


def _assign(
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
        return "meaning"
    if j is None:
        return "unassigned: too rare or too common" if dimension is None else "meaning"
    if solution.groups.background[j] and dimension is None:
        return "unassigned: background"
    if solution.groups.labels[j] < 0:
        return "unassigned: no salient loading" if dimension is None else "meaning"
    return "factors" if j < solution.data.shape[1] else "extension"


def _tables(
    found: Empirical,
    assignments: pd.DataFrame,
    steady: pd.DataFrame,
    agreement: list[dict[str, Any]],
    tested: Sequence[dict[str, Any]] = (),
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
    return _tables(Empirical(adequacy), assignments, empty("stability"), []) | {"taxonomy": taxonomy}
