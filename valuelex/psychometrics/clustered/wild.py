"""The wild cluster bootstrap: tests and intervals that hold whatever goes on inside clusters, with few of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
"""Webb's (2023) six-point weights: with few clusters, two points allow too few different draws."""
ENUMERATED = 5
"""Clusters up to which every combination of weights is taken in place of draws: 6^5 = 7,776."""


@dataclass(frozen=True)
class WildBootstrap:
    """One contrast.

    Attributes
    ----------
    estimate, se : float
        The error is the cluster-robust one, from the clusters' own residuals.
    t, p : float
        p is two-sided, at least 1 / (draws + 1) where weights are drawn, and the exact share where all are taken.
    ci_low, ci_high : float
        Values that the test does not reject; infinite where it rejects none on that side.
    draws, seed, clusters : int
    exact : bool
        Whether all `draws` combinations of weights were taken, so that nothing was drawn.
    """

    estimate: float
    se: float
    t: float
    p: float
    ci_low: float
    ci_high: float
    draws: int
    seed: int
    clusters: int
    exact: bool


@one_thread
def wild_cluster_bootstrap(
    y: ArrayLike,
    X: pd.DataFrame,
    clusters: ArrayLike,
    *,
    contrast: ArrayLike,
    covariance: ArrayLike | None = None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int | None = None,
) -> WildBootstrap:
    """Test one contrast by redrawing the signs and sizes of whole clusters' residuals under the null hypothesis.

    Cameron, Gelbach & Miller (2008): null imposed, studentised by the cluster-robust error, Webb's weights. The estimate is
    that of generalised least squares under `covariance`; the test does not rest on it being right.

    Parameters
    ----------
    y : array, k
    X : DataFrame, k x p
        Of full rank.
    clusters : array, k
    contrast : array, p
        Weights of the coefficients.
    covariance : array, k x k, optional
        Working covariance of y. Default: identity.
    draws : int
        With five clusters or fewer all 6^clusters combinations are taken instead.
    level : float
        Coverage of the interval, 0-1.
    seed : int, optional

    Raises
    ------
    DataError
        Two clusters or fewer, or shapes that do not match.
    """
    level = checks.number(level, "level", low=0, high=1)
    root = checks.resolve_seed(seed)
    values, design = np.asarray(y, dtype=np.float64), np.asarray(X, dtype=np.float64)
    c = np.asarray(contrast, dtype=np.float64)
    code = pd.factorize(np.asarray(clusters, dtype=object))[0]
    F = int(code.max()) + 1
    if not values.size == len(design) == code.size or c.size != design.shape[1]:
        raise DataError("y, X, clusters and contrast do not match.", "Give one row a unit, one weight a column.")
    if F < 3:
        raise DataError(f"{F} clusters are too few to draw from.", "Give three or more.")
    W = np.eye(values.size) if covariance is None else np.linalg.inv(np.asarray(covariance, dtype=np.float64))
    phi = np.linalg.inv(design.T @ W @ design)
    a = W @ design @ phi @ c
    R = np.eye(values.size) - design @ phi @ design.T @ W
    G = np.eye(F)[code]
    E = G.T @ (a[:, None] * R)
    residuals = R @ values
    estimate = float(a @ values)
    along = design @ phi @ c / float(c @ phi @ c)
    se = float(np.sqrt(((G.T @ (a * residuals)) ** 2).sum()))
    if not se > 1e-12 * max(float(np.abs(a * values).sum()), 1e-300):
        raise DataError("The residuals of all clusters are zero.", "There is nothing to test against.")
    exact = F <= ENUMERATED
    if exact:
        weights = np.array(list(product(WEBB, repeat=F)))
    else:
        weights = WEBB[np.random.default_rng(root).integers(0, 6, (draws, F))]

    def p_of(null: float) -> float:
        restricted = residuals + along * (estimate - null)
        numerator = weights @ (G.T @ (a * restricted))
        parts = weights @ (E @ (restricted[:, None] * G)).T
        error = np.sqrt((parts**2).sum(axis=1))
        t = np.divide(np.abs(numerator), error, out=np.full(len(weights), np.inf), where=error > 1e-12 * se)
        # A draw that repeats the data, sign aside, is as extreme as they are.
        as_extreme = int((t >= abs(estimate - null) / se * (1 - 1e-9)).sum())
        return as_extreme / len(weights) if exact else (1 + as_extreme) / (draws + 1)

    return WildBootstrap(
        estimate,
        se,
        estimate / se,
        p_of(0.0),
        _edge(p_of, estimate, -se, 1 - level),
        _edge(p_of, estimate, se, 1 - level),
        len(weights),
        root,
        F,
        exact,
    )


def _edge(p_of: object, estimate: float, step: float, alpha: float) -> float:
    """Where the test begins to reject, by doubling and halving; infinite where 200 standard errors away it does not."""
    assert callable(p_of)
    inside, outside = 0.0, 1.0
    while p_of(estimate + outside * step) > alpha:
        inside, outside = outside, 2 * outside
        if outside > 200:
            return float(np.inf * np.sign(step))
    for _ in range(20):
        middle = (inside + outside) / 2
        if p_of(estimate + middle * step) > alpha:
            inside = middle
        else:
            outside = middle
    return estimate + (inside + outside) / 2 * step
