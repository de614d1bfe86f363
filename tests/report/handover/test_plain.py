"""CSV, data dictionary, JASP and Inspect: every table, every type, no formula, and no half-made folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from valuelex.cli.app import app
from valuelex.errors import BadInput, ResultsFolderError
from valuelex.report.handover import TARGETS, export_study
from valuelex.study import Study
from valuelex.tables import TABLES

Results = Callable[..., Study]


def test_the_package_describes_every_file(results: Results, tmp_path: Path) -> None:
    study = results(manifest=True)
    folder = export_study(study, ["csv"], tmp_path)["csv"]
    package = json.loads((folder / "datapackage.json").read_text())
    assert package["profile"] == "tabular-data-package" and package["name"] == "small"
    for resource in package["resources"]:
        content = (folder / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        table = pd.read_csv(folder / resource["path"])
        fields = resource["schema"]["fields"]
        assert [f["name"] for f in fields] == list(table.columns)
        assert all(f["description"] and f["type"] in ("string", "integer", "number", "boolean") for f in fields)
        for field in fields:
            values = table[field["name"]].dropna()
            allowed = field.get("constraints", {})
            assert not allowed.get("required") or len(values) == len(table), (resource["name"], field["name"])
            assert set(values.astype(str)) <= set(allowed.get("enum", values.astype(str)))
            assert "minimum" not in allowed or (values >= allowed["minimum"]).all()
        key = resource["schema"].get("primaryKey")
        assert key is None or not table.duplicated(key).any(), resource["name"]
    names = {r["name"] for r in package["resources"]}
    assert {"responses", "words", "judgements", "scores"} <= names <= set(TABLES)
    judged = next(r for r in package["resources"] if r["name"] == "judgements")
    assert judged["schema"]["foreignKeys"][0]["reference"] == {"resource": "completions", "fields": "completion_id"}
    crate = json.loads((folder / "ro-crate-metadata.json").read_text())
    files = {e["@id"] for e in crate["@graph"] if e["@type"] == "File"}
    assert files == {f"{name}.csv" for name in names}


def test_no_cell_is_a_formula(results: Results, tmp_path: Path) -> None:
    study = results(answer="=HYPERLINK('x')")
    for target in ("csv", "jasp", "r"):
        folder = export_study(study, [target], tmp_path)[target]
        for path in folder.rglob("*.csv"):
            cells = path.read_text().replace("\n", ",").split(",")
            assert not any(cell.strip('"').startswith("=") for cell in cells), path


def test_the_dictionary_has_every_column(results: Results, tmp_path: Path) -> None:
    study = results()
    folder = export_study(study, ["dictionary"], tmp_path)["dictionary"]
    told = pd.read_csv(folder / "data_dictionary.csv")
    page = (folder / "data_dictionary.html").read_text()
    for column in TABLES["judgements"].columns:
        assert ((told["table"] == "judgements") & (told["column"] == column.name)).any()
        assert f">{column.name}</th>" in page


def test_jasp_is_told_menus_and_gets_flat_files(
    factored: Callable[..., Study], results: Results, tmp_path: Path
) -> None:
    folder = export_study(factored(), ["jasp"], tmp_path / "one")["jasp"]
    text = (folder / "README.txt").read_text()
    assert "Exploratory Factor Analysis with words.csv: manual number of factors 3" in text
    assert pd.read_csv(folder / "words.csv").shape[1] == len(pd.read_csv(folder / "loadings.csv"))
    folder = export_study(results(), ["jasp"], tmp_path / "two")["jasp"]
    assert (folder / "judges.csv").exists() and (folder / "items_1.csv").exists()
    models = pd.read_csv(folder / "models.csv")
    assert models["model_id"].tolist() == ["smollm2-135m-instruct", "gemma-3-270m"]
    assert "mean: Virtue" in models.columns


def test_inspect_reads_the_stems(results: Results, tmp_path: Path) -> None:
    dataset = pytest.importorskip("inspect_ai.dataset")
    study = results()
    folder = export_study(study, ["inspect"], tmp_path)["inspect"]
    samples = dataset.json_dataset(str(folder / "stems.jsonl"))
    instrument = study.read("instrument")
    assert [s.id for s in samples] == instrument["item_id"].tolist()
    assert all(stem in s.input for stem, s in zip(instrument["stem"], samples, strict=True))
    assert samples[0].metadata["valence"] == instrument["valence"][0]
    rows = [json.loads(line) for line in (folder / "completions.jsonl").read_text().splitlines()]
    assert len(rows) == len(study.read("completions"))
    judged = study.read("judgements")
    scores = sum(v is not None for row in rows for scales in row["scores"].values() for v in scales.values())
    assert scores == int(judged["score"].notna().sum())


def test_every_target_says_what_it_holds(results: Results, tmp_path: Path) -> None:
    pytest.importorskip("pyreadstat")
    made = export_study(results(manifest=True), [t for t in TARGETS if t != "paper"], tmp_path)
    for target, folder in made.items():
        text = (folder / "README.txt").read_text()
        assert text.startswith(f"valuelex export {target}: small")
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            named = name in text or name.split("/")[0] + "/" in text or name == "README.txt"
            assert named, f"{target}: {name} is not in its README"


def test_an_export_is_replaced_and_a_folder_of_someone_else_is_not(results: Results, tmp_path: Path) -> None:
    study = results()
    first = export_study(study, ["csv"], tmp_path)["csv"]
    (first / "left-over.txt").write_text("old")
    export_study(study, ["csv"], tmp_path)
    assert not (first / "left-over.txt").exists()
    mine = tmp_path / "dictionary"
    mine.mkdir()
    (mine / "thesis.txt").write_text("precious")
    with pytest.raises(ResultsFolderError, match="was not made by an export"):
        export_study(study, ["dictionary"], tmp_path)
    assert (mine / "thesis.txt").read_text() == "precious"


def test_a_failure_leaves_no_half_folder(results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("valuelex.report.handover.plain.data_dictionary", broken)
    with pytest.raises(ResultsFolderError, match=r"disk is full|cannot be written"):
        export_study(results(), ["csv"], tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / "study"] or not (tmp_path / "csv").exists()
    assert not list(tmp_path.glob(".csv-*"))


def test_what_there_is_is_exported(results: Results, tmp_path: Path) -> None:
    study = results(only=("responses", "words"))
    for target in ("csv", "r", "jasp", "dictionary", "inspect"):
        assert (export_study(study, [target], tmp_path)[target] / "README.txt").exists()
    empty = results(folder="empty", only=("none",))
    with pytest.raises(ResultsFolderError, match="holds no tables"):
        export_study(empty, ["csv"], tmp_path)
    with pytest.raises(BadInput, match="'stata' is nothing to export to"):
        export_study(study, ["stata"], tmp_path)


def test_the_command(results: Results, tmp_path: Path) -> None:
    study = results()
    done = CliRunner().invoke(
        app, ["export", str(study.folder), "--to", "csv", "--to", "dictionary", "--out", str(tmp_path)]
    )
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["csv", "dictionary"]
    assert (tmp_path / "csv" / "datapackage.json").exists()
    shutil.rmtree(tmp_path / "csv")
