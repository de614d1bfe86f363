"""Rotation criteria: value f (s) and gradient dQ/dL (s x p x k) for a stack of loadings L (s x p x k)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Criterion = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def varimax(L: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Kaiser (1958): minus a quarter of the column variances of squared loadings (Bernaards & Jennrich, 2005)."""
    squares = L**2
    centred = squares - squares.mean(axis=1, keepdims=True)
    return -np.sum(centred**2, axis=(1, 2)) / 4, -L * centred


def quartimax(L: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Minus a quarter of the sum of fourth powers (Neuhaus & Wrigley, 1954)."""
    return -np.sum(L**4, axis=(1, 2)) / 4, -(L**3)


def oblimin(gamma: float) -> Criterion:
    """Direct oblimin (Jennrich & Sampson, 1966): f = <L^2, (I - gamma C) L^2 N> / 4; gamma 0 is quartimin."""

    def criterion(L: FloatArray) -> tuple[FloatArray, FloatArray]:
        squares = L**2
        others = squares.sum(axis=2, keepdims=True) - squares
        others = others - gamma * others.mean(axis=1, keepdims=True)
        return np.sum(squares * others, axis=(1, 2)) / 4, L * others

    return criterion


def geomin(epsilon: float) -> Criterion:
    """Yates (1987), with the offset of Browne (2001): sum over rows of the geometric mean of L^2 + epsilon."""

    def criterion(L: FloatArray) -> tuple[FloatArray, FloatArray]:
        squares = L**2 + epsilon
        rows = np.exp(np.mean(np.log(squares), axis=2, keepdims=True))
        return rows.sum(axis=(1, 2)), (2 / L.shape[2]) * (L / squares) * rows

    return criterion
