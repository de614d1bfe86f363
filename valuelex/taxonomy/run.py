"""The step: the tables `words` and `lexicon` -> dimensions and subdimensions, with the evidence for and against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.semantics import ClusterNumbers, Clusters, Embedder, choose_k, cluster
from valuelex.tables import empty, frame
from valuelex.taxonomy.association import association, observations
from valuelex.taxonomy.basis import Basis, of_answers, of_meaning
from valuelex.taxonomy.controls import doubts_of_controls
from valuelex.taxonomy.correspondence import compare_partitions, mantel, verdict
from valuelex.taxonomy.document import Naming, document, doubts, named_dimensions
from valuelex.taxonomy.empirical import Empirical, choose_words
from valuelex.taxonomy.groups import unit
from valuelex.taxonomy.intrinsic.profiles import Profiles
from valuelex.taxonomy.intrinsic.structure import by_model, of_probabilities
from valuelex.taxonomy.joint import UNASSIGNED, Joint, join
from valuelex.taxonomy.levels import on_one_level
from valuelex.taxonomy.matrix import of_one_mode, respondent_word_matrix
from valuelex.taxonomy.outputs import Outputs, assign, cluster_numbers, tables, word_pairs, word_tree
from valuelex.taxonomy.preparation import LEAST_WORDS
from valuelex.taxonomy.recoveries import cluster_rows, dimension_rows
from valuelex.taxonomy.settings import TaxonomySettings

FloatArray = NDArray[np.float64]

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
    namer: Naming | None = None,
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
    namer : callable, optional
        Gives the pieces other names (`Namer`); default: those of their central words.
    """
    if len(lexicon) < LEAST_WORDS:
        return _too_small(lexicon, settings, embedder)
    if settings.structure == "semantic":
        basis = of_meaning()
    else:
        basis = of_answers(words, lexicon, settings, families, seed=seed)
    return _complete(basis, lexicon, settings, seed=seed, embedder=embedder, namer=namer)


def run_intrinsic(
    profiles: Profiles,
    lexicon: pd.DataFrame,
    settings: TaxonomySettings,
    *,
    seed: int,
    embedder: Embedder,
    words: pd.DataFrame | None = None,
    namer: Naming | None = None,
) -> Outputs:
    """Return the same tables and documents for the structure inside models, and the table `intrinsic`.

    Parameters
    ----------
    profiles : Profiles
        Of the words of `lexicon`, in its order.
    lexicon : DataFrame
        The table of that name; its counts may be 0.
    settings, seed, embedder
        As for `run`.
    words : DataFrame, optional
        The table of that name, where models were asked too: `structure_agreement` then compares with their answers.
    """
    basis = of_probabilities(profiles, settings, seed=seed)
    made = _complete(basis, lexicon, settings, seed=seed, embedder=embedder, namer=namer)
    vectors = unit(embedder.encode(texts_of(lexicon)))
    answers = None if words is None else _associations(words, lexicon, settings)
    if answers is not None and basis.found.solution is not None:
        shared = [word for word in basis.found.solution.data.columns if word in answers.index]
        if len(shared) >= LEAST_WORDS:
            own = basis.similarity().loc[shared, shared].to_numpy()
            row = mantel(own, answers.loc[shared, shared].to_numpy(), seed=seed)
            row["statistic"] = "Mantel correlation with the answers"
            agreement = made["structure_agreement"]
            assert isinstance(agreement, pd.DataFrame)
            made["structure_agreement"] = frame("structure_agreement", pd.concat([agreement, pd.DataFrame([row])]))
    return made | {"intrinsic": by_model(profiles, vectors @ vectors.T, answers, seed=seed)}


def _associations(words: pd.DataFrame, lexicon: pd.DataFrame, settings: TaxonomySettings) -> pd.DataFrame | None:
    """The answers' own associations of the words that enough respondents named."""
    words = of_one_mode(words, settings.elicitation)
    matrix = respondent_word_matrix(words, lexicon, settings.matrix)
    chosen = choose_words(matrix, settings)[: settings.max_words]
    if len(chosen) < LEAST_WORDS:
        return None
    data = observations(matrix, chosen, settings.association)
    return association(data.loc[:, data.std() > 1e-12], settings.association)


def _too_small(lexicon: pd.DataFrame, settings: TaxonomySettings, embedder: Embedder) -> Outputs:
    reason = f"The lexicon holds {len(lexicon)} words; at least {LEAST_WORDS} are needed for a structure."
    nothing = Empirical({"factorable": False, "reasons": [reason], "notes": []})
    names = [str(word) for word in lexicon["word"]]
    made = document([], names, None, nothing, None, [reason], settings, embedding=embedder.name)
    return tables(nothing, empty("assignments"), empty("stability"), []) | {"taxonomy": made}


