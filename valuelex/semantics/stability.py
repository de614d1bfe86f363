"""How stable clusters are when words are resampled."""

from __future__ import annotations

import numpy as np

from valuelex.semantics.cluster import Clusters, unit
from valuelex.semantics.partition import (
    LINKAGES,
    NOISE,
    FloatArray,
    IntArray,
    Method,
    cut,
    linkage_distances,
    partitions,
    tree_of,
)

MOST_RESAMPLED = 1_500
"""Words in one resample at most. Linkage takes the square of their number: 200 resamples of the 3,160 different words that a
bootstrap of 5,000 holds take over a minute, of 2,000 words about 25 s (benchmarks/semantics.py)."""


def stability(
    vectors: np.ndarray,
    found: Clusters,
    *,
    n_resamples: int = 100,
    seed: int = 0,
    most_resampled: int = MOST_RESAMPLED,
) -> np.ndarray:
    """Return the Jaccard similarity of every cluster with its best match in each bootstrap partition (Hennig 2007).

    Parameters
    ----------
    vectors : array, shape (n, d)
        As given to `cluster`.
    found : Clusters
        What `cluster` found in them.
    n_resamples : int
    seed : int
    most_resampled : int
        A resample that holds more different words than this is cut down to so many, drawn at random. `resampling` says in a
        sentence what that means for n words.

    Returns
    -------
    array, shape (n_resamples, n_clusters)
        NaN where a resample holds no word of the cluster, or too few words for so many clusters. Means above .75 are usually
        called stable, below .6 not.
    """
    points = unit(vectors)
    k = found.n_clusters
    out = np.full((n_resamples, k), np.nan)
    again = Again(points, found.method, found.seed)  # type: ignore[arg-type]
    for b, child in enumerate(np.random.SeedSequence(seed).spawn(n_resamples)):
        rows = resample(len(points), np.random.default_rng(child), most_resampled)
        if len(rows) > k > 0:
            [labels] = again.partitions(rows, [k]).values()
            out[b] = jaccard(found.labels[rows], labels, k)
    return out


def resampling(n: int, most_resampled: int = MOST_RESAMPLED) -> str:
    """Return what a resample of n words is, in a sentence for notes."""
    expected = round(n * (1 - (1 - 1 / n) ** n)) if n else 0
    if expected <= most_resampled:
        return f"Each resample holds the different words of a bootstrap sample (about {expected:,} of {n:,})."
    return (
        f"Each resample holds {most_resampled:,} of {n:,} words, drawn from the about {expected:,} different ones of a "
        "bootstrap sample: linkage takes the square of their number."
    )


def resample(n: int, rng: np.random.Generator, most: int) -> IntArray:
    """Different rows of a bootstrap sample of n, in order; `most` of them if there are more."""
    rows = np.unique(rng.integers(0, n, n))
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def jaccard(mine: IntArray, again: IntArray, k: int) -> FloatArray:
    """Jaccard similarity (k) of each of k groups with its best match in another partition of the same words; NaN if absent."""
    names, code = np.unique(again[again != NOISE], return_inverse=True)
    both = np.zeros((k, max(len(names), 1)))
    other = np.full(len(again), -1)
    other[again != NOISE] = code
    inside = (mine != NOISE) & (other >= 0)
    np.add.at(both, (mine[inside], other[inside]), 1)
    own = np.bincount(mine[mine != NOISE], minlength=k)
    theirs = np.bincount(code, minlength=both.shape[1]) if len(code) else np.zeros(both.shape[1])
    union = own[:, None] + theirs[None, :] - both
    best = np.divide(both, union, out=np.zeros_like(both), where=union > 0).max(axis=1)
    return np.where(own > 0, best, np.nan)


class Again:
    """Partitions of subsets of the same points; linkage looks distances up that were computed once for all points."""

    def __init__(self, points: FloatArray, method: Method, seed: int) -> None:
        self._points, self._method, self._seed = points, method, seed
        self._distances = linkage_distances(points, method) if method in LINKAGES else None

    def partitions(self, rows: IntArray, ks: list[int]) -> dict[int, IntArray]:
        """Labels of the points in `rows` for every k."""
        if self._distances is None:
            return partitions(self._points[rows], ks, self._method, self._seed)
        tree = tree_of(self._distances[np.ix_(rows, rows)], self._method)
        return {k: cut(tree, k) for k in ks}
