"""How many clusters? Silhouette, gap statistic, stability and prediction strength, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import SettingError
from valuelex.semantics.cluster import silhouette, unit
from valuelex.semantics.partition import METHODS, FloatArray, IntArray, Method, partitions
from valuelex.semantics.stability import Again, jaccard, resample

STEADY = 0.85
"""Mean Jaccard similarity from which clusters count as highly stable (Hennig 2007). Not the largest: two halves nearly always
come back, and a rule by the largest prefers them."""

STRONG = 0.8
"""Prediction strength from which clusters count as found again (Tibshirani & Walther 2005)."""


@dataclass(frozen=True, eq=False)
class ClusterNumbers:
    """What several criteria say of the number of clusters.

    Attributes
    ----------
    frame : DataFrame, one row per k
        Columns k, silhouette (range -1 to 1), gap, gap_se (s_k of its source), stability (mean Jaccard similarity, 0 to 1),
        prediction_strength (0 to 1).
    preferred : dict of str -> int
        Criterion -> the k that it prefers.
    settings : dict
        Method, seed, numbers of references, resamples and words, and the rule of each criterion.
    """

    frame: pd.DataFrame
    preferred: dict[str, int]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per k."""
        return self.frame.copy()

    def summary(self) -> str:
        """Return the table and what each criterion prefers, as text."""
        said = ", ".join(f"{name} {k}" for name, k in self.preferred.items())
        return f"{self.frame.round(3).to_string(index=False)}\nPreferred: {said}."


def choose_k(
    vectors: np.ndarray,
    candidates: Sequence[int] = range(2, 11),
    *,
    method: Method = "agglomerative",
    seed: int = 0,
    n_references: int = 20,
    n_resamples: int = 50,
    n_splits: int = 10,
    most_words: int = 1_000,
) -> ClusterNumbers:
    """Compare numbers of clusters by four criteria.

    - *silhouette*: mean cosine silhouette of all words (Rousseeuw 1987); the largest is preferred.
    - *gap*: log within-cluster sum of squares of uniform points in the box of the principal components, less that of the data
      (Tibshirani, Walther & Hastie 2001); the smallest k with gap(k) >= gap(k+1) - s(k+1) is preferred, where k + 1 is the next
      candidate, or the largest.
    - *stability*: mean Jaccard similarity of the clusters with their best matches among resampled words (Hennig 2007), each
      cluster counting once; the largest k with at least .85 is preferred, or the one with most.
    - *prediction_strength*: least share of pairs of a test half's cluster that the other half's centres keep together, mean
      over splits (Tibshirani & Walther 2005); the largest k with at least .8 is preferred, or the one with most strength.

    Parameters
    ----------
    vectors : array, n x d
        Rows are scaled to length one.
    candidates : sequence of int, range 2 .. n // 2
    method : {"agglomerative", "average", "kmeans", "communities"}
    seed : int
        Of references, resamples, splits, and the starts of the method.
    n_references : int
        Uniform data sets for the gap; 0 leaves it out.
    n_resamples : int
        For the stability; 0 leaves it out.
    n_splits : int
        For the prediction strength; 0 leaves it out.
    most_words : int
        Gap, stability and prediction strength go by so many words at most, drawn at random. `settings` says how many.

    Raises
    ------
    DataError
        For vectors that cannot be clustered.
    SettingError
        For candidates outside their range, or a method without a number to choose.
    """
    points = unit(vectors)
    n = len(points)
    ks = sorted(set(candidates))
    if method == "hdbscan" or method not in METHODS:
        known = [name for name in METHODS if name != "hdbscan"]
        raise SettingError(f"'{method}' has no number of clusters to choose.", f"Give one of {', '.join(known)}.")
    if not ks or ks[0] < 2 or ks[-1] > n // 2:
        raise SettingError(f"The candidates are {ks}.", f"They must lie between 2 and half the words ({n // 2}).")
    draw, referring, resampling, splitting = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)
    )
    rows = np.arange(n) if n <= most_words else np.sort(draw.choice(n, most_words, replace=False))
    part = points[rows]
    whole = partitions(points, ks, method, seed)
    frame = pd.DataFrame({"k": ks, "silhouette": [silhouette(points, whole[k]) for k in ks]})
    gap, error = _gap(part, ks, method, seed, n_references, referring)
    frame["gap"], frame["gap_se"] = gap, error
    frame["stability"] = _stability(part, ks, method, seed, n_resamples, resampling)
    frame["prediction_strength"] = _strength(part, ks, method, seed, n_splits, splitting)
    return ClusterNumbers(
        frame,
        _preferred(frame),
        {
            "method": method,
            "seed": seed,
            "n_words": n,
            "n_words_resampled": len(rows),
            "n_references": n_references,
            "reference": "uniform in the box of the principal components",
            "n_resamples": n_resamples,
            "n_splits": n_splits,
            "steady": STEADY,
            "strong": STRONG,
        },
    )


