"""How much a total score is worth beside its parts: ECV, PUC, construct replicability H, factor determinacy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def factor_indices(g: FloatArray, group: FloatArray, psi: FloatArray, names: Sequence[str]) -> pd.DataFrame:
    """One row for the general factor "g" and one per group factor.

    `ss_loadings` sum of squared loadings; `ecv` its share of all factors' (explained common variance: Reise, Moore &
    Haviland, 2010); `H` construct replicability 1 / (1 + 1 / sum(l^2 / (1 - l^2))), the reliability of the best weighted
    sum (Hancock & Mueller, 2001; above .80 a factor is well defined by its items); `fd` factor determinacy, the
    correlation of the factor with its regression scores, the root of diag(L' Sigma^-1 L) (Grice, 2001; Rodriguez, Reise
    & Haviland, 2016). All 0-1 but the first. A factor without loadings has H = fd = 0.
    """
    L = np.column_stack([g, group])
    squares = L**2
    total = float(squares.sum())
    ratio = np.sum(squares / np.maximum(1 - squares, 1e-12), axis=0)
    sigma = L @ L.T + np.diag(psi)
    determinacy = np.einsum("ij,ij->j", L, np.linalg.solve(sigma, L))
    return pd.DataFrame(
        {
            "ss_loadings": squares.sum(axis=0),
            "ecv": squares.sum(axis=0) / total if total > 0 else np.nan,
            "H": ratio / (1 + ratio),
            "fd": np.sqrt(np.clip(determinacy, 0, 1)),
        },
        index=pd.Index(["g", *names], name="factor"),
    )


def uncontaminated(home: IntArray) -> float:
    """Share of item pairs that have only the general factor in common, given each item's group factor (p).

    PUC (Reise, Scheines, Widaman & Haviland, 2013): where it is high, a one-factor model does little harm.
    """
    p = home.size
    sizes = np.bincount(home)
    return float(1 - np.sum(sizes * (sizes - 1)) / (p * (p - 1)))
