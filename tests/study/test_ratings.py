"""Export, fill in, import, judge, score: people as judges of a study, and the manual that they are given."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml

import valuelex
from tests.projective.scoring.made_up import study as made_up
from valuelex.errors import BadInput
from valuelex.report.manual_page import manual_page, write_manual
from valuelex.study.freeze import current_plan
from valuelex.study.pack import pack
from valuelex.study.ratings import export_ratings, import_ratings


@pytest.fixture
def study(tmp_path: Path) -> valuelex.Study:
    _, completions, instrument, _ = made_up(models=3, stems=8, samples=1)
    completions["text"] = [f"stay calm, {m} says so." for m in completions["model_id"]]
    for name, table in {"completions": completions, "instrument": instrument}.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    content = {
        "name": "rated",
        "models": [],
        "inputs": {n: f"{n}.csv" for n in ("completions", "instrument")},
        "scoring": {"bootstrap": 20},
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    found = valuelex.Study.load(tmp_path)
    found.run("instrument")
    found.run("administer")
    return found


def fill(path: Path, level: int) -> Path:
    book = openpyxl.load_workbook(path)
    page = book["Ratings"]
    head = [cell.value for cell in page[1]]
    for row in page.iter_rows(min_row=2):
        for name, cell in zip(head, row, strict=True):
            if name in ("honest", "fair"):
                cell.value = level
            if name == "warm":
                cell.value = "NA"
    book.save(path)
    return path


def test_round_trip(study: valuelex.Study, tmp_path: Path) -> None:
    study.run("score")
    alone = study.judgements
    made = export_ratings(study, raters=2, completions=12)
    assert [p.name for p in made.files] == [
        "sheet_R1.csv", "sheet_R1.xlsx", "sheet_R2.csv", "sheet_R2.xlsx", "key.json",
    ]  # fmt: skip
    assert made.completions == 12
    sheet = made.files[0].read_text(encoding="utf-8-sig")
    assert not any(f"m{m:02d}" in sheet for m in range(3)) and "[model] says so" in sheet
    csv = pd.read_csv(made.files[2], dtype=str, keep_default_na=False)
    csv[["honest", "gentle"]] = ["2", "na"]
    csv.to_csv(made.files[2], index=False)
    got = import_ratings(study, [fill(made.files[1], 5), made.files[2]])
    assert (got.ratings, got.known) == (12 * 3 + 12 * 2, 0)
    assert {s.stage: s.state for s in study.status()}["judge"] == "stale"
    assert study.run("score") == ["judge", "score"]
    people = study.judgements[study.judgements["judge_id"].str.startswith("human:")]
    assert len(people) == got.ratings and len(study.judgements) == len(alone) + got.ratings
    means = people.groupby(["judge_id", "dimension"])["score"].mean()
    assert means["human:R1", "honest"] == 5 and means["human:R2", "honest"] == 2
    assert pd.isna(means["human:R1", "warm"])
    assert study.document("judging")["judges"] == ["embedded", "human:R1", "human:R2"]
    rated = set(people["completion_id"])
    scored = study.completion_scores.query("level == 'subdimension' and dimension == 'honest'").set_index(
        "completion_id"
    )
    embedded = alone[alone["dimension"] == "honest"].set_index("completion_id")["score"]
    for completion in sorted(rated):
        given = [5.0, 2.0] + ([] if pd.isna(embedded[completion]) else [float(embedded[completion])])
        assert scored.loc[completion, "score"] == pytest.approx(sum(given) / len(given))
    assert study.run("score") == []
    again = import_ratings(study, [made.files[1]])
    assert (again.ratings, again.known) == (0, 36)
    assert study.run("score") == []


def test_ratings_go_into_plan_and_package(study: valuelex.Study, tmp_path: Path) -> None:
    before = current_plan(study.file, study.folder)["files"]
    made = export_ratings(study, raters=1)
    assert current_plan(study.file, study.folder)["files"] == before, "sheets and key are no data yet"
    import_ratings(study, [fill(made.files[1], 3)])
    assert set(current_plan(study.file, study.folder)["files"]) - set(before) == {"ratings/human_R1.csv"}
    study.run("judge")
    packed = pack(study, tmp_path / "out.zip")
    assert "ratings/human_R1.csv" in packed.files


def test_what_cannot_be(study: valuelex.Study, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="key.json does not exist"):
        import_ratings(study, [tmp_path / "sheet.csv"])
    made = export_ratings(study, raters=1)
    with pytest.raises(BadInput, match="exported before"):
        export_ratings(study)
    with pytest.raises(BadInput, match="No sheet"):
        import_ratings(study, [])
    made.files[-1].write_text("{}")
    with pytest.raises(BadInput, match="not the key"):
        import_ratings(study, [made.files[0]])


def test_nothing_is_exported_before_there_are_completions(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("models: [{id: a, base_url: 'http://127.0.0.1:9/v1'}]\n")
    with pytest.raises(BadInput, match="not made yet"):
        export_ratings(valuelex.Study.load(tmp_path))


def test_the_printed_manual(study: valuelex.Study, tmp_path: Path) -> None:
    path = write_manual(study)
    text = path.read_text()
    assert path == study.folder / "manual.html"
    for entry in study.document("manual")["subdimensions"]:
        assert f">{entry['subdimension']}</h2>" in text
    assert "<script" not in text and "src=" not in text and "@page { size: A4" in text
    assert text.count('<th scope="row">6</th>') == text.count('<th scope="row">NA</th>') == 4


def test_the_manual_is_data() -> None:
    bad = "<script>alert(1)</script>"
    entry = {
        "subdimension": bad,
        "definition": bad,
        "polarity": bad,
        "not_applicable": [bad],
        "anchors": {0: [bad], 6: [bad]},
    }
    assert "<script" not in manual_page({"how": bad, "subdimensions": [entry]}, bad)
