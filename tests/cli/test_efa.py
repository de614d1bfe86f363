"""`valuelex efa` and `valuelex verify` on files, as a newcomer runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm

FILES = {
    "loadings.csv",
    "structure.csv",
    "factor_correlations.csv",
    "communalities.csv",
    "variance.csv",
    "fit.json",
    "adequacy.json",
    "retention.csv",
    "reliability.json",
    "report.html",
    "settings.json",
}


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 answers to eight six-point items, two factors, and a column of names."""
    rng = np.random.default_rng(6)
    factors = rng.standard_normal((300, 2)) @ np.linalg.cholesky(np.array([[1, 0.3], [0.3, 1]])).T
    latent = np.repeat(factors, 4, axis=1) * 0.7 + rng.standard_normal((300, 8)) * 0.7
    frame = pd.DataFrame(np.digitize(latent, [-1.5, -0.7, 0, 0.7, 1.5]) + 1, columns=[f"q{i}" for i in range(1, 9)])
    path = tmp_path_factory.mktemp("survey") / "survey.csv"
    frame.assign(who="someone").to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def items() -> str:
    return ",".join(f"q{i}" for i in range(1, 9))


@pytest.fixture
def written(run: Run, survey: Path, items: str, tmp_path: Path) -> Path:
    out = tmp_path / "out"
    code, said, error = run(
        "efa",
        survey,
        "--columns",
        items,
        "--bootstrap",
        20,
        "--scores",
        "tenberge",
        "--seed",
        5,
        "--out",
        out,
        "--export",
    )
    assert code == 0, error
    assert "report.html" in said
    return out


def test_every_promised_file_is_written(written: Path) -> None:
    names = {path.name for path in written.iterdir()}
    assert names >= FILES | {"scores.csv", "bootstrap.csv", "determinacy.json"}
    assert {path.suffix for path in (written / "export").iterdir()} >= {".csv", ".R", ".sps"}


def test_tables_are_those_of_the_library(written: Path, survey: Path, items: str) -> None:
    data = pm.read_data(survey, columns=items.split(","))
    k = pd.read_csv(written / "loadings.csv").shape[1] - 1
    want = pm.efa(data, k, seed=5)
    loadings = pd.read_csv(written / "loadings.csv", index_col="variable")
    pd.testing.assert_frame_equal(loadings, want.loadings, check_names=False, check_dtype=False, check_index_type=False)
    assert list(loadings.columns) == [f"F{j + 1}" for j in range(k)]
    assert (loadings.sum() > 0).all()
    variance = pd.read_csv(written / "variance.csv", index_col="factor")
    assert variance["ss_loadings"].is_monotonic_decreasing
    communalities = pd.read_csv(written / "communalities.csv")
    assert list(communalities.columns) == ["variable", "h2", "u2", "complexity"]
    fit = json.loads((written / "fit.json").read_text())
    assert set(fit) >= {"chi2", "df", "p", "rmsea", "rmsea_ci", "tli", "cfi", "srmr", "bic", "n_obs"}
    assert fit["chi2"] == pytest.approx(want.fit["chi2"])
    scores = pd.read_csv(written / "scores.csv", index_col=0)
    np.testing.assert_allclose(scores, want.scores(data, "tenberge"), atol=1e-9)


def test_documents_have_what_is_promised(written: Path) -> None:
    adequacy = json.loads((written / "adequacy.json").read_text())
    assert set(adequacy) >= {"kmo", "msa", "bartlett", "factorable", "reasons"}
    assert set(adequacy["bartlett"]) == {"chi2", "df", "p"}
    assert set(adequacy["msa"]) == {f"q{i}" for i in range(1, 9)}
    reliability = json.loads((written / "reliability.json").read_text())
    for scale in ("F1", "overall"):
        for name in ("alpha", "omega_total", "omega_hierarchical"):
            for part in ("", "_ci_low", "_ci_high"):
                assert name + part in reliability[scale]
    settings = json.loads((written / "settings.json").read_text())
    assert settings["seed"] == 5
    assert settings["n_factors_rule"].startswith("ensemble")
    retention = pd.read_csv(written / "retention.csv")
    assert list(retention.columns) == ["criterion", "n_factors", "settings"]
    assert len(retention) > 4
    assert all(isinstance(json.loads(text), dict) for text in retention["settings"])


def test_json_is_the_lot_as_one_object(run: Run, survey: Path, items: str) -> None:
    options = ("--factors", 2, "--method", "ml", "--rotation", "geomin", "--json")
    code, said, error = run("efa", survey, "--columns", items, *options)
    assert code == 0, error
    found = json.loads(said)
    assert set(found) >= {name.split(".")[0] for name in FILES if name != "report.html"}
    assert found["settings"]["method"] == "ml"
    assert found["settings"]["rotation"] == "geomin"
    assert [row["variable"] for row in found["loadings"]] == [f"q{i}" for i in range(1, 9)]


