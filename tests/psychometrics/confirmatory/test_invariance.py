"""The ladder of invariance against lavaan (tests/reference/cfa/make_cfa.R), and what it says of data made to fail."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.confirmatory.invariance import verdict

HS9 = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
TWO = "A =~ A1 + A2 + A3 + A4 + A5\nC =~ C1 + C2 + C3 + C4 + C5"
ONE = "f =~ y1 + y2 + y3 + y4 + y5"


def simulated(n: int, seed: int, *, categories: int | None, loading: float = 0.7, shift: float = 0.0) -> pd.DataFrame:
    """Two groups of n; in the second the loading and intercept of y2 differ."""
    rng = np.random.default_rng(seed)
    parts = []
    for g in (0, 1):
        L = np.full(5, 0.7)
        L[1] = loading if g else 0.7
        Y = rng.standard_normal((n, 1)) * L + rng.standard_normal((n, 5)) * np.sqrt(0.51)
        Y[:, 1] += shift * g
        if categories:
            Y = np.digitize(Y, np.linspace(-1.2, 1.2, categories - 1)).astype(float)
        parts.append(pd.DataFrame(Y, columns=[f"y{i}" for i in range(1, 6)]).assign(group="ab"[g]))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_continuous_ladder_against_lavaan(hs9, lavaan, estimator):
    found = pm.invariance(HS9, hs9, group="school", estimator=estimator)
    assert list(found.table.index) == ["configural", "metric", "scalar", "strict"]
    suffix = "" if estimator == "ml" else ".robust"
    for level, row in found.table.iterrows():
        expected = lavaan(f"school_{estimator}_{level}")
        chisq = expected["fit"].get("chisq.scaled", expected["fit"]["chisq"])
        assert row["chisq"] == pytest.approx(chisq, rel=2e-6)
        assert row["cfi"] == pytest.approx(expected["fit"][f"cfi{suffix}"], abs=2e-6)
        assert row["rmsea"] == pytest.approx(expected["fit"][f"rmsea{suffix}"], abs=2e-6)
        if level != "configural":
            test = expected["difference"]
            assert row["chisq_diff"] == pytest.approx(test["chisq_diff"], rel=1e-5)
            assert row["df_diff"] == test["df_diff"]
            assert row["p_diff"] == pytest.approx(test["p"], rel=1e-4)
    assert found.highest == "metric"
    assert found.table.loc["scalar", "verdict"] == "rejected"
    assert "holds up to metric" in found.summary()


def test_ordered_ladder_against_lavaan(ac, lavaan):
    found = pm.invariance(TWO, ac, group="gender", estimator="wlsmv")
    expected = lavaan("bfi6_ladder_wlsmv")
    assert list(found.table.index) == list(expected)
    for level, row in found.table.iterrows():
        values = expected[level]
        assert found.models[level].fit["npar"] == values["npar"]
        assert row["df"] == values["df"]
        assert row["chisq"] == pytest.approx(values["chisq.scaled"], rel=1e-5)
        assert row["cfi"] == pytest.approx(values["cfi.scaled"], abs=1e-5)
        assert row["rmsea"] == pytest.approx(values["rmsea.scaled"], abs=1e-5)
        assert row["srmr"] == pytest.approx(values["srmr"], abs=1e-5)
        if "difference" in values:
            assert row["chisq_diff"] == pytest.approx(values["difference"]["chisq_diff"], rel=1e-5)
            assert row["df_diff"] == values["difference"]["df_diff"]


def test_suggestions_free_the_intercepts_that_lavaan_names(hs9, lavaan):
    found = pm.invariance(HS9, hs9, group="school")
    steps = found.suggest()
    assert list(steps["parameter"]) == ["x3 ~ 1", "x7 ~ 1"]
    first = max(lavaan("school_ml_scalar")["score"], key=lambda row: row["x2"])
    assert steps["mi"][0] == pytest.approx(first["x2"], abs=1e-4)
    assert steps["pvalue"][0] == pytest.approx(first["p"], rel=1e-3)
    partial = pm.invariance(HS9, hs9, group="school", partial=tuple(steps["parameter"]))
    assert partial.table.loc["scalar", "cfi"] == pytest.approx(steps["cfi"].iloc[-1], abs=1e-8)
    assert partial.highest == "strict"
    assert partial.suggest().empty


def test_partial_model_against_lavaan(hs9, lavaan):
    expected = lavaan("school_partial")["fit"]
    found = pm.invariance(
        HS9, hs9, group="school", levels="scalar", std_lv=False, partial=("x3~1", "x7~1", "visual=~x2")
    )
    assert found.table.loc["scalar", "chisq"] == pytest.approx(expected["chisq"], rel=1e-7)


@pytest.mark.parametrize("std_lv", [True, False])
def test_the_choice_of_scale_does_not_matter(hs9, std_lv):
    found = pm.invariance(HS9, hs9, group="school", std_lv=std_lv)
    np.testing.assert_allclose(found.table["chisq"], [115.8513, 124.0435, 164.1028, 181.5113], atol=1e-4)


@pytest.mark.parametrize(("estimator", "categories"), [("ml", None), ("wlsmv", 5)])
def test_a_loading_that_differs_is_found(estimator, categories):
    data = simulated(1500, 3, categories=categories, loading=0.15)
    found = pm.invariance(ONE, data, group="group", estimator=estimator)
    assert found.table.loc["metric", "verdict"] == "rejected"
    steps = found.suggest("metric")
    assert steps["parameter"][0] == "f =~ y2"
    assert steps["verdict"].iloc[-1] == "tenable"


@pytest.mark.parametrize(("estimator", "categories"), [("mlr", None), ("wlsmv", 5)])
def test_an_intercept_that_differs_is_found(estimator, categories):
    data = simulated(1500, 5, categories=categories, shift=0.8)
    found = pm.invariance(ONE, data, group="group", estimator=estimator)
    assert found.highest == "metric"
    steps = found.suggest()
    assert steps["parameter"][0] == "y2 ~ 1"
    assert steps["verdict"].iloc[-1] == "tenable"


@pytest.mark.parametrize(("estimator", "categories"), [("ml", None), ("wlsmv", 4)])
def test_invariant_data_pass(estimator, categories):
    found = pm.invariance(ONE, simulated(800, 8, categories=categories), group="group", estimator=estimator)
    assert found.highest == "strict"
    assert (found.table["p_diff"].dropna() > 0.001).all()


def test_binary_items_have_two_levels():
    data = simulated(600, 2, categories=2)
    with pytest.raises(DataError, match="two categories .*thresholds"):
        pm.invariance(ONE, data, group="group", estimator="wlsmv")
    found = pm.invariance(ONE, data, group="group", estimator="wlsmv", levels=("configural", "strict"))
    # thresholds and loadings of two groups, against those of one with mean and variance of the second
    assert found.table.loc["strict", "df_diff"] == (10 + 10) - (10 + 2)


@pytest.mark.parametrize(
    ("n", "cfi", "rmsea", "srmr", "level", "expected"),
    [
        (1000, -0.010, 0.015, 0.0, "metric", "rejected"),
        (1000, -0.010, 0.014, 0.029, "metric", "doubtful"),
        (1000, -0.009, 0.014, 0.031, "metric", "tenable"),
        (1000, -0.009, 0.016, 0.031, "metric", "doubtful"),
        (1000, -0.010, 0.0, 0.010, "scalar", "rejected"),
        (300, -0.006, 0.0, 0.005, "scalar", "rejected"),
        (301, -0.006, 0.0, 0.005, "scalar", "tenable"),
    ],
)
def test_chen(n, cfi, rmsea, srmr, level, expected):
    assert verdict({"cfi": cfi, "rmsea": rmsea, "srmr": srmr}, level, n) == expected


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"levels": ("weak",)}, SettingError, "weak"),
        ({"levels": ("thresholds",)}, SettingError, "continuous"),
        ({"estimator": "gls"}, SettingError, "gls"),
        ({"partial": ("x1 ~~ x9",)}, SettingError, "x1 ~~ x9"),
        ({"group": "class"}, DataError, "class"),
    ],
)
def test_bad_input_is_named(hs9, options, error, said):
    with pytest.raises(error, match=said):
        pm.invariance(HS9, hs9, **{"group": "school", **options})


def test_bad_suggestions_are_named(hs9):
    found = pm.invariance(HS9, hs9, group="school", levels=("configural", "metric"))
    with pytest.raises(SettingError, match="configural"):
        found.suggest("configural")
    with pytest.raises(SettingError, match="alpha"):
        found.suggest("metric", alpha=2)


def test_second_order_models(hs9, ac):
    found = pm.invariance(f"{HS9}\ng =~ visual + textual + speed", hs9, group="school", levels=("configural", "metric"))
    assert found.table.loc["metric", "df_diff"] == 6 + 2
    with pytest.raises(SettingError, match="measured by items only"):
        pm.invariance("A =~ A1 + A2 + A3\nC =~ C1 + C2 + C3\nE =~ A4 + A5 + C4\ng =~ A + C + E", ac,
                      group="gender", estimator="wlsmv")  # fmt: skip


def test_results_are_results(hs9):
    model = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
    for result in (
        pm.cfa(model, hs9),
        pm.cfa(model, hs9, group="school"),
        pm.invariance(model, hs9, group="school"),
    ):
        assert isinstance(result, pm.Result)
        assert "Settings:" in result.summary()
        assert len(result.to_frame()) > 0
        assert "<table" in result._repr_html_()
