"""From loadings to groups of words: which words point the same way in the space of the factors.

A word has a place in the space of the factors (its loadings, in an orthonormal basis). Words of one dimension point
the same way. The rule of the largest absolute loading does not find them: answers are compositional, so that k groups
of words can show as k - 1 factors, two of them as the ends of one factor or the last one between all others.
Directions are told apart instead: as many groups as have the largest mean silhouette, from the number of factors to
one more than twice as many.

One of the groups may be the background: words that no dimension moves, and that are therefore left out whenever a respondent
cares for any of the dimensions. As seen from any real group, all others lie apart by about 60 degrees (the sides of a
simplex); as seen from the background, they lie apart by the angles of the dimensions themselves, wider wherever
dimensions correlate below .5; only below .32 are the two told apart with confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

STARTS, RESAMPLED_STARTS = 10, 3
"""k-means starts, and in every resample."""

BACKGROUND_COSINE = 0.32
"""Largest mean cosine between the other groups as seen from the background; .5 is that of a simplex. In 48 simulated
populations six real groups lay between .33 and .39, and four of 24 backgrounds above .32: no dimension must be lost unseen."""

BACKGROUND_LEAD = 0.05
"""By so much its cosine must lie below that of every other group."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of words by the direction of their loadings.

    Attributes
    ----------
    labels : array of int, shape (p,)
        0-based, the largest group first; -1 for words that are in none, and for those of the background.
    background : array of bool, shape (p,)
        Words of the background group.
    centroids : array, shape (n_groups, r)
        Mean loadings, weighted by their length.
    silhouettes : dict of int -> float
        Mean cosine silhouette by the number of groups, background included; words weighted by the length of their loadings.
    cosines : list of float
        For each group (background included) the mean cosine between the others as seen from it.
    margins : array, shape (p,)
        Cosine with the own group's centroid less the largest with another's; NaN for words in none.
    """

    labels: NDArray[np.intp]
    background: NDArray[np.bool_]
    centroids: FloatArray
    silhouettes: dict[int, float]
    cosines: list[float]
    margins: FloatArray

    @property
    def n_groups(self) -> int:
        """Number of groups, the background left out."""
        return len(self.centroids)


def find_groups(
    loadings: FloatArray, salient: NDArray[np.bool_], *, n_groups: int | None = None, seed: int = 0
) -> Groups:
    """Group the salient words by direction.

    Parameters
    ----------
    loadings : array, shape (p, r)
        In an orthonormal basis of the factors.
    salient : array of bool, shape (p,)
        Words that have a direction worth reading.
    n_groups : int, optional
        Dimensions wanted, a background not counted; default: by silhouette.
    seed : int
        Of the k-means starts.
    """
    p, r = loadings.shape
    rows = np.flatnonzero(salient)
    directions, weight = unit(loadings[rows]), np.linalg.norm(loadings[rows], axis=1)
    wanted = range(max(2, r), 2 * r + 2) if n_groups is None else (n_groups, n_groups + 1)
    candidates = [k for k in wanted if 2 <= k <= len(rows) // 2]
    if r == 1:
        candidates = [k for k in candidates if k == 2]  # a line has two ends
    if not candidates:
        labels = np.full(p, -1)
        labels[rows] = 0
        one = loadings[rows].mean(axis=0, keepdims=True) if len(rows) else np.zeros((0, r))
        return Groups(labels, np.zeros(p, dtype=bool), one, {}, [], np.full(p, np.nan))
    found: dict[int, NDArray[np.intp]] = {}
    silhouettes: dict[int, float] = {}
    for k in candidates:
        found[k] = partition(loadings[rows], k, seed)
        silhouettes[k] = _silhouette(directions, found[k], weight)
    k = max(candidates, key=lambda k: (round(silhouettes[k], 9), -k))
    if n_groups is not None:
        more = n_groups + 1
        one_is_background = more in found and _background(_centroids(loadings[rows], found[more], more)) is not None
        k = more if one_is_background or n_groups not in found else n_groups
    centroids = _centroids(loadings[rows], found[k], k)
    cosines = seen_from(centroids)
    hidden = None if k == n_groups else _background(centroids)
    real = [c for c in range(k) if c != hidden]
    order = sorted(real, key=lambda c: (-int((found[k] == c).sum()), c))
    number = {c: i for i, c in enumerate(order)}
    labels, background, margins = np.full(p, -1), np.zeros(p, dtype=bool), np.full(p, np.nan)
    labels[rows] = [number.get(int(c), -1) for c in found[k]]
    background[rows] = found[k] == hidden if hidden is not None else False
    nearness = np.sort(directions @ unit(centroids).T, axis=1)
    margins[rows] = nearness[:, -1] - nearness[:, -2]
    return Groups(labels, background, centroids[order], silhouettes, cosines, margins)


def partition(loadings: FloatArray, k: int, seed: int, *, starts: int = STARTS) -> NDArray[np.intp]:
    """Return k groups of directions by k-means, each word weighted by the length of its loadings: short ones point anywhere."""
    from sklearn.cluster import KMeans

    weight = np.linalg.norm(loadings, axis=1)
    fitted = KMeans(k, n_init=starts, random_state=seed).fit(unit(loadings), sample_weight=weight)
    return np.asarray(fitted.labels_, dtype=np.intp)


def unit(rows: FloatArray) -> FloatArray:
    """Rows of length one; rows of zeros stay."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, length, out=np.zeros_like(rows), where=length > 0))


def seen_from(centroids: FloatArray) -> list[float]:
    """For each group the mean cosine between all others as seen from it; empty for fewer than three groups."""
    k = len(centroids)
    if k < 3:
        return []
    out = []
    for c in range(k):
        others = unit(np.delete(centroids, c, axis=0) - centroids[c])
        gram = others @ others.T
        out.append(float((gram.sum() - np.trace(gram)) / ((k - 1) * (k - 2))))
    return out


def _background(centroids: FloatArray) -> int | None:
    cosines = seen_from(centroids)
    if not cosines:
        return None
    least, next_ = sorted(cosines)[:2]
    is_apart = least < BACKGROUND_COSINE and next_ - least >= BACKGROUND_LEAD
    return int(np.argmin(cosines)) if is_apart else None


def _centroids(loadings: FloatArray, labels: NDArray[np.intp], k: int) -> FloatArray:
    weight = np.linalg.norm(loadings, axis=1)
    parts = [labels == c for c in range(k)]
    return np.vstack([np.average(loadings[part], axis=0, weights=weight[part]) for part in parts])


def _silhouette(directions: FloatArray, labels: NDArray[np.intp], weight: FloatArray) -> float:
    from sklearn.metrics import silhouette_samples

    if not 2 <= len(set(labels.tolist())) < len(labels):
        return -1.0
    return float(np.average(silhouette_samples(directions, labels, metric="cosine"), weights=weight))
