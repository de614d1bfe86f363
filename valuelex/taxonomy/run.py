"""The step: the tables `words` and `lexicon` -> dimensions and subdimensions, with the evidence for and against them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from valuelex.semantics import Clusters, Embedder, cluster, stability, word_map
from valuelex.tables import empty, frame
from valuelex.taxonomy.empirical import Empirical, analyse, respondent_word_matrix
from valuelex.taxonomy.joint import Joint, central_words, join
from valuelex.taxonomy.settings import TaxonomySettings

LEAST_WORDS = 6
"""Fewer words than this have no structure worth drawing."""

WEAK_SILHOUETTE = 0.1
"""Below this mean silhouette the words run into one another: where one cluster ends is the method's choice."""

DISSOLVED = 0.6
"""Mean Jaccard similarity below which a cluster should not be trusted (Hennig, 2007)."""

MOSTLY_BETWEEN = 0.5
FEW_MODELS = 10
"""With fewer models than this, a factor whose variance lies mostly between models is their difference, not a dimension."""

FAIR_CONGRUENCE = 0.85
"""Tucker congruence from which two factors count as fairly alike (Lorenzo-Seva & ten Berge, 2006)."""


def run(
    words: pd.DataFrame, lexicon: pd.DataFrame, settings: TaxonomySettings, *, seed: int, embedder: Embedder
) -> dict[str, pd.DataFrame | dict[str, Any]]:
    """Return the tables and documents of the step.

    Tables: assignments, loadings, structure, factor_correlations, retention, eigenvalues, stability. Documents: adequacy
    (whether and why the words can be factored) and taxonomy (dimensions, subdimensions, words, and whether they can be
    interpreted). A lexicon that is too small gives empty tables and a taxonomy that says so.
    """
    matrix = respondent_word_matrix(words, lexicon, settings.matrix)
    models = words.drop_duplicates("respondent_id").set_index("respondent_id")["model_id"].reindex(matrix.index)
    found = analyse(matrix, models, settings, seed=seed)
    names = [str(w) for w in lexicon["word"]]
    if len(names) < LEAST_WORDS:
        reason = f"The lexicon holds {len(names)} words; at least {LEAST_WORDS} are needed for a structure."
        return _tables(found, empty("assignments"), []) | {
            "taxonomy": _document([], found, None, [reason], [], settings, embedder)
        }
    glosses = lexicon["gloss"].fillna("").astype(str)
    # A word alone is ambiguous ("order", "grace"): its gloss says which sense is meant.
    texts = [f"{word}: {gloss}" if gloss else word for word, gloss in zip(names, glosses, strict=True)]
    vectors = embedder.encode(texts)
    n_clusters = min(settings.n_clusters, len(names)) if isinstance(settings.n_clusters, int) else settings.n_clusters
    clusters = cluster(vectors, n_clusters, method=settings.clustering, seed=seed)
    loadings = found.efa.loadings if found.efa else None
    joint = join(names, vectors, clusters, loadings, salient=settings.salient)
    weight = lexicon["n_respondents"].to_numpy(dtype=float)
    dimensions = _dimensions(names, vectors, weight, clusters, joint)
    assignments = _assign(names, vectors, lexicon, clusters, dimensions, found)
    jaccard = stability(vectors, clusters, n_resamples=settings.bootstrap, seed=seed) if settings.bootstrap else None
    steady = _stability(dimensions, found, jaccard)
    doubts = _doubts(found, dimensions)
    silhouette = clusters.silhouettes[clusters.n_clusters]
    if silhouette == silhouette and silhouette < WEAK_SILHOUETTE:
        doubts.append(f"The words cluster weakly by meaning (mean silhouette {silhouette:.2f}): subdimensions blur.")
    loose = [s["name"] for s in steady if s["kind"] == "cluster" and s["mean"] is not None and s["mean"] < DISSOLVED]
    if loose:
        doubts.append(
            f"{len(loose)} of {clusters.n_clusters} subdimensions do not come back when the words are resampled (mean Jaccard "
            f"similarity below {DISSOLVED})."
        )
    document = _document(dimensions, found, clusters, doubts, joint.log, settings, embedder)
    return _tables(found, assignments, steady) | {"taxonomy": document}


