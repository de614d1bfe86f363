"""Covariance matrices of resampled cases, the raw material of every bootstrap interval in this room. Array core."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.exploratory.bootstrap import draw, resampled_correlations

FloatArray = NDArray[np.float64]

STACK = 100  # resamples worked on together
PRODUCTS_UP_TO = 60  # columns; beyond, the products of all pairs of columns take more memory than they save time
CONSTANT = 1e-10  # variance, relative to the whole sample's, below which a column does not vary


def spread(ready: intake.Input) -> FloatArray:
    """Standard deviations (p) behind the correlations of `ready`; ones where only correlations are known.

    Polychoric and rank correlations are those of variables without a unit: their spread is 1 too.
    """
    if ready.spread is not None:
        return ready.spread
    if ready.X is None or ready.settings["correlation"] != "pearson":
        return np.ones(len(ready.names))
    return np.asarray(np.nanstd(ready.X, axis=0, ddof=1))


def can_resample(ready: intake.Input, n_boot: int) -> bool:
    """Whether intervals are to be bootstrapped; a DataError if they are, but there are no cases to draw."""
    if n_boot and ready.X is None:
        raise DataError("A correlation matrix cannot be resampled.", "Give raw data, or n_boot=0.")
    return n_boot > 0


def covariances(
    streams: Sequence[np.random.SeedSequence], X: FloatArray, correlation: str, missing: str
) -> list[FloatArray | None]:
    """Covariances (p x p) of one resample of the cases per stream; None where a column does not vary.

    Other than Pearson correlations have unit variances.
    """
    n, p = X.shape
    draws = [draw(n, None, np.random.default_rng(stream)) for stream in streams]
    if correlation == "pearson" and p <= PRODUCTS_UP_TO and not np.isnan(X).any():
        return _weighted(X, draws)
    return [_one(X[rows], correlation, missing) for rows in draws]


def percentiles(draws: FloatArray, level: float) -> FloatArray:
    """Lower and upper limits (2 x m) of B x m draws, NaN left out; NaN where fewer than two remain."""
    out = np.full((2, draws.shape[1]), np.nan)
    for j, column in enumerate(draws.T):
        valid = column[~np.isnan(column)]
        if valid.size > 1:
            out[:, j] = np.percentile(valid, [50 * (1 - level), 50 * (1 + level)])
    return out


def _weighted(X: FloatArray, draws: Sequence[NDArray[np.int64]]) -> list[FloatArray | None]:
    # A resample is a vector of case weights, and all cross-products of all resamples are one matrix product.
    n, p = X.shape
    scale = X.std(axis=0, ddof=1)
    Z = (X - X.mean(axis=0)) / scale
    lower = np.tril_indices(p)
    counts = np.array([np.bincount(rows, minlength=n) for rows in draws], dtype=np.float64)
    means = counts @ Z / n
    moments = counts @ (Z[:, lower[0]] * Z[:, lower[1]]) / n - means[:, lower[0]] * means[:, lower[1]]
    S = np.zeros((len(draws), p, p))
    S[:, lower[0], lower[1]] = moments
    S[:, lower[1], lower[0]] = moments
    varies = np.all(np.diagonal(S, axis1=1, axis2=2) > CONSTANT, axis=1).tolist()
    S *= np.outer(scale, scale) * n / (n - 1)
    return [C if fine else None for C, fine in zip(S, varies, strict=True)]


def _one(X: FloatArray, correlation: str, missing: str) -> FloatArray | None:
    if missing == "fiml" and np.isnan(X).any() and not np.isnan(X).all(axis=0).any():
        from valuelex.psychometrics.correlation import constant_columns
        from valuelex.psychometrics.correlation.expectation import em_moments

        return None if constant_columns(X).any() else em_moments(X).covariance
    R, _ = resampled_correlations(X, correlation, missing)
    if R is None or correlation in checks.ORDINAL or correlation == "spearman":
        return R
    scale = np.nanstd(X, axis=0, ddof=1)
    return np.asarray(R * np.outer(scale, scale))
