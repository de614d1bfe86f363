"""Cells of the respondent x word matrix, and what is left when independence is taken out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from valuelex.errors import TableError
from valuelex.tables import empty, frame
from valuelex.taxonomy import Matrix, respondent_word_matrix
from valuelex.taxonomy.matrix import of_one_mode

LEXICON = pd.DataFrame({"word": ["care", "honesty", "love"]})


def words(*answers: tuple[str, str, list[str]]) -> pd.DataFrame:
    """Rows of (response, respondent, words in order); a word with '-' before it was not kept."""
    return frame(
        "words",
        [
            {"response_id": r, "respondent_id": p, "model_id": "m", "position": i, "raw": w, "word": w.lstrip("-"),
             "kept": not w.startswith("-"), "reason": "given", "token": w, "lemma": w, "rule": None}
            for r, p, named in answers
            for i, w in enumerate(named)
        ],
    )  # fmt: skip


TABLE = words(
    ("r1", "p1", ["care", "honesty"]),
    ("r2", "p1", ["-love", "honesty"]),
    ("r3", "p2", ["honesty", "care", "love"]),
    ("r4", "p3", ["-love"]),
)


def test_binary_and_count() -> None:
    assert respondent_word_matrix(TABLE, LEXICON, "binary").dense().tolist() == [[1, 1, 0], [1, 1, 1], [0, 0, 0]]
    found = respondent_word_matrix(TABLE, LEXICON, "count")
    assert found.dense().tolist() == [[1, 2, 0], [1, 1, 1], [0, 0, 0]]
    assert found.respondents == ["p1", "p2", "p3"]
    assert found.n_answers.tolist() == [2, 1, 1]
    np.testing.assert_allclose(found.prevalence, [2 / 3, 2 / 3, 1 / 3])


def test_a_word_named_twice_in_an_answer_is_one() -> None:
    twice = words(("r1", "p1", ["care", "care"]))
    assert respondent_word_matrix(twice, LEXICON, "count").dense().tolist() == [[1, 0, 0]]
    assert respondent_word_matrix(twice, LEXICON, "rank").dense().tolist() == [[1, 0, 0]]


def test_rank_weights_are_one_over_the_place_among_kept_words() -> None:
    found = respondent_word_matrix(TABLE, LEXICON, "rank").dense()
    np.testing.assert_allclose(found, [[1, 1.5, 0], [1 / 2, 1, 1 / 3], [0, 0, 0]])


def test_tfidf_weighs_rare_words_up() -> None:
    found = respondent_word_matrix(TABLE, LEXICON, "tfidf").dense()
    common, rare = np.log(3 / 2) + 1, np.log(3) + 1
    np.testing.assert_allclose(found, [[common, 2 * common, 0], [common, common, rare], [0, 0, 0]])


def test_words_of_several_modes_are_not_pooled() -> None:
    both = pd.concat([TABLE.assign(elicitation="open"), TABLE.assign(elicitation="closed")], ignore_index=True)
    assert of_one_mode(both, "open")["elicitation"].unique().tolist() == ["open"]
    assert len(of_one_mode(both, "closed")) == len(TABLE)
    with pytest.raises(TableError, match="mode 'logprob' .there are closed, open."):
        of_one_mode(both, "logprob")
    assert of_one_mode(TABLE, "closed") is TABLE, (
        "a table that does not know of modes, or of one alone, is taken as it is"
    )
    assert len(of_one_mode(TABLE.assign(elicitation="closed"), "open")) == len(TABLE)


def test_no_words_are_said() -> None:
    with pytest.raises(TableError, match="no words"):
        respondent_word_matrix(empty("words"), LEXICON, "binary")


def matrix_of(cells: np.ndarray, kind: str = "count", answers: float = 15.0) -> Matrix:
    n, p = cells.shape
    names = [str(i) for i in range(n)], [f"w{j}" for j in range(p)]
    return Matrix(sparse.csc_array(cells.astype(float)), *names, np.full(n, answers), kind)


def test_residuals_are_those_of_a_chi_square_table_where_the_ceiling_is_far() -> None:
    """Reference: statsmodels' Pearson residuals of a contingency table."""
    from statsmodels.stats.contingency_tables import Table

    cells = np.random.default_rng(1).poisson(3, (8, 5))
    found = matrix_of(cells, answers=1e12).residuals(np.arange(5))
    np.testing.assert_allclose(found, Table(cells, shift_zeros=False).resid_pearson, rtol=1e-9)


@given(st.integers(0, 10_000), st.integers(2, 9))
@settings(max_examples=25, deadline=None)
def test_who_says_more_of_everything_has_the_same_residuals_up_to_their_size(seed: int, factor: int) -> None:
    """A respondent whose counts are a multiple of another's differs in spread alone: the composition is the same."""
    cells = np.random.default_rng(seed).integers(1, 6, (6, 4))
    cells[1] = factor * cells[0]
    found = matrix_of(cells, answers=1e12).residuals(np.arange(4))
    np.testing.assert_allclose(found[1], found[0] * np.sqrt(factor), atol=1e-9)


def test_residuals_weighted_by_their_spread_sum_to_nothing() -> None:
    cells = np.random.default_rng(2).poisson(2, (10, 6)) + 1
    found = matrix_of(cells, answers=1e12).residuals(np.arange(6))
    expected = cells.sum(1, keepdims=True) * cells.sum(0) / cells.sum()
    np.testing.assert_allclose((found * np.sqrt(expected)).sum(axis=1), 0, atol=1e-9)


def test_a_respondent_who_named_nothing_has_no_residuals() -> None:
    assert respondent_word_matrix(TABLE, LEXICON, "binary").residuals(np.arange(3))[2].tolist() == [0, 0, 0]


def test_log_ratios_are_centred() -> None:
    found = matrix_of(np.random.default_rng(3).poisson(2, (7, 5))).log_ratios(np.arange(5))
    np.testing.assert_allclose(found.sum(axis=1), 0, atol=1e-12)
