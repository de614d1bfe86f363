"""Agreement of raters: intraclass correlations and Krippendorff's alpha.

Ratings are targets (rows) x raters (columns).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.results import Result

FloatArray = NDArray[np.float64]

LEVELS = ("nominal", "ordinal", "interval")


@dataclass(frozen=True, eq=False)
class ICCResult(Result):
    """The six intraclass correlations of Shrout & Fleiss.

    `frame`, indexed by form (ICC1, ICC2, ICC3 for one rater; ICC1k, ICC2k, ICC3k for the mean of all): description,
    icc, f, df1, df2, p, ci_low, ci_high. `mean_squares`: targets, raters, error, within.
    """

    frame: pd.DataFrame
    mean_squares: dict[str, float]
    n_targets: int
    n_raters: int
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per form."""
        return self.frame.copy()

    def _headline(self) -> str:
        return f"Intraclass correlations: {self.n_targets} targets, {self.n_raters} raters"


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


def icc(ratings: object, *, level: float = 0.95) -> ICCResult:
    """All six intraclass correlations with F tests and F-based intervals.

    Shrout & Fleiss (1979); limits of ICC2 by McGraw & Wong (1996, table 7). Rows with a missing rating are left out.

    Parameters
    ----------
    ratings : DataFrame or array, n targets x r raters
        Numeric.
    level : float
        Coverage of the intervals, 0-1.

    Raises
    ------
    DataError
        Fewer than 2 complete targets or 2 raters, or ratings that do not vary.
    """
    level = checks.number(level, "level", low=0, high=1)
    values = checks.as_frame(ratings, "ratings").to_numpy()
    Y = values[~np.isnan(values).any(axis=1)]
    n, r = Y.shape
    if n < 2 or r < 2:
        raise DataError(
            f"ratings has {n} complete targets and {r} raters.", "Give at least 2 targets rated by the same 2 raters."
        )
    if np.ptp(Y) == 0:
        raise DataError(
            "All ratings are equal: agreement is not defined without variation.", "Add targets that differ."
        )
    frame, squares = icc_core(Y, level)
    settings = {"level": level, "n_rows": values.shape[0], "missing": "listwise"}
    return ICCResult(frame, squares, n, r, settings)


def icc_core(Y: FloatArray, level: float) -> tuple[pd.DataFrame, dict[str, float]]:
    """Table of the six forms and the mean squares, for complete Y (n x r)."""
    n, k = Y.shape
    rows, columns = Y.mean(axis=1), Y.mean(axis=0)
    between = k * float(np.sum((rows - Y.mean()) ** 2)) / (n - 1)
    raters = n * float(np.sum((columns - Y.mean()) ** 2)) / (k - 1)
    within = float(np.sum((Y - rows[:, None]) ** 2)) / (n * (k - 1))
    error = float(np.sum((Y - rows[:, None] - columns + Y.mean()) ** 2)) / ((n - 1) * (k - 1))
    # Sums of squares that cancel exactly leave rounding noise behind; F would then be a ratio of noise.
    noise = 1e-14 * float(np.sum((Y - Y.mean()) ** 2))
    between, raters, within, error = (value if value > noise else 0.0 for value in (between, raters, within, error))
    out = [
        _oneway_or_consistency(between, within, n - 1, n * (k - 1), k, level, single=True),
        _absolute(between, raters, error, n, k, level, single=True),
        _oneway_or_consistency(between, error, n - 1, (n - 1) * (k - 1), k, level, single=True),
        _oneway_or_consistency(between, within, n - 1, n * (k - 1), k, level, single=False),
        _absolute(between, raters, error, n, k, level, single=False),
        _oneway_or_consistency(between, error, n - 1, (n - 1) * (k - 1), k, level, single=False),
    ]
    frame = pd.DataFrame(
        out,
        columns=["icc", "f", "df1", "df2", "p", "ci_low", "ci_high"],
        index=pd.Index(["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"], name="form"),
    )
    who = ["each target by other raters", "random raters, absolute agreement", "fixed raters, consistency"]
    frame.insert(0, "description", [f"{w}, {size}" for size in ("one rater", f"mean of {k}") for w in who])
    return frame, {"targets": between, "raters": raters, "error": error, "within": within}


