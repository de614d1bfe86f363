"""Does the chain find known dimensions? Simulated populations, this project's way and two plain ones on the same draws."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.semantics import cluster
from valuelex.tables import frame
from valuelex.taxonomy.correspondence import compare_partitions, mantel, verdict
from valuelex.taxonomy.document import WEAK_SILHOUETTE
from valuelex.taxonomy.empirical import Solution, analyse
from valuelex.taxonomy.matrix import Matrix, models_of, respondent_word_matrix
from valuelex.taxonomy.settings import TaxonomySettings
from valuelex.taxonomy.simulation import Population, Simulated, hard, moderate, null, simulate


def across(rng: np.random.Generator) -> Population:
    """Draw a moderate setting whose dimensions cut across meaning."""
    return replace(moderate(rng), meaning_follows=False)


SETTINGS: dict[str, Callable[[np.random.Generator], Population]] = {
    "moderate": moderate,
    "across meaning": across,
    "hard": hard,
    "null": null,
}


def recover_all(setting: str, n: int, seed: int, *, chains: Sequence[str] | None = None) -> pd.DataFrame:
    """Draw n populations of a setting and run every chain on each.

    Parameters
    ----------
    setting : {"moderate", "across meaning", "hard", "null"}
    n : int
    seed : int
        Draw i has the i-th spawned stream, whatever n is.
    chains : sequence of str, optional
        Of `CHAINS`; default all.

    Returns
    -------
    DataFrame
        One row per draw and chain: setting, draw, chain, n_dimensions (true), found, ari, n_respondents, n_words, differ.
        `ari` is the adjusted Rand index over the words that belong to a dimension, those left unassigned counted as a group; 0
        dimensions are "not factorable". `differ`: whether the report says that answers and meaning differ (this project's
        chain).
    """
    from joblib import Parallel, delayed

    streams = np.random.SeedSequence(seed).spawn(n)
    chosen = tuple(chains or CHAINS)
    rows = Parallel(n_jobs=-1)(delayed(_one)(setting, i, stream, chosen) for i, stream in enumerate(streams))
    return pd.DataFrame([row for each in rows for row in each])


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Per setting and chain: draws, mean ARI with its 10th and 90th percentile, share with the right number of
    dimensions, share not factorable, and the mean number of words without a dimension that were left unassigned."""
    rows = []
    for (setting, chain), group in table.groupby(["setting", "chain"], sort=False):
        rows.append(
            {
                "setting": setting,
                "chain": chain,
                "draws": len(group),
                "ari": group["ari"].mean(),
                "ari_10": group["ari"].quantile(0.1),
                "ari_90": group["ari"].quantile(0.9),
                "right_number": (group["found"] == group["n_dimensions"]).mean(),
                "within_one": ((group["found"] - group["n_dimensions"]).abs() <= 1).mean(),
                "not_factorable": (group["found"] == 0).mean(),
                "differ": group["differ"].dropna().astype(float).mean(),
            }
        )
    return pd.DataFrame(rows)


def _one(setting: str, i: int, stream: np.random.SeedSequence, chains: tuple[str, ...]) -> list[dict[str, Any]]:
    rng = np.random.default_rng(stream)
    drawn = simulate(SETTINGS[setting](rng), int(rng.integers(2**31)))
    lexicon = lexicon_of(drawn.words)
    matrix = respondent_word_matrix(drawn.words, lexicon, "binary")
    models = models_of(drawn.words, matrix.respondents)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pm.PsychometricsWarning)
        solution = analyse(matrix, models, TaxonomySettings(), seed=1).solution if USING_FACTORS & set(chains) else None
    rows = []
    for name in chains:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pm.PsychometricsWarning)
            found = CHAINS[name](drawn, matrix, solution)
        rows.append(
            {
                "setting": setting,
                "draw": i,
                "chain": name,
                "n_dimensions": drawn.population.n_dimensions,
                "found": int(found[found >= 0].nunique()),
                "ari": _ari(drawn.truth, found),
                "n_respondents": len(matrix.respondents),
                "n_words": len(matrix.words),
                "differ": _said_to_differ(drawn, found, solution) if name == OURS and solution is not None else None,
            }
        )
    return rows


