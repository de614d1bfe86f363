"""Maximum likelihood factor analysis of incomplete data: every case counts with the cells it has. Array core."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.correlation.expectation import expected_moments, log_likelihood, patterns
from valuelex.psychometrics.extraction.factors import extract
from valuelex.psychometrics.extraction.solution import Extraction
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FullInformation:
    """The factor solution of the correlation metric, with its log-likelihood and that of independent variables."""

    found: Extraction
    log_likelihood: float
    null_log_likelihood: float
    iterations: int


@one_thread
def full_information(
    X: FloatArray,
    k: int,
    mean: FloatArray,
    S: FloatArray,
    *,
    lower_bound: float,
    tolerance: float,
    max_iter: int,
) -> FullInformation:
    """Full-information maximum likelihood (FIML) of a k-factor model with free means.

    EM (Rubin & Thayer, 1982, with missing cells as in Little & Rubin, 2002): the E step completes the moments under the
    model, the M step is an ordinary ML factor analysis of them, warm-started. Starts from the unstructured moments
    `mean` and `S` (see `em_moments`). Stops when the likelihood per case rises by less than `tolerance` and no
    uniqueness moves by more than its square root; standardised by the model's own standard deviations.
    """
    groups = patterns(X)
    n = sum(group.n for group in groups)
    found, before, change, iteration = None, -np.inf, np.inf, 0
    implied = S
    for iteration in range(1, max_iter + 1):  # noqa: B007
        value, new_mean, S = expected_moments(groups, mean, implied)
        if found is not None and value - before < tolerance * n and change < tolerance**0.5:
            break
        mean, before = new_mean, value
        spread = np.sqrt(np.diag(S))
        start = None if found is None else found.uniquenesses
        found = extract(S / np.outer(spread, spread), k, "ml", lower_bound=lower_bound, start=start)
        change = np.inf if start is None else float(np.abs(found.uniquenesses - start).max())
        implied = (found.loadings @ found.loadings.T + np.diag(found.uniquenesses)) * np.outer(spread, spread)
    if found is None:
        raise ValueError("max_iter must be at least 1")
    converged = found.converged and iteration < max_iter
    kept = Extraction(
        found.loadings, found.uniquenesses, found.objective, iteration, found.gradient, converged, found.heywood
    )
    null = log_likelihood(groups, np.nanmean(X, axis=0), np.diag(np.nanvar(X, axis=0)))
    return FullInformation(kept, log_likelihood(groups, mean, implied), null, iteration)