def _complete(
    basis: Basis,
    lexicon: pd.DataFrame,
    settings: TaxonomySettings,
    *,
    seed: int,
    embedder: Embedder,
    namer: Naming | None,
) -> Outputs:
    """Join the factors with meaning, name the dimensions, and collect the evidence."""
    names, found = [str(word) for word in lexicon["word"]], basis.found
    vectors = embedder.encode(texts_of(lexicon))
    n_clusters = min(settings.n_clusters, len(names)) if isinstance(settings.n_clusters, int) else settings.n_clusters
    clusters = cluster(vectors, n_clusters, method=settings.clustering, seed=seed)
    groups = None if found.solution is None else found.solution.group_of(names)
    joint = _joined(vectors, clusters.labels, groups, settings)
    weight = lexicon["n_respondents"].to_numpy(dtype=float)
    weight = weight if weight.any() else np.ones(len(names))
    dimensions = named_dimensions(names, vectors, weight, joint, found.solution)
    dimensions = dimensions if namer is None else namer(dimensions)
    steady = frame(
        "stability",
        [
            *cluster_rows(vectors, clusters, names, settings, seed),
            *dimension_rows([*basis.recovered, *basis.elsewhere], dimensions, settings),
        ],
    )
    agreement, said = _agreement(names, vectors, clusters, basis, seed)
    reasons, caveats = doubts(found, dimensions, clusters, steady, settings.structure)
    reasons += doubts_of_controls(list(basis.tested))
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
        kind=basis.kind,
    )
    assignments = assign(names, vectors, lexicon, clusters, dimensions, found, basis.recovered)
    numbers = cluster_numbers(_numbers(vectors, settings, seed), clusters.n_clusters)
    pairs = _pairs(names, vectors, basis)
    tree = word_tree(names, vectors, settings.clustering)
    made_tables = tables(found, assignments, steady, agreement, basis.tested, pairs=pairs, tree=tree, numbers=numbers)
    return made_tables | {"taxonomy": made}


def texts_of(lexicon: pd.DataFrame) -> list[str]:
    """The texts that are embedded: a word alone is ambiguous ("order", "grace"), its gloss says which sense is meant."""
    glosses = lexicon["gloss"].fillna("").astype(str)
    return [f"{w}: {gloss}" if gloss else str(w) for w, gloss in zip(lexicon["word"], glosses, strict=True)]


def _joined(
    vectors: FloatArray, clusters: NDArray[np.intp], groups: NDArray[np.intp] | None, settings: TaxonomySettings
) -> Joint:
    """Join factors with meaning as far as the study file wants both."""
    nothing = np.full(len(vectors), UNASSIGNED, dtype=np.intp)
    if groups is None and settings.structure in ("empirical", "intrinsic"):
        return Joint(
            nothing, nothing, ["No factors, and meaning alone is not what was asked for: no word has a place."]
        )
    if settings.structure == "empirical":
        return join(vectors, nothing, groups, least_words=1)
    return join(vectors, clusters, groups, outer=settings.outer, least_words=settings.least_words)


def _rows_of(names: Sequence[str], data: pd.DataFrame) -> NDArray[np.intp]:
    """Where the words that were factored stand in the lexicon."""
    position = {name: i for i, name in enumerate(names)}
    return np.array([position[str(word)] for word in data.columns], dtype=np.intp)


def _pairs(names: Sequence[str], vectors: FloatArray, basis: Basis) -> pd.DataFrame | None:
    if basis.found.solution is None:
        return None
    own = unit(vectors[_rows_of(names, basis.found.solution.data)])
    together = [r.together for r in basis.recovered if r.together is not None]
    return word_pairs(basis.similarity(), own @ own.T, basis.split, together[-1] if together else None)


def _numbers(vectors: FloatArray, settings: TaxonomySettings, seed: int) -> ClusterNumbers | None:
    """Numbers of clusters by several criteria; none for a method that finds its own, or where nothing is resampled."""
    candidates = range(2, min(MOST_CLUSTERS, len(vectors) // 2) + 1)
    if settings.clustering == "hdbscan" or settings.bootstrap == 0 or not len(candidates):
        return None
    return choose_k(vectors, candidates, method=settings.clustering, seed=seed)


def _agreement(
    names: Sequence[str], vectors: FloatArray, clusters: Clusters, basis: Basis, seed: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Compare the two structures, on the words that were factored."""
    solution = basis.found.solution
    if solution is None:
        return [], None
    rows = _rows_of(names, solution.data)
    cosines = vectors[rows] @ vectors[rows].T
    placed = solution.groups.labels[: len(rows)]
    both = (placed >= 0) & (clusters.labels[rows] >= 0)
    out = compare_partitions(placed[both], clusters.labels[rows][both], seed=seed) if both.sum() > 1 else []
    out.append(mantel(basis.similarity().to_numpy(), cosines, seed=seed))
    return out, verdict(out) if len(out) == 3 else None