def _oneway_or_consistency(
    between: float, noise: float, df1: int, df2: int, k: int, level: float, *, single: bool
) -> tuple[float, ...]:
    from scipy.special import fdtrc, fdtri

    upper = 1 - (1 - level) / 2

    def coefficient(f: float) -> float:
        if np.isinf(f):
            return 1.0
        return (f - 1) / (f + k - 1) if single else (1 - 1 / f if f > 0 else -np.inf)

    f = between / noise if noise > 0 else np.inf
    low, high = f / float(fdtri(df1, df2, upper)), f * float(fdtri(df2, df1, upper))
    p = float(fdtrc(df1, df2, f)) if np.isfinite(f) else 0.0
    return coefficient(f), f, df1, df2, p, coefficient(low), coefficient(high)


def _absolute(
    between: float, raters: float, error: float, n: int, k: int, level: float, *, single: bool
) -> tuple[float, ...]:
    from scipy.special import fdtrc, fdtri

    one = (between - error) / (between + (k - 1) * error + k * (raters - error) / n)
    value = one if single else (between - error) / (between + (raters - error) / n)
    df1, df2 = n - 1, (n - 1) * (k - 1)
    if error <= 0 and raters <= 0:
        return value, np.inf, df1, df2, 0.0, 1.0, 1.0
    f = between / error if error > 0 else np.inf
    p = float(fdtrc(df1, df2, f)) if np.isfinite(f) else 0.0
    # Satterthwaite degrees of freedom of the denominator (Shrout & Fleiss, 1979, p. 424), at the single-rater ICC.
    a, b = k * one / (n * (1 - one)), 1 + k * one * (n - 1) / (n * (1 - one))
    v = (a * raters + b * error) ** 2 / ((a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    upper = 1 - (1 - level) / 2
    f_low, f_high = float(fdtri(n - 1, v, upper)), float(fdtri(v, n - 1, upper))
    low = n * (between - f_low * error) / (f_low * (k * raters + (k * n - k - n) * error) + n * between)
    high = n * (f_high * between - error) / (k * raters + (k * n - k - n) * error + n * f_high * between)
    if not single:
        low, high = (limit * k / (1 + limit * (k - 1)) for limit in (low, high))
    return value, f, df1, df2, p, low, high


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
    level : {"nominal", "ordinal", "interval"}
        Which differences count: any, ranks apart, or squared distance.
    n_boot : int
        Resamples for the interval; 0 for none.
    confidence : float
        Coverage, 0-1.
    seed : int, optional
        Stored with the result.

    Raises
    ------
    DataError
        No unit has two ratings, or all ratings are equal.
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
    counts = np.zeros((pairable.shape[0], scale.size))
    np.add.at(counts, (np.nonzero(~np.isnan(pairable))[0], index), 1)
    seed = checks.resolve_seed(seed)
    found = krippendorff_core(counts, scale, level)
    low = high = np.nan
    if n_boot:
        draws = [
            krippendorff_core(counts[np.random.default_rng(stream).integers(0, len(counts), len(counts))], scale, level)
            for stream in np.random.SeedSequence(seed).spawn(n_boot)
        ]
        low, high = np.nanpercentile(draws, [50 * (1 - confidence), 50 * (1 + confidence)])
    settings = {"level": level, "n_boot": n_boot, "confidence": confidence, "seed": seed, "resampled": "units"}
    return KrippendorffResult(found, float(low), float(high), pairable.shape[0], int(counts.sum()), settings)


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
    else:
        # Ordinal distance: cases between two ranks, the ends counted half (Krippendorff, 2019, eq. 12.9).
        place = np.cumsum(margin) - margin / 2 if level == "ordinal" else scale
        delta = (place[:, None] - place) ** 2
    expected = float(np.sum(np.outer(margin, margin) * delta))
    if expected <= 0:
        return float("nan")
    return float(1 - (total - 1) * np.sum(coincidence * delta) / expected)
