"""The step: the tables `words` and `lexicon` -> dimensions and subdimensions, with the evidence for and against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.semantics import ClusterNumbers, Clusters, Embedder, choose_k, cluster
from valuelex.tables import empty, frame
from valuelex.taxonomy.association import association
from valuelex.taxonomy.controls import controls, doubts_of_controls
from valuelex.taxonomy.correspondence import compare_partitions, mantel, verdict
from valuelex.taxonomy.document import document, doubts, named_dimensions
from valuelex.taxonomy.empirical import Empirical, analyse
from valuelex.taxonomy.groups import unit
from valuelex.taxonomy.joint import join
from valuelex.taxonomy.levels import Levels, by_level, levels, on_one_level
from valuelex.taxonomy.matrix import of_one_mode, respondent_word_matrix
from valuelex.taxonomy.outputs import Outputs, assign, cluster_numbers, tables, word_pairs
from valuelex.taxonomy.recoveries import cluster_rows, dimension_rows, recoveries
from valuelex.taxonomy.settings import TaxonomySettings
from valuelex.taxonomy.stability import Recovery

FloatArray = NDArray[np.float64]

LEAST_WORDS = 6
"""Fewer words than this have no structure worth drawing."""

MOST_CLUSTERS = 12
"""The criteria of the number of clusters are shown up to it."""


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

    Tables: assignments, loadings, structure, factor_correlations, retention, eigenvalues, stability, word_pairs,
    cluster_numbers, structure_agreement, controls. Documents: adequacy (whether and why the words can be factored) and
    taxonomy (dimensions, subdimensions, words, and whether they can be interpreted). A lexicon that is too small gives empty
    tables and a taxonomy that says so.

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
        return tables(nothing, empty("assignments"), empty("stability"), []) | {"taxonomy": made}
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
    recovered = recoveries(found, matrix, models, families, settings, seed)
    split = levels(found.solution.data, models) if found.solution is not None else None
    of_levels = by_level(found.solution, split, seed=seed) if found.solution and split else []
    steady = frame(
        "stability",
        [
            *cluster_rows(vectors, clusters, names, settings, seed),
            *dimension_rows([*recovered, *of_levels], dimensions, settings),
        ],
    )
    agreement, said = _agreement(names, vectors, clusters, found, settings, seed)
    tested = controls(words, found, models, settings, seed=seed)
    reasons, caveats = doubts(found, dimensions, clusters, steady)
    reasons += doubts_of_controls(tested)
    caveats += on_one_level(steady)
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
    assignments = assign(names, vectors, lexicon, clusters, dimensions, found, recovered)
    pairs = _pairs(names, vectors, found, split, recovered, settings)
    numbers = cluster_numbers(_numbers(vectors, settings, seed), clusters.n_clusters)
    return tables(found, assignments, steady, agreement, tested, pairs=pairs, numbers=numbers) | {"taxonomy": made}


def texts_of(lexicon: pd.DataFrame) -> list[str]:
    """The texts that are embedded: a word alone is ambiguous ("order", "grace"), its gloss says which sense is meant."""
    glosses = lexicon["gloss"].fillna("").astype(str)
    return [f"{w}: {gloss}" if gloss else str(w) for w, gloss in zip(lexicon["word"], glosses, strict=True)]


def _group_of_each(names: Sequence[str], found: Empirical) -> NDArray[np.intp] | None:
    if found.solution is None:
        return None
    of = dict(zip(found.solution.loadings.index, found.solution.groups.labels.tolist(), strict=True))
    return np.array([of.get(name, -1) for name in names], dtype=np.intp)


def _rows_of(names: Sequence[str], data: pd.DataFrame) -> NDArray[np.intp]:
    """Where the words that were factored stand in the lexicon."""
    position = {name: i for i, name in enumerate(names)}
    return np.array([position[str(word)] for word in data.columns], dtype=np.intp)


def _pairs(
    names: Sequence[str],
    vectors: FloatArray,
    found: Empirical,
    split: Levels | None,
    recovered: Sequence[Recovery],
    settings: TaxonomySettings,
) -> pd.DataFrame | None:
    if found.solution is None:
        return None
    data = found.solution.data
    own = unit(vectors[_rows_of(names, data)])
    together = [r.together for r in recovered if r.together is not None]
    return word_pairs(association(data, settings.association), own @ own.T, split, together[-1] if together else None)


def _numbers(vectors: FloatArray, settings: TaxonomySettings, seed: int) -> ClusterNumbers | None:
    """Numbers of clusters by several criteria; none for a method that finds its own, or where nothing is resampled."""
    candidates = range(2, min(MOST_CLUSTERS, len(vectors) // 2) + 1)
    if settings.clustering == "hdbscan" or settings.bootstrap == 0 or not len(candidates):
        return None
    return choose_k(vectors, candidates, method=settings.clustering, seed=seed)


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
    rows = _rows_of(names, data)
    similar = association(data, settings.association).to_numpy()
    cosines = vectors[rows] @ vectors[rows].T
    placed = found.solution.groups.labels[: len(rows)]
    both = (placed >= 0) & (clusters.labels[rows] >= 0)
    out = compare_partitions(placed[both], clusters.labels[rows][both], seed=seed) if both.sum() > 1 else []
    out.append(mantel(similar, cosines, seed=seed))
    return out, verdict(out) if len(out) == 3 else None
