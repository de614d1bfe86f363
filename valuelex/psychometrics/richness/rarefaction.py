"""How many types smaller and larger samples would hold: rarefaction and extrapolation on one curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from valuelex.errors import SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.richness.counts import FloatArray, Frequencies, IntArray, frequencies, log_ratio
from valuelex.psychometrics.richness.coverage import expected_coverage
from valuelex.psychometrics.richness.estimators import unseen_types

POINTS = 25
"""Sizes on the curve up to the observed one, where none are given."""

AHEAD = 2.0
"""The curve goes on to this many times the observed size: beyond twice, extrapolation is unreliable (Chao et al., 2014)."""


def rarefaction(
    counts: object, sizes: Sequence[int] | None = None, *, n_units: int | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Expected number of types in samples of given sizes.

    Individuals: Hurlbert (1971). Sampling units: the exact sample-based curve (Mao Tau; Colwell, Mao & Chang, 2004). Beyond the
    observed size: Chao et al. (2014, eqs. 9 and 10). The variance is unconditional (Colwell et al., 2012, eqs. 5 and
    10): that of another sample from the same assemblage, so that it is not 0 at the observed size.

    Parameters
    ----------
    counts : sequence of int
        How often each type was seen; with `n_units`, in how many sampling units.
    sizes : sequence of int, optional
        Sample sizes. Default: 25 evenly spaced ones up to the observed size and five more up to twice that.
    n_units : int, optional
        Number of sampling units, for incidence data.
    level : float
        Coverage of the intervals, 0-1.

    Returns
    -------
    DataFrame
        size, expected, se, ci_low, ci_high, coverage (expected sample coverage, 0-1), extrapolated.

    Raises
    ------
    DataError
        Counts that are no whole numbers of 0 or more.
    SettingError
        A size below 0.
    """
    sample = frequencies(counts, n_units)
    at = grid(sample.units) if sizes is None else np.asarray(list(sizes), dtype=np.int64)
    if at.size and int(at.min()) < 0:
        raise SettingError(f"sizes holds {int(at.min())}.", "Give sample sizes of 0 or more.")
    return curve_of(sample, at, checks.number(level, "level", low=0, high=1))


def grid(n: int, points: int = POINTS, ahead: float = AHEAD) -> IntArray:
    """Sizes from 1 to n, evenly spaced and n among them, then a fifth as many up to `ahead` times n."""
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    within = np.unique(np.round(np.linspace(n / points, n, points)).astype(np.int64))
    further = np.round(np.linspace(n, ahead * n, max(2, points // 5 + 1))[1:]).astype(np.int64)
    return np.unique(np.concatenate([within[within > 0], further]))


def curve_of(sample: Frequencies, sizes: IntArray, level: float) -> pd.DataFrame:
    """The curve of checked frequencies."""
    from scipy.special import ndtri

    weight, expected = _expected(sample, sizes)
    unseen = unseen_types(sample, False)
    most = sample.observed + unseen
    # Expected numbers are linear in the frequency counts, or nearly so: variance as for multinomial counts over `most` types.
    variance = (weight**2) @ sample.types - (weight @ sample.types) ** 2 / most if most > 0 else np.zeros(sizes.size)
    se = np.sqrt(np.maximum(variance, 0.0))
    width = float(ndtri(0.5 + level / 2)) * se
    return pd.DataFrame(
        {
            "size": sizes,
            "expected": expected,
            "se": se,
            "ci_low": np.maximum(expected - width, 0.0),
            "ci_high": expected + width,
            "coverage": expected_coverage(sample, sizes),
            "extrapolated": sizes > sample.units,
        }
    )


def _expected(sample: Frequencies, sizes: IntArray) -> tuple[FloatArray, FloatArray]:
    """Derivatives of the expected number of types by each frequency count (sizes x frequencies), and the expected number."""
    n = sample.units
    weight = np.ones((sizes.size, sample.seen.size))
    inside = sizes <= n
    weight[inside] = 1 - np.exp(log_ratio(n, sample.seen, sizes[inside]))
    expected = weight @ sample.types.astype(np.float64)
    ahead = (sizes[~inside] - n).astype(np.float64)
    if ahead.size:
        f1, f2 = float(sample.of(1)), float(sample.of(2))
        further = _further(f1, f2, n, ahead)
        expected[~inside] = sample.observed + further
        for frequency, step in ((1, (1e-4, 0.0)), (2, (0.0, 1e-4))):
            at = np.nonzero(sample.seen == frequency)[0]
            if at.size:
                up = _further(f1 + step[0], f2 + step[1], n, ahead)
                down = _further(f1 - step[0], f2 - step[1], n, ahead)
                weight[np.ix_(~inside, at)] += ((up - down) / 2e-4)[:, None]
    return weight, expected


def _further(f1: float, f2: float, n: int, ahead: FloatArray) -> FloatArray:
    """Types that `ahead` more units would add."""
    k = (n - 1) / n
    unseen = k * f1**2 / (2 * f2) if f2 > 0.5 else k * f1 * (f1 - 1) / 2
    if unseen <= 0:
        return np.zeros(ahead.size)
    return np.asarray(unseen * -np.expm1(ahead * np.log1p(-f1 / (n * unseen + f1))), dtype=np.float64)