def dispersion(points: FloatArray, labels: IntArray) -> float:
    """Within-cluster sum of squared distances to the cluster's mean (W_k of the gap statistic)."""
    size = np.bincount(labels)
    sums = np.zeros((len(size), points.shape[1]))
    np.add.at(sums, labels, points)
    return float((points**2).sum() - ((sums**2).sum(axis=1)[size > 0] / size[size > 0]).sum())


def _gap(
    points: FloatArray, ks: list[int], method: Method, seed: int, n_references: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    nothing = np.full(len(ks), np.nan)
    if n_references < 1:
        return nothing, nothing
    found = partitions(points, ks, method, seed)
    own = np.array([np.log(dispersion(points, found[k])) for k in ks])
    mean = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - mean, full_matrices=False)
    scores = (points - mean) @ axes.T
    low, high = scores.min(axis=0), scores.max(axis=0)
    logs = np.empty((n_references, len(ks)))
    for b in range(n_references):
        uniform = rng.uniform(low, high, scores.shape) @ axes + mean
        if method in ("average", "communities"):  # these go by cosine
            uniform /= np.linalg.norm(uniform, axis=1, keepdims=True)
        again = partitions(uniform, ks, method, seed)
        logs[b] = [np.log(dispersion(uniform, again[k])) for k in ks]
    return logs.mean(axis=0) - own, logs.std(axis=0) * np.sqrt(1 + 1 / n_references)


def _stability(
    points: FloatArray, ks: list[int], method: Method, seed: int, n_resamples: int, rng: np.random.Generator
) -> FloatArray:
    if n_resamples < 1:
        return np.full(len(ks), np.nan)
    again = Again(points, method, seed)
    whole = again.partitions(np.arange(len(points)), ks)
    found: dict[int, list[FloatArray]] = {k: [] for k in ks}
    for _ in range(n_resamples):
        rows = resample(len(points), rng, len(points))
        for k, labels in again.partitions(rows, [k for k in ks if k < len(rows)]).items():
            found[k].append(jaccard(whole[k][rows], labels, k))
    return np.array([np.nanmean(found[k]) if found[k] else np.nan for k in ks])


def _strength(
    points: FloatArray, ks: list[int], method: Method, seed: int, n_splits: int, rng: np.random.Generator
) -> FloatArray:
    if n_splits < 1:
        return np.full(len(ks), np.nan)
    n = len(points)
    again = Again(points, method, seed)
    out = np.empty((n_splits, len(ks)))
    for b in range(n_splits):
        order = rng.permutation(n)
        train, test = np.sort(order[: n // 2]), np.sort(order[n // 2 :])
        ours, theirs = again.partitions(test, ks), again.partitions(train, ks)
        for column, k in enumerate(ks):
            out[b, column] = _kept_together(points[test], ours[k], points[train], theirs[k])
    return out.mean(axis=0)


def _kept_together(test: FloatArray, ours: IntArray, train: FloatArray, theirs: IntArray) -> float:
    """Least share, over clusters of the test half, of pairs that the training half's centres put together; singles count 1."""
    centres = np.vstack([train[theirs == name].mean(axis=0) for name in np.unique(theirs)])
    nearest = np.argmin((centres**2).sum(axis=1) - 2 * test @ centres.T, axis=1)
    shares = []
    for name in np.unique(ours):
        counts = np.bincount(nearest[ours == name])
        size = counts.sum()
        shares.append(1.0 if size < 2 else float((counts * (counts - 1)).sum() / (size * (size - 1))))
    return min(shares)


def _preferred(frame: pd.DataFrame) -> dict[str, int]:
    """Criterion -> k; criteria that were left out are left out here too. Ties go to the smaller k."""
    ks = frame["k"].tolist()
    out: dict[str, int] = {}
    if frame["silhouette"].notna().any():
        out["silhouette"] = int(ks[int(np.nanargmax(frame["silhouette"].round(9)))])
    if frame["gap"].notna().all():
        gap, error = frame["gap"].to_numpy(), frame["gap_se"].to_numpy()
        enough = np.flatnonzero(gap[:-1] >= gap[1:] - error[1:])
        out["gap"] = int(ks[int(enough[0])] if len(enough) else ks[-1])
    for name, least in (("stability", STEADY), ("prediction_strength", STRONG)):
        if frame[name].notna().all():
            passed = np.flatnonzero(frame[name] >= least)
            out[name] = int(ks[int(passed[-1])] if len(passed) else ks[int(np.argmax(frame[name].round(9)))])
    return out