def test_a_matrix_in_a_file(run: Run, tmp_path: Path, correlations) -> None:
    R, n = correlations
    R.to_csv(tmp_path / "R.csv")
    code, said, error = run("efa", tmp_path / "R.csv", "--n-obs", n, "--factors", 3, "--mimic", "lavaan", "--json")
    assert code == 0, error
    assert json.loads(said)["fit"]["chi2"] == pytest.approx(22.8967346, abs=1e-4)  # lavaan 0.6-14


@pytest.fixture(scope="module")
def correlations() -> tuple[pd.DataFrame, int]:
    path = Path(__file__).parents[1] / "reference" / "efa" / "cor_hs9.csv"
    return pd.read_csv(path, index_col=0), 301


def test_a_target_in_a_file(run: Run, tmp_path: Path, survey: Path, items: str) -> None:
    goal = pd.DataFrame(0.0, index=[f"q{i}" for i in (8, 7, 6, 5, 4, 3, 2, 1)], columns=["a", "b"])
    goal.iloc[:4, 0] = np.nan
    goal.iloc[4:, 1] = np.nan
    goal.to_csv(tmp_path / "target.csv")
    options = ("--factors", 2, "--rotation", "target", "--target", tmp_path / "target.csv", "--json")
    code, said, error = run("efa", survey, "--columns", items, *options)
    assert code == 0, error
    rows = {row["variable"]: row for row in json.loads(said)["loadings"]}
    assert abs(rows["q8"]["F1"]) > 0.5 > abs(rows["q1"]["F1"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.csv"], "there is no such file"),
        (["SURVEY"], "not numeric: who"),
        (["SURVEY", "--columns", "q1,q2,q9"], "has no column q9"),
        (["SURVEY", "--columns", "ITEMS", "--factors", "5"], "at most 4 factors"),
        (["SURVEY", "--columns", "ITEMS", "--factors", "two"], "neither a number nor 'auto'"),
        (["SURVEY", "--columns", "ITEMS", "--rotation", "equimax"], "equamax"),
        (["SURVEY", "--columns", "ITEMS", "--mimic", "stata"], "psych, spss, lavaan, efatools"),
        (["SURVEY", "--columns", "ITEMS", "--correlation", "tetrachoric"], "more than 2 categories"),
        (["SURVEY", "--columns", "ITEMS", "--export"], "--out"),
        (["SURVEY", "--columns", "q1,q2,q3", "--bootstrap", "many"], "--bootstrap"),
        (["CONSTANT"], "do not vary: b"),
        (["FEW"], "no more cases (4) than variables (8)"),
        (["EMPTY"], "no value at all: c"),
        (["INFINITE"], "infinite values: a"),
        (["MATRIX"], "--n-obs is not given"),
        (["MATRIX", "--n-obs", "301", "--scores", "bartlett"], "scores needs raw data"),
        (["SKEWED", "--n-obs", "100", "--factors", "1"], "not symmetric: a x b"),
        (["INDEFINITE", "--n-obs", "100", "--factors", "1"], "not positive definite"),
    ],
)
def test_bad_input_ends_with_two_and_says_what_to_do(
    run: Run, arguments: list[str], said: str, survey: Path, items: str, tmp_path: Path, correlations
) -> None:
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.standard_normal((50, 4)), columns=list("abcd"))
    R = pd.DataFrame(np.full((4, 4), 0.5) + 0.5 * np.eye(4), columns=list("abcd"), index=list("abcd"))
    skewed, indefinite = R.copy(), R.copy()
    skewed.loc["a", "b"] = 0.1
    indefinite.loc["a", "b"] = indefinite.loc["b", "a"] = -0.9
    infinite = noise.copy()
    infinite.iloc[0, 0] = np.inf
    frames = {
        "CONSTANT": noise.assign(b=1.0),
        "EMPTY": noise.assign(c=np.nan),
        "INFINITE": infinite,
        "FEW": pd.read_csv(survey)[items.split(",")].iloc[:4],
    }
    matrices = {"MATRIX": correlations[0], "SKEWED": skewed, "INDEFINITE": indefinite}
    places = {"SURVEY": str(survey), "ITEMS": items}
    for name, frame in {**frames, **matrices}.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=name in matrices)
        places[name] = str(tmp_path / f"{name}.csv")
    code, _, error = run("efa", *(places.get(argument, argument) for argument in arguments))
    assert code == 2
    assert said in error
    assert "Traceback" not in error
    assert len(error.strip().splitlines()) <= 3


def test_verify_prints_a_table_and_ends_well(run: Run) -> None:
    code, said, error = run("verify")
    assert code == 0, error
    assert "reference numbers recomputed within tolerance" in said
    for head in ("number", "source", "reference", "recomputed", "tolerance"):
        assert head in said.splitlines()[0]
