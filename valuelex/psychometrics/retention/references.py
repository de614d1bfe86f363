"""Eigenvalues of data without factors, or with k: the simulations behind parallel analysis and NEST. Array core.

Every loop runs through `resampling.replicate`. Wishart draws come in stacks (a stack is one replicate, with one stream):
a stream per draw would cost more than the draw.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics import checks, resampling
from valuelex.psychometrics import correlation as corr
from valuelex.psychometrics.retention.eigenvalues import eigenvalues
from valuelex.psychometrics.retention.given import Measure

FloatArray = NDArray[np.float64]
Streams = Sequence[np.random.SeedSequence]

STACK = 100
STACK_CELLS = 4_000_000  # a stack of simulated matrices holds at most this many cells (32 MB)


def normal(
    n: int, p: int, n_iter: int, seed: int, kinds: Sequence[str] = ("pca",), *, factor: FloatArray | None = None
) -> dict[str, FloatArray]:
    """Eigenvalues (n_iter x p, per kind) of correlations of n normal cases.

    `factor` is a p x p square root C of the population matrix C C' (default: the identity, no common factors).
    """
    size = max(1, min(STACK, STACK_CELLS // (p * max(p, n if n <= p else p))))
    stacks = resampling.replicate(_normal_stacks, -(-n_iter // size), seed, n, p, size, tuple(kinds), factor, size=1)
    return {kind: np.concatenate([s[i] for s in stacks])[:n_iter] for i, kind in enumerate(kinds)}


def permuted(
    X: FloatArray, measure: Measure, n_iter: int, seed: int, kinds: Sequence[str] = ("pca",)
) -> dict[str, FloatArray]:
    """Eigenvalues (n_iter x p, per kind) of data whose columns are shuffled one by one.

    Shuffling keeps each distribution and removes every relation. Ranks are taken once, since shuffling keeps them;
    polychorics are estimated anew on each shuffled set: their sampling error is what normal theory misses.
    """
    if measure.correlation in checks.ORDINAL:
        found = resampling.replicate(_permuted_ordinal, n_iter, seed, X, measure, tuple(kinds), size=10)
    else:
        Z = corr.standardize(corr.rank(X) if measure.correlation == "spearman" else X)
        found = resampling.replicate(_permuted_stack, n_iter, seed, Z, tuple(kinds))
    return {kind: np.array([f[i] for f in found]) for i, kind in enumerate(kinds)}


def permuted_nested(
    X: FloatArray,
    clusters: NDArray[np.intp],
    n_iter: int,
    seed: int,
    kinds: Sequence[str] = ("pca",),
    *,
    totals: FloatArray | None = None,
) -> dict[str, FloatArray]:
    """Eigenvalues (n_iter x p, per kind) of data without relations between columns, whose cases stay as alike as they were.

    Column by column, the means of the clusters are shuffled among the clusters, and what is left of each case among the cases
    of its cluster. Every column keeps its intraclass correlation; with all cases in clusters of their own this is `permuted`.
    `totals` weighs a sum of the columns that varies less in the data than in shuffled ones, where each case's columns make up a
    whole: shuffled data get its variance too.
    """
    Z = corr.standardize(X)
    order = np.argsort(clusters, kind="stable")
    direction = None if totals is None else totals * X.std(axis=0)
    found = resampling.replicate(
        _nested_stack, n_iter, seed, Z[order], clusters[order], tuple(kinds), direction, size=5
    )
    return {kind: np.array([f[i] for f in found]) for i, kind in enumerate(kinds)}


def wishart(rng: np.random.Generator, n: int, p: int, size: int, factor: FloatArray | None = None) -> FloatArray:
    """Correlation matrices (size x p x p) of n normal cases, by Bartlett's (1933) decomposition where n > p."""
    if n - 1 >= p:
        # S = A A' is Wishart(n - 1, I) for A lower triangular, chi on the diagonal, normal below.
        A = np.tril(rng.standard_normal((size, p, p)), -1)
        diagonal = np.arange(p)
        A[:, diagonal, diagonal] = np.sqrt(rng.chisquare(n - 1 - diagonal, (size, p)))
    else:
        A = np.swapaxes(rng.standard_normal((size, n, p)), 1, 2)
        A = A - A.mean(axis=2, keepdims=True)
    if factor is not None:
        A = factor @ A
    A /= np.sqrt(np.sum(A**2, axis=2, keepdims=True))
    return np.asarray(A @ np.swapaxes(A, 1, 2))


