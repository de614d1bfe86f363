"""Views: the words of some answers, under one rule of what a word is and which words count."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.taxonomy.matrix import Matrix, models_of, respondent_word_matrix
from valuelex.taxonomy.preparation import LEAST_WORDS
from valuelex.taxonomy.settings import Cells

_COLUMNS = ["response_id", "respondent_id", "model_id", "position", "word", "kept"]


@dataclass(frozen=True, eq=False)
class View:
    """What one analysis starts from.

    Attributes
    ----------
    words, lexicon : DataFrame
        As the tables of these names.
    family : list of str
        For each row of `lexicon` the word of the study's own lexicon that it stands for.
    """

    words: pd.DataFrame
    lexicon: pd.DataFrame
    family: list[str]

    def matrix(self, kind: Cells) -> Matrix:
        """Respondents x words."""
        return respondent_word_matrix(self.words, self.lexicon, kind)

    def models(self, matrix: Matrix) -> pd.Series:
        """The model of each respondent."""
        return models_of(self.words, matrix.respondents)

    @cached_property
    def digest(self) -> str:
        """Fingerprint of all that can move an analysis, meaning left out."""
        sha = hashlib.sha256()
        for data in (self.words[_COLUMNS].astype(object), self.lexicon[["word"]].astype(object)):
            sha.update(np.ascontiguousarray(pd.util.hash_pandas_object(data, index=False)).tobytes())
        return sha.hexdigest()


def make_view(
    words: pd.DataFrame,
    lexicon: pd.DataFrame,
    *,
    rows: pd.Series | None,
    normalisation: str,
    allowed: Collection[str] | None,
    least_respondents: int,
) -> View:
    """Narrow the study's words down, and count again which of them are common enough.

    Parameters
    ----------
    words, lexicon : DataFrame
        The study's own.
    rows : Series of bool or None
        Which rows of `words` count; None for all.
    normalisation : {"families", "lemma", "token"}
        What becomes a word. Where a row has no lemma (token), its word stands for it.
    allowed : collection of str or None
        The words of the lexicon that count; None for all.
    least_respondents : int
        Words that fewer respondents named in these answers are left out. The study's own view is not counted again.

    Raises
    ------
    DataError
        If too few words are left.
    """
    if rows is None and allowed is None and normalisation == "families":
        return View(words, lexicon, [str(w) for w in lexicon["word"]])
    mine = words if rows is None else words[rows.to_numpy(dtype=bool)].reset_index(drop=True)
    own = lexicon if allowed is None else lexicon[lexicon["word"].isin(list(allowed))]
    used = mine["kept"].fillna(False).astype(bool) & mine["word"].isin(own["word"])
    family = mine["word"].astype(object)
    types = (
        family
        if normalisation == "families"
        else mine[normalisation].astype(object).where(mine[normalisation].notna(), family)
    )
    mine = mine.assign(word=types, kept=used.to_numpy())
    named = pd.DataFrame(
        {"type": types[used], "family": family[used], "who": mine["respondent_id"].astype(object)[used]}
    )
    n_respondents = named.groupby("type")["who"].nunique()
    n_respondents = n_respondents[n_respondents >= least_respondents]
    if len(n_respondents) < LEAST_WORDS:
        raise DataError(
            f"{len(n_respondents)} words are left; at least {LEAST_WORDS} are needed for a structure.",
            "Widen this choice, or take it out of the grid.",
        )
    glosses = own.drop_duplicates("word").set_index("word")["gloss"]
    if normalisation == "families":
        order = [str(w) for w in own["word"] if w in n_respondents.index]
        of = {w: w for w in order}
    else:
        order = sorted(n_respondents.index, key=lambda t: (-int(n_respondents[t]), str(t)))
        counts = named.groupby(["type", "family"]).size().reset_index(name="n")
        commonest = counts.sort_values(["n", "family"], ascending=[False, True], kind="stable").drop_duplicates("type")
        of = dict(zip(commonest["type"], commonest["family"], strict=True))
    return View(
        mine,
        pd.DataFrame(
            {
                "word": order,
                "gloss": [glosses.get(of[t]) for t in order],
                "n_respondents": [int(n_respondents[t]) for t in order],
            }
        ),
        [str(of[t]) for t in order],
    )