def _said_to_differ(drawn: Simulated, found: pd.Series, solution: Solution) -> bool:
    """Whether the sentence about the two structures, as it stands in the report, says that they differ."""
    words = list(solution.data.columns)
    vectors = drawn.vectors.loc[words].to_numpy()
    clusters = pd.Series(cluster(drawn.vectors.to_numpy(), seed=1).labels, index=drawn.vectors.index)[words].to_numpy()
    placed = found[words].to_numpy() >= 0
    rows = compare_partitions(found[words].to_numpy()[placed], clusters[placed], seed=1)
    rows.append(mantel(np.corrcoef(solution.data.to_numpy(), rowvar=False), vectors @ vectors.T, seed=1))
    return verdict(rows).startswith("The two structures differ")


def lexicon_of(words: pd.DataFrame) -> pd.DataFrame:
    """The table `lexicon` of words that all count, with their numbers."""
    counts = words.groupby("word").agg(
        n_responses=("response_id", "nunique"),
        n_respondents=("respondent_id", "nunique"),
        n_models=("model_id", "nunique"),
    )
    return frame("lexicon", counts.reset_index().assign(variants=None, gloss=None, source="simulated"))


def _ari(truth: pd.Series, found: pd.Series) -> float:
    from sklearn.metrics import adjusted_rand_score

    real = truth[truth >= 0]
    return float(adjusted_rand_score(real, found.reindex(real.index).fillna(-1))) if len(real) else float("nan")


def _ours(drawn: Simulated, matrix: Matrix, solution: Solution | None) -> pd.Series:
    out = pd.Series(-1, index=drawn.truth.index)
    if solution is not None:
        out[solution.loadings.index] = solution.groups.labels
    return out


def _largest_loading(drawn: Simulated, matrix: Matrix, solution: Solution | None) -> pd.Series:
    """The same factors, each word under that of its largest absolute loading: two groups at the ends of one factor merge."""
    out = pd.Series(-1, index=drawn.truth.index)
    if solution is not None:
        out[solution.loadings.index] = np.abs(solution.loadings.to_numpy()).argmax(axis=1)
    return out


def _outline(drawn: Simulated, matrix: Matrix, solution: Solution | None) -> pd.Series:
    """The outline of the paper, filled with what most would take: Pearson correlations of the binary matrix,
    eigenvalues above one (Kaiser), minres, varimax, largest absolute loading, no screening."""
    cells = _varying(matrix)
    return _varimax(drawn, cells, max(1, int((np.linalg.eigvalsh(cells.corr().to_numpy()) > 1).sum())))


def _parallel(drawn: Simulated, matrix: Matrix, solution: Solution | None) -> pd.Series:
    """The same outline in careful hands: as many factors as parallel analysis keeps, respondents taken as independent."""
    cells = _varying(matrix)
    found = pm.parallel_analysis(cells, PERMUTED, 95, kind="pca", reference="permutation", seed=1)
    return _varimax(drawn, cells, found.n_factors) if found.n_factors else pd.Series(-1, index=drawn.truth.index)


def _varying(matrix: Matrix) -> pd.DataFrame:
    cells = matrix.to_frame()
    return cells.loc[:, cells.std() > 0]


def _varimax(drawn: Simulated, cells: pd.DataFrame, k: int) -> pd.Series:
    """Minres, varimax, each word under the factor of its largest absolute loading."""
    R, out = cells.corr(), pd.Series(-1, index=drawn.truth.index)
    try:
        loadings = pm.efa(
            R, k, "minres", rotation="varimax", n_obs=len(cells), smooth="clip", n_starts=1, seed=1
        ).loadings
    except ValuelexError:
        return out
    out[loadings.index] = np.abs(loadings.to_numpy()).argmax(axis=1)
    return out


def _meaning(drawn: Simulated, matrix: Matrix, solution: Solution | None) -> pd.Series:
    """k-means of the word vectors, k by silhouette, whatever the answers are."""
    found = cluster(drawn.vectors.to_numpy(), "auto", method="kmeans", seed=1)
    if found.silhouettes[found.n_clusters] < WEAK_SILHOUETTE:
        return pd.Series(-1, index=drawn.truth.index)
    return pd.Series(found.labels, index=drawn.truth.index)


OURS = "valuelex"
PERMUTED = 30
"""Permuted data sets behind the careful outline's parallel analysis."""

CHAINS: dict[str, Callable[[Simulated, Matrix, Solution | None], pd.Series]] = {
    OURS: _ours,
    "same factors, largest loading": _largest_loading,
    "Pearson, Kaiser, varimax, largest loading": _outline,
    "Pearson, parallel analysis, varimax, largest loading": _parallel,
    "k-means of meaning": _meaning,
}
"""Ways to find the dimensions, by the name that tables give them."""

USING_FACTORS = {OURS, "same factors, largest loading"}