def _normal_stacks(
    streams: Streams, n: int, p: int, size: int, kinds: tuple[str, ...], factor: FloatArray | None
) -> list[list[FloatArray]]:
    out = []
    for stream in streams:
        R = wishart(np.random.default_rng(stream), n, p, size, factor)
        out.append([eigenvalues(R, kind) for kind in kinds])
    return out


def _permuted_stack(streams: Streams, Z: FloatArray, kinds: tuple[str, ...]) -> list[tuple[FloatArray, ...]]:
    p = Z.shape[1]
    R = np.empty((len(streams), p, p))
    for i, stream in enumerate(streams):
        shuffled = np.random.default_rng(stream).permuted(Z, axis=0)
        R[i] = shuffled.T @ shuffled / (Z.shape[0] - 1)
    R[:, np.arange(p), np.arange(p)] = 1.0
    return list(zip(*(eigenvalues(R, kind) for kind in kinds), strict=True))


def _nested_stack(
    streams: Streams,
    Z: FloatArray,
    clusters: NDArray[np.intp],
    kinds: tuple[str, ...],
    direction: FloatArray | None,
) -> list[tuple[FloatArray, ...]]:
    means, within = resampling.levels(Z, clusters)
    unit = None if direction is None else direction / np.linalg.norm(direction)
    kept = None if unit is None else _sums(means, within, clusters, unit)
    out = []
    for stream in streams:
        shuffled = resampling.permute_nested(means, within, clusters, np.random.default_rng(stream))
        if unit is not None and kept is not None:
            shuffled = _closed(*resampling.levels(shuffled, clusters), clusters, unit, kept)
        R = corr.matrix(shuffled, "pearson")
        out.append(tuple(eigenvalues(R, kind) for kind in kinds))
    return out


def _sums(means: FloatArray, within: FloatArray, clusters: NDArray[np.intp], unit: FloatArray) -> tuple[float, float]:
    """Mean squares of the weighted sum of the columns, between and within clusters."""
    return float(((means @ unit)[clusters] ** 2).mean()), float(((within @ unit) ** 2).mean())


def _closed(
    means: FloatArray, within: FloatArray, clusters: NDArray[np.intp], unit: FloatArray, kept: tuple[float, float]
) -> FloatArray:
    """Return shuffled data whose weighted sum varies as little, on each level, as that of the data.

    Never more than shuffling gives: a sum that varies more is a factor, which the reference must not have.
    """
    levels = []
    for part, keep, now in zip((means, within), kept, _sums(means, within, clusters, unit), strict=True):
        shrink = min(float(np.sqrt(keep / max(now, 1e-300))), 1.0)
        levels.append(part + np.outer((shrink - 1.0) * (part @ unit), unit))
    return np.asarray(levels[0][clusters] + levels[1])


def _permuted_ordinal(
    streams: Streams, X: FloatArray, measure: Measure, kinds: tuple[str, ...]
) -> list[tuple[FloatArray, ...]]:
    if measure.ordinal is None:
        from valuelex.psychometrics.correlation.polychoric import polychoric_permuted

        R = np.array([corr.repair(matrix)[0] for matrix in polychoric_permuted(X, streams)])
    else:
        R = np.array([measure(np.random.default_rng(stream).permuted(X, axis=0)) for stream in streams])
    return list(zip(*(eigenvalues(R, kind) for kind in kinds), strict=True))
