"""Krippendorff's alpha for any number of raters, missing ratings and four levels of measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.resampling import replicate
from valuelex.psychometrics.results import Result

FloatArray = NDArray[np.float64]

LEVELS = ("nominal", "ordinal", "interval", "ratio")


@dataclass(frozen=True, eq=False)
class KrippendorffResult(Result):
    """Krippendorff's alpha (at most 1) with bootstrap percentile limits over units, and what it rests on."""

    alpha: float
    ci_low: float
    ci_high: float
    n_units: int
    n_pairable: int
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row: alpha, ci_low, ci_high, n_units, n_pairable."""
        keys = ("alpha", "ci_low", "ci_high", "n_units", "n_pairable")
        return pd.DataFrame([{key: getattr(self, key) for key in keys}])

    def _headline(self) -> str:
        return f"Krippendorff's alpha ({self.settings['level']}) = {self.alpha:.3f}"


def krippendorff_alpha(
    ratings: object,
    level: str = "interval",
    *,
    n_boot: int = 1000,
    confidence: float = 0.95,
    seed: int | None = None,
) -> KrippendorffResult:
    """Krippendorff's alpha: one minus observed over expected disagreement; missing ratings are allowed.

    Coincidence matrix of values within units (Krippendorff, 2019, ch. 12); limits by resampling units.

    Parameters
    ----------
    ratings : DataFrame or array, n units x r raters
        Codes; NaN where a rater did not rate. Nominal codes may be text.
    level : {"nominal", "ordinal", "interval", "ratio"}
        Which differences count: any, ranks apart, squared distance, or distance relative to the sum.
    n_boot : int
        Resamples for the interval; 0 for none.
    confidence : float
        Coverage, 0-1.
    seed : int, optional
        Stored with the result.

    Raises
    ------
    DataError
        No unit has two ratings, all ratings are equal, or a negative rating on a ratio scale.
    """
    checks.choice(level, LEVELS, "level")
    n_boot = checks.integer(n_boot, "n_boot", low=0)
    confidence = checks.number(confidence, "confidence", low=0, high=1)
    if level == "nominal":
        table = np.asarray(ratings, dtype=object)
        if table.ndim != 2:
            raise DataError("ratings is not a table.", "Give units x raters.")
        codes = pd.factorize(table.ravel())[0].reshape(table.shape)
        values = np.where(codes < 0, np.nan, codes).astype(np.float64)
    else:
        values = checks.as_frame(ratings, "ratings").to_numpy()
    pairable = values[np.sum(~np.isnan(values), axis=1) >= 2]
    if pairable.shape[0] == 0:
        raise DataError("No unit was rated by two raters.", "Give units x raters, with at least two ratings in a row.")
    scale, index = np.unique(pairable[~np.isnan(pairable)], return_inverse=True)
    if scale.size < 2:
        raise DataError("All ratings are equal: agreement is not defined without variation.", "Add units that differ.")
    if level == "ratio" and scale[0] < 0:
        raise DataError("A ratio scale has no negative ratings.", "Use level='interval'.")
    counts = np.zeros((pairable.shape[0], scale.size))
    np.add.at(counts, (np.nonzero(~np.isnan(pairable))[0], index), 1)
    seed = checks.resolve_seed(seed)
    found = krippendorff_core(counts, scale, level)
    low = high = np.nan
    if n_boot:
        draws = replicate(_redraw, n_boot, seed, counts, scale, level)
        low, high = np.nanpercentile(draws, [50 * (1 - confidence), 50 * (1 + confidence)])
    settings = {"level": level, "n_boot": n_boot, "confidence": confidence, "seed": seed, "resampled": "units"}
    return KrippendorffResult(found, float(low), float(high), pairable.shape[0], int(counts.sum()), settings)


def _redraw(
    streams: Sequence[np.random.SeedSequence], counts: FloatArray, scale: FloatArray, level: str
) -> list[float]:
    n = counts.shape[0]
    return [
        krippendorff_core(counts[np.random.default_rng(stream).integers(0, n, n)], scale, level) for stream in streams
    ]


def krippendorff_core(counts: FloatArray, scale: FloatArray, level: str) -> float:
    """Alpha from counts of values per unit (n x v) and the values (v), ascending; NaN if all values are equal."""
    size = counts.sum(axis=1)
    weighted = counts / (size - 1)[:, None]
    coincidence = weighted.T @ counts
    coincidence[np.diag_indices_from(coincidence)] -= weighted.sum(axis=0)
    margin = coincidence.sum(axis=0)
    total = margin.sum()
    if level == "nominal":
        delta = 1 - np.eye(scale.size)
    elif level == "ratio":
        together = np.maximum(scale[:, None] + scale, 1e-300)
        delta = ((scale[:, None] - scale) / together) ** 2
    else:
        # Ordinal distance: cases between two ranks, the ends counted half (Krippendorff, 2019, eq. 12.9).
        place = np.cumsum(margin) - margin / 2 if level == "ordinal" else scale
        delta = (place[:, None] - place) ** 2
    expected = float(np.sum(np.outer(margin, margin) * delta))
    if expected <= 0:
        return float("nan")
    return float(1 - (total - 1) * np.sum(coincidence * delta) / expected)
