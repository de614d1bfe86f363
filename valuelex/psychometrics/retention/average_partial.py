"""Step 3: Velicer's minimum average partial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention.given import given

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MapResult(Result):
    """Velicer's MAP: mean squared (`values`) and fourth-power (`values_fourth`) partials after 0, 1, ... components."""

    n_factors: int
    n_factors_fourth: int
    values: FloatArray
    values_fourth: FloatArray
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per number of components."""
        index = pd.RangeIndex(self.values.size, name="components")
        return pd.DataFrame({"map": self.values, "map4": self.values_fourth}, index=index)

    def _headline(self) -> str:
        return f"MAP: {self.n_factors} factors (fourth power: {self.n_factors_fourth})"


def map_test(
    data: object, *, correlation: str = "pearson", missing: str = "listwise", n_obs: int | None = None
) -> MapResult:
    """Minimum average partial: partial out components until the mean squared partial correlation is smallest.

    Velicer (1976), and with fourth powers Velicer, Eaton & Fava (2000). Zero components may win.

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data, or a p x p correlation matrix (n_obs optional: MAP does not use it).
    correlation, missing, n_obs
        As in `parallel_analysis`.
    """
    ready = given(data, n_obs=n_obs, correlation=correlation, missing=missing, need_n=False)
    squares, fourths = map_core(ready.R)
    return MapResult(
        int(np.argmin(squares)),
        int(np.argmin(fourths)),
        squares,
        fourths,
        {"correlation": correlation, "missing": missing, "n_obs": ready.n_obs or None},
    )


def map_core(R: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean squared and mean fourth-power partial correlation after 0 .. p - 2 components.

    Stops where a partialled variance vanishes: beyond it partial correlations are noise.
    """
    p = R.shape[0]
    values, V = np.linalg.eigh(R)
    loadings = (V * np.sqrt(np.maximum(values, 0)))[:, ::-1]
    squares, fourths = [], []
    C = R.copy()
    for m in range(max(p - 1, 1)):
        if m:
            C = C - np.outer(loadings[:, m - 1], loadings[:, m - 1])
        variances = np.diag(C)
        if m and variances.min() < 1e-8:
            break
        partial2 = C**2 / np.outer(variances, variances)
        np.fill_diagonal(partial2, 0.0)
        squares.append(partial2.sum() / (p * (p - 1)))
        fourths.append((partial2**2).sum() / (p * (p - 1)))
    return np.array(squares), np.array(fourths)
