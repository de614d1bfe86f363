"""Estimates, standard errors and fit of `cfa` against lavaan 0.6-14 (tests/reference/cfa/make_cfa.R)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError

HS9 = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
SECOND = f"{HS9}\ng =~ visual + textual + speed"
TWO = "A =~ A1 + A2 + A3 + A4 + A5\nC =~ C1 + C2 + C3 + C4 + C5"
LABELS = """visual =~ x1 + a*x2 + a*x3
textual =~ NA*x4 + x5 + x6
textual ~~ 1*textual
speed =~ x7 + 0.9*x8 + x9
x7 ~~ x8
visual ~~ 0*speed"""
VECTORS = """visual =~ x1 + c(a, a)*x2 + c(b, d)*x3
textual =~ x4 + c(0.9, NA)*x5 + x6
speed =~ x7 + x8 + x9"""
SCALAR = ("loadings", "intercepts")
LADDER = {"configural": (), "metric": ("loadings",), "scalar": SCALAR, "strict": (*SCALAR, "residuals")}
CASES = {
    "hs9_marker": (HS9, "hs9", {}),
    "hs9_labels": (LABELS, "hs9", {}),
    "hs9_orthogonal": (HS9, "hs9", {"orthogonal": True, "meanstructure": True}),
    "hs9_second_order": (SECOND, "hs9", {}),
    "hs9_second_order_mlr": (SECOND, "hs9", {"estimator": "mlr", "std_lv": True}),
    **{
        f"school_{estimator}_{level}": (HS9, "hs9", {"group": "school", "estimator": estimator, "group_equal": equal})
        for estimator in ("ml", "mlr")
        for level, equal in LADDER.items()
    },
    "school_partial": (
        HS9,
        "hs9",
        {"group": "school", "group_equal": SCALAR, "group_partial": ("x3~1", "x7~1", "visual=~x2")},
    ),
    "school_std_lv": (HS9, "hs9", {"group": "school", "group_equal": SCALAR, "std_lv": True}),
    "school_vectors": (VECTORS, "hs9", {"group": "school"}),
    "bfi_fiml_ml": (TWO, "bfi_frame", {"missing": "fiml"}),
    "bfi_fiml_mlr": (TWO, "bfi_frame", {"missing": "fiml", "estimator": "mlr"}),
    "bfi_fiml_mlr_metric": (
        TWO,
        "bfi_frame",
        {"missing": "fiml", "estimator": "mlr", "group": "gender", "group_equal": "loadings"},
    ),
    "bfi3_wlsmv": (TWO, "ac3", {"estimator": "wlsmv"}),
    "bfi6_wlsmv": (TWO, "ac", {"estimator": "wlsmv", "std_lv": True, "ordered": True}),
    "bfi3_wlsmv_theta": (TWO, "ac3", {"estimator": "wlsmv", "parameterization": "theta"}),
    "bfi6_wlsmv_configural": (TWO, "ac", {"estimator": "wlsmv", "group": "gender"}),
    "bfi6_wlsmv_scalar": (
        TWO,
        "ac",
        {"estimator": "wlsmv", "group": "gender", "group_equal": ("thresholds", "loadings")},
    ),
}
MEASURES = {
    "npar": "npar", "chisq": "chisq", "df": "df", "pvalue": "pvalue", "cfi": "cfi", "tli": "tli", "rmsea": "rmsea",
    "srmr": "srmr", "logl": "logl", "unrestricted.logl": "unrestricted_logl", "aic": "aic", "bic": "bic", "bic2": "sabic",
    "baseline.chisq": "baseline_chisq", "baseline.df": "baseline_df", "chisq.scaled": "chisq_scaled",
    "pvalue.scaled": "pvalue_scaled", "chisq.scaling.factor": "scaling_factor", "cfi.scaled": "cfi_scaled",
    "tli.scaled": "tli_scaled", "rmsea.scaled": "rmsea_scaled", "cfi.robust": "cfi_robust", "tli.robust": "tli_robust",
    "rmsea.robust": "rmsea_robust",
}  # fmt: skip
INTERVALS = {"": "rmsea_ci", ".scaled": "rmsea_ci_scaled", ".robust": "rmsea_ci_robust"}


def key(row) -> tuple[str, str, str, int]:
    return row["lhs"], row["op"], "" if row["op"] == "~1" else row["rhs"], row.get("group", 1)


@pytest.mark.parametrize("name", CASES)
def test_against_lavaan(name, lavaan, request):
    # lavaan stops when its optimiser is content (1e-6), ours goes on; hence 4e-5 for estimates, 1e-6 for the fit.
    model, data, options = CASES[name]
    found = pm.cfa(model, request.getfixturevalue(data), **options)
    expected = lavaan(name)
    assert found.converged
    estimates, standardized = found.estimates, found.standardized
    place = {
        key(row | {"group": found.groups.index(row["group"]) + 1}): i
        for i, row in enumerate(estimates.to_dict("records"))
    }
    compared = 0
    for row in expected["par"]:
        if key(row) not in place:
            # lavaan lists what is fixed by default, such as scales under "theta" and zero covariances
            assert row["se"] == 0
            continue
        i, compared = place[key(row)], compared + 1
        assert estimates["est"][i] == pytest.approx(row["est"], abs=4e-5)
        assert estimates["se"][i] == pytest.approx(row["se"], abs=1e-4)
        if row.get("std") is not None:
            assert estimates["std"][i] == pytest.approx(row["std"], abs=4e-5)
            assert standardized["se"][i] == pytest.approx(row["std_se"], abs=4e-5)
    assert compared == len(estimates)
    for theirs, ours in MEASURES.items():
        if theirs in expected["fit"] and ours in found.fit:
            assert found.fit[ours] == pytest.approx(expected["fit"][theirs], rel=2e-6, abs=2e-6), ours
    for suffix, ours in INTERVALS.items():
        if ours in found.fit and f"rmsea.ci.lower{suffix}" in expected["fit"]:
            ends = [expected["fit"][f"rmsea.ci.{end}{suffix}"] for end in ("lower", "upper")]
            assert found.fit[ours] == pytest.approx(ends, abs=1e-6)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_against_the_shared_reference(hs9, estimator):
    path = Path(__file__).parents[2] / "reference" / "cfa" / f"cfa_hs9_{estimator}.json"
    expected = json.loads(path.read_text())
    found = pm.cfa(HS9, hs9, estimator=estimator, std_lv=True)
    place = {(r["lhs"], r["op"], r["rhs"]): i for i, r in enumerate(found.estimates.to_dict("records"))}
    for row in expected["raw"]:
        i = place[row["lhs"], row["op"], row["rhs"]]
        assert found.estimates["est"][i] == pytest.approx(row["est"], abs=1e-5)
        assert found.estimates["se"][i] == pytest.approx(row["se"], abs=3e-5)
    for row in expected["par"]:
        i = place[row["lhs"], row["op"], row["rhs"]]
        assert found.standardized["std"][i] == pytest.approx(row["est.std"], abs=1e-5)
        assert found.standardized["se"][i] == pytest.approx(row["se"], abs=1e-5)
    implied = found.implied().loc[[f"x{i}" for i in range(1, 10)]].to_numpy()
    np.testing.assert_allclose(implied, expected["ic"], atol=1e-5)


def test_a_covariance_matrix_gives_the_same_as_raw_data(hs9):
    raw = pm.cfa(HS9, hs9)
    matrix = pm.cfa(HS9, hs9.drop(columns="school").cov(), n_obs=301)
    np.testing.assert_allclose(matrix.estimates["est"], raw.estimates["est"], atol=1e-7)
    assert matrix.fit["chisq"] == pytest.approx(raw.fit["chisq"])
    assert matrix.fit["logl"] == pytest.approx(raw.fit["logl"])


def test_identification_does_not_change_fit_or_standardised_values(hs9):
    marker, unit = pm.cfa(SECOND, hs9), pm.cfa(SECOND, hs9, std_lv=True)
    assert unit.fit["chisq"] == pytest.approx(marker.fit["chisq"], abs=1e-8)
    np.testing.assert_allclose(unit.estimates["std"], marker.estimates["std"], atol=1e-6)
    np.testing.assert_allclose(unit.standardized["se"], marker.standardized["se"], atol=1e-5)


def test_theta_and_delta_are_the_same_model(ac3):
    delta = pm.cfa(TWO, ac3, estimator="wlsmv", std_lv=True)
    theta = pm.cfa(TWO, ac3, estimator="wlsmv", std_lv=True, parameterization="theta")
    assert theta.fit["chisq_scaled"] == pytest.approx(delta.fit["chisq_scaled"], rel=1e-7)
    np.testing.assert_allclose(theta.loadings, delta.loadings, atol=1e-6)


def test_modification_indices(hs9, lavaan):
    found = pm.cfa(HS9, hs9).modification_indices()
    ours = {(r.lhs, r.op, r.rhs): r for r in found.itertuples()}
    expected = [row for row in lavaan("hs9_marker")["modindices"] if row.get("mi") is not None]
    assert len(expected) > 40
    for row in expected:
        mine = ours[row["lhs"], row["op"], row["rhs"]]
        assert mine.mi == pytest.approx(row["mi"], abs=1e-4)
        assert mine.epc == pytest.approx(row["epc"], abs=1e-4)
    assert found["mi"].is_monotonic_decreasing
    assert (found.iloc[0][["lhs", "op", "rhs"]] == ["visual", "=~", "x9"]).all()
    assert len(pm.cfa(HS9, hs9).modification_indices(smallest=10)) == (found["mi"] >= 10).sum()


def test_equality_tests(hs9, lavaan):
    found = pm.cfa(HS9, hs9, group="school", group_equal=SCALAR).equality_tests()
    ours = {f"{r.lhs} ~1 {r.rhs}" if r.op == "~1" else f"{r.lhs} {r.op} {r.rhs}": r.mi for r in found.itertuples()}
    for row in lavaan("school_ml_scalar")["score"]:
        assert ours[row["parameter"]] == pytest.approx(row["x2"], abs=1e-4)


@pytest.mark.parametrize("values", ["none", "start", "fixed"])
def test_syntax_of_a_fitted_model_gives_it_again(hs9, values):
    found = pm.cfa(HS9, hs9, group="school", group_equal=SCALAR)
    again = pm.cfa(found.to_lavaan(values), hs9, group="school", std_lv=True)
    assert again.fit["chisq"] == pytest.approx(found.fit["chisq"], abs=1e-6)
    assert again.fit["npar"] == (0 if values == "fixed" else found.fit["npar"])


def test_frames_per_group(hs9):
    found = pm.cfa(HS9, hs9, group="school")
    assert found.groups == ("Pasteur", "Grant-White")
    assert found.loadings.loc["Pasteur"].shape == (9, 3)
    assert np.diag(found.phi.loc["Grant-White"]) == pytest.approx(1)
    assert found.residuals.loc["Pasteur"].abs().to_numpy().max() < 0.3
    with pytest.raises(SettingError, match="Elsewhere"):
        found.implied("Elsewhere")
    single = pm.cfa(HS9, hs9)
    assert single.loadings.loc["x1", "visual"] == pytest.approx(0.772, abs=5e-4)
    assert "CFI = 0.931" in single.summary()
    assert "rmsea_ci_low" in single.fit_table().index


def test_from_exploratory_to_confirmatory(two_factors):
    explored = pm.efa(two_factors, 2, seed=1)
    text = pm.efa_to_cfa(explored)
    assert text.count("=~") == 2
    assert pm.cfa(text, two_factors).fit["df"] == 19
    both = pm.efa_to_cfa(pd.DataFrame([[0.5, 0.4], [0.6, 0.0], [0.1, 0.7]], ["a", "b", "c"], ["F1", "F2"]),
                         cross_loadings=True)  # fmt: skip
    assert both == "F1 =~ b + a\nF2 =~ c + a\n"
    with pytest.raises(DataError, match="no loading"):
        pm.efa_to_cfa(explored, 0.95)
    with pytest.raises(DataError, match="cannot read"):
        pm.efa_to_cfa(pd.DataFrame([[0.5], [0.6]], index=["a b", "2"], columns=["F"]))
    with pytest.warns(pm.PsychometricsWarning, match="left out: c"):
        pm.efa_to_cfa(pd.DataFrame([[0.5], [0.6], [0.1]], index=list("abc"), columns=["F"]))


def bad(frame: pd.DataFrame, **options: object) -> None:
    model = options.pop("model", HS9)
    pm.cfa(model, frame, **options)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"model": HS9.replace("x9", "y9")}, DataError, "y9"),
        ({"model": "f =~ x1 + x2"}, DataError, "4 parameters, but there are only 3"),
        ({"model": "f =~ x1 + x2 + x3 + x4\ng =~ x1 + x2 + x3 + x4"}, DataError, "parameters|not identified"),
        (
            {"model": "f =~ x1 + x2\ng =~ x3 + x4\nf ~~ 0*g"},
            DataError,
            "not identified: the data do not determine f =~ x2",
        ),
        ({"estimator": "uls"}, SettingError, "uls"),
        ({"missing": "pairwise"}, SettingError, "ordered"),
        ({"missing": "fiml", "estimator": "wlsmv"}, SettingError, "pairwise"),
        ({"ordered": True}, SettingError, "wlsmv"),
        ({"ordered": ["x1"], "estimator": "wlsmv"}, SettingError, "Not all variables are ordered: x2"),
        ({"estimator": "wlsmv"}, DataError, "different values"),
        ({"group_equal": "loadings"}, SettingError, "group"),
        ({"group": "school", "group_equal": "slopes"}, SettingError, "slopes"),
        ({"group": "school", "group_equal": "loadings", "group_partial": "x1 ~~ x3"}, SettingError, "x1 ~~ x3"),
        ({"group": "nowhere"}, DataError, "nowhere"),
        ({"group": "school", "model": "f =~ x1 + c(1, 2, 3)*x2 + x3"}, SettingError, "3 values for 2 group"),
        ({"group": "school", "meanstructure": False}, SettingError, "meanstructure"),
        ({"n_obs": 301}, DataError, "301 x 10|numeric"),
        ({"model": f"{HS9}\nvisual ~~ x9"}, SettingError, "joins a factor and a measured"),
        ({"model": "f =~ x1 + x2 + x3\nx1 | t1"}, SettingError, "ordered item"),
        ({"model": "f =~ g\ng =~ f + x1"}, SettingError, "measures itself"),
        ({"model": "f =~ a*x1 + a*x2 + x3"}, SettingError, "Label a"),
    ],
)
def test_bad_input_is_named(hs9, options, error, said):
    with pytest.raises(error, match=said):
        bad(hs9, **options)


def test_bad_data_are_named(hs9, ac):
    with pytest.raises(DataError, match="only 9 usable cases"):
        pm.cfa(HS9, hs9.head(9))
    with pytest.raises(DataError, match="in group a"):
        pm.cfa(HS9, hs9.assign(school=["a"] * 5 + ["b"] * 296), group="school")
    with pytest.raises(DataError, match="fewer than two groups"):
        pm.cfa(HS9, hs9.assign(school="a"), group="school")
    with pytest.raises(DataError, match="do not vary: x1"):
        pm.cfa(HS9, hs9.assign(x1=1.0))
    with pytest.raises(DataError, match="singular"):
        pm.cfa(HS9, hs9.assign(x1=hs9["x2"] + hs9["x3"]))
    with pytest.raises(DataError, match="n_obs"):
        pm.cfa(HS9, hs9.drop(columns="school").corr())
    unseen = ac.assign(A1=ac["A1"].where((ac["gender"] == 1) | (ac["A1"] < 6), 5))
    with pytest.raises(DataError, match="Category 6 of column A1 does not occur in group 2"):
        pm.cfa(TWO, unseen, estimator="wlsmv", group="gender")


def test_heywood_cases_are_flagged(hs9):
    with pytest.warns(pm.PsychometricsWarning, match="Outside their range"):
        found = pm.cfa("f =~ x1 + x2 + x3\nf ~~ 3*f", hs9)
    assert found.heywood == ("x1 ~~ x1",)
    assert np.isnan(found.standardized["se"]).sum() == 0


def test_what_has_no_standard_deviation_is_nan():
    # Two factors that share no variance within, but between their indicators: both factor variances turn negative.
    R = np.eye(6)
    R[:3, :3] = R[3:, 3:] = -0.2
    R[:3, 3:] = R[3:, :3] = 0.15
    np.fill_diagonal(R, 1.0)
    with pytest.warns(pm.PsychometricsWarning, match="f ~~ f"):
        found = pm.cfa("f =~ 1*V1 + 1*V2 + 1*V3\ng =~ 1*V4 + 1*V5 + 1*V6", R, n_obs=200)
    assert {"f ~~ f", "g ~~ g"} <= set(found.heywood)
    assert found.estimates.query("op == '=~'")["std"].isna().all()
    assert found.estimates["se"].gt(0).sum() == found.fit["npar"]


@given(scale=st.lists(st.floats(0.01, 100), min_size=9, max_size=9), shift=st.floats(-50, 50))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_units_do_not_matter(hs9, scale, shift):
    names = [f"x{i}" for i in range(1, 10)]
    moved = hs9.assign(**{name: hs9[name] * s + shift for name, s in zip(names, scale, strict=True)})
    options = {"group": "school", "group_equal": ("loadings",)}
    before, after = pm.cfa(HS9, hs9, **options), pm.cfa(HS9, moved, **options)
    for key in ("chisq", "cfi", "rmsea", "srmr"):
        assert after.fit[key] == pytest.approx(before.fit[key], rel=1e-6)
    np.testing.assert_allclose(after.loadings, before.loadings, atol=1e-5)


def test_the_order_of_groups_does_not_matter(hs9):
    there = pm.cfa(HS9, hs9, group="school", group_equal=SCALAR, estimator="mlr")
    back = pm.cfa(HS9, hs9.iloc[::-1], group="school", group_equal=SCALAR, estimator="mlr")
    assert back.groups == there.groups[::-1]
    assert back.fit["chisq_scaled"] == pytest.approx(there.fit["chisq_scaled"], rel=1e-6)


def test_no_convergence_is_flagged(hs9):
    with pytest.warns(pm.PsychometricsWarning, match="did not converge"):
        found = pm.cfa(HS9, hs9, max_iter=2)
    assert not found.converged


def test_single_indicators_have_no_residual(hs9):
    found = pm.cfa("f =~ x1 + x2 + x3\ng =~ x4", hs9)
    row = found.estimates.query("lhs == 'x4' and op == '~~'").iloc[0]
    assert (row["est"], row["se"]) == (0, 0)
    assert found.fit["df"] == 2
