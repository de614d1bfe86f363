"""What the dimensions rest on, whatever it is: factors with their evidence, ready to be joined with meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from valuelex.errors import DataError
from valuelex.taxonomy.association import association
from valuelex.taxonomy.controls import controls
from valuelex.taxonomy.empirical import Empirical, analyse
from valuelex.taxonomy.levels import Levels, by_level, levels
from valuelex.taxonomy.matrix import models_of, of_one_mode, respondent_word_matrix
from valuelex.taxonomy.recoveries import recoveries
from valuelex.taxonomy.settings import Association, TaxonomySettings
from valuelex.taxonomy.stability import Recovery

MEANING_ALONE = "The study file asks for meaning alone (taxonomy.structure: semantic): the answers were not factored."


@dataclass(frozen=True, eq=False)
class Basis:
    """Factors of words, and what speaks for and against them.

    Attributes
    ----------
    kind : {"answers", "probabilities", "meaning"}
    found : Empirical
    recovered : sequence of Recovery
        Of resampling; the last but the leaving out of families is the most cautious.
    elsewhere : sequence of Recovery
        Of a part of the data, once: each level, or each model alone.
    split : Levels or None
    tested : sequence of dict
        Rows of the table `controls`.
    association : str
        What of the observations was factored.
    """

    kind: Literal["answers", "probabilities", "meaning"]
    found: Empirical
    recovered: Sequence[Recovery] = ()
    elsewhere: Sequence[Recovery] = ()
    split: Levels | None = None
    tested: Sequence[dict[str, Any]] = ()
    association: Association = "pearson"

    def similarity(self) -> pd.DataFrame:
        """What was factored, words x words, range -1 to 1.

        Raises
        ------
        DataError
            If there is no solution.
        """
        if self.found.solution is None:
            raise DataError("Nothing was factored: there is no similarity.", "See adequacy.json for the reasons.")
        return association(self.found.solution.data, self.association)


def of_meaning() -> Basis:
    """Return a basis without factors: the words' embeddings alone give the dimensions."""
    return Basis("meaning", Empirical({"factorable": False, "reasons": [MEANING_ALONE], "notes": []}))


def of_answers(
    words: pd.DataFrame,
    lexicon: pd.DataFrame,
    settings: TaxonomySettings,
    families: Mapping[str, str] | None,
    *,
    seed: int,
) -> Basis:
    """Factor the respondent x word matrix, resample it, split it by level, and put null controls through the same chain.

    Parameters
    ----------
    words, lexicon : DataFrame
        The tables of these names.
    families : mapping of str -> str or None
        Model id -> family.
    seed : int
    """
    words = of_one_mode(words, settings.elicitation)
    matrix = respondent_word_matrix(words, lexicon, settings.matrix)
    models = models_of(words, matrix.respondents)
    found = analyse(matrix, models, settings, seed=seed)
    split = levels(found.solution.data, models) if found.solution is not None else None
    return Basis(
        "answers",
        found,
        recoveries(found, matrix, models, families, settings, seed),
        by_level(found.solution, split, seed=seed) if found.solution and split else (),
        split,
        controls(words, found, models, settings, seed=seed),
        settings.association,
    )
