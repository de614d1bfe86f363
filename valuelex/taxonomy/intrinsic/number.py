"""How many factors come back from other contexts: split halves of the continuations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

COMPARABLE = 0.90
"""Least cosine between the spaces of the factors of two halves (Everett, 1983, asks .90 of comparable factors)."""

SPLITS, MOST_FACTORS = 20, 10


@dataclass(frozen=True, eq=False)
class SplitHalf:
    """Spaces of factors in two halves of the rows.

    Attributes
    ----------
    n_factors : int
        The largest number whose spaces reach `COMPARABLE`, as the median over splits; 0 where none does. Smaller numbers need
        not: of three equally large factors two alone are not determined.
    least : dict of int -> float
        Number of factors -> median over splits of the cosine of the largest principal angle, range 0 to 1.
    settings : dict
    """

    n_factors: int
    least: dict[int, float]
    settings: dict[str, Any]


def split_half(data: pd.DataFrame, units: pd.Series, *, most: int = MOST_FACTORS, seed: int) -> SplitHalf:
    """Extract 1, 2, ... components in random halves of the rows and see how far they span the same space.

    Rows of one unit stay together. Contexts are no sample of independent cases, so that tests against chance count far too
    many factors; what comes back with other continuations is what the next vocabulary would show too. Spaces are compared, not
    rotated factors: three groups of words that stand in for one another span two dimensions, in which no rotation is better
    than the next.

    Parameters
    ----------
    data : DataFrame, contexts x words
    units : Series
        What each row belongs to.
    most : int
        Largest number tried; at most a quarter of the words and of the units.
    seed : int
        Of the splits.

    References
    ----------
    Everett, J. E. (1983). Factor comparability as a means of determining the number of factors and their rotation. Multivariate
    Behavioral Research, 18, 197-218. Bjorck, A., & Golub, G. H. (1973). Numerical methods for computing angles between linear
    subspaces. Mathematics of Computation, 27, 579-594.
    """
    codes, names = pd.factorize(units.to_numpy())
    rng = np.random.default_rng(seed)
    X = data.to_numpy()
    least: dict[int, list[float]] = {k: [] for k in range(1, min(most, data.shape[1] // 4, len(names) // 4) + 1)}
    for _ in range(SPLITS):
        half = np.isin(codes, rng.permutation(len(names))[: len(names) // 2])
        shared = _axes(X[half]).T @ _axes(X[~half])
        for k in least:
            least[k].append(float(np.linalg.svd(shared[:k, :k], compute_uv=False)[-1]))
    median = {k: float(np.median(values)) for k, values in least.items()}
    kept = max((k for k, value in median.items() if value >= COMPARABLE), default=0)
    rounded = {str(k): round(value, 6) for k, value in median.items()}
    return SplitHalf(
        kept, median, {"comparable": COMPARABLE, "n_splits": SPLITS, "seed": seed, "least_cosine": rounded}
    )


def _axes(rows: FloatArray) -> FloatArray:
    """Principal axes of the correlations of the columns, largest first."""
    spread = rows.std(axis=0)
    _, vectors = np.linalg.eigh(np.corrcoef(rows[:, spread > 1e-12], rowvar=False))
    out = np.zeros((rows.shape[1], vectors.shape[1]))
    out[spread > 1e-12] = vectors[:, ::-1]
    return out
