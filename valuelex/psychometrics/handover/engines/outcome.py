"""What another program found, or why it did not run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
RAN = "ran"


@dataclass(frozen=True, eq=False)
class Outcome:
    """One engine's solution: loadings L (p x k), Phi (k x k), uniquenesses (p), in the engine's own order and signs.

    `status` is "ran", or why there is no solution. `fit` names the convention of chi2 and rmsea (a column of
    `EFAResult.fit_table`, or "own" for the result's own `fit`), empty where they cannot be compared.
    """

    status: str
    version: str = ""
    loadings: FloatArray | None = None
    phi: FloatArray | None = None
    uniquenesses: FloatArray | None = None
    chi2: float = float("nan")
    rmsea: float = float("nan")
    fit: str = ""
    note: str = ""
