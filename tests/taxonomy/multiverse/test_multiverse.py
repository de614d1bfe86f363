"""The analyses: the study's own comes back whole, each cell stands for itself, and nothing is computed twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.taxonomy.multiverse.conftest import OWN, SEED, World, world
from valuelex.errors import SettingError
from valuelex.semantics import Embedder
from valuelex.tables import TABLES
from valuelex.taxonomy import MultiverseSettings, TaxonomySettings, multiverse
from valuelex.taxonomy.multiverse import analyses
from valuelex.taxonomy.simulation import Population

WIDE = {
    "prompts": ["all", "halves"], "association": ["residual", "pearson", "log-odds"], "matrix": ["binary", "count"],
    "n_factors": ["auto", 3], "rotation": ["oblimin", "varimax"], "n_clusters": ["auto", 4], "outer": ["factors", "clusters"],
}  # fmt: skip


@pytest.fixture(scope="module")
def wide(strong: World):
    return strong.run(**WIDE)


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"association": "pearson", "matrix": "count", "outer": "clusters", "n_clusters": 3},
        {"association": "log-odds", "matrix": "count", "n_factors": 2, "method": "paf", "rotation": "varimax"},
        {"clustering": "hdbscan", "min_prevalence": 0.1, "max_words": 15},
    ],
)
def test_a_grid_of_the_studys_own_choices_is_the_study(own: dict) -> None:
    chosen = TaxonomySettings(bootstrap=0, **own)
    grid = {c: [getattr(chosen, c)] for c in own if c != "max_words"}
    found = world(Population(3, 36, 25, 8), chosen, seed=4).run(chosen, **grid)
    [cell] = found.cells.to_dict("records")
    assert cell["own"]
    assert cell["status"] == "analysed"
    assert cell["ari"] == cell["ari_subdimensions"] == 1.0
    assert cell["nmi"] == pytest.approx(1.0)
    assert len(found.dimensions) >= 2
    assert (found.dimensions["share"] == 1.0).all()
    assert (found.dimensions["median_jaccard"] == 1.0).all()
    assert found.effects.empty  # a single analysis has nothing that could explain anything
    assert "comes back in 100 % of 1 analysis." in found.summary()


def test_tables_are_of_their_schema_and_add_up(wide) -> None:
    for name, table in wide.outputs().items():
        if name in TABLES:
            assert [c.name for c in TABLES[name].columns] == list(table.columns)
    cells, dimensions = wide.cells, wide.dimensions
    assert len(cells) == 3 * 3 * 2 * 2 * 2 * 2 * 2 == wide.about["n_grid"]
    assert (cells["status"] == "closed").sum() == 3 * 16
    assert cells.loc[cells["status"] == "closed", "reason"].str.contains("named or not").all()
    assert cells.loc[cells["status"] == "closed", "ari"].isna().all()
    whole = dimensions[dimensions["choice"] == "(all)"].set_index("dimension")
    assert (whole["n_cells"] == (cells["status"] == "analysed").sum()).all()
    for (_, dimension), part in dimensions[dimensions["choice"] != "(all)"].groupby(["choice", "dimension"]):
        assert part["n_back"].sum() == whole.loc[dimension, "n_back"]
        assert part["n_cells"].sum() == whole.loc[dimension, "n_cells"]
    assert wide.effects["eta_squared"].dropna().between(0, 1).all()
    assert (wide.effects["adjusted"].dropna() <= wide.effects["eta_squared"].dropna()).all()


def test_strong_structure_comes_back_and_its_answers_are_half_of_it(wide) -> None:
    whole = wide.dimensions[wide.dimensions["choice"] == "(all)"]
    assert (whole["share"] > 0.8).all()
    assert wide.about["n_factorable"] / wide.about["n_analysed"] > 0.9


def test_a_rotation_moves_nothing_since_directions_are_grouped(wide) -> None:
    done = wide.cells[wide.cells["status"] == "analysed"]
    by_rotation = {name: part["ari"].astype(float).to_numpy() for name, part in done.groupby("rotation")}
    np.testing.assert_allclose(by_rotation["oblimin"], by_rotation["varimax"], atol=1e-9)


def test_without_structure_most_analyses_are_not_factorable_and_bring_nothing_back(empty_handed: World) -> None:
    found = empty_handed.run(
        association=["residual", "log-ratio", "pearson"], matrix=["binary", "count"], prompts=["all", "halves"]
    )
    done = found.cells[found.cells["status"] == "analysed"]
    assert done["factorable"].mean() < 0.25
    assert done.loc[~done["factorable"], "reason"].str.len().gt(20).all()
    # This study's own words cannot be factored: its dimensions are meaning, and meaning is the same in each analysis.
    assert found.about["needs_factors"] is False
    claimed = replace(empty_handed.source, assignments=empty_handed.source.assignments.assign(placed_by="factors"))
    found = World(empty_handed.drawn, claimed).run(association=["residual", "pearson"])
    assert found.about["needs_factors"] is True
    assert (found.dimensions.loc[found.dimensions["choice"] == "(all)", "share"] <= 0.5).all()


@pytest.mark.parametrize(
    "part", [{"association": ["pearson"]}, {"prompts": ["halves"], "rotation": ["varimax"]}, {"max_cells": 9}]
)
def test_a_cell_is_the_same_whatever_else_is_in_the_grid(strong: World, wide, part: dict) -> None:
    found = strong.run(**(WIDE | part)).cells.drop(columns=["cell"])
    choices = [c.name for c in TABLES["multiverse"].columns[1:14]]
    there = wide.cells.drop(columns=["cell"]).merge(found[choices], on=choices)
    pd.testing.assert_frame_equal(
        there.sort_values(choices, ignore_index=True), found.sort_values(choices, ignore_index=True)
    )


def test_the_number_of_workers_changes_nothing(strong: World, wide) -> None:
    again = strong.run(n_jobs=2, **WIDE)
    pd.testing.assert_frame_equal(again.cells, wide.cells)
    pd.testing.assert_frame_equal(again.dimensions, wide.dimensions)
    assert again.about == wide.about


def test_what_is_kept_is_not_computed_again_save_half_a_line(strong: World, wide, tmp_path: Path, monkeypatch) -> None:
    strong.run(cache=tmp_path, **(WIDE | {"rotation": ["oblimin"]}))
    files = sorted(tmp_path.iterdir())
    assert len(files) == wide.cells.query("status == 'analysed'").groupby(["prompts", "association", "matrix"]).ngroups
    torn = files[0].read_bytes()
    files[0].write_bytes(torn[:-20])
    files[1].write_bytes(files[1].read_bytes()[:30])
    solved = []
    solve = analyses.solve
    monkeypatch.setattr(analyses, "solve", lambda *a, **k: solved.append(a[1].rotation) or solve(*a, **k))
    again = strong.run(cache=tmp_path, **WIDE)
    pd.testing.assert_frame_equal(again.cells, wide.cells)
    pd.testing.assert_frame_equal(again.effects, wide.effects)
    # Two numbers of factors in each file; one extraction was torn off the first file, both from the second.
    assert (solved.count("varimax"), solved.count("oblimin")) == (2 * len(files), 3)
    assert set(torn.splitlines()) <= set(files[0].read_bytes().splitlines())
    solved.clear()
    monkeypatch.setattr(analyses, "prepare", None)  # would be called for any data that is not kept
    pd.testing.assert_frame_equal(strong.run(cache=tmp_path, **WIDE).cells, wide.cells)
    assert solved == []


def test_no_cell_is_a_study_of_meaning_alone(strong: World) -> None:
    found = strong.run(OWN.model_copy(update={"structure": "semantic"}))
    assert not found.cells["own"].any()
    assert "The study's own analysis is not among these." in found.summary()


def test_other_settings_seeds_and_code_are_kept_apart(strong: World, tmp_path: Path) -> None:
    strong.run(cache=tmp_path)
    strong.run(OWN.model_copy(update={"placement_level": 0.4}), cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    strong.run(OWN.model_copy(update={"bootstrap": 7}), cache=tmp_path)  # moves no analysis
    assert len(list(tmp_path.iterdir())) == 2


def test_published_dimensions_are_looked_for_too(strong: World) -> None:
    truth = strong.drawn.truth[strong.drawn.truth >= 0]
    table = pd.DataFrame({"word": truth.index, "system": "valuelex-dimensions", "confidence": 0.9})
    table["category"] = truth.map({0: "Competence", 1: "Character", 2: "Integrity"}).to_numpy()
    found = World(strong.drawn, replace(strong.source, crosswalk=table)).run(min_prevalence=[0.03, 0.05])
    published = found.dimensions[
        (found.dimensions["taxonomy"] == "published") & (found.dimensions["choice"] == "(all)")
    ]
    assert list(published["dimension"]) == ["Character", "Competence", "Integrity"]
    assert (published["share"] == 1.0).all()
    assert "The published dimension Character comes back in 100 %" in found.summary()


def test_given_words_without_prompts_or_lemmas_close_cells_and_say_so(strong: World) -> None:
    bare = replace(strong.source, responses=None, words=strong.source.words.assign(lemma=pd.NA))
    found = World(strong.drawn, bare).run(prompts=["all", "halves"], normalisation=["families", "lemma"])
    assert found.cells["status"].tolist() == ["analysed", *(["closed"] * 5)]
    assert found.cells["reason"].dropna().str.contains("which prompt|no lemma").all()
    nothing = World(strong.drawn, bare).run(prompts=["halves"])
    assert nothing.about["n_analysed"] == 0
    assert "No analysis of the grid can be made." in nothing.summary()


def test_clusters_that_cannot_be_are_a_failed_cell_with_a_reason(strong: World) -> None:
    class Broken:
        """Vectors of length zero; no model is behind them."""

        name = "broken"

        def encode(self, texts) -> np.ndarray:
            return np.zeros((len(texts), 4))

    settings = MultiverseSettings(prompts=["all"], normalisation=["families"], association=["residual"], max_cells=2)
    broken: Embedder = Broken()
    found = multiverse(strong.source, settings, OWN, seed=SEED, embedders=lambda name: broken, n_jobs=1)
    assert set(found.cells["status"]) == {"failed"}
    assert found.cells["reason"].str.contains("vector of word").all()


def test_an_embedding_that_cannot_be_opened_stops_before_anything_is_computed(strong: World, monkeypatch) -> None:
    monkeypatch.setattr(analyses, "prepare", None)

    def refuse(name: str):
        raise SettingError(f"no {name}")

    with pytest.raises(SettingError, match="no other"):
        multiverse(strong.source, MultiverseSettings(embedding=["other"]), OWN, seed=SEED, embedders=refuse)


def test_progress_counts_the_shared_tasks(strong: World) -> None:
    heard: list[tuple[int, int]] = []
    settings = MultiverseSettings(prompts=["all", "halves"], association=["residual"], max_cells=40)
    multiverse(
        strong.source, settings, OWN, seed=SEED, embedders=lambda name: _embedder(strong), n_jobs=1,
        on_progress=lambda done, planned: heard.append((done, planned)),
    )  # fmt: skip
    assert heard == [(done, heard[0][1]) for done in range(heard[0][1] + 1)]


def _embedder(strong: World) -> Embedder:
    from valuelex.taxonomy.simulation import SimulatedEmbedder

    return SimulatedEmbedder(strong.drawn)
