"""Step 3: NEST, the next eigenvalue sufficiency test."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics import checks
from valuelex.psychometrics.retention import references
from valuelex.psychometrics.retention.effective import effective_n
from valuelex.psychometrics.retention.eigenvalues import eigenvalues
from valuelex.psychometrics.retention.given import given
from valuelex.psychometrics.retention.kaiser_guttman import EigenvalueResult
from valuelex.psychometrics.retention.model import implied
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

DRAWS = 500


def nest(
    data: object,
    n_iter: int = DRAWS,
    percentile: float = 95,
    *,
    correlation: str = "pearson",
    missing: str = "listwise",
    seed: int | None = None,
    n_obs: int | None = None,
) -> EigenvalueResult:
    """Next eigenvalue sufficiency test: the first k whose model explains the (k + 1)th eigenvalue.

    For k = 0, 1, ...: fit k factors by minres, draw normal data from the model they imply, and stop when the observed
    eigenvalue k + 1 does not exceed the percentile of the simulated ones (Achim, 2017; Caron, 2025). Parallel analysis
    compares every eigenvalue with data of no factors; NEST takes those already found into account. For polychorics the
    draws have the effective n (see `effective_n`).

    Parameters
    ----------
    data, correlation, missing, seed, n_obs
        As in `parallel_analysis`.
    n_iter : int
        Draws per number of factors.
    percentile : float in (0, 100)
        95 gives each test a level of .05.

    Returns
    -------
    EigenvalueResult
        `reference` holds the percentiles up to the one that stopped the test, NaN beyond.
    """
    n_iter = checks.integer(n_iter, "n_iter", low=1)
    percentile = checks.number(percentile, "percentile", low=0, high=100)
    ready = given(data, n_obs=n_obs, correlation=correlation, missing=missing)
    seed = checks.resolve_seed(seed)
    n = effective_n(ready, correlation)
    k, observed, reference = nest_core(ready.R, n, n_iter, percentile, seed)
    settings: dict[str, Any] = {
        "criterion": "nest",
        "n_iter": n_iter,
        "percentile": percentile,
        "extraction": "minres",
        "correlation": correlation,
        "missing": missing,
        "seed": seed,
        "n_obs": ready.n_obs,
    }
    if n != ready.n_obs:
        settings["effective_n"] = n
    return EigenvalueResult(k, observed, reference, settings)


@one_thread
def nest_core(R: FloatArray, n: int, n_iter: int, percentile: float, seed: int) -> tuple[int, FloatArray, FloatArray]:
    """Number of factors, observed eigenvalues (p), references (p, NaN where none was needed)."""
    p = R.shape[0]
    observed = eigenvalues(R)
    reference = np.full(p, np.nan)
    most = checks.most_factors(p)
    for k in range(most + 1):
        factor = None if k == 0 else np.asarray(np.linalg.cholesky(implied(R, k)), dtype=np.float64)
        # The same streams for every k: common random numbers make neighbouring tests comparable.
        simulated = references.normal(n, p, n_iter, seed, factor=factor)["pca"]
        reference[k] = np.percentile(simulated[:, k], percentile)
        if not observed[k] > reference[k]:
            return k, observed, reference
    return most, observed, reference
