"""Comparing partitions, against brute force and other engines."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f_oneway
from sklearn.metrics import adjusted_rand_score

from valuelex.taxonomy.multiverse.compare import agreement, matched, own_reference, published_reference
from valuelex.taxonomy.multiverse.tables import came_back, eta_squared

labels = st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 3)), min_size=1, max_size=25)


@given(labels)
def test_matches_are_the_best_of_all_one_to_one_pairings(pairs: list[tuple[int, int]]) -> None:
    """By brute force over all pairings, with Jaccard similarities of Python sets."""
    one, two = (np.array(side) for side in zip(*pairs, strict=True))
    both = [i for i, (a, b) in enumerate(pairs) if a >= 0 and b >= 0]
    mine = [{i for i in both if one[i] == d} for d in range(3)]
    theirs = [{i for i in both if two[i] == d} for d in range(4)]
    jaccard = [[len(a & b) / len(a | b) if a | b else 0.0 for b in theirs] for a in mine]
    best = max(sum(jaccard[d][order[d]] for d in range(3)) for order in permutations(range(4), 3))
    found = matched(one, two, 3)
    assert np.nansum(found) == pytest.approx(best)
    assert [bool(np.isnan(value)) for value in found] == [not words for words in mine]


@given(st.lists(st.integers(-1, 3), min_size=2, max_size=30), st.permutations([0, 1, 2, 3]))
def test_a_partition_comes_back_under_other_names(own: list[int], names: list[int]) -> None:
    one = np.array(own)
    two = np.array([names[label] if label >= 0 else -1 for label in own])
    found = matched(one, two, 4)
    assert all(value == 1.0 for d, value in enumerate(found) if d in own)
    n, ari, nmi = agreement(one, two)
    assert n == (one >= 0).sum()
    assert n < 2 or (ari, nmi) == (pytest.approx(1.0), pytest.approx(1.0))


def test_only_words_that_both_place_are_compared() -> None:
    one, two = np.array([0, 0, 1, 1, -1, 0]), np.array([1, 1, 0, 0, 0, -1])
    assert agreement(one, two) == (4, 1.0, pytest.approx(1.0))
    assert matched(one, two, 3)[:2].tolist() == [1.0, 1.0]
    assert agreement(np.array([0, -1]), np.array([0, 0])) == (1, None, None)
    rng = np.random.default_rng(1)
    one, two = rng.integers(-1, 3, 200), rng.integers(-1, 4, 200)
    keep = (one >= 0) & (two >= 0)
    assert agreement(one, two)[1] == pytest.approx(adjusted_rand_score(one[keep], two[keep]))


def test_one_dimension_cannot_match_two() -> None:
    found = matched(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 0, 0, 0]), 2)
    assert found.tolist() == [0.6, 0.0]


def test_nothing_comes_back_where_words_cannot_be_factored_unless_meaning_is_all_there_is() -> None:
    jaccard = np.array([[1.0, 0.4], [1.0, np.nan]])
    factorable = np.array([True, False])
    assert came_back(jaccard, factorable, threshold=0.5, needs_factors=True).tolist() == [[True, False], [False, False]]
    assert came_back(jaccard, factorable, threshold=0.5, needs_factors=False).tolist() == [[True, False], [True, False]]
    assert came_back(jaccard, factorable, threshold=0.39, needs_factors=True).tolist() == [[True, True], [False, False]]


def test_eta_and_epsilon_squared_are_those_of_an_analysis_of_variance() -> None:
    """scipy's one-way F: eta squared is F df1 / (F df1 + df2), epsilon squared (F - 1) df1 / (F df1 + df2)."""
    rng = np.random.default_rng(2)
    levels = np.array(["a", "b", "c"], dtype=object)[rng.integers(0, 3, 90)]
    values = rng.normal(size=90) + (levels == "a")
    F = f_oneway(*(values[levels == name] for name in "abc")).statistic
    eta, epsilon, k = eta_squared(values, levels)
    assert k == 3
    assert eta == pytest.approx(F * 2 / (F * 2 + 87))
    assert epsilon == pytest.approx((F - 1) * 2 / (F * 2 + 87))
    assert eta_squared(np.ones(4), np.array(list("aabb"), dtype=object)) == (None, None, 2)
    assert eta_squared(np.array([0.0, 1.0]), np.array(["a", "b"], dtype=object)) == (1.0, None, 2)


def test_references_hold_who_belongs_where() -> None:
    assignments = pd.DataFrame(
        {"word": ["a", "b", "c", "d"], "dimension": ["X", "Y", "X", None], "subdimension": ["s", "s", "t", None]}
    )
    own = own_reference(assignments)
    assert own.names == ("X", "Y")
    assert own.labels(["d", "c", "b", "z"]).tolist() == [-1, 0, 1, -1]
    # A subdimension of the same name in another dimension is another one.
    assert len(set(own.labels(["a", "b", "c"], pieces=True).tolist())) == 3


def test_a_word_stands_under_its_surest_published_dimension() -> None:
    table = pd.DataFrame(
        [("a", "valuelex-dimensions", "Integrity", 0.6), ("a", "valuelex-dimensions", "Character", 0.9),
         ("b", "valuelex-dimensions", "Integrity", 0.6), ("b", "valuelex-dimensions", "Character", 0.6),
         ("c", "schwartz", "Power", 0.9)],
        columns=["word", "system", "category", "confidence"],
    )  # fmt: skip
    found = published_reference(table)
    assert found is not None
    assert found.names == ("Character", "Integrity")
    assert found.place == {"a": 0, "b": 0}
    assert published_reference(table[table["system"] == "schwartz"]) is None
    assert published_reference(None) is None
