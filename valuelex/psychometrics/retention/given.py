"""Input of the criteria: `retain` checks the data once and hands them to each criterion as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.psychometrics import checks, intake
from valuelex.psychometrics import correlation as corr

FloatArray = NDArray[np.float64]


def given(
    data: object, *, correlation: str, missing: str, n_obs: int | None = None, need_n: bool = True
) -> intake.Input:
    """Return `data` if it is checked `Input` already, else check it."""
    if isinstance(data, intake.Input):
        return data
    return intake.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing, need_n=need_n)


SUBSTITUTE = "pearson of the same data: kept more correct numbers in simulation than the polychoric matrix"


def substitute(
    data: object, ready: intake.Input, correlation: str, missing: str
) -> tuple[intake.Input, dict[str, Any]]:
    """Pearson correlations in place of polychoric ones, for criteria whose theory does not hold there; and what to say.

    Chi-square of polychorics rejects nearly every model (share correct .06, against .49 by Pearson, in five skewed
    categories), and residuals of an almost indefinite matrix have no stable inverse for the hull's common part.
    """
    if correlation not in checks.ORDINAL or ready.X is None:
        return ready, {}
    raw = pd.DataFrame(ready.X, columns=ready.names) if isinstance(data, intake.Input) else data
    return intake.prepare(raw, correlation="pearson", missing=missing), {
        "correlation": "pearson",
        "substitute": SUBSTITUTE,
    }


@dataclass(frozen=True)
class Measure:
    """How the data were correlated, so that simulated and resampled data can be correlated alike."""

    correlation: str
    ordinal: tuple[bool, ...] | None = None

    def __call__(self, X: FloatArray) -> FloatArray:
        """Correlations of X (n x p), positive definite."""
        if self.correlation in ("polychoric", "tetrachoric"):
            from valuelex.psychometrics.correlation.polychoric import polychoric_core

            R = polychoric_core(X).R
        elif self.ordinal is not None:
            from valuelex.psychometrics.correlation.polyserial import mixed_core

            R = mixed_core(X, np.array(self.ordinal)).R
        else:
            R = corr.matrix(X, self.correlation)
        return corr.repair(R)[0]


def measure_of(ready: intake.Input, correlation: str) -> Measure:
    """The measure of checked input."""
    if correlation != "mixed":
        return Measure(correlation)
    return Measure(correlation, tuple(bool(o) for o in getattr(ready.estimate, "ordinal", ())))


def ordinal_columns(ready: intake.Input, correlation: str) -> NDArray[np.bool_]:
    """Mask (p) of the columns whose correlations rest on thresholds."""
    p = len(ready.names)
    if correlation == "mixed" and ready.estimate is not None:
        return np.asarray(getattr(ready.estimate, "ordinal", np.zeros(p)), dtype=bool)
    return np.full(p, correlation in checks.ORDINAL and ready.X is not None)
