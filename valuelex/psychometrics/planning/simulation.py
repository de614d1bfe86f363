"""Exploratory analyses of simulated samples from a known factor model. Array core of `power_efa`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics import alignment, extraction
from valuelex.psychometrics import correlation as corr
from valuelex.psychometrics.correlation.polychoric import polychoric_core
from valuelex.psychometrics.retention.eigenvalues import eigenvalues, leading
from valuelex.psychometrics.retention.references import wishart
from valuelex.psychometrics.rotation.rotate import rotate_core
from valuelex.psychometrics.rotation.spec import Spec

FloatArray = NDArray[np.float64]

BOUND = 0.005  # uniqueness at which a solution counts as improper, as in `efa`
RANGE = 2.5  # categories divide the normal distribution from -2.5 to 2.5 evenly (Muthen & Kaplan, 1985)


@dataclass(frozen=True, eq=False)
class Population:
    """Pattern L (p x k), factor correlations phi (k x k), thresholds of categories (empty: continuous)."""

    L: FloatArray
    phi: FloatArray
    thresholds: FloatArray

    @property
    def root(self) -> FloatArray:
        """Square root C of the correlations C C'."""
        R = self.L @ self.phi @ self.L.T
        np.fill_diagonal(R, 1.0)
        return np.asarray(np.linalg.cholesky(R))


@dataclass(frozen=True)
class Procedure:
    """How a sample is analysed."""

    correlation: str
    method: str
    kind: str
    spec: Spec


@dataclass(frozen=True)
class Outcome:
    """One sample: factors found, mean and smallest congruence, mean absolute error of loadings, and what went wrong.

    `improper`: a uniqueness at its bound or no convergence; `failed`: no analysis was possible.
    """

    k: int
    congruence: float
    smallest: float
    error: float
    improper: bool
    failed: bool


def thresholds_of(categories: int | None, skew: float) -> FloatArray:
    """Thresholds of a standard normal variable: evenly spaced, moved until the categories 1..c have that skewness."""
    from scipy.optimize import brentq

    if categories is None:
        return np.zeros(0)
    even = -RANGE + 2 * RANGE * np.arange(1, categories) / categories
    if skew == 0:
        return even
    shift = brentq(lambda move: _skewness(even + move) - skew, -6.0, 6.0, xtol=1e-10)
    return np.asarray(even + shift)


def _skewness(thresholds: FloatArray) -> float:
    from scipy.special import ndtr

    share = np.diff(ndtr(thresholds), prepend=0.0, append=1.0)
    value = np.arange(share.size)
    deviation = value - share @ value
    return float(share @ deviation**3 / max(float(share @ deviation**2), 1e-300) ** 1.5)


def largest_skew(categories: int) -> float:
    """Skewness that thresholds moved by two and a half standard deviations give."""
    even = -RANGE + 2 * RANGE * np.arange(1, categories) / categories
    return _skewness(even + RANGE)


def null_eigenvalues(
    streams: Sequence[np.random.SeedSequence], p: int, n: int, thresholds: FloatArray, procedure: Procedure
) -> list[FloatArray]:
    """Eigenvalues (p) of samples of unrelated variables, the reference of parallel analysis, one set per stream."""
    nothing = Population(np.zeros((p, 1)), np.eye(1), thresholds)
    out = []
    for stream in streams:
        R = _correlations(np.random.default_rng(stream), nothing.root, n, thresholds, procedure.correlation)
        out.append(np.full(p, np.nan) if R is None else eigenvalues(R, procedure.kind))
    return out


def analyses(
    streams: Sequence[np.random.SeedSequence],
    population: Population,
    n: int,
    reference: FloatArray,
    procedure: Procedure,
) -> list[Outcome]:
    """Draw n cases, count factors by parallel analysis, extract the true number and compare; one outcome per stream."""
    return [_analysis(np.random.default_rng(stream), population, n, reference, procedure) for stream in streams]


def _analysis(
    rng: np.random.Generator, population: Population, n: int, reference: FloatArray, procedure: Procedure
) -> Outcome:
    k = population.L.shape[1]
    R = _correlations(rng, population.root, n, population.thresholds, procedure.correlation)
    nothing = Outcome(0, np.nan, np.nan, np.nan, False, True)
    if R is None or (procedure.method == "ml" and np.linalg.eigvalsh(R)[0] < 1e-10):
        return nothing
    found = extraction.extract(R, k, procedure.method, lower_bound=BOUND)
    if (np.sum(found.loadings**2, axis=0) < 1e-12).any():
        return nothing
    rotated = rotate_core(found.loadings, procedure.spec, rng)
    order, signs = alignment.match(rotated.loadings, population.L)
    L = rotated.loadings[:, order] * signs
    pairs = np.diag(alignment.congruence_core(L, population.L))
    return Outcome(
        k=leading(eigenvalues(R, procedure.kind), reference),
        congruence=float(pairs.mean()),
        smallest=float(pairs.min()),
        error=float(np.abs(L - population.L).mean()),
        improper=bool(found.heywood.any()) or not found.converged,
        failed=False,
    )


def _correlations(
    rng: np.random.Generator, root: FloatArray, n: int, thresholds: FloatArray, correlation: str
) -> FloatArray | None:
    """Correlations of a sample; None if a variable does not vary in it."""
    p = root.shape[0]
    if thresholds.size == 0 and correlation == "pearson":
        return np.asarray(wishart(rng, n, p, 1, root)[0])
    X = rng.standard_normal((n, p)) @ root.T
    if thresholds.size:
        X = np.searchsorted(thresholds, X).astype(np.float64)
        if corr.constant_columns(X).any():
            return None
    if correlation == "polychoric":
        return corr.repair(polychoric_core(X).R)[0]
    return corr.matrix(X, correlation)
