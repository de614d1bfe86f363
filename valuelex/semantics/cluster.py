"""Clusters of embedded words: how many, which, and how stable they are under resampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from valuelex.errors import DataError, SettingError

Method = Literal["agglomerative", "kmeans"]


@dataclass(frozen=True)
class Clusters:
    """A partition of n words.

    Attributes
    ----------
    labels : array of int, shape (n,)
        0-based, numbered by size (0 the largest), ties by first member.
    silhouettes : dict of int -> float
        Mean cosine silhouette for every number of clusters that was tried (Rousseeuw 1987).
    """

    labels: np.ndarray
    method: str
    n_clusters: int
    silhouettes: dict[int, float]
    seed: int


def cluster(
    vectors: np.ndarray, n_clusters: int | Literal["auto"] = "auto", *, method: Method = "agglomerative", seed: int = 0
) -> Clusters:
    """Partition unit vectors by cosine.

    Parameters
    ----------
    vectors : array, shape (n, d)
        Rows of length one.
    n_clusters : int or "auto"
        "auto" takes the number with the largest mean silhouette among 4 .. 8, as many groups as a reader can hold; for fewer
        than 24 points among 2 .. n // 4 (at least 2).
    method : {"agglomerative", "kmeans"}
        Ward's linkage (deterministic; on unit vectors the squared Euclidean distance is twice the cosine distance; average
        linkage would split off single words), or k-means with 10 starts.
    seed : int
        Of the k-means starts.

    Raises
    ------
    DataError
        For fewer than three words.
    SettingError
        For a number of clusters outside 1 .. n.
    """
    n = len(vectors)
    if n < 3:
        raise DataError(f"{n} words cannot be clustered.", "At least three are needed: collect more answers.")
    if n_clusters == "auto":
        candidates = list(range(4, 9)) if n >= 24 else list(range(2, max(2, n // 4) + 1))
    elif 1 <= n_clusters <= n:
        candidates = [n_clusters]
    else:
        raise SettingError(f"n_clusters is {n_clusters}.", f"It must lie between 1 and the number of words ({n}).")
    silhouettes: dict[int, float] = {}
    labels: dict[int, np.ndarray] = {}
    for k in candidates:
        labels[k] = _partition(vectors, k, method, seed)
        silhouettes[k] = _silhouette(vectors, labels[k])
    best = max(candidates, key=lambda k: (round(silhouettes[k], 9), -k))
    return Clusters(_by_size(labels[best]), method, best, silhouettes, seed)


def _partition(vectors: np.ndarray, k: int, method: Method, seed: int) -> np.ndarray:
    if k == 1:
        return np.zeros(len(vectors), dtype=int)
    if method == "agglomerative":
        from scipy.cluster.hierarchy import fcluster, linkage

        return fcluster(linkage(vectors, "ward"), k, criterion="maxclust") - 1
    from sklearn.cluster import KMeans

    return KMeans(k, n_init=10, random_state=seed).fit(vectors).labels_


def _silhouette(vectors: np.ndarray, labels: np.ndarray) -> float:
    from sklearn.metrics import silhouette_score

    if not 2 <= len(set(labels)) < len(labels):
        return float("nan") if len(set(labels)) < 2 else 0.0
    return float(silhouette_score(vectors, labels, metric="cosine"))


def _by_size(labels: np.ndarray) -> np.ndarray:
    names, first, counts = np.unique(labels, return_index=True, return_counts=True)
    order = sorted(range(len(names)), key=lambda i: (-counts[i], first[i]))
    new = {names[old]: number for number, old in enumerate(order)}
    return np.array([new[label] for label in labels])


def stability(vectors: np.ndarray, found: Clusters, *, n_resamples: int = 100, seed: int = 0) -> np.ndarray:
    """Return the Jaccard similarity of every cluster with its best match in each bootstrap partition (Hennig 2007).

    Returns
    -------
    array, shape (n_resamples, n_clusters)
        NaN where a resample holds no word of the cluster. Means above .75 are usually called stable, below .6 not.
    """
    k = found.n_clusters
    out = np.full((n_resamples, k), np.nan)
    for b, child in enumerate(np.random.SeedSequence(seed).spawn(n_resamples)):
        rows = np.unique(np.random.default_rng(child).integers(0, len(vectors), len(vectors)))
        if len(rows) <= k:
            continue
        again = _partition(vectors[rows], k, "kmeans" if found.method == "kmeans" else "agglomerative", found.seed)
        for c in range(k):
            mine = found.labels[rows] == c
            if mine.any():
                out[b, c] = max(
                    (mine & (again == other)).sum() / (mine | (again == other)).sum() for other in np.unique(again)
                )
    return out


def word_map(vectors: np.ndarray) -> np.ndarray:
    """Return two coordinates per word: the first two principal components, signs fixed by the largest entry (deterministic)."""
    centred = vectors - vectors.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    points = u[:, :2] * s[:2]
    if points.shape[1] < 2:
        points = np.column_stack([points, np.zeros(len(points))])
    largest = np.abs(points).argmax(axis=0)
    signs = np.sign(points[largest, range(2)])
    return points * np.where(signs == 0, 1.0, signs)
