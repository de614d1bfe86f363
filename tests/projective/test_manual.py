import pandas as pd
import pytest

from valuelex.errors import DataError
from valuelex.projective import Scale, manual_for
from valuelex.projective.manual import check_manual, from_templates, hand_written


def bare_instrument(*dimensions):
    return pd.DataFrame(
        {
            "item_id": [f"i{n}" for n in range(len(dimensions))],
            "stem": [f"Stem {n}" for n in range(len(dimensions))],
            "dimension": list(dimensions),
        }
    )


def test_templates_use_several_words_in_rotation():
    entry = from_templates(Scale("Care", "Care", None, ("mercy", "kindness", "comfort")))
    assert sorted(entry["anchors"]) == list(range(7))
    for texts in entry["anchors"].values():
        used = {word for word in ("mercy", "kindness", "comfort") if any(word in text for text in texts)}
        assert len(used) == 3
        assert not any("{" in text for text in texts)
    assert "mercy, kindness, comfort" in entry["definition"]


def test_one_word_leaves_out_the_templates_of_two():
    one, two = (from_templates(Scale("N", "N", None, words)) for words in (("thrift",), ("thrift", "order")))
    assert sum(map(len, one["anchors"].values())) < sum(map(len, two["anchors"].values()))
    assert not any("thrift and thrift" in text for texts in one["anchors"].values() for text in texts)


def test_hand_written_manual_covers_the_published_scales():
    entries = hand_written()
    assert len(entries) == 6
    assert all(
        set(entry["anchors"]) == set(range(7)) and entry["not_applicable"] and entry["words"] for entry in entries
    )
    check_manual({"subdimensions": entries})


def test_manual_for_a_bare_instrument_matches_names():
    manual = manual_for(bare_instrument("self-competence", "HEDONISM", "Sanctity", "Integrity", "Thrift"))
    entries = {entry["subdimension"]: entry for entry in manual["subdimensions"]}
    assert list(entries) == ["self-competence", "HEDONISM", "Sanctity", "Integrity", "Thrift"]
    assert entries["self-competence"]["origin"] == "hand-written"
    assert "pleasure" in entries["HEDONISM"]["words"]
    assert "purity" in entries["Sanctity"]["words"]
    assert set(entries["Integrity"]["words"]) == {
        "confidentiality",
        "explainability",
        "accessibility",
        "unbiasedness",
        "justice",
    }
    assert entries["Thrift"]["words"] == ["thrift"]
    assert manual["items"][0] == {"item_id": "i0", "stem": "Stem 0", "dimension": "self-competence"}


def test_manual_for_takes_the_subdimension_where_there_is_one():
    table = bare_instrument("Character", "Character", "Mystery")
    table["subdimension"] = ["Social", None, None]
    manual = manual_for(table)
    assert [(e["subdimension"], e["dimension"]) for e in manual["subdimensions"]] == [
        ("Social", "Character"),
        ("Character", "Character"),
        ("Mystery", "Mystery"),
    ]


def test_manual_for_looks_into_the_users_taxonomy_first(tmp_path):
    (tmp_path / "mine.yaml").write_text("dimensions: [{name: Social, words: [banter, jest]}]")
    manual = manual_for(bare_instrument("social"), tmp_path, taxonomy="mine.yaml")
    assert manual["subdimensions"][0]["words"] == ["banter", "jest"]


def test_manual_for_refuses_items_without_a_scale():
    with pytest.raises(DataError, match="no items"):
        manual_for(bare_instrument())
    with pytest.raises(DataError, match="Row 2"):
        manual_for(bare_instrument("A", None))


@pytest.mark.parametrize(
    "manual",
    [
        {},
        {"subdimensions": []},
        {"subdimensions": [{"anchors": {0: ["a"], 6: ["b"]}}]},
        {"subdimensions": [{"subdimension": "A", "anchors": {5: ["a"], 6: ["b"]}}]},
        {"subdimensions": [{"subdimension": "A", "anchors": {0: ["a"], 7: ["b"]}}]},
        {"subdimensions": [{"subdimension": "A", "anchors": {"low": ["a"]}}]},
        {"subdimensions": [{"subdimension": "A", "anchors": {0: ["a"], 6: ["b"]}}] * 2},
    ],
)
def test_check_manual_refuses(manual):
    with pytest.raises(DataError):
        check_manual(manual)


def test_check_manual_takes_levels_as_text():
    checked = check_manual({"subdimensions": [{"subdimension": "A", "anchors": {"6": ["b"], "0": ["a"]}}]})
    assert checked[0]["anchors"] == {0: ["a"], 6: ["b"]}
    assert checked[0]["words"] == ["A"]
