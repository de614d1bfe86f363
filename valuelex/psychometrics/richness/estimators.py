"""Lower bounds for the number of types, seen and unseen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from valuelex.psychometrics import checks
from valuelex.psychometrics.richness.counts import Frequencies, frequencies


@dataclass(frozen=True)
class RichnessEstimate:
    """An estimated number of types.

    Attributes
    ----------
    name : str
        chao1 (individuals) or chao2 (sampling units).
    estimate, se, low, high : float
        Estimate, standard error and interval; the interval does not reach below the observed number. NaN for a sample that
        holds nothing.
    form : str
        classic, or bias-corrected.
    """

    name: str
    estimate: float
    se: float
    low: float
    high: float
    form: str


def chao1(counts: object, *, bias_corrected: bool | None = None, level: float = 0.95) -> RichnessEstimate:
    """Lower bound of the number of types from how often each was seen (Chao, 1984, 1987).

    ``S + k f1^2 / (2 f2)`` with k = (n - 1) / n; bias-corrected ``S + k f1 (f1 - 1) / (2 (f2 + 1))``.

    Parameters
    ----------
    counts : sequence of int
        How often each type was seen.
    bias_corrected : bool or None
        None takes the bias-corrected form where f2 = 0 only.
    level : float
        Coverage of the interval, 0-1: log-normal for the number of unseen types (Chao, 1987); where the estimate is the
        observed number, as in Colwell (2013, appendix B, eq. 14).

    Raises
    ------
    DataError
        Counts that are no whole numbers of 0 or more.
    """
    return chao_of(frequencies(counts, None), "chao1", bias_corrected, checks.number(level, "level", low=0, high=1))


def chao2(counts: object, n_units: int, *, bias_corrected: bool | None = None, level: float = 0.95) -> RichnessEstimate:
    """Lower bound of the number of types from how many of `n_units` sampling units hold each (Chao, 1987).

    As `chao1`, with the units in place of individuals: k = (T - 1) / T, and Q1 and Q2 in place of f1 and f2.

    Raises
    ------
    DataError
        Counts that are no whole numbers between 0 and `n_units`.
    """
    sample = frequencies(counts, n_units)
    return chao_of(sample, "chao2", bias_corrected, checks.number(level, "level", low=0, high=1))


def chao_of(sample: Frequencies, name: str, bias_corrected: bool | None, level: float) -> RichnessEstimate:
    """Estimate, standard error and interval from checked frequencies."""
    from scipy.special import ndtri

    n, S, f1, f2 = sample.units, sample.observed, sample.of(1), sample.of(2)
    corrected = f2 == 0 if bias_corrected is None else bias_corrected or f2 == 0
    form = "bias-corrected" if corrected else "classic"
    if S == 0:
        return RichnessEstimate(name, np.nan, np.nan, np.nan, np.nan, form)
    k = (n - 1) / n
    unseen = unseen_types(sample, corrected)
    if corrected and f2 == 0:
        variance = k * f1 * (f1 - 1) / 2 + k**2 * f1 * (2 * f1 - 1) ** 2 / 4 - k**2 * f1**4 / (4 * (S + unseen))
    elif corrected:
        variance = (
            k * f1 * (f1 - 1) / (2 * (f2 + 1))
            + k**2 * f1 * (2 * f1 - 1) ** 2 / (4 * (f2 + 1) ** 2)
            + k**2 * f1**2 * f2 * (f1 - 1) ** 2 / (4 * (f2 + 1) ** 4)
        )
    else:
        ratio = f1 / f2
        variance = f2 * (k * ratio**2 / 2 + k**2 * ratio**3 + k**2 * ratio**4 / 4)
    z = float(ndtri(0.5 + level / 2))
    if unseen > 0 and variance > 0:
        spread = float(np.exp(z * np.sqrt(np.log1p(variance / unseen**2))))
        return RichnessEstimate(
            name, S + unseen, float(np.sqrt(variance)), S + unseen / spread, S + unseen * spread, form
        )
    low, high, se = _nothing_unseen(sample, z)
    return RichnessEstimate(name, S + unseen, se, low, high, form)


def unseen_types(sample: Frequencies, corrected: bool) -> float:
    """Estimated number of types that were not seen."""
    n, f1, f2 = sample.units, sample.of(1), sample.of(2)
    if n == 0 or f1 == 0:
        return 0.0
    k = (n - 1) / n
    return k * f1 * (f1 - 1) / (2 * (f2 + 1)) if corrected or f2 == 0 else k * f1**2 / (2 * f2)


def _nothing_unseen(sample: Frequencies, z: float) -> tuple[float, float, float]:
    """Interval and standard error where the estimate is the observed number."""
    S = sample.observed
    gone = np.exp(-sample.seen.astype(np.float64))
    variance = float(
        np.sum(sample.types * (gone - gone**2)) - np.sum(sample.seen * gone * sample.types) ** 2 / sample.units
    )
    se = float(np.sqrt(max(variance, 0.0)))
    missed = float(np.sum(sample.types * gone)) / S
    middle = S / (1 - missed)
    return max(float(S), middle - z * se / (1 - missed)), middle + z * se / (1 - missed), se
