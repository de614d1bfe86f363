"""Heat map of co-assignment, numbers of clusters side by side, and the sentence about levels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex.report.content import Cell
from valuelex.report.pairs import MOST_DRAWN, cluster_numbers_table, co_assignment, levels_sentence, square
from valuelex.tables import frame

WORDS = ["trust", "truth", "care", "love"]
DIMENSION = {"trust": "Truth", "truth": "Truth", "care": "Care", "love": "Care"}


def pairs(words: list[str], dimension: dict[str, str], within: float = 0.9, across: float = 0.2) -> pd.DataFrame:
    rows = [
        {"word": a, "other": b, "association": 0.1, "within_models": 0.1 * i, "between_models": 0.1 * i + 0.05, "cosine": 0.3,
         "together": within if dimension[a] == dimension[b] else across}
        for i, (a, b) in enumerate((a, b) for k, a in enumerate(words) for b in words[k + 1 :])
    ]  # fmt: skip
    for row in rows:
        row["within_models"] = min(row["within_models"], 0.9)
        row["between_models"] = min(row["between_models"], 0.9)
    return frame("word_pairs", rows)


def assignments(words: list[str], dimension: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"word": words, "dimension": [dimension[w] for w in words], "n_respondents": range(len(words), 0, -1)}
    )


def test_the_square_is_symmetric_whatever_the_order_of_the_pairs() -> None:
    found = square(pairs(WORDS, DIMENSION), "together", ["love", "trust", "care", "truth"])
    np.testing.assert_array_equal(found, found.T)
    assert found.loc["love", "care"] == 0.9
    assert found.loc["truth", "love"] == 0.2
    assert (np.diag(found) == 1).all()


def test_the_heat_map_is_ordered_by_dimension_and_says_its_means() -> None:
    figure = co_assignment(pairs(WORDS, DIMENSION), assignments(WORDS, DIMENSION))
    assert figure is not None
    assert "0.90 on average for two words of one dimension, 0.20 for two of different ones" in figure.alt
    [heat] = figure.spec["data"]
    assert heat["z"][0][1] == 0.9
    assert heat["z"][0][2] == 0.2
    assert len(figure.spec["layout"]["shapes"]) == 2


def test_the_heat_map_shows_dimensions_as_computed_where_a_hand_merged_them() -> None:
    merged = assignments(WORDS, dict.fromkeys(WORDS, "Both")).assign(computed_dimension=[DIMENSION[w] for w in WORDS])
    figure = co_assignment(pairs(WORDS, DIMENSION), merged)
    assert figure is not None
    assert "0.90 on average for two words of one dimension, 0.20 for two of different ones" in figure.alt
    assert len(figure.spec["layout"]["shapes"]) == 2
    assert "as computed, before the edits by hand" in figure.note


def test_markup_in_words_is_escaped_in_the_heat_map() -> None:
    words = ["<b>bold", "plain", "x", "y"]
    figure = co_assignment(pairs(words, dict.fromkeys(words, "One")), assignments(words, dict.fromkeys(words, "One")))
    assert figure is not None
    assert "<b>" not in str(figure.spec)


def test_many_words_are_thinned_and_said_so() -> None:
    words = [f"w{i:03d}" for i in range(MOST_DRAWN + 7)]
    place = {w: "even" if int(w[1:]) % 2 == 0 else "odd" for w in words}
    figure = co_assignment(pairs(words, place), assignments(words, place))
    assert figure is not None
    assert len(figure.spec["data"][0]["z"]) == MOST_DRAWN
    assert "The 7 words named least are left out" in figure.note


def test_without_resamples_there_is_no_heat_map() -> None:
    table = pairs(WORDS, DIMENSION).assign(together=None)
    assert co_assignment(frame("word_pairs", table), assignments(WORDS, DIMENSION)) is None


def test_what_a_criterion_prefers_is_set_in_bold() -> None:
    table = cluster_numbers_table(
        frame(
            "cluster_numbers",
            [
                {"k": 2, "silhouette": 0.1, "gap": 0.3, "gap_se": 0.01, "stability": 0.9, "prediction_strength": 0.8,
                 "preferred_by": "gap, stability", "chosen": False},
                {"k": 3, "silhouette": 0.2, "gap": 0.2, "gap_se": 0.01, "stability": 0.7, "prediction_strength": None,
                 "preferred_by": "silhouette", "chosen": True},
            ],
        )
    )  # fmt: skip
    first, second = table.rows
    bold = [isinstance(c, Cell) and c.strong for c in first]
    assert bold == [False, False, True, True, False, False]
    assert [isinstance(c, Cell) and c.strong for c in second] == [True, True, False, False, False, False]


def test_levels_are_compared_over_pairs() -> None:
    said = levels_sentence(pairs(WORDS, DIMENSION))
    assert (
        said == "Over 6 pairs of words, correlations within models and correlations between models agree by r = 1.00."
    )
    assert levels_sentence(pairs(WORDS, DIMENSION).assign(within_models=None)) is None


@pytest.mark.parametrize("n", [1, 2])
def test_few_words_are_no_picture_or_a_small_one(n: int) -> None:
    words = WORDS[:n]
    figure = co_assignment(pairs(WORDS, DIMENSION), assignments(words, DIMENSION))
    assert (figure is None) == (n < 2)
