"""Factors of a similarity matrix, and how well given factors come back."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.errors import DataError

FloatArray = NDArray[np.float64]


def similarity_factors(similarity: pd.DataFrame, n_factors: int, *, rotation: str = "varimax") -> pd.DataFrame:
    """Rotated principal components of a similarity matrix: loadings, words x factors, by variance explained.

    The rotation sees nothing but the similarities. Components and not common factors: the diagonal of a similarity is no
    variance with an error part.

    Parameters
    ----------
    similarity : DataFrame, p x p, symmetric, unit diagonal
    n_factors : int, range 1 .. number of positive eigenvalues
    rotation : str
        Any that `psychometrics.rotate` knows; "none" for none.

    Raises
    ------
    DataError
        For fewer positive eigenvalues than factors.
    """
    values, vectors = np.linalg.eigh(similarity.to_numpy())
    kept = np.argsort(-values)[:n_factors]
    if len(kept) < n_factors or values[kept].min() <= 1e-9:
        raise DataError(
            f"The similarity has {(values > 1e-9).sum()} positive eigenvalues, fewer than {n_factors} factors need.",
            "Ask for fewer factors.",
        )
    names = [f"F{i}" for i in range(1, n_factors + 1)]
    loadings = pd.DataFrame(vectors[:, kept] * np.sqrt(values[kept]), index=similarity.index, columns=names)
    return loadings if rotation == "none" or n_factors == 1 else pm.rotate(loadings, rotation).loadings


def recovery(loadings: pd.DataFrame, criterion: pd.DataFrame) -> pd.DataFrame:
    """How well given factors come back: one row per factor of `criterion`.

    Columns: `best` (largest absolute Tucker congruence with any factor, as found), `factor` (which one; two may share it),
    `one_to_one` (absolute congruence when no factor is used twice, by the Hungarian method; NaN where there are fewer factors),
    `target_rotated` (congruence after an orthogonal rotation to the criterion; chance alone makes it large, so it is no
    evidence by itself).

    Parameters
    ----------
    loadings : DataFrame, words x k
    criterion : DataFrame, words x c
        On the same words.
    """
    from scipy.optimize import linear_sum_assignment

    found = pm.congruence(loadings, criterion).abs()
    common = loadings.loc[criterion.index].to_numpy()
    left, _, right = np.linalg.svd(common.T @ criterion.to_numpy(), full_matrices=False)
    turned = pd.DataFrame(common @ left @ right, index=criterion.index, columns=criterion.columns)
    after = np.diag(pm.congruence(turned, criterion))
    rows, columns = linear_sum_assignment(-found.to_numpy())
    pairs = pd.Series(found.to_numpy()[rows, columns], index=found.columns[columns])
    return pd.DataFrame(
        {"best": found.max(), "factor": found.idxmax(), "one_to_one": pairs, "target_rotated": after},
        index=criterion.columns,
    )
