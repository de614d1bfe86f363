"""Power: RMSEA tests against R and published tables; simulations against what must hold of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.planning import simulation

FAST = {"n_rep": 20, "seed": 3}

FOLDER = Path(__file__).parents[2] / "reference" / "planning"


def test_rmsea_power_against_r():
    for row in json.loads((FOLDER / "rmsea_power.json").read_text()):
        found = pm.rmsea_power(row["df"], row["n"], rmsea0=row["rmsea0"], rmsea_a=row["rmsea_a"], alpha=row["alpha"])
        assert found == pytest.approx(row["power"], abs=1e-8)


@pytest.mark.parametrize(("df", "n", "close", "not_close"), [(5, 100, 0.127, 0.081), (100, 200, 0.955, 0.870)])
def test_rmsea_power_against_maccallum_table_2(df, n, close, not_close):
    assert pm.rmsea_power(df, n) == pytest.approx(close, abs=5e-4)
    assert pm.rmsea_power(df, n, rmsea_a=0.01) == pytest.approx(not_close, abs=5e-4)


@pytest.mark.parametrize(("df", "close", "not_close"), [(10, 782, 750), (100, 132, 178)])
def test_sample_size_against_maccallum_table_4(df, close, not_close):
    assert pm.rmsea_sample_size(df) == close
    assert pm.rmsea_sample_size(df, rmsea_a=0.01) == not_close


@given(df=st.integers(2, 300), power=st.floats(0.3, 0.99), n_groups=st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_sample_size_is_the_smallest_with_that_power(df, power, n_groups):
    n = pm.rmsea_sample_size(df, power, n_groups=n_groups)
    assert pm.rmsea_power(df, n, n_groups=n_groups) >= power > pm.rmsea_power(df, n - 1, n_groups=n_groups)


@pytest.mark.parametrize("options", [{"rmsea_a": 0.05}, {"rmsea0": -0.1}, {"alpha": 1.0}, {"n_groups": 0}])
def test_rmsea_bad_input(options):
    with pytest.raises(SettingError):
        pm.rmsea_power(10, 100, **options)
    with pytest.raises(SettingError, match="df"):
        pm.rmsea_power(0, 100)


def test_no_sample_is_large_enough_for_a_tiny_difference():
    with pytest.raises(SettingError, match="needs more than"):
        pm.rmsea_sample_size(1, rmsea0=0.05, rmsea_a=0.0501)


def test_more_cases_show_more():
    found = pm.power_efa(p=12, k=3, loading=0.6, phi=0.3, n=(60, 150, 1000), n_rep=60, seed=1)
    table = found.table
    assert list(table.index) == [60, 150, 1000]
    assert table["congruence"].is_monotonic_increasing
    assert table["error"].is_monotonic_decreasing
    assert table["k_found"].is_monotonic_increasing
    assert table.loc[1000, "k_found"] == 1
    assert table.loc[1000, "congruence"] > 0.99
    assert np.allclose(table[["k_found", "k_under", "k_over", "failed"]].sum(axis=1), 1)
    assert found.smallest_n == 1000 or table.loc[found.smallest_n, "enough"]
    assert "cases are enough" in found.summary()


def test_errors_are_of_the_size_that_theory_says():
    # One factor, equal loadings, continuous: the error of a ML loading is known from the information of `cfa`.
    n, p, loading = 400, 6, 0.7
    R = np.full((p, p), loading**2)
    np.fill_diagonal(R, 1.0)
    se = pm.cfa(f"f =~ {' + '.join(f'V{i + 1}' for i in range(p))}", R, n_obs=n, std_lv=True).standardized["se"][0]
    found = pm.power_efa(p=p, k=1, loading=loading, n=n, method="ml", n_rep=300, seed=2)
    assert found.table.loc[n, "error"] == pytest.approx(se * np.sqrt(2 / np.pi), rel=0.05)


def test_the_same_seed_gives_the_same_and_rows_do_not_depend_on_the_grid():
    one = pm.power_efa(p=8, k=2, loading=0.6, n=(100, 200), **FAST)
    two = pm.power_efa(p=8, k=2, loading=0.6, n=200, **FAST)
    assert one.table.loc[200].equals(two.table.loc[200])
    assert pm.power_efa(p=8, k=2, loading=0.6, n=200, n_rep=2).settings["seed"] >= 0


def test_workers_do_not_change_the_numbers():
    joblib = pytest.importorskip("joblib")
    serial = pm.power_efa(p=8, k=2, loading=0.6, n=100, n_rep=60, seed=5)
    with joblib.parallel_config("threading", n_jobs=2):
        parallel = pm.power_efa(p=8, k=2, loading=0.6, n=100, n_rep=60, seed=5)
    assert serial.table.equals(parallel.table)


def test_categories_and_polychorics():
    found = pm.power_efa(p=8, k=2, loading=0.7, n=250, categories=4, skew=1.0, **FAST)
    assert found.settings["correlation"] == "polychoric"
    pearson = pm.power_efa(p=8, k=2, loading=0.7, n=250, categories=4, skew=1.0, correlation="pearson", **FAST)
    # Pearson correlations of coarse variables are too small: loadings come out biased.
    assert pearson.table.loc[250, "error"] > found.table.loc[250, "error"]


@given(categories=st.integers(2, 9), share=st.floats(-1, 1))
@settings(max_examples=40, deadline=None)
def test_thresholds_have_the_skewness_asked_for(categories, share):
    from scipy.special import ndtr

    skew = share * simulation.largest_skew(categories)
    cuts = simulation.thresholds_of(categories, skew)
    assert (np.diff(cuts) > 0).all()
    assert cuts.size == categories - 1
    p = np.diff(ndtr(cuts), prepend=0.0, append=1.0)
    z = np.arange(categories) - p @ np.arange(categories)
    assert p @ z**3 / (p @ z**2) ** 1.5 == pytest.approx(skew, abs=1e-6)


def test_search_brackets_the_answer():
    found = pm.sample_size(p=9, k=3, loading=0.7, n_rep=40, seed=4)
    n = found.smallest_n
    assert found.table.loc[n, "enough"]
    below = [size for size in found.table.index if size < n]
    assert not found.table.loc[below, "enough"].any()
    assert n - max(below) <= 0.1 * n + 1


def test_targets():
    found = pm.power_efa(
        p=9, k=3, loading=0.7, n=60, targets={"k_found": None, "congruence": 0.5, "error": 0.5}, **FAST
    )
    assert found.targets == {"congruence": 0.5, "error": 0.5, "improper": 0.05}
    hopeless = pm.power_efa(p=9, k=3, loading=0.3, n=60, **FAST)
    assert hopeless.smallest_n is None
    assert "no n of the table" in hopeless.summary()


def test_a_goal_out_of_reach_is_said(monkeypatch):
    monkeypatch.setattr("valuelex.psychometrics.planning.power.LIMIT", 150)
    with pytest.warns(pm.PsychometricsWarning, match="not enough"):
        found = pm.sample_size(p=6, k=2, loading=0.2, n_rep=5, seed=1)
    assert found.smallest_n is None


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({}, SettingError, "No structure"),
        ({"p": 6, "k": 2}, SettingError, "No structure"),
        ({"pattern": [[0.5], [0.5], [0.5]], "p": 3}, SettingError, "both given"),
        ({"pattern": [[0.5, np.nan]] * 6}, DataError, "missing"),
        ({"pattern": [[1.0], [0.5], [0.5]]}, SettingError, "communality"),
        ({"p": 4, "k": 2, "loading": 0.6}, SettingError, "at most 1"),
        ({"p": 3, "k": 2, "loading": 0.6}, SettingError, "p=3"),
        ({"p": 9, "k": 3, "loading": 0.6, "phi": -0.6}, SettingError, "proper"),
        ({"p": 9, "k": 3, "loading": 0.6, "phi": np.eye(2)}, SettingError, "proper"),
        ({"p": 9, "k": 3, "loading": 0.6, "skew": 1.0}, SettingError, "needs categories"),
        ({"p": 9, "k": 3, "loading": 0.6, "skew": 9.0, "categories": 5}, SettingError, "skew=9"),
        ({"p": 9, "k": 3, "loading": 0.6, "correlation": "polychoric"}, SettingError, "categories"),
        ({"p": 9, "k": 3, "loading": 0.6, "targets": {"power": 0.8}}, SettingError, "power"),
        ({"p": 9, "k": 3, "loading": 0.6, "n": 9}, SettingError, "n=9"),
        ({"p": 9, "k": 3, "loading": 0.6, "n": ()}, SettingError, "empty"),
        ({"p": 9, "k": 3, "loading": 0.6, "method": "pca"}, SettingError, "pca"),
    ],
)
def test_bad_input_is_named(options, error, said):
    with pytest.raises(error, match=said):
        pm.power_efa(**{"n_rep": 2, "seed": 1, **options})


def test_results_are_results():
    result = pm.power_efa(p=6, k=1, loading=0.6, n=50, **FAST)
    assert isinstance(result, pm.Result)
    assert "Settings:" in result.summary()
    assert len(result.to_frame()) > 0
    assert "<table" in result._repr_html_()
