"""The section `score`: what is known of the test stands there, and what is not says why."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

import valuelex
from tests.projective.scoring.made_up import study as made_up
from valuelex.report import score
from valuelex.report.content import Details, Section, Table
from valuelex.report.evidence import Evidence
from valuelex.report.page import render
from valuelex.report.wording import number


def tables(section: Section) -> dict[str, Table]:
    inside = [b for block in section.blocks for b in (block.blocks if isinstance(block, Details) else (block,))]
    return {b.name: b for b in inside if isinstance(b, Table)}


def run(folder: Path, **kwargs: int) -> valuelex.Study:
    judgements, completions, instrument, _ = made_up(**kwargs)
    given = {"judgements": judgements, "completions": completions, "instrument": instrument}
    for name, table in given.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    content = {"name": "s", "models": [], "inputs": {n: f"{n}.csv" for n in given}, "scoring": {"bootstrap": 20}}
    (folder / "study.yaml").write_text(yaml.safe_dump(content))
    found = valuelex.Study.load(folder)
    found.run("compare")
    return found


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> valuelex.Study:
    return run(tmp_path_factory.mktemp("s"), models=12, stems=16)


def test_everything_that_was_found_is_shown(study: valuelex.Study) -> None:
    section = score.section(Evidence(study))
    found = tables(section)
    assert {
        *(
            "score-table-dimensions",
            "score-table-subdimensions",
            "score-reliability",
            "score-components",
            "score-pairs",
        ),
        *("score-multitrait-forms", "score-multitrait-judges", "score-structure", "score-effects", "score-items"),
        "score-short-form",
    } <= set(found)
    assert [b.name for b in section.blocks if hasattr(b, "spec")][-1] == "score-generalizability"
    upper = study.scores[study.scores["level"] == "dimension"].sort_values(["dimension", "model_id"])
    assert [row[5] for row in found["score-table-dimensions"].rows] == [number(v) for v in upper["adjusted"]]
    assert any("One factor carries" in said for said in section.findings)
    assert any("For a generalizability of .80" in said for said in section.findings)
    assert study.document("reliability")["structure"]["sentence"] in section.findings
    assert "Infinity" not in render(study)


def test_with_two_models_the_gaps_say_why(tmp_path: Path) -> None:
    section = score.section(Evidence(run(tmp_path, models=2, stems=8)))
    found = tables(section)
    assert "score-components" not in found and "score-pairs" not in found
    assert "at least 5 are needed" in " ".join(section.findings)
    assert "Dashes:" in found["score-reliability"].note
    assert "Dashes:" in found["score-items"].note


def test_given_scores_are_shown_without_a_test(tmp_path: Path) -> None:
    scores = pd.DataFrame({"model_id": ["a", "b"], "dimension": ["X", "X"], "mean": [2.0, 4.0], "n": [3, 3]})
    scores.to_csv(tmp_path / "scores.csv", index=False)
    (tmp_path / "study.yaml").write_text("models: []\ninputs: {scores: scores.csv}\n")
    study = valuelex.Study.load(tmp_path)
    study.run("compare")
    section = score.section(Evidence(study))
    assert "2.00" in section.findings[0]
    assert any("was given" in warning for warning in section.warnings)
    assert render(study)


def test_a_table_of_dashes_is_a_sentence() -> None:
    from valuelex.report.content import Note
    from valuelex.report.examined import _reliability_table

    judges = {"judges": ["embedded"], "icc_2_1": None, "reason": "One judge alone."}
    scale = {"level": "dimension", "alpha": None, "ci": None, "reason": "4 records; at least 10 are needed."}
    said = _reliability_table({"scales": {"Care": scale}, "judges": judges}, 0.8)
    assert isinstance(said, Note)
    assert said.text.startswith("No reliability can be had.") and "alpha: 4 records" in said.text
