"""The section `multiverse` and its picture, on tables made up for the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from valuelex.report.content import Details, Figure, Table
from valuelex.report.evidence import Evidence
from valuelex.report.multiverse import section
from valuelex.report.page import script_json
from valuelex.report.specification_curve import MOST_COLUMNS, curve
from valuelex.study import Study
from valuelex.tables import write
from valuelex.taxonomy import MultiverseSettings, TaxonomySettings, make_grid
from valuelex.taxonomy.multiverse.compare import Reference
from valuelex.taxonomy.multiverse.tables import came_back, cell_table, dimension_table, effect_table
from valuelex.taxonomy.multiverse.wording import headlines

OWN = TaxonomySettings()
NAMES = ("Care", "<b>Truth</b> & co")


def made_up(n_cells: int | None = None, **grid: object) -> dict[str, object]:
    """A grid whose agreement and first dimension depend on the association alone; its second never comes back."""
    settings = MultiverseSettings(max_cells=n_cells, **grid)  # type: ignore[arg-type]
    spelled = make_grid(settings, OWN, [f"p{i:02d}" for i in range(15)], seed=1)
    rows: list[dict] = []
    for cell in spelled.cells:
        why = spelled.closed(cell, OWN)
        if why:
            rows.append({"status": "closed", "reason": why})
            continue
        good = cell.association in ("residual", "log-ratio")
        found = {"n_respondents": 200, "n_words": 50, "n_placed": 40, "factorable": good, "n_factors": 3 if good else 0,
                 "n_clusters": 5, "n_dimensions": 3, "n_subdimensions": 6, "n_shared": 40, "nmi": 0.5,
                 "ari": 0.9 if good else 0.2, "ari_subdimensions": 0.3}  # fmt: skip
        why_not = None if good else f"The largest eigenvalue (p = {len(rows) % 7 / 10}) is that of permuted data."
        rows.append(
            found | {"status": "analysed", "reason": why_not, "jaccard": np.array([0.8 if good else 0.3, np.nan])}
        )
    cells = cell_table(spelled, rows, spelled.cells[0])
    done = cells[(cells["status"] == "analysed").to_numpy(dtype=bool)]
    jaccard = {"own": np.array([row["jaccard"] for row in rows if row["status"] == "analysed"])}
    back = {
        "own": came_back(jaccard["own"], done["factorable"].to_numpy(dtype=bool), threshold=0.5, needs_factors=True)
    }
    reference = Reference("own", NAMES, {}, {})
    dimensions = dimension_table(spelled, done, [reference], jaccard, back)
    effects = effect_table(done, [reference], back)
    about = {"n_grid": spelled.size, "n_cells": len(cells), "sampled": spelled.sampled, "n_analysed": len(done),
             "n_factorable": int(done["factorable"].sum()), "comes_back": 0.5, "needs_factors": True,
             "own_in_grid": True}  # fmt: skip
    about |= headlines(about, cells, dimensions, effects)
    return {
        "multiverse": cells,
        "multiverse_dimensions": dimensions,
        "multiverse_effects": effects,
        "multiverse_summary": about,
    }


@pytest.fixture(scope="module")
def whole() -> dict:
    return made_up()


@pytest.fixture
def evidence(results: Callable[..., Study], whole: dict) -> Evidence:
    return Evidence(results(changes=whole))


def table(found, name: str) -> Table:
    inner = [b for block in found.blocks for b in (block.blocks if isinstance(block, Details) else (block,))]
    return next(b for b in inner if isinstance(b, Table) and b.name == name)


def test_the_lead_says_how_often_and_what_moves_it(evidence: Evidence, whole: dict) -> None:
    found = section(evidence)
    assert found is not None
    share = whole["multiverse"].query("status == 'analysed'")["association"].isin(["residual", "log-ratio"]).mean()
    assert found.findings[0].startswith(
        f"Care comes back in {100 * share:.0f} % of 9,216 analyses; the choice that moves it most"
    )
    assert "association (log-ratio 100 %, " in found.findings[0]
    assert found.findings[1] == f"{NAMES[1]} comes back in 0 % of 9,216 analyses, whatever the choices."
    assert "association explains most of its variance (100 %)" in found.findings[2]


def test_tables_hold_the_shares(evidence: Evidence, whole: dict) -> None:
    found = section(evidence)
    by_name = {row[0]: row for row in table(found, "multiverse-dimensions").rows}
    assert by_name["Care"][6] == "association (100\u00a0%)"
    assert by_name[NAMES[1]][3:] == ["0", by_name[NAMES[1]][4], "–", "–"]
    levels = {(row[0], row[1]): row for row in table(found, "multiverse-levels-own").rows}
    assert levels["association", "residual"][3].text == "100\u00a0%"
    assert levels["association", "pearson"][3].bar == 0.0
    assert levels["factorable", "yes"][3].bar == 1.0
    effects = table(found, "multiverse-effects").rows
    assert effects[0][0] == "association"
    assert effects[0][1].text == "100.0\u00a0%"
    assert effects[0][2].bar == pytest.approx(1.0)
    # Reasons that differ in their figures alone are one row.
    reasons = table(found, "multiverse-reasons").rows
    assert sum(row[0] == "not factorable" for row in reasons) == 1
    assert {row[0] for row in reasons} == {"not factorable", "closed"}


def test_thousands_of_analyses_make_a_light_picture(whole: dict) -> None:
    picture = curve(whole["multiverse"], whole["multiverse_effects"], whole["multiverse_dimensions"])
    assert picture is not None
    line, own, choices = picture.spec["data"]
    assert len(line["x"]) == len(line["y"]) == MOST_COLUMNS
    assert len(script_json(picture.spec)) < 250_000
    assert line["y"] == sorted(line["y"])
    assert own["marker"]["symbol"] == "diamond-open"
    names = dict(
        zip(picture.spec["layout"]["yaxis"]["tickvals"], picture.spec["layout"]["yaxis"]["ticktext"], strict=True)
    )
    assert names[0].startswith("association: ")
    assert names[max(names)] == "factorable: no"
    rows = pd.DataFrame([choices["z"][i] for i in names], index=[text.split(":")[0] for text in names.values()])
    sums = rows.groupby(level=0).sum()
    np.testing.assert_allclose(sums.to_numpy(), 1.0, atol=0.01)
    assert [z for i, z in enumerate(choices["z"]) if i not in names] == [[None] * MOST_COLUMNS] * (
        len(choices["z"]) - len(names)
    )
    assert "share 240 columns" in picture.note


def test_few_analyses_have_a_column_each_and_one_has_no_curve() -> None:
    few = made_up(40)
    picture = curve(few["multiverse"], few["multiverse_effects"], few["multiverse_dimensions"])  # type: ignore[arg-type]
    assert picture is not None
    n = int(few["multiverse"]["ari"].notna().sum())  # type: ignore[index]
    assert len(picture.spec["data"][0]["x"]) == n
    assert {z for row in picture.spec["data"][-1]["z"] for z in row} <= {0.0, 1.0, None}
    assert "share" not in picture.note
    one = few["multiverse"].head(1)  # type: ignore[union-attr]
    assert curve(one, few["multiverse_effects"], few["multiverse_dimensions"]) is None  # type: ignore[arg-type]


def test_many_levels_share_a_row() -> None:
    many = made_up(3000, prompts=["all", "leave-one-out"])
    picture = curve(many["multiverse"], many["multiverse_effects"], many["multiverse_dimensions"])  # type: ignore[arg-type]
    assert picture is not None
    shown = [t for t in picture.spec["layout"]["yaxis"]["ticktext"] if t.startswith("prompts: ")]
    assert len(shown) == 8
    assert shown[-1] == "prompts: 9 others"


def test_names_are_data_and_not_markup(evidence: Evidence, results: Callable[..., Study], whole: dict) -> None:
    from valuelex.report import render

    page = render(evidence.study)
    assert "<b>Truth</b>" not in page
    assert "&lt;b&gt;Truth&lt;/b&gt; &amp; co comes back" in page
    assert json.loads(script_json({"x": NAMES[1]}))["x"] == NAMES[1]


def test_where_nothing_could_be_analysed_it_is_said(results: Callable[..., Study]) -> None:
    settings = MultiverseSettings(prompts=["halves"])
    spelled = make_grid(settings, OWN, None, seed=1)
    rows = [{"status": "closed", "reason": spelled.closed(cell, OWN)} for cell in spelled.cells]
    cells = cell_table(spelled, rows, spelled.cells[0])
    reference = replace(Reference("own", (), {}, {}))
    nothing = {"own": np.zeros((0, 0))}
    dimensions = dimension_table(spelled, cells.head(0), [reference], nothing, {"own": np.zeros((0, 0), dtype=bool)})
    effects = effect_table(cells.head(0), [reference], {"own": np.zeros((0, 0), dtype=bool)})
    about = {"n_grid": len(cells), "n_cells": len(cells), "sampled": False, "n_analysed": 0, "n_factorable": 0,
             "comes_back": 0.5, "needs_factors": True, "own_in_grid": False}  # fmt: skip
    about |= headlines(about, cells, dimensions, effects)
    study = results()
    for name, value in {"multiverse": cells, "multiverse_dimensions": dimensions, "multiverse_effects": effects,
                        "multiverse_summary": about}.items():  # fmt: skip
        write(name, value, study.results)
    found = section(Evidence(study))
    assert found is not None
    assert found.findings == ["No analysis of the grid can be made."]
    assert not any(isinstance(block, Figure) for block in found.blocks)
    assert table(found, "multiverse-reasons").rows[0][2] == f"{len(cells):,}"
