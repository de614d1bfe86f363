"""Step 3: Kaiser's rule, and the empirical Kaiser criterion that allows for sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention.effective import effective_n
from valuelex.psychometrics.retention.eigenvalues import eigenvalues, leading
from valuelex.psychometrics.retention.given import given

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EigenvalueResult(Result):
    """An eigenvalue rule: observed `eigenvalues` against `reference` (p each)."""

    n_factors: int
    eigenvalues: FloatArray
    reference: FloatArray
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per factor."""
        index = pd.RangeIndex(1, self.eigenvalues.size + 1, name="factor")
        return pd.DataFrame({"observed": self.eigenvalues, "reference": self.reference}, index=index)

    def _headline(self) -> str:
        return f"{self.settings['criterion']}: {self.n_factors} factors"


def ekc(
    data: object, *, correlation: str = "pearson", missing: str = "listwise", n_obs: int | None = None
) -> EigenvalueResult:
    """Empirical Kaiser criterion (Braeken & van Assen, 2017, eq. 2).

    Eigenvalue j must exceed max(1, (1 + sqrt(p/n))^2 (p - sum of earlier eigenvalues) / (p - j + 1)). For polychorics n
    is the effective n (see `effective_n`).

    Parameters
    ----------
    data, correlation, missing, n_obs
        As in `parallel_analysis`.
    """
    ready = given(data, n_obs=n_obs, correlation=correlation, missing=missing)
    n = effective_n(ready, correlation)
    observed = eigenvalues(ready.R)
    reference = ekc_core(observed, n)
    settings = {"criterion": "ekc", "correlation": correlation, "missing": missing, "n_obs": ready.n_obs}
    if n != ready.n_obs:
        settings["effective_n"] = n
    return EigenvalueResult(leading(observed, reference), observed, reference, settings)


def ekc_core(observed: FloatArray, n: float) -> FloatArray:
    """References (p) for observed eigenvalues (p) from n cases."""
    p = observed.size
    left = p - np.concatenate([[0.0], np.cumsum(observed)[:-1]])
    return np.maximum(left / np.arange(p, 0, -1) * (1 + np.sqrt(p / n)) ** 2, 1.0)


def kaiser(
    data: object, *, correlation: str = "pearson", missing: str = "listwise", n_obs: int | None = None
) -> EigenvalueResult:
    """Eigenvalues above 1 (Kaiser, 1960). Over-factors: shown because readers ask for it, not to be followed.

    Parameters
    ----------
    data, correlation, missing, n_obs
        As in `parallel_analysis`; n_obs is optional.
    """
    ready = given(data, n_obs=n_obs, correlation=correlation, missing=missing, need_n=False)
    observed = eigenvalues(ready.R)
    reference = np.ones_like(observed)
    settings = {
        "criterion": "kaiser",
        "correlation": correlation,
        "missing": missing,
        "n_obs": ready.n_obs or None,
        "warning": "Kaiser's rule over-factors; it has no vote.",
    }
    return EigenvalueResult(leading(observed, reference), observed, reference, settings)
