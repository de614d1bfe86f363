"""Simulated populations have the properties that were asked for, and the chain finds what was put in.

The figures over many draws stand in docs/validation.md; here a few draws hold floors well below them.
"""

from __future__ import annotations

import numpy as np
import pytest

from valuelex.taxonomy.recovery import CHAINS, recover_all, summarise
from valuelex.taxonomy.simulation import Population, SimulatedEmbedder, hard, moderate, null, simulate

SMALL = Population(n_dimensions=3, n_words=40, n_models=20, n_settings=8, n_answers=10)


def test_the_same_seed_draws_the_same_population_and_another_another() -> None:
    one, two, other = simulate(SMALL, 1), simulate(SMALL, 1), simulate(SMALL, 2)
    assert one.words.equals(two.words)
    assert one.truth.equals(two.truth)
    assert not one.words.equals(other.words)


def test_answers_are_as_asked_for() -> None:
    drawn = simulate(SMALL, 1)
    per_answer = drawn.words.groupby("response_id").size()
    assert per_answer.between(3, 10).all()
    assert drawn.words["respondent_id"].nunique() == 160
    assert drawn.words["model_id"].nunique() == 20
    assert not drawn.words.duplicated(["response_id", "word"]).any(), "a word is named at most once in an answer"
    assert (drawn.truth == -1).sum() == 4
    assert drawn.truth[drawn.truth >= 0].nunique() == 3


def test_near_synonyms_seldom_share_an_answer() -> None:
    """With every word in a pair and none otherwise alike, pairs meet far less often than other words of their dimension."""
    drawn = simulate(Population(2, 16, 10, 10, synonyms=1.0, noise=0.0, popularity=0.0, words_per_answer=(4, 4)), 3)
    without = simulate(Population(2, 16, 10, 10, synonyms=0.0, noise=0.0, popularity=0.0, words_per_answer=(4, 4)), 3)
    fewest = []
    for each in (drawn, without):
        named = each.words.assign(one=1).pivot_table(index="response_id", columns="word", values="one", fill_value=0)
        together = (named.T @ named).to_numpy(copy=True)
        np.fill_diagonal(together, together.max())
        fewest.append(together.min(axis=1).mean())
    assert fewest[0] < 0.4 * fewest[1]


def test_vectors_show_the_dimensions_or_cut_across_them() -> None:
    for follows in (True, False):
        drawn = simulate(Population(3, 60, 5, 2, meaning_follows=follows), 1)
        vectors = SimulatedEmbedder(drawn).encode([f"{w}: a gloss" for w in drawn.truth.index])
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0)
        same = drawn.truth.to_numpy()[:, None] == drawn.truth.to_numpy()[None, :]
        cosines = vectors @ vectors.T
        gap = cosines[same].mean() - cosines[~same].mean()
        assert (gap > 0.15) == follows


@pytest.mark.parametrize("draw", [moderate, hard, null])
def test_settings_stay_within_what_is_documented(draw) -> None:
    for seed in range(30):
        drawn = draw(np.random.default_rng(seed))
        assert 3 <= drawn.n_dimensions <= 7
        assert 60 <= drawn.n_words <= 300
        assert 25 <= drawn.n_models <= 60
        assert 8 <= drawn.n_settings <= 20
        assert drawn.structure == (draw is not null)


def test_the_chain_finds_moderate_dimensions_and_none_where_there_are_none() -> None:
    found = recover_all("moderate", 2, 11, chains=["valuelex", "same factors, largest loading"])
    ours = found[found["chain"] == "valuelex"]
    assert (ours["ari"] > 0.8).all()
    assert (ours["found"] == ours["n_dimensions"]).all()
    nothing = recover_all("null", 2, 11, chains=["valuelex"])
    assert (nothing["found"] == 0).all()
    table = summarise(found).set_index("chain")
    assert table.loc["valuelex", "right_number"] == 1.0
    assert set(found["chain"]) <= set(CHAINS)


def test_dimensions_that_cut_across_meaning_are_found_and_said_to_differ() -> None:
    found = recover_all("across meaning", 1, 11, chains=["valuelex", "k-means of meaning"]).set_index("chain")
    assert found.loc["valuelex", "ari"] > 0.8
    assert found.loc["k-means of meaning", "ari"] < 0.2
    assert found.loc["valuelex", "differ"]


def test_with_parallel_analysis_the_plain_outline_stays_behind() -> None:
    """Fewer factors than by Kaiser's rule, and still two groups at the ends of one factor merge."""
    names = [
        "valuelex",
        "Pearson, Kaiser, varimax, largest loading",
        "Pearson, parallel analysis, varimax, largest loading",
    ]
    found = recover_all("moderate", 1, 11, chains=names).set_index("chain")
    ours, kaiser, parallel = (found.loc[name] for name in names)
    assert kaiser["found"] > parallel["found"] > 0
    assert ours["ari"] > parallel["ari"] > kaiser["ari"]
    assert not ours["differ"]
