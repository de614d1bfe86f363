"""The step in a study: the edited file is noticed, frozen and packed; candidates and balance are tables and in the report."""

import json
import zipfile

import pytest
import yaml

from tests.projective.conftest import ScriptedEngine
from valuelex.errors import BadInput, StudyFileError
from valuelex.report import render
from valuelex.report.evidence import Evidence
from valuelex.report.instrument import section
from valuelex.study import Study
from valuelex.study.dry_run import dry_run
from valuelex.study.freeze import current_plan
from valuelex.study.instrument_made import instrument_line
from valuelex.study.named_files import named_files
from valuelex.study.pack import pack
from valuelex.tables import write


def study(folder, **instrument):
    (folder / "study.yaml").write_text(yaml.safe_dump({"name": "made", "models": [], "instrument": instrument}))
    return Study.load(folder)


@pytest.fixture
def edited(published, tmp_path):
    write("manual", published["manual"], tmp_path)
    return study(tmp_path, file="instrument.yaml")


def state(found):
    return {status.stage: status.state for status in found.status()}["instrument"]


def test_an_edited_file_needs_no_earlier_step_and_an_edit_is_noticed(edited, tmp_path):
    assert edited.run("instrument") == ["instrument"]
    assert state(edited) == "done"
    path = tmp_path / "instrument.yaml"
    path.write_text(path.read_text().replace("version: 1", "version: 2"))
    assert state(edited) == "stale"
    assert edited.run("instrument") == ["instrument"]
    manual = edited.document("manual")
    assert manual["version"] == 2 and manual["based_on"] != manual["sha256"]
    assert "version 2" in instrument_line(edited)


def test_frozen_plan_and_package_know_the_file(edited, tmp_path):
    edited.run("instrument")
    assert named_files(edited.file, edited.folder)["instrument.yaml"] == edited.folder / "instrument.yaml"
    before = current_plan(edited.file, edited.folder)["files"]["instrument.yaml"]
    packed = pack(edited, tmp_path / "out.zip")
    assert {"instrument.yaml", "results/instrument.yaml", "results/form_balance.csv"} <= set(packed.files)
    with zipfile.ZipFile(packed.path) as archive:
        assert archive.read("instrument.yaml") == (tmp_path / "instrument.yaml").read_bytes()
    (tmp_path / "instrument.yaml").write_text("items: []\n")
    assert current_plan(edited.file, edited.folder)["files"]["instrument.yaml"] != before


def test_a_broken_file_is_refused_before_anything_runs(edited, tmp_path):
    path = tmp_path / "instrument.yaml"
    path.write_text(path.read_text().replace("valence: neutral", "valence: grey", 1))
    with pytest.raises(StudyFileError, match=r"instrument\.yaml, line \d+: items\.\d+\.valence"):
        edited.check("instrument")


@pytest.mark.parametrize("key", ["file", "bank"])
def test_a_file_that_is_no_yaml_or_not_there(tmp_path, key):
    with pytest.raises(StudyFileError, match=r"ends in \.yaml"):
        study(tmp_path, **{key: "stems.csv"})
    with pytest.raises(BadInput, match=r"none\.yaml: does not exist"):
        given_taxonomy(tmp_path, taxonomy="valuelex", **{key: "none.yaml"}).check("instrument")


def given_taxonomy(folder, **instrument):
    (folder / "a.csv").write_text("word,dimension\nkindness,Warmth\nempathy,Warmth\naccuracy,Skill\nmastery,Skill\n")
    content = {"name": "made", "models": [], "inputs": {"assignments": "a.csv"}, "instrument": instrument}
    (folder / "study.yaml").write_text(yaml.safe_dump(content))
    return Study.load(folder)


def test_a_written_test_has_its_candidates_and_its_calls_planned(tmp_path):
    writer = {"id": "w", "base_url": "http://127.0.0.1:9/v1", "per_cell": 2}
    found = given_taxonomy(tmp_path, taxonomy="valuelex", stems=24, writer=writer)
    [line] = [p for p in dry_run(found, "instrument") if p.stage == "instrument"]
    assert (line.model_id, line.planned, line.answered, line.exact) == ("w", 24, 0, True)
    reply = json.dumps({"stems": [{"text": "When the lamp goes out, I", "person": "first"}]})
    found.engines["w"] = ScriptedEngine(lambda request: reply)
    found.run("instrument")
    rows = found.read("stem_candidates")
    assert (rows["source"] == "writer").sum() == 24
    assert all(row.reason for row in rows[rows["verdict"] == "dropped"].itertuples())
    [line] = [p for p in dry_run(found, "instrument") if p.stage == "instrument"]
    assert line.answered == 24


def test_the_section_says_what_the_tables_say(tmp_path):
    found = given_taxonomy(tmp_path, stems=24)
    found.run("instrument")
    made = section(Evidence(found))
    rows, balance = found.read("stem_candidates"), found.read("form_balance")
    said = " ".join(made.findings)
    assert f"Of {len(rows)} candidates" in said and f"{(rows['verdict'] == 'dropped').sum()} fell through" in said
    largest = balance.loc[balance["kind"] == "mean", "standardised"].abs().max()
    assert f"at most {largest:.3f} standard deviations" in said
    assert found.document("manual")["sha256"] in said
    assert "What the filters dropped" in render(found)
    names = {getattr(block, "name", "") for block in made.blocks}
    assert {"instrument-balance-means", "instrument-filters"} <= names


def test_forms_that_are_not_matched_are_said_to_be_so(edited, tmp_path):
    path = tmp_path / "instrument.yaml"
    content = yaml.safe_load(path.read_text())
    for i, item in enumerate(sorted(content["items"], key=lambda item: len(item["stem"]))):
        item["form"] = "A" if i < 30 else "B"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    edited.run("instrument")
    assert any("not matched on words of a stem" in finding for finding in section(Evidence(edited)).findings)