def _dimensions(
    names: list[str], vectors: np.ndarray, weight: np.ndarray, clusters: Clusters, joint: Joint
) -> list[dict[str, Any]]:
    """Order, name and fill the dimensions; the one with most respondents' words comes first."""
    members = {c: [i for i, label in enumerate(clusters.labels) if label == c] for c in range(clusters.n_clusters)}
    groups: dict[int, list[int]] = {}
    for c, d in joint.dimension_of.items():
        groups.setdefault(d, []).append(c)
    ordered = sorted(groups.items(), key=lambda item: (-sum(weight[i] for c in item[1] for i in members[c]), item[0]))
    taken: set[str] = set()
    out = []
    for d, owned in ordered:
        rows = [i for c in owned for i in members[c]]
        central = central_words([names[i] for i in rows], vectors[rows], weight[rows])
        title = _unused(central, taken)
        subdimensions = []
        for c in sorted(owned, key=lambda c: (-sum(weight[i] for i in members[c]), c)):
            inner = central_words([names[i] for i in members[c]], vectors[members[c]], weight[members[c]])
            label = " and ".join(inner[:2]).capitalize()
            taken.add(label.lower())
            subdimensions.append({"name": label, "cluster": c, "words": inner})
        out.append({"name": title, "factor": d, "words": central, "subdimensions": subdimensions})
    return out


def _unused(candidates: list[str], taken: set[str]) -> str:
    name = next((w for w in candidates if w.lower() not in taken), candidates[0])
    taken.add(name.lower())
    return name.capitalize()


def _assign(
    names: list[str],
    vectors: np.ndarray,
    lexicon: pd.DataFrame,
    clusters: Clusters,
    dimensions: list[dict[str, Any]],
    found: Empirical,
) -> pd.DataFrame:
    points = word_map(vectors)
    place = {w: (d["name"], s["name"]) for d in dimensions for s in d["subdimensions"] for w in s["words"]}
    rows = []
    for i, word in enumerate(names):
        row: dict[str, Any] = {
            "word": word,
            "dimension": place[word][0],
            "subdimension": place[word][1],
            "cluster": int(clusters.labels[i]),
            "factor": None,
            "loading": None,
            "communality": None,
            "x": round(float(points[i, 0]), 6),
            "y": round(float(points[i, 1]), 6),
            "n_respondents": lexicon["n_respondents"].iloc[i],
        }
        if found.efa is not None and word in found.efa.loadings.index:
            line = found.efa.loadings.loc[word]
            factor = str(line.abs().idxmax())
            row |= {"factor": factor, "loading": line[factor], "communality": found.efa.communalities[word]}
        rows.append(row)
    return frame("assignments", rows)


