"""The likelihood of one rating in ordered categories, and its derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Link = Literal["logit", "probit"]

_FAR = {"logit": 500.0, "probit": 37.0}
"""Beyond this many units a tail holds nothing that a double could."""
_LEAST = 1e-300


@dataclass(frozen=True)
class Rows:
    """The log-likelihood of each rating, with derivatives.

    Attributes
    ----------
    loglik, d1, d2, d3 : array, n
        The log-likelihood, and its first three derivatives by the linear predictor eta.
    upper, lower : array, 3 x n
        Derivatives of loglik, d1 and d2 by the threshold above the category and by the one below it; 0 at the scale's ends.
    """

    loglik: FloatArray
    d1: FloatArray
    d2: FloatArray
    d3: FloatArray
    upper: FloatArray
    lower: FloatArray


def rows(y: IntArray, eta: FloatArray, thresholds: FloatArray, link: Link) -> Rows:
    """Evaluate log(F(upper - eta) - F(lower - eta)) for ratings y = 0, 1, ..., thresholds in rising order."""
    F, density = _LINKS[link]
    far = _FAR[link]
    ends = np.concatenate([[-np.inf], thresholds, [np.inf]])
    a = np.clip(ends[y + 1] - eta, -far, far)
    b = np.clip(ends[y] - eta, -far, far)
    # In the upper tail, differences of F near 1 would be lost; those of its mirror image are not.
    p = np.maximum(np.where(b > 0, F(-b) - F(-a), F(a) - F(b)), _LEAST)
    g, g1, g2 = (value / p for value in density(a))
    h, h1, h2 = (-value / p for value in density(b))
    aa, bb, ab = g1 - g**2, h1 - h**2, -g * h
    aaa, bbb = g2 - 3 * g1 * g + 2 * g**3, h2 - 3 * h1 * h + 2 * h**3
    aab, abb = -g1 * h + 2 * g**2 * h, -g * h1 + 2 * g * h**2
    top, bottom = y == thresholds.size, y == 0
    upper = np.where(top, 0.0, np.stack([g, -(aa + ab), aaa + 2 * aab + abb]))
    lower = np.where(bottom, 0.0, np.stack([h, -(ab + bb), aab + 2 * abb + bbb]))
    return Rows(np.log(p), -(g + h), aa + 2 * ab + bb, -(aaa + 3 * aab + 3 * abb + bbb), upper, lower)


def expected(eta: FloatArray, thresholds: FloatArray, values: FloatArray, spread: float, link: Link) -> FloatArray:
    """Mean rating at each eta, averaged over normal deviations from it with the given standard deviation.

    `values` are the numbers that the categories stand for.
    """
    F, _ = _LINKS[link]
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    at = eta[:, None] + spread * nodes[None, :]
    above = 1 - F(thresholds[None, None, :] - at[:, :, None])
    mean = values[0] + above @ np.diff(values)
    return np.asarray(mean @ weights / weights.sum())


def _logistic(x: FloatArray) -> FloatArray:
    from scipy.special import expit

    return np.asarray(expit(x))


def _logistic_density(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    F, G = _logistic(x), _logistic(-x)
    f = F * G
    return f, f * (G - F), f * (1 - 6 * f)


def _normal(x: FloatArray) -> FloatArray:
    from scipy.special import ndtr

    return np.asarray(ndtr(x))


def _normal_density(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    f = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    return f, -x * f, (x**2 - 1) * f


_Density = Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]]
_LINKS: dict[str, tuple[Callable[[FloatArray], FloatArray], _Density]] = {
    "logit": (_logistic, _logistic_density),
    "probit": (_normal, _normal_density),
}
