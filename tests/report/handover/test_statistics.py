"""R and SPSS: the scripts are run where the programs are installed, and give our numbers."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.psychometrics.handover.conftest import needs_r
from valuelex import psychometrics as pm
from valuelex.errors import MissingExtra
from valuelex.report.handover import export_study
from valuelex.report.handover.sav import NOT_APPLICABLE, NOT_SCORED, names_for
from valuelex.report.handover.source import Source
from valuelex.study import Study

Results = Callable[..., Study]
Factored = Callable[..., Study]


def run_r(script: Path, code: str = "") -> str:
    asked = ["Rscript", "-e", code] if code else ["Rscript", str(script)]
    done = subprocess.run(asked, cwd=script.parent, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("settings", "programs"),
    [
        ({}, {"psych", "lavaan"}),
        ({"association": "pearson", "method": "ml", "rotation": "varimax"}, {"psych", "lavaan"}),
        ({"association": "tetrachoric"}, {"psych", "lavaan"}),
        ({"association": "log-odds", "method": "paf", "rotation": "promax"}, {"psych"}),
    ],
)
def test_r_gives_the_loadings_of_the_study(factored: Factored, tmp_path: Path, settings: dict, programs: set) -> None:
    """psych and lavaan, from Debian's packages."""
    needs_r("psych", "GPArotation", "lavaan")
    study = factored(**settings)
    folder = export_study(study, ["r"], tmp_path)["r"]
    said = run_r(folder / "taxonomy" / "analysis.R")
    apart = {name: float(value) for name, value in re.findall(r"loadings\.csv: (\w+) (\S+)", said)}
    assert programs <= set(apart)
    assert max(apart.values()) < 1e-3
    ours = pd.read_csv(folder / "taxonomy" / "loadings.csv", index_col=0)
    told = study.read("loadings").set_index("word").loc[ours.index]
    np.testing.assert_allclose(ours, told[ours.columns].astype(float), atol=1e-6)


def test_the_matrix_is_handed_over_where_no_data_have_its_coefficients(factored: Factored, tmp_path: Path) -> None:
    folder = export_study(factored(association="tetrachoric"), ["r"], tmp_path)["r"]
    assert not (folder / "taxonomy" / "data.csv").exists()
    assert (folder / "taxonomy" / "correlations.csv").exists()
    assert "start from the matrix" in (folder / "README.txt").read_text()


def test_settings_that_have_changed_are_not_handed_over_as_the_same(factored: Factored, tmp_path: Path) -> None:
    study = factored()
    place = shutil.copytree(study.folder, tmp_path / "changed")
    text = (place / "study.yaml").read_text().replace("n_factors: 3", "n_factors: 3\n  rotation: varimax")
    (place / "study.yaml").write_text(text)
    import valuelex as vl

    said = Source(vl.Study.load(place)).solution
    assert isinstance(said, str) and "come out otherwise" in said
    folder = export_study(vl.Study.load(place), ["r"], tmp_path / "out")["r"]
    assert not (folder / "taxonomy").exists()
    assert "come out otherwise" in (folder / "README.txt").read_text()


def test_r_reads_every_table_with_its_types(results: Results, tmp_path: Path) -> None:
    needs_r("utils")
    study = results(answer='=1+1, "two"; three')
    folder = export_study(study, ["r"], tmp_path)["r"]
    code = (
        'source("read.R"); cat(nrow(judgements), is.numeric(judgements$score), is.logical(judgements$applicable),'
        ' levels(responses$status), sum(is.na(judgements$score)), responses$text[3], sep = "|")'
    )
    judgements = study.read("judgements")
    empty = int(judgements["score"].isna().sum())
    expected = f'{len(judgements)}|TRUE|TRUE|ok|refused|invalid|error|{empty}|=1+1, "two"; three'
    assert run_r(folder / "read.R", code) == expected


def test_psych_gives_our_alphas(results: Results, tmp_path: Path) -> None:
    """On complete items psych::alpha is ours."""
    needs_r("psych")
    study = results()
    folder = export_study(study, ["r"], tmp_path)["r"]
    items = Source(study).items()
    rng = np.random.default_rng(1)
    names = list(items)
    for k, name in enumerate(names, 1):
        columns = [c for c in items[name] if c not in ("model_id", "sample_index")]
        made = pd.DataFrame(rng.normal(size=(30, 1)) + rng.normal(size=(30, len(columns))), columns=columns)
        made.assign(model_id="m", sample_index=range(30)).to_csv(folder / "data" / f"items_{k}.csv", index=False)
        items[name] = made
    said = dict(re.findall(r"^(.*): psych (\S+),", run_r(folder / "reliability.R"), re.M))
    assert set(said) == set(names)
    for name in names:
        assert float(said[name]) == pytest.approx(pm.alpha(items[name]).raw, abs=1e-4)


