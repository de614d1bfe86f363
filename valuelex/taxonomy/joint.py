"""Putting the two structures together by an explicit rule: clusters are subdimensions, poles of factors are dimensions.

1. Every word has a semantic cluster; clusters are the subdimensions.
2. Where the words could be factored, a cluster belongs to the pole of the factor on which its words load highest on average
   (only words with a salient loading speak, each with its sign); a cluster in which no word speaks joins the pole whose words
   are nearest in meaning (cosine of centroids). Poles are told apart because answers are compositional: to name one word is to
   leave out another, so that two groups of words show as the two ends of one factor.
3. Where they could not, clusters are joined by meaning alone into two to four dimensions.
4. Dimensions and subdimensions are named by the words most central to them. Names never change membership.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from valuelex.semantics import Clusters, cluster

MAX_SEMANTIC_DIMENSIONS = 4
"""Dimensions when meaning alone joins the clusters."""


CLOSE = 0.1
"""A cluster whose two largest mean loadings differ by less than this is marked in the log."""


@dataclass(frozen=True)
class Joint:
    """One dimension number per cluster, and a sentence for each decision."""

    dimension_of: dict[int, int]
    log: list[str]


def join(
    words: list[str], vectors: np.ndarray, clusters: Clusters, loadings: pd.DataFrame | None, *, salient: float
) -> Joint:
    """Give each semantic cluster its dimension.

    Parameters
    ----------
    words : list of str, length n
    vectors : array, shape (n, d)
        Unit rows, in the order of `words`.
    clusters : Clusters
    loadings : DataFrame or None
        Pattern matrix of the words that were factored; None where none were.
    salient : float
        Smallest absolute loading that speaks.
    """
    centroids = np.vstack([vectors[clusters.labels == c].mean(axis=0) for c in range(clusters.n_clusters)])
    if loadings is None:
        return _by_meaning(centroids)
    pole_of: dict[int, tuple[int, int]] = {}
    log = []
    for c in range(clusters.n_clusters):
        members = [w for w, label in zip(words, clusters.labels, strict=True) if label == c and w in loadings.index]
        speaking = loadings.loc[members]
        speaking = speaking[speaking.abs().max(axis=1) >= salient]
        if speaking.empty:
            continue
        means = speaking.mean().to_numpy()
        best = int(np.abs(means).argmax())
        pole_of[c] = (best, 1 if means[best] > 0 else -1)
        others = np.delete(np.abs(means), best)
        close = " (close)" if len(others) and abs(means[best]) - others.max() < CLOSE else ""
        log.append(
            f"cluster {c}: {_pole(pole_of[c])}, mean loading {means[best]:.2f} of {len(speaking)} salient words{close}."
        )
    if not pole_of:
        return _by_meaning(centroids)
    owners = {
        pole: centroids[[c for c, owner in pole_of.items() if owner == pole]].mean(axis=0)
        for pole in sorted(set(pole_of.values()))
    }
    for c in range(clusters.n_clusters):
        if c not in pole_of:
            cosines = {pole: _cosine(centroids[c], owner) for pole, owner in owners.items()}
            pole_of[c] = max(cosines, key=lambda pole: cosines[pole])
            log.append(
                f"cluster {c}: no salient loading; nearest in meaning to {_pole(pole_of[c])} "
                f"(cosine {cosines[pole_of[c]]:.2f})."
            )
    numbers = {pole: number for number, pole in enumerate(owners)}
    return Joint({c: numbers[pole] for c, pole in pole_of.items()}, log)


def _pole(pole: tuple[int, int]) -> str:
    return f"factor F{pole[0] + 1}, {'positive' if pole[1] > 0 else 'negative'} pole"


def _by_meaning(centroids: np.ndarray) -> Joint:
    k = len(centroids)
    if k <= 2:
        return Joint({c: c for c in range(k)}, [f"{k} clusters: each is a dimension of its own."])
    unit = centroids / np.linalg.norm(centroids, axis=1, keepdims=True)
    best = max(
        (cluster(unit, n) for n in range(2, min(MAX_SEMANTIC_DIMENSIONS, k - 1) + 1)),
        key=lambda found: (round(found.silhouettes[found.n_clusters], 9), -found.n_clusters),
    )
    log = [
        f"No factors: {k} clusters joined by meaning into {best.n_clusters} dimensions (Ward on centroids, silhouette)."
    ]
    return Joint({c: int(d) for c, d in enumerate(best.labels)}, log)


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def central_words(words: list[str], vectors: np.ndarray, weight: np.ndarray) -> list[str]:
    """Order words by centrality: cosine with their centroid, weighted by how many respondents named each.

    The weight enters as its logarithm, so that a name is both typical in meaning and in use.
    """
    centroid = (vectors * weight[:, None]).sum(axis=0)
    closeness = vectors @ (centroid / np.linalg.norm(centroid)) * np.log1p(weight)
    return [words[i] for i in sorted(range(len(words)), key=lambda i: (-round(float(closeness[i]), 9), words[i]))]
