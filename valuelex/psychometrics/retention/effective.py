"""How many normal cases would give Pearson correlations as precise as these polychorics?

Normal-theory references (empirical Kaiser, NEST, chi-square) take the sampling error of a correlation from n alone. A
polychoric correlation from n cases varies more, so that those references are too low and factors too many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics import intake
from valuelex.psychometrics.retention.given import ordinal_columns

FloatArray = NDArray[np.float64]


def effective_n(ready: intake.Input, correlation: str) -> int:
    """Cases that the correlations of `ready` are worth: n_obs, except for polychorics and their like (`worth`)."""
    ordinal = ordinal_columns(ready, correlation)
    if ready.X is None or not ordinal.any():
        return ready.n_obs
    return max(round(ready.n_obs * worth(ready.X, ordinal)), 3)


def worth(X: FloatArray, ordinal: NDArray[np.bool_] | None = None) -> float:
    """Variance of a Pearson correlation of normal data over that of a polychoric, at rho = 0; range 0 to 1.

    With thresholds tau the Fisher information about rho = 0 in a table is n I_a I_b, where
    I = sum_c (phi(tau_c-1) - phi(tau_c))^2 / P_c is a variable's own (Olsson, 1979, at rho = 0; 1 for a continuous one,
    as `ordinal` marks). A Pearson correlation has variance 1 / n there. The mean variance over pairs gives one number for
    the whole matrix.
    """
    from scipy.special import ndtri

    p = X.shape[1]
    information = np.ones(p)
    for j in range(p) if ordinal is None else np.flatnonzero(ordinal):
        column = X[~np.isnan(X[:, j]), j]
        share = np.unique(column, return_counts=True)[1] / column.size
        tau = ndtri(np.cumsum(share)[:-1])
        density = np.concatenate([[0.0], np.exp(-0.5 * tau**2) / np.sqrt(2 * np.pi), [0.0]])
        information[j] = np.sum(np.diff(density) ** 2 / share)
    variance = 1 / np.outer(information, information)
    return float(1 / np.mean(variance[np.tril_indices(p, -1)]))
