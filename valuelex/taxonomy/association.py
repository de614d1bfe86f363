"""How strongly two words go together over respondents: the coefficient, and the data whose correlations it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.taxonomy.matrix import Matrix
from valuelex.taxonomy.settings import Association

FloatArray = NDArray[np.float64]

DIGBY = 0.75
"""Power of the odds ratio in Digby's (1983, Biometrics 39, 753-757) approximation to the tetrachoric correlation."""


def observations(matrix: Matrix, columns: NDArray[np.intp], kind: Association) -> pd.DataFrame:
    """Return what is correlated: residuals from independence, log-ratios, or the cells, respondents x these words.

    The coefficients that no data have as their correlations (tetrachoric, log-odds) give the 0/1 cells: permutations and
    resamples work on these.
    """
    if kind == "residual":
        values = matrix.residuals(columns)
    elif kind == "log-ratio":
        values = matrix.log_ratios(columns)
    elif kind == "pearson":
        values = matrix.dense(columns)
    else:
        values = (matrix.dense(columns) > 0).astype(float)
    return pd.DataFrame(values, index=matrix.respondents, columns=[matrix.words[j] for j in columns])


def total_weights(matrix: Matrix, columns: NDArray[np.intp], kind: Association) -> FloatArray:
    """Weights of the sum of `observations` that is nearly the same for all respondents, since answers make up a whole.

    Columns of a composition have the variance of one column less. The reference of the permutation test has to know it: with
    few words every eigenvalue but one would otherwise exceed that of permuted columns.
    """
    return matrix.total_weights(columns) if kind == "residual" else np.ones(len(columns))


def association(data: pd.DataFrame, kind: Association) -> pd.DataFrame:
    """Return the words x words matrix of coefficients, from the `observations` of the same kind."""
    if kind == "tetrachoric":
        return pm.tetrachoric(data).correlations
    values = log_odds(data.to_numpy()) if kind == "log-odds" else np.corrcoef(data.to_numpy(), rowvar=False)
    return pd.DataFrame(values, index=data.columns, columns=data.columns)


def log_odds(named: FloatArray) -> FloatArray:
    """Return (w - 1) / (w + 1) with w = OR^.75 for every pair of 0/1 columns; .5 is added to each of the four cells.

    On the scale of a correlation, nearly the tetrachoric one (Digby, 1983), and free of how common the words are.
    """
    n = len(named)
    both = named.T @ named
    total = np.diag(both)
    only_row, only_column = total[:, None] - both, total[None, :] - both
    neither = n - both - only_row - only_column
    w = ((both + 0.5) * (neither + 0.5) / ((only_row + 0.5) * (only_column + 0.5))) ** DIGBY
    out = (w - 1.0) / (w + 1.0)
    np.fill_diagonal(out, 1.0)
    return np.asarray(out)


def standardised(values: FloatArray) -> FloatArray:
    """Columns with mean 0 and variance 1; those that do not vary become 0."""
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def shrunken(data: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Return the correlation matrix shrunken towards the identity (Ledoit & Wolf, 2004), and how much (0-1).

    The sample's inverse is what the Kaiser-Meyer-Olkin measure rests on, and it is no estimate where words are many: of
    independent data with p words and n respondents its expectation is about (n - p) / (2n - p) in place of .5, and where every
    answer's words sum to a constant it does not exist.
    """
    from sklearn.covariance import ledoit_wolf

    covariance, intensity = ledoit_wolf(standardised(data.to_numpy()), assume_centered=True)
    scale = np.sqrt(np.diag(covariance))
    R = covariance / np.outer(scale, scale)
    return pd.DataFrame(R, index=data.columns, columns=data.columns), float(intensity)


def adequacy_of(data: pd.DataFrame) -> dict[str, Any]:
    """Return the Kaiser-Meyer-Olkin measure of the shrunken matrix, of each word and over all, and the shrinkage."""
    R, intensity = shrunken(data)
    found = pm.kmo(R)
    return {
        "kmo": float(found.overall),
        "msa": {str(word): float(value) for word, value in found.msa.items()},
        "shrinkage": intensity,
    }
