"""Permutation of a covariate's values within clusters: exact, with no distribution assumed, however few clusters there are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial, prod

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class PermutationTest:
    """The slope within clusters and its place among those of permuted values.

    Attributes
    ----------
    estimate : float
        Least-squares slope with a constant for every cluster.
    p : float
        Two-sided: share of arrangements whose absolute slope is as large, the observed one among them.
    least : float
        The smallest p that these clusters allow.
    arrangements : int
        Different arrangements that there are.
    exact : bool
        Whether all were counted, or `draws` at random.
    draws : int
    seed : int or None
    """

    estimate: float
    p: float
    least: float
    arrangements: int
    exact: bool
    draws: int
    seed: int | None


def permute_within(
    y: ArrayLike, x: ArrayLike, clusters: ArrayLike, *, most: int = 20_000, draws: int = 9_999, seed: int | None = None
) -> PermutationTest:
    """Permute x among the units of each cluster and compare the slope of y on x within clusters.

    Under the null hypothesis the units of one cluster are exchangeable. What sets clusters apart plays no part.

    Parameters
    ----------
    y, x : array, k
    clusters : array, k
    most : int
        Up to so many different arrangements all are counted.
    draws : int
        At random, where there are more.
    seed : int, optional
        Of the draws.

    Raises
    ------
    DataError
        If x is constant within every cluster: permuting it changes nothing.
    """
    values, code = np.asarray(y, dtype=np.float64), pd.factorize(np.asarray(clusters, dtype=object))[0]
    treatment = np.asarray(x, dtype=np.float64)
    if not values.size == treatment.size == code.size:
        raise DataError("y, x and clusters differ in length.", "Give one of each a unit.")
    groups = [np.flatnonzero(code == g) for g in range(int(code.max()) + 1)]
    groups = [g for g in groups if np.unique(treatment[g]).size > 1]
    if not groups:
        raise DataError("x is constant within every cluster.", "It cannot be told from what else sets clusters apart.")
    within = np.concatenate([treatment[g] - treatment[g].mean() for g in groups])
    centred = np.concatenate([values[g] - values[g].mean() for g in groups])
    # The sum of squares of x within clusters is the same in every arrangement, so the products order the slopes.
    squares = float(within @ within)
    observed = float(within @ centred)
    arrangements = prod(_distinct(treatment[g]) for g in groups)
    limit = abs(observed) * (1 - 1e-9)
    if arrangements <= most:
        sums = np.zeros(1)
        for g in groups:
            y_g = values[g] - values[g].mean()
            ways = np.array([np.dot(way, y_g) for way in _arrangements(treatment[g] - treatment[g].mean())])
            sums = np.add.outer(sums, ways).ravel()
        extreme = int((np.abs(sums) >= limit).sum())
        least = _least(sums)
        return PermutationTest(observed / squares, extreme / sums.size, least, arrangements, True, arrangements, None)
    root = checks.resolve_seed(seed)
    rng = np.random.default_rng(root)
    total = np.zeros(draws)
    for g in groups:
        x_g, y_g = treatment[g] - treatment[g].mean(), values[g] - values[g].mean()
        total += rng.permuted(np.tile(x_g, (draws, 1)), axis=1) @ y_g
    p = (1 + int((np.abs(total) >= limit).sum())) / (draws + 1)
    return PermutationTest(observed / squares, p, 1 / (draws + 1), arrangements, False, draws, root)


def _least(sums: FloatArray) -> float:
    """Share of arrangements that tie with the most extreme one: a mirror image ties with it where there is one."""
    top = float(np.abs(sums).max())
    return float((np.abs(sums) >= top * (1 - 1e-9)).mean())


def _distinct(values: FloatArray) -> int:
    counts = np.unique(values, return_counts=True)[1]
    return factorial(values.size) // prod(factorial(int(n)) for n in counts)


def _arrangements(values: FloatArray) -> Iterator[FloatArray]:
    """Every different order of some values."""
    levels, counts = np.unique(values, return_counts=True)

    def place(free: tuple[int, ...], level: int) -> Iterator[dict[int, float]]:
        if level == levels.size - 1:
            yield dict.fromkeys(free, float(levels[level]))
            return
        for chosen in itertools.combinations(free, int(counts[level])):
            rest = tuple(i for i in free if i not in chosen)
            for further in place(rest, level + 1):
                yield dict.fromkeys(chosen, float(levels[level])) | further

    for way in place(tuple(range(values.size)), 0):
        yield np.array([way[i] for i in range(values.size)])
