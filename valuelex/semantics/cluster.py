"""Clusters of embedded words: how many, and which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from valuelex.errors import DataError, SettingError
from valuelex.semantics.partition import (
    METHODS,
    NEIGHBOURS,
    NOISE,
    SMALLEST,
    STARTS,
    FloatArray,
    IntArray,
    Method,
    partitions,
)


@dataclass(frozen=True)
class Clusters:
    """A partition of n words.

    Attributes
    ----------
    labels : array of int, shape (n,)
        0-based, numbered by size (0 the largest), ties by first member; -1 for words that HDBSCAN leaves outside all clusters.
    method : str
    n_clusters : int
        Words outside all clusters not counted; 0 if all are.
    silhouettes : dict of int -> float, range -1 to 1
        Mean cosine silhouette for every number of clusters that was tried (Rousseeuw 1987); NaN for fewer than two clusters.
    seed : int
    settings : mapping
        What else moved the partition: the method's own constants, and how the number was chosen.
    """

    labels: np.ndarray
    method: str
    n_clusters: int
    silhouettes: dict[int, float]
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_outside(self) -> int:
        """Words that belong to no cluster."""
        return int((self.labels == NOISE).sum())


def cluster(
    vectors: np.ndarray, n_clusters: int | Literal["auto"] = "auto", *, method: Method = "agglomerative", seed: int = 0
) -> Clusters:
    """Partition words by the cosines of their vectors.

    Parameters
    ----------
    vectors : array, shape (n, d)
        One row per word; rows are scaled to length one.
    n_clusters : int or "auto"
        "auto" takes the number with the largest mean silhouette among 4 .. 8, as many groups as a reader can hold; for fewer
        than 24 points among 2 .. n // 4 (at least 2). See `choose_k` for other rules. HDBSCAN finds its own number.
    method : {"agglomerative", "average", "kmeans", "hdbscan", "communities"}
        - agglomerative: Ward's linkage (Ward 1963); on unit vectors squared Euclidean distances are twice the cosine distances.
        - average: average linkage of cosine distances; likely to split off single words.
        - kmeans: k-means with 10 starts (said to be the paper's).
        - hdbscan: clusters of at least 5 words where they lie densely, the rest outside (Campello, Moulavi & Sander 2013).
        - communities: normalised cut of the graph that joins each word to its 10 nearest by cosine, by spectral clustering
          with pivoted assignment (Shi & Malik 2000; Damle, Minden & Ying 2019).
    seed : int
        Of the k-means starts and of the eigensolver's start vector; Ward's and average linkage and HDBSCAN have no chance in
        them.

    Raises
    ------
    DataError
        For fewer than three words, or vectors with missing values or without length.
    SettingError
        For a number of clusters outside 1 .. n, a number given to HDBSCAN, or an unknown method.
    """
    points = unit(vectors)
    n = len(points)
    if method not in METHODS:
        raise SettingError(f"Clustering method '{method}' is not known.", f"Known: {', '.join(METHODS)}.")
    if n_clusters == "auto":
        candidates: Sequence[int] = range(4, 9) if n >= 24 else range(2, max(2, n // 4) + 1)
    elif method == "hdbscan":
        raise SettingError(
            f"n_clusters is {n_clusters}, and HDBSCAN finds the number itself.", "Leave n_clusters at 'auto'."
        )
    elif 1 <= n_clusters <= n:
        candidates = [n_clusters]
    else:
        raise SettingError(f"n_clusters is {n_clusters}.", f"It must lie between 1 and the number of words ({n}).")
    found = partitions(points, candidates, method, seed)
    silhouettes = {k: silhouette(points, labels) for k, labels in found.items()}
    best = max(found, key=lambda k: (np.nan_to_num(round(silhouettes[k], 9), nan=-2.0), -k))
    settings = {"n_clusters": n_clusters, "rule": "largest mean silhouette" if n_clusters == "auto" else "given"}
    if method == "hdbscan":
        settings |= {"rule": "found by the method", "smallest_cluster": max(2, min(SMALLEST, n // 2))}
    elif method == "kmeans":
        settings |= {"starts": STARTS}
    elif method == "communities":
        settings |= {"neighbours": min(NEIGHBOURS, n - 1)}
    return Clusters(by_size(found[best]), method, best, silhouettes, seed, settings)


def unit(vectors: np.ndarray) -> FloatArray:
    """Rows scaled to length one.

    Raises
    ------
    DataError
        For fewer than three rows, missing values, or rows of zeros.
    """
    points = np.asarray(vectors, dtype=np.float64)
    if points.ndim != 2:
        raise DataError(f"The vectors have {points.ndim} dimensions.", "Give one row of numbers per word.")
    if len(points) < 3:
        raise DataError(f"{len(points)} words cannot be clustered.", "At least three are needed: collect more answers.")
    lengths = np.linalg.norm(points, axis=1)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if len(bad):
        raise DataError(
            f"The vector of word {bad[0] + 1} is empty or not finite ({len(bad)} of {len(points)} are).",
            "Embed these words again, or leave them out.",
        )
    return np.asarray(points / lengths[:, None])


def silhouette(points: FloatArray, labels: IntArray) -> float:
    """Mean cosine silhouette of unit vectors (Rousseeuw 1987), range -1 to 1; words outside all clusters left out.

    The mean cosine distance of a word to a cluster is one minus its product with the cluster's mean vector, so that no
    distance of two words is computed. A word alone in its cluster counts 0; NaN for fewer than two clusters.
    """
    inside = labels != NOISE
    points, labels = points[inside], labels[inside]
    names, code, size = np.unique(labels, return_inverse=True, return_counts=True)
    if len(names) < 2:
        return float("nan")
    sums = np.zeros((len(names), points.shape[1]))
    np.add.at(sums, code, points)
    product = points @ sums.T
    row = np.arange(len(points))
    own = size[code]
    within = 1 - (product[row, code] - 1) / np.maximum(own - 1, 1)
    others = 1 - product / size
    others[row, code] = np.inf
    nearest = others.min(axis=1)
    largest = np.maximum(within, nearest)
    width = np.divide(nearest - within, largest, out=np.zeros_like(nearest), where=largest > 0)
    return float(np.where(own == 1, 0.0, width).mean())


def by_size(labels: IntArray) -> IntArray:
    """Labels numbered by size, 0 the largest, ties by first member; -1 stays."""
    names, first, counts = np.unique(labels[labels != NOISE], return_index=True, return_counts=True)
    order = sorted(range(len(names)), key=lambda i: (-counts[i], first[i]))
    new = {int(names[old]): number for number, old in enumerate(order)} | {NOISE: NOISE}
    return np.array([new[int(label)] for label in labels], dtype=np.int64)


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