def test_sav_has_labels_missing_codes_and_levels(results: Results, tmp_path: Path) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    study = results()
    folder = export_study(study, ["spss"], tmp_path)["spss"]
    table = study.read("judgements")
    plain, about = pyreadstat.read_sav(str(folder / "judgements.sav"))
    assert len(plain) == len(table)
    np.testing.assert_allclose(plain["score"], table["score"].astype(float))
    raw, about = pyreadstat.read_sav(str(folder / "judgements.sav"), user_missing=True)
    lost = table["score"].isna()
    assert set(raw.loc[lost.to_numpy(), "score"]) == {NOT_APPLICABLE}
    assert about.variable_value_labels["score"][NOT_APPLICABLE] == "not applicable to the scale"
    assert {r["lo"] for r in about.missing_ranges["score"]} == {NOT_APPLICABLE, NOT_SCORED}
    assert about.variable_measure["score"] == "ordinal"
    assert about.variable_measure["judge_id"] == "nominal"
    assert about.original_variable_types["score"] == "F12.4"
    assert about.original_variable_types["applicable"] == "F8.0"
    labels = dict(zip(about.column_names, about.column_labels, strict=True))
    assert labels["score"].startswith("score: ")
    responses, about = pyreadstat.read_sav(str(folder / "responses.sav"), apply_value_formats=True)
    assert responses["status"].astype(str).tolist() == study.read("responses")["status"].tolist()


@pytest.mark.parametrize("text", ["=cmd()", "a\x00b\x07c", "x" * 40_000, "日本語 🙂", "two\nlines"])
def test_any_text_survives_in_sav(results: Results, tmp_path: Path, text: str) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    study = results()
    table = study.read("lexicon")
    table.loc[0, "gloss"] = text
    source = Source(study)
    source.tables["lexicon"] = table
    from valuelex.report.handover import sav
    from valuelex.tables import TABLES

    cut = sav.write_table(table, TABLES["lexicon"], tmp_path / "lexicon.sav", "title")
    read, _ = pyreadstat.read_sav(str(tmp_path / "lexicon.sav"))
    expected = re.sub("[\x00\x07]", "\ufffd", text)[: sav.LONGEST]
    assert read["gloss"][0] == expected
    assert cut == (["gloss"] if len(text) > sav.LONGEST else [])


def test_names_are_legal_and_unique() -> None:
    made = names_for(["score", "Score", "1st", "mean: Care (sub)", "mean: Care [sub]", "with", "é", "x" * 90])
    assert made[:2] == ["score", "Score_2"]
    assert len({name.upper() for name in made}) == len(made)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", name) for name in made)
    assert "WITH" not in {name.upper() for name in made}


def test_pspp_runs_the_syntax_and_gives_our_alpha(results: Results, tmp_path: Path) -> None:
    """PSPP is a free reader of SPSS files and syntax."""
    if shutil.which("pspp") is None:
        pytest.skip("pspp is not installed")
    pytest.importorskip("pyreadstat")
    from valuelex.report.handover import sav

    study = results()
    folder = export_study(study, ["spss"], tmp_path)["spss"]
    name, table = next(iter(Source(study).items().items()))
    columns = [c for c in table if c not in ("model_id", "sample_index")]
    rng = np.random.default_rng(1)
    made = pd.DataFrame(rng.normal(size=(30, 1)) + rng.normal(size=(30, len(columns))), columns=columns)
    sav.write_wide(made.assign(model_id="m", sample_index=1.0)[list(table.columns)], folder / "items_1.sav", name)
    asked = ["pspp", "-O", "format=csv", "reliability.sps"]
    done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, timeout=60)
    assert "error" not in done.stdout.lower() + done.stderr.lower()
    found = re.search(r"Cronbach's Alpha,N of Items\n(\S+?),(\d+)", done.stdout)
    assert found is not None
    assert float(found[1]) == pytest.approx(pm.alpha(made).raw, abs=0.006)
    assert int(found[2]) == len(columns)


def test_pspp_gives_the_loadings_of_the_study(factored: Factored, tmp_path: Path) -> None:
    """PSPP knows principal axes and varimax, with Kaiser's weights as its only way, and prints two decimals."""
    if shutil.which("pspp") is None:
        pytest.skip("pspp is not installed")
    study = factored(association="pearson", method="paf", rotation="varimax")
    folder = export_study(study, ["spss"], tmp_path)["spss"] / "taxonomy"
    syntax = (folder / "analysis.sps").read_text()
    assert " KAISER" in syntax
    (folder / "pspp.sps").write_text(syntax.replace(" KAISER", ""))
    asked = ["pspp", "-O", "format=csv", "pspp.sps"]
    said = subprocess.run(asked, cwd=folder, capture_output=True, text=True, timeout=60).stdout
    rows = re.findall(r"^(word\d+),(-?\.\d+),(-?\.\d+),(-?\.\d+)$", said.split("Rotated Factor Matrix")[1], re.M)
    found = pd.DataFrame({r[0]: [float(v) for v in r[1:]] for r in rows}).T
    told = study.read("loadings").set_index("word").loc[found.index].to_numpy(dtype=float)
    assert len(found) == len(pd.read_csv(folder / "loadings.csv"))
    # PSPP orders and reflects factors as we do here; half of the last digit is rounding.
    np.testing.assert_allclose(found.to_numpy(), told, atol=0.0051)


def test_without_pyreadstat_the_error_names_the_extra(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valuelex.report.handover.sav.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pyreadstat"):
        export_study(results(), ["spss"], tmp_path)
    assert list(tmp_path.glob("*")) == [] or not (tmp_path / "spss").exists()
    assert "spss" not in export_study(results(), (), tmp_path / "all")
