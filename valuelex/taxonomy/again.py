"""The factor analysis of a finished step once more, from its tables: for handing it to other programs."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.psychometrics import EFAResult, PsychometricsWarning
from valuelex.taxonomy.association import observations
from valuelex.taxonomy.extraction import extract
from valuelex.taxonomy.matrix import of_one_mode, respondent_word_matrix
from valuelex.taxonomy.settings import TaxonomySettings

TOLERANCE = 1e-6
"""Largest difference of a loading to that of the table: the same analysis gives the same numbers, but for the last digits."""


def factored_again(
    words: pd.DataFrame,
    lexicon: pd.DataFrame,
    loadings: pd.DataFrame,
    settings: TaxonomySettings,
    *,
    core: Sequence[str],
    seed: int,
) -> EFAResult:
    """Return the solution that the step found.

    Parameters
    ----------
    words, lexicon, loadings : DataFrame
        The tables of these names.
    settings : TaxonomySettings
    core : sequence of str
        The words that were factored, in their order (keys of `msa` in adequacy.json); others have loadings by extension.
    seed : int
        The step's own.

    Raises
    ------
    DataError
        If the answers were not what was factored, the tables lack a word, or the loadings come out otherwise: the tables are
        then not those of these settings.
    """
    if settings.structure not in ("joint", "empirical"):
        raise DataError(
            f"taxonomy.structure is {settings.structure}: the answers were not factored.",
            "There is nothing to hand over.",
        )
    matrix = respondent_word_matrix(of_one_mode(words, settings.elicitation), lexicon, settings.matrix)
    place = {word: j for j, word in enumerate(matrix.words)}
    absent = [word for word in core if word not in place]
    if absent or not core:
        raise DataError(f"The tables lack words that were factored ({', '.join(absent[:3])}).", "Run the study again.")
    data = observations(matrix, np.array([place[word] for word in core], dtype=np.intp), settings.association)
    names = [str(name) for name in loadings.columns if name != "word"]
    with warnings.catch_warnings():
        # What there is to warn of stands in adequacy.json.
        warnings.simplefilter("ignore", PsychometricsWarning)
        found = extract(data, len(names), settings, seed=seed)
    told = loadings.set_index("word").reindex(list(core))[names].to_numpy(dtype=float)
    apart = float(np.abs(found.loadings.to_numpy() - told).max()) if found.loadings.shape == told.shape else np.inf
    if not apart <= TOLERANCE:
        raise DataError(
            f"The loadings come out otherwise than in the table (by {apart:.2g}).",
            "Settings or code have changed since: run the study again.",
        )
    return found
