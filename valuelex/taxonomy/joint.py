"""Putting the two structures together by an explicit rule, every decision in a log.

1. Every word has a semantic cluster (by meaning); words that the answers place have a group (by factors; `groups`).
2. One structure is the outer one and gives the dimensions: the groups by default, the clusters where the study file
   says so. The other one divides each dimension: its words of one cluster (or group) are one piece.
3. A piece with too few words joins the piece of its dimension that is nearest in meaning (cosine of centroids).
4. A word without a group (rare, without salient loadings, or of the background) has no dimension: it stays visible as
   unassigned. With the clusters outside, it has a dimension and joins its nearest piece.
5. Where the words could not be factored, clusters are joined by meaning alone into two to four dimensions.

Names come later (`document`, `naming`) and never change membership.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuelex.semantics import Clusters, cluster

FloatArray = NDArray[np.float64]
Labels = NDArray[np.intp]

MAX_SEMANTIC_DIMENSIONS = 4
"""Dimensions when meaning alone joins the clusters."""

UNASSIGNED = -1


@dataclass(frozen=True, eq=False)
class Joint:
    """Where each word belongs.

    Attributes
    ----------
    dimension : array of int, shape (n,)
        0-based; -1 for unassigned words.
    subdimension : array of int, shape (n,)
        0-based over all dimensions; -1 for unassigned words.
    log : list of str
        A sentence for each decision.
    """

    dimension: Labels
    subdimension: Labels
    log: list[str]


def join(
    vectors: FloatArray,
    clusters: Labels,
    groups: Labels | None,
    *,
    outer: str = "factors",
    least_words: int = 3,
) -> Joint:
    """Give each word its dimension and subdimension.

    Parameters
    ----------
    vectors : array, shape (n, d)
        Unit rows.
    clusters : array of int, shape (n,)
        Semantic cluster of each word; -1 for none.
    groups : array of int or None, shape (n,)
        Group by factors, -1 for none; None where the words could not be factored.
    outer : {"factors", "clusters"}
        Which structure gives the dimensions.
    least_words : int
        A smaller piece joins another one.
    """
    if groups is None or (groups >= 0).sum() == 0:
        dimension, log = _by_meaning(vectors, clusters)
        return Joint(dimension, np.where(dimension >= 0, clusters, UNASSIGNED), log)
    by_factors = outer == "factors"
    first, second = (groups, clusters) if by_factors else (clusters, groups)
    names = ("group", "cluster") if by_factors else ("cluster", "group")
    subdimension, log, n_pieces = np.full(len(vectors), UNASSIGNED), [], 0
    for d in sorted(set(first[first >= 0].tolist())):
        rows = np.flatnonzero(first == d)
        pieces = second[rows]
        kept, sentences = _merge_small(vectors[rows], pieces, least_words)
        log += [f"{names[0]} {d}: {sentence.format(name=names[1])}" for sentence in sentences]
        for piece in sorted(set(kept.tolist())):
            subdimension[rows[kept == piece]] = n_pieces
            n_pieces += 1
    return Joint(np.asarray(first, dtype=np.intp), subdimension, log)


def _merge_small(vectors: FloatArray, pieces: Labels, least: int) -> tuple[Labels, list[str]]:
    """Merge pieces below `least` words, and words in none, into the piece that is nearest in meaning."""
    sizes = {int(p): int((pieces == p).sum()) for p in set(pieces.tolist())}
    large = sorted(p for p, size in sizes.items() if size >= least and p >= 0)
    if not large:  # nothing is large enough: the dimension has one piece
        return np.zeros(len(pieces), dtype=np.intp), []
    out, log = pieces.copy(), []
    centroids = {p: vectors[pieces == p].mean(axis=0) for p in sizes}
    for p in sorted(sizes):
        if p in large:
            continue
        cosines = {q: cosine(centroids[p], centroids[q]) for q in large}
        best = max(large, key=lambda q: (round(cosines[q], 9), -q))
        out[pieces == p] = best
        who = f"{sizes[p]} of {{name}} {p}" if p >= 0 else f"{sizes[p]} of no {{name}}"
        tie = " (close)" if sorted(cosines.values())[-2:][0] > cosines[best] - 0.02 and len(large) > 1 else ""
        log.append(f"{who} join {{name}} {best} (cosine {cosines[best]:.2f}){tie}.")
    return out, log


def _by_meaning(vectors: FloatArray, clusters: Labels) -> tuple[Labels, list[str]]:
    k = int(clusters.max()) + 1
    if k <= 2:
        return clusters.copy(), [f"{k} clusters: each is a dimension of its own."]
    centroids = np.vstack([vectors[clusters == c].mean(axis=0) for c in range(k)])
    unit = centroids / np.linalg.norm(centroids, axis=1, keepdims=True)
    best: Clusters = max(
        (cluster(unit, n) for n in range(2, min(MAX_SEMANTIC_DIMENSIONS, k - 1) + 1)),
        key=lambda found: (round(found.silhouettes[found.n_clusters], 9), -found.n_clusters),
    )
    log = [
        f"No factors: {k} clusters joined by meaning into {best.n_clusters} dimensions (Ward on centroids, silhouette)."
    ]
    return np.where(clusters >= 0, best.labels[clusters], UNASSIGNED), log


def cosine(a: FloatArray, b: FloatArray) -> float:
    """Cosine of two vectors; 0 where one is null."""
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 0 else 0.0


def central_words(
    words: list[str], vectors: FloatArray, weight: FloatArray, pull: FloatArray | None = None
) -> list[str]:
    """Order words by centrality: cosine with their centroid, weighted by how many respondents named each.

    The weight enters as its logarithm, so that a name is both typical in meaning and in use. With `pull`, the loading of each
    word on what they have in common, the product of the two counts; words without a loading come last.
    """
    centroid = (vectors * weight[:, None]).sum(axis=0)
    length = np.linalg.norm(centroid)
    closeness = vectors @ (centroid / length if length > 0 else centroid) * np.log1p(weight)
    score = closeness if pull is None or not pull.any() else np.maximum(closeness, 0.0) * pull

    def place(i: int) -> tuple[float, float, str]:
        return -round(float(score[i]), 9), -round(float(closeness[i]), 9), words[i]

    return [words[i] for i in sorted(range(len(words)), key=place)]