def _stability(dimensions: list[dict[str, Any]], found: Empirical, jaccard: np.ndarray | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    subdimensions = [s for d in dimensions for s in d["subdimensions"]] if jaccard is not None else []
    for sub in subdimensions:
        assert jaccard is not None
        values = jaccard[:, sub["cluster"]][~np.isnan(jaccard[:, sub["cluster"]])]
        low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (None, None)
        mean = values.mean() if len(values) else None
        statistic = "Jaccard similarity, words resampled (interval: 2.5th to 97.5th percentile)"
        rows.append(_steady("cluster", sub["name"], statistic, mean, low, high, len(values)))
    if found.congruence is not None:
        unit = found.adequacy["bootstrap_unit"]
        statistic = f"Tucker congruence, {unit}s resampled (interval from the 5th percentile up)"
        for factor, row in found.congruence.iterrows():
            rows.append(_steady("factor", str(factor), statistic, row["mean"], row["ci_low"], 1.0, found.n_resamples))
    return rows


def _steady(kind: str, name: str, statistic: str, mean: Any, low: Any, high: Any, n: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": name,
        "statistic": statistic,
        "mean": mean,
        "ci_low": low,
        "ci_high": high,
        "n_resamples": n,
    }


def _doubts(found: Empirical, dimensions: list[dict[str, Any]]) -> list[str]:
    """Reasons not to interpret the taxonomy; none means that it can be."""
    if found.efa is None:
        return [
            "The words could not be factored: the dimensions rest on meaning alone and describe the words, not the models.",
            *found.adequacy["reasons"],
        ]
    doubts = []
    if len(dimensions) < 2:
        doubts.append("All words fall into one dimension.")
    if found.congruence is not None:
        loose = found.congruence[found.congruence["mean"] < FAIR_CONGRUENCE]
        if len(loose):
            doubts.append(
                f"{len(loose)} of {len(found.congruence)} factors do not come back under resampling (mean Tucker congruence "
                f"below {FAIR_CONGRUENCE})."
            )
    between = {f: share for f, share in found.adequacy["between_models"].items() if share > MOSTLY_BETWEEN}
    if between and found.adequacy["n_models"] < FEW_MODELS:
        shares = ", ".join(f"{f} {share:.0%}" for f, share in between.items())
        doubts.append(
            f"With {found.adequacy['n_models']} models, the factor is mostly the difference between them (share of variance "
            f"between models: {shares}): it cannot be told from what else sets these models apart."
        )
    if found.adequacy["n_models"] < 2:
        doubts.append("One model alone was asked: what varies are its settings.")
    return doubts


def _document(
    dimensions: list[dict[str, Any]],
    found: Empirical,
    clusters: Clusters | None,
    doubts: list[str],
    log: list[str],
    settings: TaxonomySettings,
    embedder: Embedder,
) -> dict[str, Any]:
    return {
        "interpretable": not doubts,
        "reasons": doubts,
        "basis": "factors and meaning" if found.efa is not None else "meaning alone",
        "dimensions": [
            {
                "name": d["name"],
                "words": d["words"],
                "subdimensions": [{"name": s["name"], "words": s["words"]} for s in d["subdimensions"]],
            }
            for d in dimensions
        ],
        "method": {
            "embedding": embedder.name,
            "clustering": settings.clustering,
            "n_clusters": clusters.n_clusters if clusters else 0,
            "silhouettes": {str(k): round(v, 6) for k, v in clusters.silhouettes.items() if v == v} if clusters else {},
            "extraction": settings.method,
            "rotation": settings.rotation,
            "decisions": log,
        },
    }


def _tables(found: Empirical, assignments: pd.DataFrame, steady: list[dict[str, Any]]) -> dict[str, Any]:
    efa = found.efa
    return {
        "assignments": assignments,
        "loadings": _wide("loadings", "word", efa.loadings if efa else None),
        "structure": _wide("structure", "word", efa.structure if efa else None),
        "factor_correlations": _wide("factor_correlations", "factor", efa.phi if efa else None),
        "retention": frame("retention", found.retention),
        "eigenvalues": frame(
            "eigenvalues",
            [
                {"index": i, "observed": o, "reference": r}
                for i, (o, r) in enumerate(zip(found.observed, found.reference, strict=True), start=1)
            ],
        ),
        "stability": frame("stability", steady),
        "adequacy": found.adequacy,
    }


def _wide(name: str, key: str, matrix: pd.DataFrame | None) -> pd.DataFrame:
    return empty(name) if matrix is None else frame(name, matrix.rename_axis(key).reset_index())


def from_assignments(assignments: pd.DataFrame) -> dict[str, Any]:
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
        "method": {},
    }
    return _tables(Empirical(None, adequacy), assignments, []) | {"taxonomy": taxonomy}
