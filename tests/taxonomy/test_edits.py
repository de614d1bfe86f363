"""Edits by hand: what they do, what they never touch, and what is said of those that do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex.errors import BadInput
from valuelex.tables import TABLES, frame
from valuelex.taxonomy import Edits, apply_edits, edits_path, load_edits, starting_file

TREE: dict[str, dict[str, list[str]]] = {
    "Honesty": {"Honesty and truth": ["honesty", "truth", "sincerity"], "Justice and rights": ["justice", "rights"]},
    "Care": {"Care and love": ["care", "love"], "Kindness": ["kindness", "mercy"]},
    "Skill": {"Skill and craft": ["skill", "craft", "diligence"]},
}
LOST = ["weather", "noise"]
WORDS = [w for subs in TREE.values() for words in subs.values() for w in words] + LOST


def outputs() -> dict[str, Any]:
    """A computed taxonomy of three dimensions, made up for the test."""
    place = {w: (d, s) for d, subs in TREE.items() for s, words in subs.items() for w in words}
    rows = [
        {c.name: None for c in TABLES["assignments"].columns}
        | {
            "word": w,
            "dimension": place.get(w, (None, None))[0],
            "subdimension": place.get(w, (None, None))[1],
            "loading": 0.5,
            "communality": 0.4,
            "factor": "F1",
            "placed_by": "factors" if w in place else "unassigned: background",
            "probability": 0.9 if w in place else None,
        }
        for w in WORDS
    ]
    dimensions = [
        {
            "name": d,
            "words": [w for words in subs.values() for w in words],
            "subdimensions": [{"name": s, "words": list(words)} for s, words in subs.items()],
        }
        for d, subs in TREE.items()
    ]
    document = {"interpretable": False, "reasons": ["No."], "dimensions": dimensions, "unassigned": list(LOST)}
    return {"assignments": frame("assignments", rows), "taxonomy": document, "loadings": "left alone"}


def edited(*edits: dict[str, Any]) -> dict[str, Any]:
    return apply_edits(outputs(), Edits.of(list(edits)))


def tree(made: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    return {d["name"]: {s["name"]: s["words"] for s in d["subdimensions"]} for d in made["taxonomy"]["dimensions"]}


def row(made: dict[str, Any], word: str) -> dict[str, Any]:
    return made["assignments"].set_index("word").loc[word].to_dict()


def test_a_rename_changes_the_name_and_nothing_else() -> None:
    made = edited({"rename": {"piece": "honesty", "to": "Integrity"}, "reason": "usual", "by": "AB"})
    assert list(tree(made)) == ["Integrity", "Care", "Skill"]
    here = row(made, "truth")
    assert (here["dimension"], here["computed_dimension"]) == ("Integrity", "Honesty")
    assert (here["placed_by"], here["probability"]) == ("factors", 0.9)
    [log] = made["edits"].to_dict("records")
    assert (log["applied"], log["n_words"], log["reason"], log["by"]) == ("yes", 0, "usual", "AB")


def test_a_moved_word_says_so_and_keeps_its_loading() -> None:
    made = edited({"move": {"words": ["Mercy", "weather"], "to": "Skill / Skill and craft"}})
    assert tree(made)["Skill"]["Skill and craft"] == ["skill", "craft", "diligence", "mercy", "weather"]
    assert tree(made)["Care"]["Kindness"] == ["kindness"]
    here, left = row(made, "mercy"), row(made, "kindness")
    assert (here["placed_by"], here["loading"], here["computed_subdimension"]) == ("edit", 0.5, "Kindness")
    assert pd.isna(here["probability"])
    assert (left["placed_by"], left["probability"]) == ("factors", 0.9)
    assert made["taxonomy"]["unassigned"] == ["noise"]
    assert made["edits"]["words"].tolist() == ["mercy, weather"]
    assert made["loadings"] == "left alone"


def test_a_word_can_be_left_without_a_dimension_and_an_empty_piece_goes() -> None:
    made = edited({"move": {"words": ["skill", "craft", "diligence"], "to": None}})
    assert "Skill" not in tree(made)
    assert set(made["taxonomy"]["unassigned"]) == {"skill", "craft", "diligence", *LOST}
    assert row(made, "craft")["placed_by"] == "unassigned: edit"
    assert "'Skill' has no word left" in made["edits"]["why"].iloc[0]


def test_a_move_between_subdimensions_leaves_the_dimension_as_computed() -> None:
    here = row(edited({"move": {"words": ["love"], "to": "Kindness"}}), "love")
    assert (here["subdimension"], here["computed_subdimension"]) == ("Kindness", "Care and love")
    assert (here["placed_by"], here["probability"]) == ("factors", 0.9)


def test_a_move_to_a_dimension_alone_says_that_the_word_is_in_no_scale() -> None:
    made = edited({"move": {"words": ["craft"], "to": "Care"}})
    assert row(made, "craft")["dimension"] == "Care"
    assert pd.isna(row(made, "craft")["subdimension"])
    assert "no scale of the test" in made["edits"]["why"].iloc[0]
    # With one subdimension there is no question which.
    assert row(edited({"move": {"words": ["care"], "to": "Skill"}}), "care")["subdimension"] == "Skill and craft"


def test_merged_dimensions_keep_their_subdimensions_and_lose_their_probability() -> None:
    made = edited({"merge": {"pieces": ["Honesty", "Care"], "to": "Goodness"}})
    assert list(tree(made)) == ["Goodness", "Skill"]
    assert list(tree(made)["Goodness"]) == ["Honesty and truth", "Justice and rights", "Care and love", "Kindness"]
    assert row(made, "honesty")["placed_by"] == "edit"
    assert pd.isna(row(made, "honesty")["probability"])
    assert row(made, "craft")["probability"] == 0.9


def test_merged_subdimensions_of_two_dimensions_stand_in_the_first() -> None:
    made = edited({"merge": {"pieces": ["Kindness", "Skill and craft"], "to": "Warm craft"}})
    assert tree(made)["Care"]["Warm craft"] == ["kindness", "mercy", "skill", "craft", "diligence"]
    assert "Skill" not in tree(made)


def test_a_split_leaves_what_is_not_named() -> None:
    made = edited({"split": {"piece": "Honesty", "into": {"Fairness": ["justice", "truth", "love"]}}})
    assert tree(made)["Honesty"] == {"Honesty and truth": ["honesty", "sincerity"], "Justice and rights": ["rights"]}
    fair = tree(made)["Fairness"]
    assert fair == {"Honesty and truth (2)": ["truth"], "Justice and rights (2)": ["justice"]}
    assert made["edits"]["applied"].tolist() == ["in part"]
    assert "Not in 'Honesty': love." in made["edits"]["why"].iloc[0]
    subs = edited({"split": {"piece": "Care and love", "into": {"Love": ["love"], "Nursing": ["care"]}}})
    assert list(tree(subs)["Care"]) == ["Love", "Nursing", "Kindness"]


def test_a_piece_can_be_named_by_what_it_holds() -> None:
    made = edited(
        {"rename": {"piece": {"holding": ["honesty", "truth", "gone"]}, "to": "Integrity"}},
        {"rename": {"piece": {"holding": ["kindness"], "level": "subdimension"}, "to": "Warmth"}},
    )
    assert list(tree(made)) == ["Integrity", "Care", "Skill"]
    assert list(tree(made)["Care"]) == ["Care and love", "Warmth"]


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (
            {"rename": {"piece": "Honour", "to": "X"}},
            "no piece named 'Honour' (the dimensions are: Honesty, Care, Skill)",
        ),
        ({"rename": {"piece": "Honesty", "to": "care"}}, "There is a piece named 'Care' already"),
        ({"rename": {"piece": {"holding": ["gone", "honesty"]}, "to": "X"}}, "No dimension holds more than half"),
        ({"move": {"words": ["gone"], "to": "Care"}}, "No word of this taxonomy: gone"),
        ({"merge": {"pieces": ["Honesty", "Kindness"], "to": "X"}}, "pieces of one level"),
        ({"merge": {"pieces": ["Honesty", {"holding": ["truth"]}], "to": "X"}}, "one and the same piece"),
        ({"split": {"piece": "Care", "into": {"X": ["truth"]}}}, "holds none of the words"),
        ({"split": {"piece": "Care", "into": {"Skill": ["love"]}}}, "There is a piece named 'Skill' already"),
    ],
)
def test_an_edit_that_does_not_fit_changes_nothing_and_says_why(edit: dict[str, Any], why: str) -> None:
    made = edited(edit)
    assert tree(made) == TREE
    assert made["taxonomy"]["edited"] is False
    assert made["edits"]["applied"].tolist() == ["no"]
    assert why in made["edits"]["why"].iloc[0]
    assert made["assignments"]["placed_by"].tolist() == outputs()["assignments"]["placed_by"].tolist()


def test_a_name_of_two_pieces_needs_its_path() -> None:
    base = outputs()
    base["taxonomy"]["dimensions"][1]["subdimensions"][1]["name"] = "Honesty"
    made = apply_edits(base, Edits.of([{"rename": {"piece": "Honesty", "to": "X"}}]))
    assert "'Honesty' names 2 pieces (Honesty, Care / Honesty)" in made["edits"]["why"].iloc[0]
    made = apply_edits(base, Edits.of([{"rename": {"piece": "Care / Honesty", "to": "X"}}]))
    assert list(tree(made)["Care"]) == ["Care and love", "X"]


def test_edits_never_make_a_taxonomy_interpretable_and_the_computed_one_stays() -> None:
    made = edited({"merge": {"pieces": ["Honesty", "Care"], "to": "Goodness"}})
    assert made["taxonomy"]["interpretable"] is False
    assert made["taxonomy"]["reasons"] == ["No."]
    assert made["taxonomy"]["edited"] is True
    assert made["taxonomy"]["computed"] == outputs()["taxonomy"]["dimensions"]


# ---- properties ----

PIECES = [*TREE, *(s for subs in TREE.values() for s in subs)]
NAMES = st.sampled_from([*PIECES, "New", "Other", "Third"])
REF = st.one_of(
    NAMES, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(lambda w: {"holding": w})
)
SOME = st.lists(st.sampled_from([*WORDS, "gone"]), min_size=1, max_size=5, unique=True)
EDIT = st.one_of(
    st.builds(lambda p, t: {"rename": {"piece": p, "to": t}}, REF, NAMES),
    st.builds(lambda w, t: {"move": {"words": w, "to": t}}, SOME, st.one_of(st.none(), REF)),
    st.builds(lambda a, b, t: {"merge": {"pieces": [a, b], "to": t}}, REF, REF, NAMES),
    st.builds(lambda p, t, w: {"split": {"piece": p, "into": {t: w}}}, REF, NAMES, SOME),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(EDIT, min_size=1, max_size=6))
def test_any_edits_leave_every_word_in_one_place_and_replaying_them_changes_nothing(
    edits: list[dict[str, Any]],
) -> None:
    chosen = Edits.of(edits)
    made = apply_edits(outputs(), chosen)
    document, table = made["taxonomy"], made["assignments"]
    placed = [w for d in document["dimensions"] for w in d["words"]]
    assert sorted([*placed, *document["unassigned"]]) == sorted(WORDS)
    for d in document["dimensions"]:
        inner = [w for s in d["subdimensions"] for w in s["words"]]
        assert len(inner) == len(set(inner))
        assert set(inner) <= set(d["words"])
        assert d["words"] and all(s["words"] for s in d["subdimensions"])
    names = [p["name"].casefold() for d in document["dimensions"] for p in (d, *d["subdimensions"])]
    assert len(names) == len(set(names))
    place = {w: d["name"] for d in document["dimensions"] for w in d["words"]}
    assert [place.get(w) for w in table["word"]] == [None if pd.isna(d) else d for d in table["dimension"]]
    untouched = ["word", "factor", "loading", "communality", "x", "y"]
    pd.testing.assert_frame_equal(table[untouched], outputs()["assignments"][untouched])
    again = apply_edits(made, chosen)
    assert again["taxonomy"] == document
    pd.testing.assert_frame_equal(again["edits"], made["edits"])
    same = ["dimension", "subdimension", "computed_dimension", "computed_subdimension"]
    pd.testing.assert_frame_equal(again["assignments"][same], table[same])


@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from(list(TREE)), min_size=2, max_size=3, unique=True))
def test_merging_and_splitting_again_restores_every_place(merged: list[str]) -> None:
    parts = {name: [w for words in TREE[name].values() for w in words] for name in merged}
    made = edited({"merge": {"pieces": merged, "to": "All"}}, {"split": {"piece": "All", "into": parts}})
    assert tree(made) == TREE or {k: tree(made)[k] for k in TREE} == TREE
    assert set(made["assignments"]["placed_by"]) == {"factors", "unassigned: background"}


# ---- the file ----


def test_a_file_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "edits.yaml"
    path.write_text("- rename: {piece: A, to: B}\n- move: {words: [x], to: null}\n  reason: odd\n", encoding="utf-8")
    found = load_edits(path)
    assert [e.operation for e in found.items] == ["rename", "move"]
    assert found.items[1].target == "x -> no dimension"
    path.write_text("# nothing yet\n", encoding="utf-8")
    assert len(load_edits(path)) == 0
    assert "edits" not in apply_edits(outputs(), load_edits(path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rename: {piece: A, to: B}\n", "line 1: holds no list of edits"),
        ("- rename: {piece: A, too: B}\n", "line 1: unknown key 'rename.too'.\nDid you mean 'to'?"),
        ("- renam: {piece: A, to: B}\n", "line 1: unknown key 'renam'.\nDid you mean 'rename'?"),
        ("- reason: none\n", "exactly one of rename, move, merge, split; this one has 0"),
        ("- rename: {piece: A, to: B}\n  move: {words: [a], to: B}\n", "this one has 2"),
        (
            "- rename: {piece: A, to: B}\n- move: {words: [a, A], to: B}\n",
            "line 2: move.words: a stands more than once",
        ),
        (
            "- move:\n    words: [yes]\n    to: B\n",
            "line 2: move.words.0: Input should be a valid string (it is 'True')",
        ),
        ("- move: {words: [], to: B}\n", "move.words: List should have at least 1 item"),
        ("- move: {words: [a]}\n", "key 'move.to' is missing"),
        ("- rename: {piece: A, to: 'B / C'}\n", "a name cannot hold ' / '"),
        ("- rename: {piece: A, to: ' '}\n", "a name is one line of 1 to 80 characters"),
        ("- rename: {piece: {held: [a]}, to: B}\n", "rename.piece: a piece is its name, or {holding: [words]}"),
        ("- merge: {pieces: [A], to: B}\n", "at least 2 items"),
        ("- split: {piece: A, into: {B: [a], C: [a]}}\n", "a stands in more than one part"),
        ("- split: {piece: A, into: {B: [a], b: [c]}}\n", "two parts have one name"),
        ("- split:\n    piece: A\n    into:\n      B: [a]\n      B: [c]\n", "line 5: key 'B' stands twice"),
        ("- rename: {piece: A\n", "not valid YAML"),
        ("- rename: !!python/object:os.system {}\n", "not valid YAML"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "edits.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as error:
        load_edits(path)
    assert said in str(error.value)
    assert str(path) in error.value.what


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    assert edits_path(None, tmp_path) is None
    (tmp_path / "edits.yaml").write_text("", encoding="utf-8")
    assert edits_path(None, tmp_path) == tmp_path / "edits.yaml"
    with pytest.raises(BadInput, match="does not exist"):
        edits_path("mine.yaml", tmp_path)
    with pytest.raises(BadInput, match="no YAML file"):
        edits_path("mine.txt", tmp_path)


def test_the_starting_file_lists_the_computed_pieces_and_holds_no_edit(tmp_path: Path) -> None:
    document = edited({"rename": {"piece": "Honesty", "to": "Integrity"}})["taxonomy"]
    document["computed"][0]["name"] = "Honesty\n- rename: {piece: Care, to: X}"
    text = starting_file(document)
    assert "Care / Kindness: kindness, mercy" in text
    path = tmp_path / "edits.yaml"
    path.write_text(text, encoding="utf-8")
    assert len(load_edits(path)) == 0, "what is in a comment stays there"
