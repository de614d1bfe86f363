"""What every extraction returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Extraction:
    """An unrotated solution and how it was reached.

    `objective` is the ML discrepancy (ml), half the (weighted) sum of squared residuals (minres, paf, dwls), or NaN.
    `gradient` is the largest absolute projected gradient (iterated communalities: their last change). `heywood` marks
    variables whose uniqueness ended at the lower bound.
    """

    loadings: FloatArray
    uniquenesses: FloatArray
    objective: float
    iterations: int
    gradient: float
    converged: bool
    heywood: NDArray[np.bool_]


def at_bound(psi: FloatArray, lower_bound: float) -> NDArray[np.bool_]:
    """Uniquenesses that ended at the bound."""
    return np.asarray(psi <= lower_bound * (1 + 1e-6))
