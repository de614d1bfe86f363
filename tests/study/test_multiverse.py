"""The optional step `multiverse` of a study: what it needs, when it is stale, killed and gone on with, from the command line.

Answers are simulated and word vectors made up; no model is behind them.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

import valuelex as vl
from valuelex.errors import BadInput, SettingError
from valuelex.study import Listener
from valuelex.study.multiverse import plan_multiverse, run_multiverse
from valuelex.taxonomy.simulation import Population, simulate

Run = Callable[..., tuple[int, str, str]]

GRID = {
    "prompts": ["all", "halves"],
    "normalisation": ["families"],
    "matrix": ["binary", "count"],
    "association": ["residual", "pearson"],
    "min_prevalence": [0.03],
    "n_factors": ["auto"],
    "method": ["minres"],
    "rotation": ["oblimin"],
    "clustering": ["agglomerative"],
    "n_clusters": ["auto"],
}
TABLES = ("multiverse", "multiverse_dimensions", "multiverse_effects")


@pytest.fixture(scope="module")
def drawn():
    return simulate(Population(3, 36, 25, 6), 4)


@pytest.fixture
def study(drawn, tmp_path: Path) -> Callable[..., Path]:
    """Write a study that starts from answers; its words are named by no lexicon, so the study gives its own."""

    def write(folder: str = "study", **changes: object) -> Path:
        place = tmp_path / folder
        place.mkdir()
        words = drawn.words
        answers = words.groupby(["response_id", "respondent_id", "model_id"])["word"].agg(list).reset_index()
        names = {w: _letters(w) for w in drawn.truth.index}
        pd.DataFrame(
            {
                **{c: answers[c] for c in ("response_id", "respondent_id", "model_id")},
                "prompt_id": "p" + answers["response_id"].str.split("-").str[1].str.zfill(2),
                "text": [", ".join(names[w] for w in row) for row in answers["word"]],
                "status": "ok",
            }
        ).to_csv(place / "responses.csv", index=False)
        lexicon = pd.DataFrame({"word": [*names.values()], "gloss": "made up"})
        lexicon.assign(variants=lexicon["word"] + "ly").to_csv(place / "values.csv", index=False)
        vectors = drawn.vectors.rename(index=names).rename_axis("word").reset_index()
        vectors.to_csv(place / "vectors.csv", index=False)
        content = {
            "name": "small",
            "models": [],
            "inputs": {"responses": "responses.csv"},
            "multiverse": GRID,
            "lexicon": {"unknown": False, "values": "values.csv"},
            "taxonomy": {"bootstrap": 0, "embedding": "precomputed:vectors.csv"},
        } | changes
        (place / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        return place

    return write


def _letters(word: str) -> str:
    """A word of letters alone for each number, and no inflection of another."""
    return "val" + "".join("bdfgklmnpr"[int(digit)] + "o" for digit in word[-3:])


def heard(study: vl.Study, **options: object) -> tuple[list[str], dict]:
    said: list[str] = []
    made = run_multiverse(study, n_jobs=1, listener=Listener(on_stage=lambda s, w: said.append(f"{s} {w}")), **options)  # type: ignore[arg-type]
    return said, made.about


def test_it_runs_what_it_needs_and_is_then_up_to_date_until_something_moves(study) -> None:
    place = study()
    found = vl.Study.load(place)
    assert "multiverse" not in [s.stage for s in found.status()]
    said, about = heard(found)
    assert said == ["elicit run", "elicit done", "lexicon run", "lexicon done", "taxonomy run", "taxonomy done",
                    "multiverse run", "multiverse done"]  # fmt: skip
    assert about["n_cells"] == 3 * 2 * 2 * 2 == len(found.multiverse)
    assert found.document("multiverse_summary") == about
    states = {s.stage: s for s in found.status()}
    assert states["multiverse"].state == "done"
    assert states["multiverse"].counts["multiverse"] == 24
    assert states["compare"].state == "not needed", "nobody is named to complete stems"
    said, again = heard(found)
    assert said[-1] == "multiverse up to date"
    assert again == about
    for changes in (
        {"taxonomy": {"placement_level": 0.4}},
        {"multiverse": {"comes_back": 0.8}},
        {"lexicon": {"min_respondents": 3}},
    ):
        content = yaml.safe_load((place / "study.yaml").read_text())
        for section, keys in changes.items():
            content[section] = {**content[section], **keys}
        other = vl.Study(found.path, type(found.file).model_validate(content))
        assert {s.stage: s.state for s in other.status()}["multiverse"] == "stale", changes
    comparison = found.file.comparison.model_copy(update={"smallest_effect": 0.3})
    other = vl.Study(found.path, found.file.model_copy(update={"comparison": comparison}))
    assert {s.stage: s.state for s in other.status()}["multiverse"] == "done"


def test_run_does_not_include_it(study) -> None:
    found = vl.Study.load(study())
    assert "multiverse" not in found.stages("report")
    with pytest.raises(SettingError):
        found.run("multiverse")


def test_a_draw_from_the_command_line_is_not_the_study_s_own(study) -> None:
    found = vl.Study.load(study())
    _, about = heard(found, cells=5)
    assert (about["n_cells"], about["sampled"]) == (5, True)
    assert {s.stage: s.state for s in found.status()}["multiverse"] == "stale"
    _, whole = heard(found)
    assert whole["n_cells"] == 24
    assert {s.stage: s.state for s in found.status()}["multiverse"] == "done"


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(study) -> None:
    place, other = study(), study("other")
    run_multiverse(vl.Study.load(other), n_jobs=1)
    vl.Study.load(place).run("taxonomy")
    command = [sys.executable, "-m", "valuelex", "multiverse", str(place), "--jobs", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kept = place / "results" / ".multiverse"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None and len(list(kept.glob("*.jsonl"))) < 3:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (place / "results" / "multiverse.parquet").exists()
    before = {p.name: p.read_bytes() for p in kept.iterdir()}
    assert len(before) >= 3
    run_multiverse(vl.Study.load(place), n_jobs=1)
    assert sum((kept / name).read_bytes() == content for name, content in before.items()) >= len(before) - 1
    for name in (*(f"{t}.parquet" for t in TABLES), *(f"{t}.csv" for t in TABLES), "multiverse.json"):
        assert (place / "results" / name).read_bytes() == (other / "results" / name).read_bytes(), name


def test_given_dimensions_are_looked_for_in_the_answers(study) -> None:
    place = study()
    made = vl.Study.load(place)
    made.run("taxonomy")
    made.taxonomy[["word", "dimension"]].to_csv(place / "mine.csv", index=False)
    content = yaml.safe_load((place / "study.yaml").read_text())
    content |= {"inputs": {"responses": "responses.csv", "assignments": "mine.csv"}, "results": "again"}
    (place / "study.yaml").write_text(yaml.safe_dump(content))
    said, about = heard(vl.Study.load(place))
    assert "lexicon done" in said
    assert about["needs_factors"] is True
    assert about["n_factorable"] > 0


def test_what_cannot_be_is_refused_before_anything_is_computed(study) -> None:
    for number, grid in enumerate(
        (
            {"embedding": ["study", "no-such-embedding"]},
            {"embedding": ["precomputed:missing.csv"]},
            {"prompts": ["all", {"name": "mine", "prompts": ["p01", "p77"]}]},
            {"min_prevalence": [i / 1000 for i in range(900)], "n_factors": [1, 2, 3, 4, 5, 6, 7, 8]},
        )
    ):
        found = vl.Study.load(study(f"bad{number}", multiverse=GRID | grid))
        with pytest.raises(BadInput):
            plan_multiverse(found)
        with pytest.raises(BadInput):
            heard(found)
        assert not (found.results / "words.parquet").exists()


def test_the_command_plans_runs_and_sums_up(run: Run, study) -> None:
    place = study(multiverse=GRID | {"association": ["residual"], "matrix": ["binary"]})
    code, out, _ = run("multiverse", place, "--dry-run")
    assert code == 0
    numbers = dict(line.split() for line in out.splitlines())
    assert (numbers["cells"], numbers["closed"], numbers["tasks"]) == ("6", "0", "3")
    assert not (place / "results" / "multiverse.csv").exists()
    code, out, err = run("multiverse", place, "--jobs", 1, "--cells", 4)
    assert code == 0
    assert "comes back in" in out.splitlines()[0]
    assert "max_cells: 4" in out
    assert "shared tasks" in err
    code, out, _ = run("status", place)
    assert "multiverse   stale" in out
    for bad in (("--jobs", 0), ("--jobs", -3), ("--cells", 0)):
        code, _, err = run("multiverse", place, *bad)
        assert code == 2
        assert len(err.splitlines()) <= 2
    (place / "study.yaml").write_text("models: []\nmultiverse: {prompts: []}\n")
    code, _, err = run("multiverse", place)
    assert (code, "multiverse.prompts" in err) == (2, True)


def test_the_report_has_the_section_where_the_step_was_run(study) -> None:
    from valuelex.report.evidence import Evidence
    from valuelex.report.multiverse import STALE, section
    from valuelex.report.page import build

    found = vl.Study.load(study())
    found.run("taxonomy")
    assert section(Evidence(found)) is None
    assert "multiverse" not in [s.name for s in build(Evidence(found))]
    _, about = heard(found)
    names = [s.name for s in build(Evidence(found))]
    assert names[names.index("taxonomy") + 1] == "multiverse"
    made = section(Evidence(found))
    assert made is not None
    assert made.findings == about["findings"]
    assert made.warnings == []
    json.dumps([b.spec for b in made.blocks if b.kind == "figure"], allow_nan=False)
    changed = vl.Study(found.path, found.file.model_copy(update={"seed": 8}))
    stale = section(Evidence(changed))
    assert stale is not None
    assert stale.warnings == [STALE]
