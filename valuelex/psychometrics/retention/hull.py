"""Step 3: the hull method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention import model, parallel
from valuelex.psychometrics.retention.given import given, substitute
from valuelex.psychometrics.retention.sequential import FactorFits, factor_fits
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

FITS = ("caf", "cfi", "rmsea")
BOUND = "parallel analysis (larger of pca and fa, 95th percentile) + 1"


@dataclass(frozen=True, eq=False)
class HullResult(Result):
    """Hull: one row of `frame` per number of factors (fit, df, st; st is NaN off the hull and at its ends)."""

    n_factors: int
    frame: pd.DataFrame
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Columns fit, df, st; index factors."""
        return self.frame.copy()

    def _headline(self) -> str:
        return f"Hull ({self.settings['fit']}): {self.n_factors} factors"


def hull(
    data: object,
    fit: str = "caf",
    *,
    max_factors: int | None = None,
    n_iter: int | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    seed: int | None = None,
    n_obs: int | None = None,
) -> HullResult:
    """Hull method: the solution where fit stops to gain per free parameter (Lorenzo-Seva, Timmerman & Kiers, 2011).

    Of 0 .. J factors those on the upper convex hull of fit against free parameters are kept; among them the one with the
    largest st, the ratio of the slopes before and after it (eq. 7), is chosen. J is one more than parallel analysis keeps
    (95th percentile, components or squared multiple correlations, whichever are more), at least 2. The ends 0 and J have
    no st: hull cannot say "none".

    Parameters
    ----------
    data, n_iter, correlation, missing, seed, n_obs
        As in `parallel_analysis`; n_iter and seed serve the upper bound.
    fit : {"caf", "cfi", "rmsea"}
        Common part accounted for (1 - KMO of the minres residuals; for polychorics, of the Pearson correlations of the
        same data), or comparative fit index or RMSEA of ML solutions.
    max_factors : int, optional
        J itself; no parallel analysis is run then.
    """
    checks.choice(fit, FITS, "fit")
    ready = given(data, n_obs=n_obs, correlation=correlation, missing=missing)
    seed = checks.resolve_seed(seed)
    p = len(ready.names)
    bound: dict[str, Any] = {"max_factors_rule": "given"}
    if max_factors is None:
        kinds = ("pca", "fa") if parallel.smc_exists(ready) else ("pca",)
        simulation = parallel.simulate(ready, kinds, n_iter, None, correlation, seed)
        bound = {"max_factors_rule": BOUND, **simulation.settings}
        most = upper_bound(ready, simulation)
    else:
        most = checks.integer(max_factors, "max_factors", low=2, high=max(checks.most_factors(p), 2))
    settings = bound | {"correlation": correlation, "missing": missing, "n_obs": ready.n_obs}
    if fit == "caf":
        ready, told = substitute(data, ready, correlation, missing)
        settings |= told
    return hull_of(ready, fit, most, settings)


def upper_bound(ready: intake.Input, simulation: parallel.Simulation) -> int:
    """J: one more than the larger number by the 95th percentiles of components and, if there are any, of SMC."""
    kinds = [kind for kind in ("pca", "fa") if kind in simulation.values]
    return 1 + max(parallel.judge(ready, simulation, kind, 95.0, {}).n_factors for kind in kinds)


def hull_of(
    ready: intake.Input, fit: str, most: int, settings: dict[str, Any], fits: FactorFits | None = None
) -> HullResult:
    """Hull of checked input with 0 .. `most` factors."""
    p = len(ready.names)
    most = min(max(most, 2), checks.most_factors(p))
    if fit != "caf" and fits is None:
        fits = factor_fits(ready, settings["correlation"])
    values = np.array(
        [_caf(ready.R, k) if fits is None or fit == "caf" else _ml(fits, k, fit) for k in range(most + 1)]
    )
    df = np.array([((p - k) ** 2 - (p + k)) / 2 for k in range(most + 1)])
    if np.isnan(values[0]):
        raise DataError(f"The fit ({fit}) of no factors cannot be computed.", "Use fit='caf'.")
    k, st = hull_core(values, p * (p - 1) / 2 - df)
    frame = pd.DataFrame({"fit": values, "df": df, "st": st}, index=pd.RangeIndex(most + 1, name="factors"))
    return HullResult(k, frame, {"fit": fit, "max_factors": most, **settings})


def hull_core(f: FloatArray, g: FloatArray) -> tuple[int, FloatArray]:
    """Position of the chosen solution and st (NaN off the hull) for fits f and free parameters g, both from 0 factors on.

    Without an inner point on the hull the better of the ends is chosen: 0 if fit never rises, the last otherwise.
    """
    on = [0]
    for i in range(1, f.size):
        if not f[i] > f[on[-1]]:  # also where it could not be computed
            continue
        while len(on) > 1 and (f[on[-1]] - f[on[-2]]) / (g[on[-1]] - g[on[-2]]) <= (f[i] - f[on[-1]]) / (
            g[i] - g[on[-1]]
        ):
            on.pop()
        on.append(i)
    st = np.full(f.size, np.nan)
    for a, b, c in zip(on, on[1:], on[2:], strict=False):
        st[b] = ((f[b] - f[a]) / (g[b] - g[a])) / ((f[c] - f[b]) / (g[c] - g[b]))
    return (int(np.nanargmax(st)) if len(on) > 2 else on[-1]), st


@one_thread
def _caf(R: FloatArray, k: int) -> float:
    # 1 - KMO of what the factors leave: nothing common left gives .5 or more (Lorenzo-Seva et al., 2011, eq. 5).
    if k == 0:
        residual = R
    else:
        L = model.loadings(R, k)
        residual = R - L @ L.T
        scale = np.sqrt(np.maximum(np.diag(residual), 1e-6))
        residual = residual / np.outer(scale, scale)
        np.fill_diagonal(residual, 1.0)
    inverse = np.linalg.pinv(residual, hermitian=True)
    partial = inverse / np.sqrt(np.abs(np.outer(np.diag(inverse), np.diag(inverse))))
    off = np.tril_indices(R.shape[0], -1)
    r2, q2 = float(np.sum(residual[off] ** 2)), float(np.sum(partial[off] ** 2))
    return 1 - r2 / (r2 + q2)


def _ml(fits: FactorFits, k: int, fit: str) -> float:
    return fits.fit(k)["cfi"] if fit == "cfi" else -fits.fit(k)["rmsea"]
