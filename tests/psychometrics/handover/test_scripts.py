"""Scripts for other programs: R's are run where R is installed, SPSS's are held against files read by eye and by PSPP."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.psychometrics.handover.conftest import needs_r
from valuelex import psychometrics as pm
from valuelex.errors import DataError
from valuelex.psychometrics.handover import recipes
from valuelex.psychometrics.handover.scripts import export
from valuelex.psychometrics.handover.spss import spss, spss_names

GOLDEN = Path(__file__).parent / "golden"


def run_r(folder: Path) -> dict[str, float]:
    """Run analysis.R and return the largest difference that it prints for each program."""
    done = subprocess.run(["Rscript", str(folder / "analysis.R")], cwd="/", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return {name: float(value) for name, value in re.findall(r"loadings\.csv: (\w+) (\S+)", done.stdout)}


def test_the_data_written_are_those_analysed(two_factors, tmp_path):
    gaps = two_factors.round().mask(np.random.default_rng(1).random(two_factors.shape) < 0.02)
    found = pm.efa(gaps.assign(x1=gaps["x1"] / 3), 2, seed=1)
    files = export(found, tmp_path / "out")
    assert {path.name for path in files} == {path.name for path in (tmp_path / "out").iterdir()}
    data = pd.read_csv(tmp_path / "out" / "data.csv")
    assert len(data) == found.settings["n_obs"] < 400
    np.testing.assert_allclose(data.corr(), found.correlations, atol=1e-12)
    again = pm.efa(data, 2, seed=1)
    np.testing.assert_allclose(again.loadings, found.loadings, atol=1e-9)
    assert re.fullmatch(r"(-?\d+,){1}-?\d+\.\d+,.*", (tmp_path / "out" / "data.csv").read_text().splitlines()[1])


@pytest.mark.parametrize(
    ("options", "psych", "lavaan"),
    [
        ({"mimic": "psych"}, 5e-4, 1e-3),
        ({"mimic": "psych", "method": "ml", "rotation": "varimax"}, 5e-4, 2e-3),
        ({"mimic": "psych", "method": "paf", "rotation": "promax"}, 5e-4, None),
        ({"mimic": "lavaan"}, 5e-4, 1e-3),
        ({"mimic": "spss", "rotation": "promax"}, 5e-3, None),
        ({"rotation": "bifactor"}, 5e-4, None),
        ({"rotation": "equamax", "normalize": True}, 5e-4, None),
        ({"method": "pca"}, 5e-4, None),
    ],
)
def test_r_gives_the_same_loadings(hs9, tmp_path, options, psych, lavaan):
    needs_r("psych", "GPArotation", "lavaan")
    R, n = hs9
    export(pm.efa(R, 3, n_obs=n, seed=1, **options), tmp_path)
    found = run_r(tmp_path)
    assert found["psych"] < psych
    assert found["lavaan"] < lavaan if lavaan else "lavaan" not in found


def test_r_reads_raw_data_with_awkward_names(two_factors, tmp_path):
    needs_r("psych", "GPArotation", "lavaan")
    names = {"x0": 'quit(status = 3); "', "x1": "a b", "x2": "Ärger ~ 1", "x3": "if"}
    target = np.where(np.arange(8)[:, None] < 4, [np.nan, 0.0], [0.0, np.nan])
    found = pm.efa(two_factors.rename(columns=names), 2, "ml", rotation="target", target=target, seed=1)
    export(found, tmp_path)
    assert max(run_r(tmp_path).values()) < 5e-4
    plain = pm.efa(two_factors, 2, "ml", rotation="target", target=target, seed=1)
    assert recipes.psych(found) == recipes.psych(plain)
    assert recipes.lavaan(found) == recipes.lavaan(plain)


def test_the_difference_is_that_to_the_file(hs9, tmp_path):
    needs_r("psych", "GPArotation")
    R, n = hs9
    export(pm.efa(R, 3, n_obs=n, mimic="psych", seed=1), tmp_path)
    table = pd.read_csv(tmp_path / "loadings.csv", index_col=0)
    table.iloc[2, 1] += 0.25
    table.to_csv(tmp_path / "loadings.csv")
    assert run_r(tmp_path)["psych"] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("options", "program", "why"),
    [
        ({"method": "image"}, "psych", "no extraction that equals method='image'"),
        ({"normalize": "cureton-mulaik"}, "psych", "Cureton-Mulaik"),
        ({"method": "paf"}, "lavaan", "no extraction"),
        ({"rotation": "bifactor"}, "lavaan", "no rotation"),
        ({"rotation": "promax"}, "lavaan", "varimax step only"),
        ({"rotation": "varimax", "oblique": True}, "lavaan", "no oblique varimax"),
        ({"rotation": "geomin"}, "SPSS", "no rotation that equals 'geomin'"),
        ({"rotation": "quartimax", "oblique": True}, "SPSS", "no oblique rotation"),
        ({"normalize": "cureton-mulaik"}, "SPSS", "Cureton-Mulaik"),
    ],
)
def test_a_setting_without_counterpart_is_named_in_place_of_a_script(hs9, tmp_path, options, program, why):
    R, n = hs9
    export(pm.efa(R, 3, n_obs=n, seed=1, **options), tmp_path)
    readme = (tmp_path / "README.txt").read_text()
    assert re.search(rf"- {program}: no script\. .*{re.escape(why)}", readme)
    assert (tmp_path / "analysis.sps").exists() == ("- SPSS: no script" not in readme)
    if (tmp_path / "analysis.R").exists() and program in ("psych", "lavaan"):
        assert f'report("{program}"' not in (tmp_path / "analysis.R").read_text()


def test_a_script_of_an_earlier_export_does_not_stay(hs9, two_factors, tmp_path):
    R, n = hs9
    export(pm.efa(two_factors, 2, seed=1), tmp_path)
    assert (tmp_path / "analysis.sps").exists()
    export(pm.efa(R, 3, n_obs=n, rotation="geomin", seed=1), tmp_path)
    assert not (tmp_path / "analysis.sps").exists()
    assert not (tmp_path / "data.csv").exists()


def test_a_folder_that_cannot_be_made(oblique, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        export(oblique, tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("raw_spss_varimax", {"mimic": "spss"}),
        ("raw_oblimin", {"gamma": -0.5, "method": "ml"}),
        ("spearman_promax", {"mimic": "spss", "rotation": "promax", "correlation": "spearman"}),
    ],
)
def test_spss_syntax(name, options):
    rng = np.random.default_rng(5)
    X = np.repeat(rng.integers(1, 6, (60, 2)), 3, axis=1) + rng.integers(0, 4, (60, 6))
    frame = pd.DataFrame(X, columns=["a", "b", "it's", "d", "e", "to"]).assign(a=X[:, 0] / 2)
    if name == "raw_spss_varimax":
        frame.columns = pd.Index(list("abcdef"))
    assert spss(pm.efa(frame, 2, seed=1, **options)).code == (GOLDEN / f"{name}.sps").read_text(encoding="utf-8")


def test_spss_names():
    assert spss_names(["a1", "B_2", "c.d"]) == ["a1", "B_2", "c.d"]
    for awkward in ("1a", "a b", "to", "a_", "x" * 65, "it's", ""):
        assert spss_names(["ok", awkward]) == ["v1", "v2"]
    assert spss_names(["a", "A"]) == ["v1", "v2"]


def test_spss_notes_say_what_differs(two_factors):
    assert "NOKAISER" in spss(pm.efa(two_factors, 2, seed=1)).code
    assert any("NOKAISER" in note for note in spss(pm.efa(two_factors, 2, seed=1)).notes)
    kaiser = spss(pm.efa(two_factors, 2, mimic="spss", rotation="oblimin", seed=1))
    assert " KAISER DELTA(0)" in kaiser.code
    assert kaiser.notes == ()
    promax = spss(pm.efa(two_factors, 2, rotation="promax", seed=1))
    assert any("unit-length rows" in note for note in promax.notes)
