"""Factors, and where every word lies in their space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.errors import DataError
from valuelex.taxonomy.association import association, observations, standardised, total_weights
from valuelex.taxonomy.groups import Groups, find_groups
from valuelex.taxonomy.matrix import Matrix
from valuelex.taxonomy.preparation import ESTIMATED, Prepared
from valuelex.taxonomy.settings import TaxonomySettings

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Solution:
    """The factors, and where every word lies in their space.

    Attributes
    ----------
    efa : EFAResult
        Of the words that were factored.
    data : DataFrame
        `observations` of these, respondents x words.
    loadings : DataFrame
        Pattern matrix of all words that were placed, the factored ones first, then those by extension.
    space : array, shape (words of `loadings`, r)
        The same in an orthonormal basis of the factors.
    groups : Groups
        Of the rows of `loadings`.
    totals : array, shape (factored words,), or None
        Weights of the sum of the observations that the answers hold nearly constant.
    """

    efa: pm.EFAResult
    data: pd.DataFrame
    loadings: pd.DataFrame
    space: FloatArray
    groups: Groups
    totals: FloatArray | None = None

    def group_of(self, words: Sequence[str]) -> NDArray[np.intp]:
        """The group of each of these words; -1 for words in none, and for words that were not placed."""
        of = dict(zip(self.loadings.index, self.groups.labels.tolist(), strict=True))
        return np.array([of.get(word, -1) for word in words], dtype=np.intp)


def solve(ready: Prepared, settings: TaxonomySettings, *, seed: int) -> Solution:
    """Extract, rotate, place every word, and group the words, from what `prepare` made.

    Raises
    ------
    DataError
        If there is nothing to factor, or the extraction refuses the data.
    """
    data = solvable(ready)
    k = ready.n_factors if settings.n_factors == "auto" else settings.n_factors
    efa = extract(data, k, settings, coefficients=ready.coefficients, seed=seed)
    loadings, space, spread = place(ready.matrix, ready.placed, data, efa, settings)
    salient = is_salient(space, spread, settings.placement_level)
    n_groups = None if settings.n_dimensions == "auto" else settings.n_dimensions
    groups = find_groups(space, salient, n_groups=n_groups, seed=seed)
    core = ready.placed[: data.shape[1]]
    return Solution(efa, data, loadings, space, groups, total_weights(ready.matrix, core, ready.association))


def solvable(ready: Prepared) -> pd.DataFrame:
    """What is factored; a `DataError` where there is nothing."""
    if ready.data is None:
        raise DataError("There is nothing to factor.", "See the reasons in `adequacy`.")
    return ready.data


def extract(
    data: pd.DataFrame,
    k: int,
    settings: TaxonomySettings,
    *,
    rotation: str | None = None,
    coefficients: pd.DataFrame | None = None,
    seed: int,
) -> pm.EFAResult:
    """Factor the observations; from their coefficients (made anew if not given) where these are no correlations of the data."""
    chosen = rotation or settings.rotation
    if settings.association in ESTIMATED:
        R = association(data, settings.association) if coefficients is None else coefficients
        return pm.efa(R, k, settings.method, rotation=chosen, n_obs=len(data), smooth="clip", seed=seed)
    return pm.efa(data, k, settings.method, rotation=chosen, seed=seed)


def components(R: FloatArray, k: int) -> FloatArray:
    """Return the loadings on the first k principal components (p x k): a singular matrix, too, has these.

    Parameters
    ----------
    R : array, p x p, symmetric
    k : int, range 1 .. p
    """
    values, vectors = np.linalg.eigh(R)
    return np.asarray(vectors[:, ::-1][:, :k] * np.sqrt(np.maximum(values[::-1][:k], 0.0)))


def place(
    matrix: Matrix, placed: NDArray[np.intp], data: pd.DataFrame, efa: pm.EFAResult, settings: TaxonomySettings
) -> tuple[pd.DataFrame, FloatArray, FloatArray]:
    """Return the loadings of all words: those of the factored ones, and of the others by extension.

    Extension takes the loadings that reproduce a word's correlations with the factored words best: (A'A)^-1 A'r (Dwyer, 1937,
    Psychometrika 2, 173-178).

    Returns
    -------
    loadings : DataFrame, words x k
        Pattern matrix.
    space : array, words x k
        The same in an orthonormal basis: its rows have the words' communalities as their squared lengths.
    spread : array, k x k
        Sampling covariance of the row of a word without any loading.
    """
    turn = np.linalg.cholesky(efa.phi.to_numpy())
    pattern = efa.loadings.to_numpy()
    A = pattern @ turn
    inverse = np.linalg.inv(A.T @ A)
    noise = inverse @ (A.T * (1.0 - np.minimum((A**2).sum(axis=1), 1.0))) @ A @ inverse
    spread = (np.eye(A.shape[1]) + noise) / len(data)
    rest = placed[data.shape[1] :]
    blocks = [A]
    Z = standardised(data.to_numpy())
    for start in range(0, len(rest), 500):
        others = observations(matrix, rest[start : start + 500], settings.association).to_numpy()
        blocks.append((standardised(others).T @ Z / len(Z)) @ A @ inverse)
    space = np.vstack(blocks)
    words = [matrix.words[j] for j in placed]
    rows = np.vstack([pattern, space[len(A) :] @ np.linalg.inv(turn)])
    return pd.DataFrame(rows, index=words, columns=efa.loadings.columns), space, spread


def is_salient(space: FloatArray, spread: FloatArray, level: float) -> NDArray[np.bool_]:
    """Return which words have larger loadings than `level` of the words without any (chi-square of the whole row)."""
    from scipy.stats import chi2

    distance = np.einsum("ij,jk,ik->i", space, np.linalg.inv(spread), space)
    return np.asarray(distance > chi2.ppf(1.0 - level, space.shape[1]))
