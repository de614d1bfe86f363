"""Agreement beyond chance in categories: Cohen's, Fleiss', Light's kappa and Gwet's AC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.agreement.categories import agreement_weights, read
from valuelex.psychometrics.results import Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KappaResult(Result):
    """A coefficient of agreement (at most 1, 0 at chance) with its normal interval.

    `observed` and `expected` are the shares of (weighted) agreement; `se` is the standard error behind the interval, `z`
    and `p` test the coefficient against 0 with the standard error under chance, where one is known. `by_category` holds
    Fleiss' kappa of each category against the rest (None for other coefficients).
    """

    name: str
    kappa: float
    se: float
    ci_low: float
    ci_high: float
    z: float
    p: float
    observed: float
    expected: float
    n_units: int
    by_category: pd.DataFrame | None
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        keys = ("name", "kappa", "se", "ci_low", "ci_high", "z", "p", "observed", "expected", "n_units")
        return pd.DataFrame([{key: getattr(self, key) for key in keys}])

    def _headline(self) -> str:
        return f"{self.name} = {self.kappa:.3f} [{self.ci_low:.3f}, {self.ci_high:.3f}]"


def cohen_kappa(
    ratings: object, *, weights: object = None, categories: Sequence[object] | None = None, level: float = 0.95
) -> KappaResult:
    """Cohen's (1960, 1968) kappa of two raters, weighted or not.

    Standard errors by Fleiss, Cohen & Everitt (1969, https://doi.org/10.1037/h0028106, eqs. 8-15).

    Parameters
    ----------
    ratings : DataFrame or array, n units x 2 raters
        Codes or text; units that one of the two did not rate are left out.
    weights : {"linear", "quadratic"} or array, c x c, optional
        Agreement weights; None counts identical ratings only.
    categories : sequence, optional
        All categories in their order; default the sorted ratings.
    level : float
        Coverage of the interval, 0-1.

    Raises
    ------
    DataError
        Not two raters, no unit that both rated, no variation, or a rating that is not among the categories.
    SettingError
        Unknown weights.
    """
    held = read(ratings, categories)
    if held.codes.shape[1] != 2:
        raise DataError(
            f"Cohen's kappa is of two raters; there are {held.codes.shape[1]}.", "Use fleiss_kappa or light_kappa."
        )
    level = checks.number(level, "level", low=0, high=1)
    W, name = agreement_weights(weights, held.categories)
    both = held.codes[(held.codes >= 0).all(axis=1)]
    if both.shape[0] < 2:
        raise DataError("Fewer than two units were rated by both raters.", "Give units that both rated.")
    found = _cohen(both, W)
    title = "Cohen's kappa" if name == "none" else f"Weighted kappa ({name})"
    return _result(title, found, both.shape[0], level, {"weights": name, "categories": held.categories})


def _cohen(codes: NDArray[np.int64], W: FloatArray) -> tuple[float, float, float, float, float]:
    """Kappa, its SE, SE under chance, observed and expected agreement."""
    c, n = W.shape[0], codes.shape[0]
    P = np.zeros((c, c))
    np.add.at(P, (codes[:, 0], codes[:, 1]), 1.0)
    P /= n  # counted first: n times 1 / n is not 1
    row, column = P.sum(axis=1), P.sum(axis=0)
    observed, expected = float(np.sum(W * P)), float(row @ W @ column)
    if expected >= 1:
        return float("nan"), float("nan"), float("nan"), observed, expected
    kappa = min((observed - expected) / (1 - expected), 1.0)
    mean = (W @ column)[:, None] + (row @ W)[None, :]
    spread = np.sum(P * (W - mean * (1 - kappa)) ** 2) - (kappa - expected * (1 - kappa)) ** 2
    chance = np.sum(np.outer(row, column) * (W - mean) ** 2) - expected**2
    se, se0 = (np.sqrt(max(float(x), 0.0) / n) / (1 - expected) for x in (spread, chance))
    return kappa, float(se), float(se0), observed, expected


def fleiss_kappa(ratings: object, *, categories: Sequence[object] | None = None, level: float = 0.95) -> KappaResult:
    """Fleiss' (1971) kappa of several raters, who need not be the same for all units.

    The test against chance, also per category, uses Fleiss, Nee & Landis (1979); the interval uses the spread over units
    (Gwet, 2014, sec. 5.3), which does not assume chance.

    Parameters
    ----------
    ratings : DataFrame or array, n units x r raters
        Every unit needs the same number of ratings.
    categories, level
        As in `cohen_kappa`.

    Raises
    ------
    DataError
        Units differ in their number of ratings: use `krippendorff_alpha`.
    """
    held = read(ratings, categories)
    level = checks.number(level, "level", low=0, high=1)
    counts = held.counts
    sizes = counts.sum(axis=1)
    if (sizes != sizes[0]).any() or sizes[0] < 2:
        raise DataError(
            "Fleiss' kappa needs the same number of ratings (two or more) for every unit.",
            "Use krippendorff_alpha(level='nominal') or gwet_ac for incomplete ratings.",
        )
    n, m = counts.shape[0], float(sizes[0])
    share = counts.sum(axis=0) / (n * m)
    agree = (np.sum(counts**2, axis=1) - m) / (m * (m - 1))
    observed, expected = float(agree.mean()), float(np.sum(share**2))
    kappa = (observed - expected) / (1 - expected)
    each = (agree - expected) / (1 - expected) - 2 * (1 - kappa) * (counts @ share / m - expected) / (1 - expected)
    se = float(np.sqrt(np.sum((each - kappa) ** 2) / (n * (n - 1))))
    q = share * (1 - share)
    se0 = np.sqrt(2) * np.sqrt(q.sum() ** 2 - np.sum(q * (1 - 2 * share))) / (q.sum() * np.sqrt(n * m * (m - 1)))
    with np.errstate(invalid="ignore", divide="ignore"):  # a category that nobody used
        own = 1 - np.sum(counts * (m - counts), axis=0) / (n * m * (m - 1) * q)
    z = own / np.sqrt(2 / (n * m * (m - 1)))
    table = pd.DataFrame({"share": share, "kappa": own, "z": z, "p": _two_sided(z)}, index=pd.Index(held.categories))
    settings = {"raters_per_unit": int(m), "categories": held.categories}
    return _result("Fleiss' kappa", (kappa, se, float(se0), observed, expected), n, level, settings, table)


def light_kappa(
    ratings: object, *, weights: object = None, categories: Sequence[object] | None = None, level: float = 0.95
) -> KappaResult:
    """Light's (1971) kappa: the mean of Cohen's kappa over all pairs of raters; the interval by a jackknife over units.

    Parameters
    ----------
    ratings : DataFrame or array, n units x r raters
        The same raters for all units; a pair takes the units that both rated.
    weights, categories, level
        As in `cohen_kappa`.

    Raises
    ------
    DataError
        No two raters rated the same units, or ratings do not vary.
    """
    held = read(ratings, categories)
    level = checks.number(level, "level", low=0, high=1)
    W, name = agreement_weights(weights, held.categories)

    def mean(codes: NDArray[np.int64]) -> tuple[float, float, float]:
        found = []
        for a, b in combinations(range(codes.shape[1]), 2):
            both = codes[:, [a, b]][(codes[:, [a, b]] >= 0).all(axis=1)]
            if both.shape[0] > 1:
                kappa, _, _, observed, expected = _cohen(both, W)
                found.append((kappa, observed, expected))
        if not found:
            raise DataError("No two raters rated the same units.", "Give units that several rated.")
        return tuple(np.nanmean(found, axis=0))

    kappa, observed, expected = mean(held.codes)
    n = held.codes.shape[0]
    left_out = np.array([mean(np.delete(held.codes, i, axis=0))[0] for i in range(n)])
    se = float(np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2)))
    settings = {"weights": name, "categories": held.categories, "interval": "jackknife over units"}
    return _result("Light's kappa", (kappa, se, np.nan, observed, expected), n, level, settings)


def gwet_ac(
    ratings: object, *, weights: object = None, categories: Sequence[object] | None = None, level: float = 0.95
) -> KappaResult:
    """Gwet's (2008) AC1, or with weights AC2: agreement whose chance term does not explode where one category prevails.

    Any number of raters, missing ratings allowed; standard error over units (Gwet, 2014, eqs. 5.8-5.10).

    Parameters
    ----------
    ratings, weights, categories, level
        As in `light_kappa`.

    Raises
    ------
    DataError
        No unit has two ratings, or ratings do not vary.
    """
    held = read(ratings, categories)
    level = checks.number(level, "level", low=0, high=1)
    W, name = agreement_weights(weights, held.categories)
    counts = held.counts
    counts = counts[counts.sum(axis=1) >= 1]
    sizes = counts.sum(axis=1)
    n, c = counts.shape
    pairs = sizes >= 2
    if not pairs.any():
        raise DataError("No unit was rated by two raters.", "Give units x raters, with at least two ratings in a row.")
    share = (counts / sizes[:, None]).mean(axis=0)
    agree = np.zeros(n)
    agree[pairs] = np.sum(counts * (counts @ W - 1), axis=1)[pairs] / (sizes * (sizes - 1))[pairs]
    observed = float(agree[pairs].mean())
    factor = W.sum() / (c * (c - 1))
    expected = float(factor * np.sum(share * (1 - share)))
    ac = (observed - expected) / (1 - expected)
    scaled = np.where(pairs, n / pairs.sum() * (agree - expected), 0.0) / (1 - expected)
    chance = factor * (counts / sizes[:, None]) @ (1 - share)
    each = scaled - 2 * (1 - ac) * (chance - expected) / (1 - expected)
    se = float(np.sqrt(np.sum((each - ac) ** 2) / (n * (n - 1))))
    title = "Gwet's AC1" if name == "none" else f"Gwet's AC2 ({name})"
    return _result(
        title, (ac, se, np.nan, observed, expected), n, level, {"weights": name, "categories": held.categories}
    )


def _result(
    name: str,
    found: tuple[float, float, float, float, float],
    n: int,
    level: float,
    settings: dict[str, Any],
    by_category: pd.DataFrame | None = None,
) -> KappaResult:
    from scipy.special import ndtri

    kappa, se, se0, observed, expected = found
    width = float(ndtri(0.5 + level / 2)) * se
    z = kappa / se0 if se0 > 0 else float("nan")
    return KappaResult(
        name,
        float(kappa),
        se,
        float(kappa - width),
        float(min(kappa + width, 1.0)),
        float(z),
        float(_two_sided(np.array(z))),
        observed,
        expected,
        n,
        by_category,
        {**settings, "level": level},
    )


def _two_sided(z: FloatArray) -> FloatArray:
    from scipy.special import ndtr

    return np.asarray(2 * ndtr(-np.abs(z)))
