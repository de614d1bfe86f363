"""From rows to a fitted cumulative link mixed model: categories, starting values, and effects that have nothing."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.psychometrics.checks import MOST_CATEGORIES
from valuelex.psychometrics.mixed.design import RandomEffects
from valuelex.psychometrics.ordinal.categories import FloatArray, IntArray, Link
from valuelex.psychometrics.ordinal.laplace import Problem, information, maximise
from valuelex.psychometrics.ordinal.layout import lay_out

BOUND = "at its bound of 0"
_NOTHING = 0.05
"""A standard deviation below this is tried at 0."""
_START = -0.5
"""Logarithm of the standard deviations that the search starts from."""


@dataclass(frozen=True, eq=False)
class FittedOrdinal:
    """A fitted model.

    Attributes
    ----------
    problem : Problem
    parameters : array
        As `Problem` orders them.
    covariance : array
        Of the parameters, from the observed information.
    loglik : float
    evaluations : int
    notes : dict of str -> str
        Effect -> why it has no component; empty where it has.
    """

    problem: Problem
    parameters: FloatArray
    covariance: FloatArray
    loglik: float
    evaluations: int
    notes: dict[str, str]

    def thresholds(self) -> tuple[FloatArray, FloatArray]:
        """The thresholds and their standard errors."""
        k = self.problem.k
        gaps = np.tril(np.ones((k, k)))
        gaps[:, 1:] *= np.exp(self.parameters[1:k])
        se = np.sqrt(np.diag(gaps @ self.covariance[:k, :k] @ gaps.T))
        return self.problem.thresholds(self.parameters), se


def fit_ordinal(y: IntArray, X: FloatArray, known: RandomEffects, link: Link) -> FittedOrdinal:
    """Fit with every effect, then without those that have nothing, where that is no worse.

    Raises
    ------
    DataError
        No convergence.
    """
    n, p = y.size, X.shape[1]
    k = int(y.max())
    together = np.zeros(n, dtype=np.int64)
    cumulated = np.array([(y <= c).mean() for c in range(k)])
    marginal = np.log(cumulated / (1 - cumulated))
    start = np.concatenate([marginal[:1], np.log(np.diff(marginal)), np.zeros(p)])
    used, notes, evaluations = dict(known.used), dict(known.notes), 0

    def fitted(effects: dict[str, IntArray]) -> tuple[Problem, FloatArray, float]:
        nonlocal evaluations
        problem = Problem(y, X, lay_out(effects, known.factors, n), link, together, np.zeros(n))
        parameters, at, count = maximise(problem, np.concatenate([start, np.full(len(effects), _START)]))
        evaluations += count
        return problem, parameters, at.value

    problem, parameters, value = fitted(used)
    while used:
        sd = problem.sd(parameters)
        least = problem.layout.names[int(sd.argmin())]
        if sd.min() > _NOTHING:
            break
        start = parameters[: k + p]
        rest = {name: key for name, key in used.items() if name != least}
        without = fitted(rest)
        if without[2] > value + 1e-4:
            break
        notes[least], used = BOUND, rest
        problem, parameters, value = without
    covariance = np.linalg.pinv(
        information(problem, parameters, np.arange(parameters.size)).sum(axis=0), hermitian=True
    )
    return FittedOrdinal(problem, parameters, covariance, -float(value), evaluations, notes)


def at_an_end(values: FloatArray, objects: pd.Series) -> dict[Hashable, tuple[float, float]]:
    """Objects all of whose ratings are in the highest or lowest category: their estimate (infinite), and the category."""
    low, high = float(values.min()), float(values.max())
    ranges = pd.Series(values, index=objects.index).groupby(objects).agg(["min", "max"])
    top = dict.fromkeys(ranges.index[ranges["min"] == high], (np.inf, high))
    return top | dict.fromkeys(ranges.index[ranges["max"] == low], (-np.inf, low))


def categories_of(values: FloatArray) -> tuple[FloatArray, IntArray]:
    """The categories that occur, in order, and the number of each rating's.

    Raises
    ------
    DataError
        One alone, or so many that these are no categories.
    """
    categories, y = np.unique(values, return_inverse=True)
    if categories.size < 2:
        raise DataError(f"All ratings are {values[0]:g}.", "Give ratings in two categories or more.")
    if categories.size > MOST_CATEGORIES:
        raise DataError(
            f"score has {categories.size} different values: these are no ordered categories.",
            "Give single ratings, not their means, or use mixed_scores.",
        )
    return categories, np.asarray(y, dtype=np.int64)
