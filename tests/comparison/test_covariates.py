"""What is known of models: files of the user's, ways of writing, and who was made from whom."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from valuelex.comparison.covariates import join, own_family
from valuelex.errors import TableError


def written(folder: Path, text: str) -> Path:
    file = folder / "known.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_truth_is_one_however_it_is_written(tmp_path: Path) -> None:
    file = written(tmp_path, "model,open_weights,family\na,true,one\nb,True, one \nc,yes,two\nd,FALSE,two\ne,,two\n")
    facts = pd.DataFrame({"open_weights": [True]}, index=["f"])
    known = join(["a", "b", "c", "d", "e", "f"], facts, file)
    assert known["open_weights"].tolist() == [True, True, True, False, None, True]
    assert known["family"].tolist()[:4] == ["one", "one", "two", "two"]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("open_weights", "perhaps", "'perhaps' is neither true nor false"),
        ("training", "rlhf", "'rlhf' is no kind of training"),
        ("parameters", "7B", "'7B' is no number of weights"),
        ("release_date", "May", "'May' is no date"),
    ],
)
def test_cells_that_cannot_be_read_are_named(tmp_path: Path, column: str, value: str, message: str) -> None:
    file = written(tmp_path, f"model,{column}\na,\nb,{value}\n")
    with pytest.raises(TableError, match=message) as caught:
        join(["a", "b"], pd.DataFrame(), file)
    assert f"known.csv, column {column}, row 2" in str(caught.value)


@pytest.mark.parametrize("size", ["7B", 0.0, -5.0])
def test_sizes_of_the_study_that_are_none_are_refused(size: object) -> None:
    with pytest.raises(TableError, match="'a' has parameters"):
        join(["a", "b"], pd.DataFrame({"parameters": [size, 1e9]}, index=["a", "b"]))


def test_facts_that_contradict_one_another_are_refused() -> None:
    with pytest.raises(TableError, match="'a' stand in more than one row"):
        join(["a"], pd.DataFrame({"family": ["x", "y"]}, index=["a", "a"]))


def test_a_base_is_the_nearest_pretrained_model_of_the_same_size() -> None:
    rows = {
        "base": {"training": "pretrained", "parameters": 1e9, "tuned_from": None},
        "further": {"training": "pretrained", "parameters": 1e9, "tuned_from": "base"},
        "step": {"training": "instruction-tuned", "parameters": None, "tuned_from": "further"},
        "last": {"training": "aligned", "parameters": 1e9, "tuned_from": "step"},
        "pruned": {"training": "aligned", "parameters": 5e8, "tuned_from": "last"},
        "circle": {"training": "aligned", "parameters": 1e9, "tuned_from": "circle"},
    }
    known = join(list(rows), pd.DataFrame.from_dict(rows, orient="index"))
    # A pretrained model that was trained further is no tuned one.
    assert known["base"].dropna().to_dict() == {"step": "further", "last": "further"}


def test_the_registry_knows_the_steps_that_are_not_in_the_study() -> None:
    facts = pd.DataFrame({"tuned_from": ["smollm2-135m-instruct"], "training": ["aligned"]}, index=["mine"])
    assert join(["mine", "smollm2-135m"], facts).at["mine", "base"] == "smollm2-135m"


def test_a_model_of_no_known_family_is_its_own() -> None:
    families = pd.Series({"a": "one", "b": None, "c": "one"}, dtype=object)
    assert own_family(families, ["c", "b"]).to_dict() == {"c": "one", "b": "b"}
