"""Intraclass correlations, the six forms of Shrout & Fleiss. Ratings are targets (rows) x raters (columns)."""

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
        Fewer than 2 complete targets or 2 raters, or ratings that do not vary, or only between raters.
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
    if np.ptp(Y, axis=0).max() == 0:
        raise DataError(
            "Every rater gives all targets one rating: they cannot be told apart.", "Add targets that differ."
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
