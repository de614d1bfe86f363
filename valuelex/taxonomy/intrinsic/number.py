"""How many factors come back from other contexts: split halves of the continuations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm

FloatArray = NDArray[np.float64]

COMPARABLE = 0.90
"""Least congruence of a factor with its match in the other half (Everett, 1983, asks for .90)."""

SPLITS, MOST_FACTORS = 20, 10


@dataclass(frozen=True, eq=False)
class SplitHalf:
    """Factors of two halves of the rows, matched.

    Attributes
    ----------
    n_factors : int
        The largest number up to which the factor that comes back worst reaches `COMPARABLE`, as the median over splits; 0 where
        not even one does.
    least : dict of int -> float
        Number of factors -> median over splits of the smallest absolute Tucker congruence, one to one.
    settings : dict
    """

    n_factors: int
    least: dict[int, float]
    settings: dict[str, Any]


def split_half(data: pd.DataFrame, units: pd.Series, *, most: int = MOST_FACTORS, seed: int) -> SplitHalf:
    """Extract 1, 2, ... factors in random halves of the rows and see how far they are the same.

    Rows of one unit stay together. Contexts are no sample of independent cases, so that tests against chance count far too many
    factors; what comes back with other continuations is what the next vocabulary would show too.

    Parameters
    ----------
    data : DataFrame, contexts x words
    units : Series
        What each row belongs to.
    most : int
        Largest number tried.
    seed : int
        Of the splits.

    References
    ----------
    Everett, J. E. (1983). Factor comparability as a means of determining the number of factors and their rotation. Multivariate
    Behavioral Research, 18, 197-218. There scores are compared, here loadings (varimax on principal components).
    """
    from scipy.optimize import linear_sum_assignment

    codes, names = pd.factorize(units.to_numpy())
    rng = np.random.default_rng(seed)
    X = data.to_numpy()
    most = min(most, data.shape[1] - 1, len(names) // 4)
    least: dict[int, list[float]] = {k: [] for k in range(1, most + 1)}
    for _ in range(SPLITS):
        half = np.isin(codes, rng.permutation(len(names))[: len(names) // 2])
        one, two = _axes(X[half]), _axes(X[~half])
        for k in least:
            found = np.abs(pm.congruence(_turned(one, k, data.columns), _turned(two, k, data.columns)).to_numpy())
            least[k].append(float(found[linear_sum_assignment(-found)].min()))
    median = {k: float(np.median(values)) for k, values in least.items()}
    kept = 0
    while median.get(kept + 1, 0.0) >= COMPARABLE:
        kept += 1
    rounded = {str(k): round(value, 6) for k, value in median.items()}
    return SplitHalf(
        kept, median, {"comparable": COMPARABLE, "n_splits": SPLITS, "seed": seed, "least_congruence": rounded}
    )


def _axes(rows: FloatArray) -> FloatArray:
    """Loadings on all principal components of the correlations of the columns, largest first."""
    spread = rows.std(axis=0)
    values, vectors = np.linalg.eigh(np.corrcoef(rows[:, spread > 1e-12], rowvar=False))
    out = np.zeros((rows.shape[1], len(values)))
    out[spread > 1e-12] = (vectors * np.sqrt(np.maximum(values, 0.0)))[:, ::-1]
    return out


def _turned(axes: FloatArray, k: int, words: pd.Index) -> pd.DataFrame:
    found = pd.DataFrame(axes[:, :k], index=words, columns=[f"F{i}" for i in range(1, k + 1)])
    return found if k == 1 else pm.rotate(found, "varimax", n_starts=1).loadings
