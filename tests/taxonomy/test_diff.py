"""Two taxonomies compared: an own comparison is empty, a mirrored one mirrors, and known changes are found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from valuelex import psychometrics as pm
from valuelex.errors import DataError
from valuelex.taxonomy import Side, diff, renamed


def side(name: str, places: dict[str, str | None], **more: object) -> Side:
    table = pd.DataFrame({"dimension": places, "subdimension": dict.fromkeys(places)}, dtype=object)
    return Side(name, table.loc[list(places)].rename_axis("word"), **more)  # type: ignore[arg-type]


A = {
    "honesty": "Truth",
    "candour": "Truth",
    "truth": "Truth",
    "care": "Care",
    "love": "Care",
    "craft": "Skill",
    "odd": None,
}
B = {
    "honesty": "Virtue",
    "candour": "Virtue",
    "truth": "Virtue",
    "care": "Love",
    "love": "Love",
    "craft": "Love",
    "new": None,
}


def test_dimensions_are_matched_whatever_they_are_called() -> None:
    found = diff(side("first", A), side("second", B))
    table = found.dimensions.set_index("a")
    assert table.loc["Truth", ["b", "jaccard", "n_common"]].tolist() == ["Virtue", 1.0, 3]
    assert table.loc["Care", "b"] == "Love"
    assert table.loc["Care", "jaccard"] == pytest.approx(2 / 3)
    assert found.unmatched == (["Skill"], [])
    assert found.moved.to_dict("records") == [{"word": "craft", "a": "Skill", "b": "Love"}]
    assert (found.only_a, found.only_b) == (["odd"], ["new"])
    assert not found.is_empty
    both = [w for w in A if w in B]
    ari = adjusted_rand_score([str(A[w]) for w in both], [str(B[w]) for w in both])
    assert found.agreement["adjusted_rand_index"].iloc[0] == pytest.approx(ari)
    assert "craft: Skill -> Love" in found.summary()
    assert "Dimensions of A without a counterpart: Skill" in found.summary()


def test_a_word_that_lost_its_dimension_moved() -> None:
    found = diff(side("a", A), side("b", A | {"love": None}))
    assert found.moved["word"].tolist() == ["love"]
    assert found.moved["b"].isna().all()
    assert "love: Care -> no dimension" in found.summary()


def test_a_word_that_moved_to_another_subdimension_moved_within() -> None:
    table = pd.DataFrame(
        {"dimension": ["D"] * 5 + ["E"], "subdimension": ["one", "one", "one", "two", "two", "one"]},
        index=list("abcdef"),
    ).rename_axis("word")
    other = table.assign(subdimension=["uno", "uno", "due", "due", "due", "uno"])
    found = diff(Side("a", table), Side("b", other))
    assert found.moved.empty
    assert found.moved_within.to_dict("records") == [{"word": "c", "a": "one", "b": "due"}]
    assert not found.is_empty
    assert "c: one -> due" in found.summary()
    none = table.assign(subdimension=None)
    assert diff(Side("a", table), Side("b", none)).is_empty, "without subdimensions nothing moves between them"


PLACES = st.dictionaries(
    st.sampled_from([f"w{i}" for i in range(9)]), st.sampled_from([None, "P", "Q", "R", "S"]), min_size=1, max_size=9
)


def loaded(name: str, places: dict[str, str | None], seed: int) -> Side:
    rng = np.random.default_rng(seed)
    values, halves = rng.normal(size=(len(places), 2)), rng.integers(0, 2, len(places))
    made = side(name, places)
    parts = [None if d is None or seed % 5 == 0 else f"{d}{h}" for d, h in zip(places.values(), halves, strict=True)]
    made = replace(made, places=made.places.assign(subdimension=parts))
    return replace(made, loadings=pd.DataFrame(values, index=list(places), columns=["F1", "F2"]))


@settings(max_examples=80, deadline=None)
@given(PLACES, PLACES, st.integers(0, 99))
def test_an_own_comparison_is_empty_and_a_mirrored_one_mirrors(a: dict, b: dict, seed: int) -> None:
    one, two = loaded("a", a, seed), loaded("b", b, seed + 1)
    same = diff(one, one)
    assert same.is_empty
    assert len(same.moved) == len(same.only_a) == len(same.only_b) == 0
    assert (same.dimensions["jaccard"].dropna() == 1).all()
    assert np.allclose(same.dimensions["congruence"].dropna().astype(float), 1)
    if not set(a) & set(b):
        with pytest.raises(DataError, match="share no word"):
            diff(one, two)
        return
    there, back = diff(one, two), diff(two, one)
    assert set(zip(there.dimensions["a"], there.dimensions["b"], strict=True)) == set(
        zip(back.dimensions["b"], back.dimensions["a"], strict=True)
    )
    assert {tuple(r) for r in there.moved.astype(object).where(there.moved.notna(), None).to_numpy()} == {
        (w, y, x) for w, x, y in back.moved.astype(object).where(back.moved.notna(), None).to_numpy()
    }
    assert set(there.moved_within["word"]) == set(back.moved_within["word"])
    assert (there.only_a, there.only_b) == (back.only_b, back.only_a)
    assert there.unmatched == tuple(reversed(back.unmatched))
    for name in ("adjusted_rand_index", "normalised_mutual_information"):
        np.testing.assert_allclose(there.agreement[name], back.agreement[name])
    one_way = there.dimensions.dropna(subset=["a", "b"]).set_index("a")["congruence"].sort_index()
    other_way = back.dimensions.dropna(subset=["a", "b"]).set_index("b")["congruence"].sort_index()
    np.testing.assert_allclose(one_way, other_way)


def test_a_dimensions_congruence_does_not_depend_on_the_rotation() -> None:
    """The same factors, one of them rotated by oblimin with its factor correlations: congruence 1."""
    rng = np.random.default_rng(5)
    places = {f"w{i}": "P" if i < 6 else "Q" for i in range(12)}
    pattern = np.zeros((12, 2))
    pattern[:6, 0], pattern[6:, 1] = rng.uniform(0.4, 0.8, 6), rng.uniform(0.4, 0.8, 6)
    pattern += rng.normal(0, 0.05, pattern.shape)
    plain = pd.DataFrame(pattern, index=list(places), columns=["F1", "F2"])
    turned = pm.rotate(plain, "oblimin")
    phi = pd.DataFrame(turned.phi, index=["F1", "F2"], columns=["F1", "F2"])
    found = diff(side("a", places, loadings=plain), side("b", places, loadings=turned.loadings, phi=phi))
    np.testing.assert_allclose(found.dimensions["congruence"].astype(float), 1.0, atol=1e-6)
    wrong = diff(side("a", places, loadings=plain), side("b", places, loadings=turned.loadings))
    assert (wrong.dimensions["congruence"].astype(float) <= 1.0).all()
    assert len(found.factors) == 2


def test_factors_are_matched_by_their_congruence() -> None:
    names = [f"w{i}" for i in range(8)]
    values = pd.DataFrame(np.random.default_rng(1).normal(size=(8, 3)), index=names, columns=["F1", "F2", "F3"])
    swapped = values[["F3", "F1"]].set_axis(["G1", "G2"], axis=1) * [-1, 1]
    places = dict.fromkeys(names, "P")
    found = diff(side("a", places, loadings=values), side("b", places, loadings=swapped)).factors.set_index("a")
    assert found["b"].to_dict() == {"F1": "G2", "F3": "G1"}
    assert found["congruence"].to_dict() == pytest.approx({"F1": 1.0, "F3": -1.0})


def test_without_loadings_there_is_no_congruence_and_with_two_words_neither() -> None:
    assert diff(side("a", A), side("b", B)).dimensions["congruence"].isna().all()
    few = {"x": "P", "y": "P"}
    assert diff(loaded("a", few, 1), loaded("b", few, 2)).dimensions["congruence"].isna().all()


def test_words_of_another_language_are_compared_through_a_mapping() -> None:
    german = side("de", {"ehrlichkeit": "Wahrheit", "offenheit": "Wahrheit", "liebe": "Fürsorge", "güte": "Fürsorge"})
    english = side("en", {"honesty": "Truth", "love": "Care", "kindness": "Care"})
    with pytest.raises(DataError, match="--map FILE"):
        diff(german, english)
    words = {"ehrlichkeit": "honesty", "offenheit": "honesty", "liebe": "love", "güte": "kindness"}
    found = diff(renamed(german, words), english)
    assert found.is_empty
    assert any("joined" in note for note in found.notes)
    torn = renamed(german, words | {"offenheit": "love"})
    assert "love" not in torn.places.index, "offenheit and liebe stand in different dimensions"
    assert any("left out" in note for note in torn.notes)


def test_what_is_not_interpretable_is_said_and_compared_all_the_same() -> None:
    found = diff(side("a", A, interpretable=False), side("b", B, interpretable=True))
    assert "a is not interpretable by its own checks" in found.notes[0]
    assert found.about.set_index("what").loc["interpretable"].tolist() == ["no", "yes"]


def test_settings_that_differ_and_both_forms_of_the_result() -> None:
    found = diff(side("a", A, settings={"x": 1, "y": 2}), side("b", B, settings={"x": 1, "y": 3, "z": None}))
    assert found.settings.to_dict("records") == [{"key": "y", "a": 2, "b": 3}]
    other = diff(side("a", A, settings={"x": 1}), side("b", B, settings={"x": 1, "z": 0}))
    assert other.settings.to_dict("records") == [{"key": "z", "a": "(not there)", "b": 0}]
    assert len(diff(side("a", A), side("b", B, settings={"x": 1})).settings) == 0, "unknown settings do not differ"
    plain = found.to_dict()
    assert plain["dimensions"][2]["b"] is None
    assert "<script>" not in diff(side("<script>", A), side("b", B | {"odd": "<script>"}))._repr_html_()


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(DataError, match="holds no words"):
        diff(side("a", {}), side("b", B))
    lost = diff(side("a", dict.fromkeys(A)), side("b", A))
    assert "a has no dimensions" in lost.notes[0]
    assert lost.unmatched[1] == ["Truth", "Care", "Skill"]
