"""Respondent x word: the cells, and what is taken out of them because answers are compositional."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from valuelex.errors import TableError
from valuelex.taxonomy.settings import Cells

FloatArray = NDArray[np.float64]

LEAST_ROOM = 0.05
"""Smallest share of a cell's variance that is left to chance where independence expects a word of nearly everyone."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """A respondent x word matrix.

    Attributes
    ----------
    cells : sparse matrix, shape (n respondents, p words)
    respondents, words : list of str
        Rows and columns, in order.
    n_answers : array, shape (n,)
        Answers that each respondent gave a word in.
    kind : str
        What the cells hold; see `TaxonomySettings.matrix`.
    """

    cells: sparse.csc_array
    respondents: list[str]
    words: list[str]
    n_answers: FloatArray
    kind: str

    @property
    def prevalence(self) -> FloatArray:
        """Share of respondents that named each word, shape (p,)."""
        return np.asarray((self.cells > 0).sum(axis=0), dtype=float).ravel() / max(len(self.respondents), 1)

    def to_frame(self) -> pd.DataFrame:
        """The cells as a table, respondents x words."""
        return pd.DataFrame(self.dense(), index=self.respondents, columns=self.words)

    def dense(self, columns: NDArray[np.intp] | None = None) -> FloatArray:
        """The cells of these columns, or of all."""
        chosen = self.cells if columns is None else self.cells[:, columns]
        return np.asarray(chosen.toarray(), dtype=float)

    def residuals(self, columns: NDArray[np.intp]) -> FloatArray:
        """What respondents name more, or less, often than independence expects: standardised Pearson residuals.

        Answers are compositional: who names one word leaves out another. With N_i the total of a respondent and q_j the share
        of a word in the totals of all, independence expects N_i q_j, and the residual is the difference over its standard
        deviation. That takes out how much a respondent says and how common a word is (the residuals of correspondence
        analysis; Greenacre, 2017); k groups of words then span k - 1 dimensions of contrast, or k where words outside all
        groups remain to be contrasted with.

        Returns
        -------
        array, shape (n, len(columns))
        """
        expected, spread = self._expected(columns)
        out = np.zeros_like(expected)
        np.divide(self.dense(columns) - expected, spread, out=out, where=spread > 0)
        return out

    def _expected(self, columns: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """What independence expects of each cell, and its standard deviation."""
        totals = np.asarray(self.cells.sum(axis=1), dtype=float).ravel()
        shares = np.asarray(self.cells.sum(axis=0), dtype=float).ravel() / max(totals.sum(), 1e-300)
        expected = totals[:, None] * shares[columns]
        # A word is named at most once in an answer: a count has a ceiling, and the variance of a proportion.
        ceiling = np.ones_like(self.n_answers) if self.kind == "binary" else np.maximum(self.n_answers, 1.0)
        room = np.clip(1.0 - expected / ceiling[:, None], LEAST_ROOM, 1.0)
        spread = np.sqrt(expected * room)
        return expected, spread

    def total_weights(self, columns: NDArray[np.intp]) -> FloatArray:
        """Weights with which the residuals of these columns sum to nearly nothing in every row: the mean spread of each."""
        return np.asarray(self._expected(columns)[1].mean(axis=0))

    def log_ratios(self, columns: NDArray[np.intp], *, pseudo: float = 0.5) -> FloatArray:
        """Centred log-ratios: log(cell + pseudo) minus its mean over all words of the respondent (Aitchison, 1986)."""
        logs = np.log(self.dense() + pseudo)
        return np.asarray(logs[:, columns] - logs.mean(axis=1, keepdims=True))


def models_of(words: pd.DataFrame, respondents: list[str]) -> pd.Series:
    """Return the model of each respondent, in their order, by the table `words`."""
    first = words.drop_duplicates("respondent_id").set_index("respondent_id")["model_id"].astype(object)
    return first.reindex(respondents)


def respondent_word_matrix(words: pd.DataFrame, lexicon: pd.DataFrame, kind: Cells) -> Matrix:
    """Return the respondent x word matrix of the kept words.

    Every respondent who gave a word to the table, kept or not, is a row: to name none of the lexicon's words is data.

    Parameters
    ----------
    words, lexicon : DataFrame
        The tables of these names.
    kind : {"binary", "count", "tfidf", "rank"}
        Named at all; in how many answers; answers weighted by how few respondents name the word, log(n / n_j) + 1; the sum over
        answers of one over the word's place among the kept words of the answer.

    Raises
    ------
    TableError
        If the words belong to no respondent.
    """
    if words.empty:
        raise TableError("table words: there are no words.", "Collect answers, or give a table with rows.")
    people, respondents = pd.factorize(words["respondent_id"].astype(object), sort=True)
    answers = words["response_id"].astype(object)
    n_answers = np.asarray(words.groupby(people)["response_id"].nunique().sort_index(), dtype=np.float64)
    columns = pd.Index(lexicon["word"].astype(object)).get_indexer(words["word"].astype(object))
    used = words["kept"].fillna(False).to_numpy(dtype=bool) & (columns >= 0)
    named = pd.DataFrame({"row": people[used], "column": columns[used], "answer": answers[used].to_numpy()})
    shape = (len(respondents), len(lexicon))
    if kind == "rank":
        place = words.loc[used, "position"].to_numpy()
        named["rank"] = named.assign(place=place).groupby("answer")["place"].rank(method="first").to_numpy()
        named = named.sort_values("rank", kind="stable").drop_duplicates(["answer", "column"])
        values = 1.0 / named["rank"].to_numpy()
    else:
        named = named.drop_duplicates(["answer", "column"])
        values = np.ones(len(named))
    cells = sparse.coo_array((values, (named["row"].to_numpy(), named["column"].to_numpy())), shape=shape).tocsc()
    if kind == "binary":
        cells = (cells > 0).astype(float)
    elif kind == "tfidf":
        holders = np.asarray((cells > 0).sum(axis=0), dtype=float).ravel()
        weights = np.log(len(respondents) / np.maximum(holders, 1.0)) + 1.0
        cells = (cells @ sparse.diags_array(weights)).tocsc()
    return Matrix(
        sparse.csc_array(cells), [str(r) for r in respondents], [str(w) for w in lexicon["word"]], n_answers, kind
    )


def of_one_mode(words: pd.DataFrame, elicitation: str) -> pd.DataFrame:
    """Return the rows of one mode of asking where the table knows of several, else all.

    Raises
    ------
    TableError
        If there are several modes and this one is not among them.
    """
    modes = words["elicitation"].dropna().unique() if "elicitation" in words.columns else ()
    if len(modes) < 2:
        return words
    if elicitation not in modes:
        raise TableError(
            f"table words: no word was asked for in mode '{elicitation}' (there are {', '.join(sorted(map(str, modes)))}).",
            "Set taxonomy.elicitation to one of these.",
        )
    return words[(words["elicitation"] == elicitation).fillna(False)].reset_index(drop=True)
