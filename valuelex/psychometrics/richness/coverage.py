"""Sample coverage: the share of further draws that would be of types already seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from valuelex.psychometrics import checks
from valuelex.psychometrics.richness.counts import FloatArray, Frequencies, IntArray, frequencies, log_ratio


@dataclass(frozen=True)
class Coverage:
    """Estimated coverage and its interval.

    Attributes
    ----------
    estimate, low, high : float
        Between 0 and 1; NaN for a sample that holds nothing.
    total : int
        Individuals (or incidences) that the estimate rests on.
    observed, singletons, doubletons : int
        Types seen; seen once; seen twice.
    """

    estimate: float
    low: float
    high: float
    total: int
    observed: int
    singletons: int
    doubletons: int


def sample_coverage(counts: object, *, n_units: int | None = None, level: float = 0.95) -> Coverage:
    """Estimate sample coverage from frequency counts (Good, 1953; Chao & Jost, 2012, eq. 4a; Chao et al., 2014, eq. 11a).

    The estimate is ``1 - (f1 / n) A`` with ``A = (n - 1) f1 / ((n - 1) f1 + 2 f2)``, where f1 and f2 are the types seen
    once and twice; where f2 = 0, A is ``(n - 1) (f1 - 1) / ((n - 1) (f1 - 1) + 2)``, and Turing's A = 1 for a single
    singleton, of which that form would make nothing. For incidences, n - 1 in A is T - 1 for T sampling units.

    Parameters
    ----------
    counts : sequence of int
        How often each type was seen; with `n_units`, in how many sampling units.
    n_units : int, optional
        Number of sampling units, for incidence data.
    level : float
        Coverage of the interval, 0-1: normal, with the variance of the difference between estimated and true coverage,
        ``(f1 + 2 f2) / n^2`` (Robbins, 1968; Esty, 1983), cut off at 0 and 1. Its lower end is at most where a Poisson
        count of singletons would be 0 with probability (1 - level) / 2.

    Raises
    ------
    DataError
        Counts that are no whole numbers of 0 or more.
    """
    level = checks.number(level, "level", low=0, high=1)
    return coverage_of(frequencies(counts, n_units), level)


def coverage_of(sample: Frequencies, level: float) -> Coverage:
    """Coverage of checked frequencies."""
    n, f1, f2 = sample.total, sample.of(1), sample.of(2)
    if n == 0:
        return Coverage(np.nan, np.nan, np.nan, 0, 0, 0, 0)
    missing = f1 / n * decline(sample)
    from scipy.special import ndtri

    width = float(ndtri(0.5 + level / 2)) * float(np.sqrt(f1 + 2 * f2)) / n if f1 else 0.0
    # So much may be missing although no singleton was met: few of them say no more than none.
    low = min(1 - missing - width, 1 + float(np.log((1 - level) / 2)) / n)
    return Coverage(1 - missing, max(0.0, low), min(1.0, 1 - missing + width), n, sample.observed, f1, f2)


def decline(sample: Frequencies) -> float:
    """The factor A by which what is missing declines with the next unit."""
    f1, f2, before = sample.of(1), sample.of(2), sample.units - 1
    if f1 == 0 or before <= 0 or (f1 == 1 and f2 == 0):
        return 1.0
    once = before * f1 if f2 else before * (f1 - 1)
    return once / (once + 2 * f2 if f2 else once + 2.0)


def expected_coverage(sample: Frequencies, sizes: IntArray) -> FloatArray:
    """Coverage of samples of the given sizes (Chao & Jost, 2012, eqs. 6 and 12; for incidences Chao et al., 2014, eq. 12).

    Sizes up to the observed one are rarefied without bias, larger ones extrapolated. NaN for a sample that holds nothing.
    """
    n, total = sample.units, sample.total
    if total == 0:
        return np.full(sizes.size, np.nan)
    out = np.empty(sizes.size)
    inside = sizes < n
    if inside.any():
        unseen = np.exp(log_ratio(n - 1, sample.seen - 1, sizes[inside]))
        out[inside] = 1 - unseen @ (sample.seen * sample.types) / total
    further = (sizes[~inside] - n).astype(np.float64)
    out[~inside] = 1 - sample.of(1) / total * decline(sample) ** (further + 1)
    return np.clip(out, 0.0, 1.0)
