"""The grid: what is in it, what is refused, and which cells cannot be."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from valuelex.errors import SettingError
from valuelex.taxonomy import MultiverseSettings, TaxonomySettings, make_grid
from valuelex.taxonomy.multiverse import CHOICES, PromptSubset, own_cell

OWN = TaxonomySettings()
PROMPTS = ["p1", "p2", "p3", "p4", "p5"]


def grid(prompts=PROMPTS, own=OWN, seed=1, **settings):
    return make_grid(MultiverseSettings(**settings), own, prompts, seed=seed)


def test_the_default_grid_has_thousands_of_cells_and_the_study_among_them() -> None:
    found = grid()
    assert 5_000 < found.size == len(found.cells) == len(set(found.cells)) < 100_000
    assert own_cell(OWN) in found.cells
    assert not found.sampled
    work = found.work(OWN)
    assert work["cells"] == found.size
    assert work["tasks"] < work["extractions"] < found.size - work["closed"]


def test_every_choice_of_the_settings_is_a_field_of_a_cell() -> None:
    lists = {n for n, f in MultiverseSettings.model_fields.items() if n not in ("comes_back", "max_cells")}
    assert lists == set(CHOICES)
    assert {c for c in CHOICES if hasattr(OWN, c)} == set(CHOICES) - {"prompts", "normalisation", "filter"}


def test_halves_part_the_prompts_and_each_is_left_out_once() -> None:
    found = make_grid(
        MultiverseSettings(prompts=["all", "halves", "leave-one-out"]), OWN, PROMPTS, seed=1
    )  # fmt: skip
    assert found.subsets["all"] is None
    assert found.subsets["half 1"] | found.subsets["half 2"] == set(PROMPTS)
    assert not found.subsets["half 1"] & found.subsets["half 2"]
    left_out = {name: set(PROMPTS) - ids for name, ids in found.subsets.items() if name.startswith("without")}
    assert left_out == {f"without {p}": {p} for p in PROMPTS}


def test_a_sample_is_drawn_by_its_seed_and_lies_in_the_grid() -> None:
    whole = set(grid().cells)
    one, same, other = (grid(max_cells=200, seed=s) for s in (1, 1, 2))
    assert one.cells == same.cells != other.cells
    assert len(set(one.cells)) == 200
    assert set(one.cells) <= whole
    assert one.sampled
    assert len(grid(max_cells=10**9).cells) == len(whole)


def test_a_grid_that_is_too_large_is_refused_with_its_size_unless_cells_are_drawn() -> None:
    wide = {"min_prevalence": [i / 100 for i in range(30)]}
    with pytest.raises(SettingError, match=r"172,800 cells \(3 prompts x 2 normalisation"):
        grid(**wide)
    assert len(grid(**wide, max_cells=50).cells) == 50


@pytest.mark.parametrize("choice", CHOICES)
def test_an_empty_list_is_refused(choice: str) -> None:
    with pytest.raises(ValidationError):
        MultiverseSettings(**{choice: []})


@pytest.mark.parametrize(
    "bad",
    [
        {"matrix": ["binary", "binary"]},
        {"n_factors": [3, 3]},
        {"n_factors": [0]},
        {"prompts": ["some"]},
        {"prompts": [{"name": "a", "prompts": []}]},
        {"prompts": [{"name": "a", "prompts": ["p1", "p1"]}]},
        {"prompts": [{"name": "a", "prompts": ["p1"]}, {"name": "a", "prompts": ["p2"]}]},
        {"prompts": [{"name": "half 1", "prompts": ["p1"]}]},
        {"prompts": [{"name": "without p1", "prompts": ["p2"]}]},
        {"min_prevalence": [1.0]},
        {"comes_back": 1},
        {"max_cells": 0},
        {"rotations": ["oblimin"]},
    ],
)
def test_bad_settings_are_refused(bad: dict) -> None:
    with pytest.raises(ValidationError):
        MultiverseSettings(**bad)


def test_an_unknown_prompt_is_named_with_those_that_there_are() -> None:
    subset = PromptSubset(name="mine", prompts=["p1", "p9"])
    with pytest.raises(SettingError, match="'mine' names p9") as refused:
        make_grid(MultiverseSettings(prompts=[subset]), OWN, PROMPTS, seed=1)
    assert "p1, p2, p3, p4, p5" in refused.value.remedy
    with pytest.raises(SettingError, match="names p1, p9"):
        make_grid(MultiverseSettings(prompts=[subset]), OWN, None, seed=1)


def test_an_embedding_that_stands_twice_is_refused() -> None:
    with pytest.raises(SettingError, match="stands twice"):
        grid(embedding=["study", OWN.embedding])


def test_without_known_prompts_their_subsets_are_closed_and_not_left_out() -> None:
    found = make_grid(MultiverseSettings(prompts=["all", "halves", "leave-one-out"]), OWN, None, seed=1)
    reasons = {cell.prompts: found.closed(cell, OWN) for cell in found.cells if cell.matrix == "binary"}
    assert reasons.pop("all") == ""
    assert set(reasons) == {"half 1", "half 2", "leave-one-out"}
    assert all("do not say which prompt" in reason for reason in reasons.values())


def test_one_prompt_has_no_second_half() -> None:
    found = make_grid(MultiverseSettings(prompts=["halves"]), OWN, ["p1"], seed=1)
    closed = {cell.prompts for cell in found.cells if "1 prompt(s)" in found.closed(cell, OWN)}
    assert closed == {"half 2"}


def test_closed_combinations_say_why() -> None:
    found = grid(
        clustering=["hdbscan"], matrix=["binary", "count"], n_clusters=["auto", 4], min_prevalence=[0.03, 0.98]
    )
    for cell in found.cells:
        why = found.closed(cell, OWN)
        expected = [
            ("named or not", cell.association in ("tetrachoric", "log-odds") and cell.matrix == "count"),
            ("HDBSCAN", cell.n_clusters == 4),
            ("No word can be", cell.min_prevalence == 0.98),
        ]
        assert bool(why) == any(holds for _, holds in expected)
        assert not why or any(text in why and holds for text, holds in expected)


def test_the_studys_own_matrix_is_open_whatever_the_association() -> None:
    own = TaxonomySettings(matrix="count", association="log-odds")
    found = grid(own=own, matrix=["count"], association=["log-odds"])
    assert not any(found.closed(cell, own) for cell in found.cells)
