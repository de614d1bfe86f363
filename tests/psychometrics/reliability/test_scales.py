from __future__ import annotations

import numpy as np
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError

HALVES = {"one": ["x0", "x1", "x2", "x3"], "two": ["x4", "x5", "x6", "x7"]}


def test_rows_agree_with_alpha_and_omega(two_factors):
    rows = pm.scale_reliability(two_factors, HALVES, n_boot=30, seed=1).frame.set_index("scale")
    assert rows.index.tolist() == ["one", "two", "overall"]
    omega = pm.omega(two_factors, 2, seed=1)
    assert rows.loc["overall", "omega_total"] == pytest.approx(omega.total)
    assert rows.loc["overall", "omega_hierarchical"] == pytest.approx(omega.hierarchical)
    for scale, items in HALVES.items():
        single = pm.alpha(two_factors[items])
        assert rows.loc[scale, "alpha"] == pytest.approx(single.standardized)
        group = omega.groups[omega.groups["items"] == ", ".join(items)].iloc[0]
        assert rows.loc[scale, "omega_total"] == pytest.approx(group["total"])
        assert rows.loc[scale, "omega_hierarchical"] == pytest.approx(group["group"])
        assert rows.loc[scale, "omega_general"] == pytest.approx(group["general"])
    for name in ("alpha", "omega_total", "omega_hierarchical", "omega_general"):
        assert (rows[f"{name}_ci_low"] < rows[name]).all()
        assert (rows[name] < rows[f"{name}_ci_high"]).all()


def test_order_of_scales_and_reversed_items_do_not_matter(two_factors):
    straight = pm.scale_reliability(two_factors, HALVES, n_boot=0, seed=1).frame.set_index("scale")
    turned = two_factors.assign(x1=-two_factors["x1"])
    keyed = {"two": HALVES["two"], "one": ["x0", "-x1", "x2", "x3"]}
    other = pm.scale_reliability(turned, keyed, n_boot=0, seed=1).frame.set_index("scale")
    assert other.loc["one", "items"] == "x0, -x1, x2, x3"
    for name in ("alpha", "omega_total", "omega_hierarchical"):
        np.testing.assert_allclose(other.loc[straight.index, name].astype(float), straight[name], atol=1e-5)


def test_a_matrix_has_no_limits_of_omega(two_factors):
    rows = pm.scale_reliability(two_factors.corr(), HALVES, n_obs=400, seed=1).frame
    assert rows["alpha_ci_low"].notna().all()
    assert rows["omega_total"].notna().all()
    assert rows["omega_total_ci_low"].isna().all()


def test_one_scale_is_the_whole(two_factors):
    rows = pm.scale_reliability(two_factors[HALVES["one"]], {"one": HALVES["one"]}, n_boot=0, seed=1).frame
    assert rows["omega_hierarchical"].nunique() == 1
    assert rows["omega_hierarchical"].iloc[0] == pytest.approx(rows["omega_total"].iloc[0], abs=0.01)


def test_items_left_out_and_small_scales(two_factors):
    scales = {"one": HALVES["one"], "single": ["x4"], "none": []}
    with pytest.warns(pm.PsychometricsWarning, match="cannot carry 3 factors"):
        rows = pm.scale_reliability(two_factors, scales, n_boot=0, seed=1).frame.set_index("scale")
    assert rows.loc["overall", "n_items"] == 5
    assert np.isnan(rows.loc["single", "alpha"])
    assert np.isnan(rows.loc["none", "alpha"])
    assert rows["omega_total"].isna().all()
    fewer = pm.scale_reliability(two_factors, scales, 1, n_boot=0, seed=1).frame.set_index("scale")
    assert 0 < fewer.loc["one", "omega_total"] < 1
    assert np.isnan(fewer.loc["none", "omega_total"])


def test_a_whole_analysis_has_omega_of_every_factor(two_factors):
    rows = pm.analyse(two_factors, 2, seed=1).reliability.set_index("scale")
    scales = {scale: rows.loc[scale, "items"].split(", ") for scale in ("F1", "F2")}
    same = pm.scale_reliability(two_factors, scales, n_boot=200, seed=1).frame.set_index("scale")
    for name in ("alpha", "omega_total_ci_low", "omega_hierarchical", "omega_hierarchical_ci_high"):
        np.testing.assert_allclose(rows[name], same[name], atol=1e-9)
    asked = pm.analyse(two_factors, 2, bootstrap=20, seed=1).reliability.set_index("scale")
    assert asked.loc["F1", "omega_total_ci_low"] != rows.loc["F1", "omega_total_ci_low"]


def test_ordinal_scales_resample_alpha_too(agreeableness):
    scale = {"A": list(agreeableness.columns)}
    rows = pm.scale_reliability(agreeableness, scale, n_boot=20, correlation="polychoric", seed=1).frame
    assert (rows["alpha_ci_low"] < rows["alpha"]).all()
    none = pm.scale_reliability(agreeableness, scale, n_boot=0, correlation="polychoric", seed=1).frame
    assert none["alpha_ci_low"].isna().all()


def test_bad_assignments(two_factors):
    with pytest.raises(DataError, match="'y'"):
        pm.scale_reliability(two_factors, {"one": ["x0", "y"]})
    with pytest.raises(DataError, match="two scales: x1"):
        pm.scale_reliability(two_factors, {"one": ["x0", "x1"], "two": ["-x1", "x2"]})
    with pytest.raises(DataError, match="1 item"):
        pm.scale_reliability(two_factors, {"one": ["x0"]})
    with pytest.raises(DataError, match="n_obs is not given"):
        pm.scale_reliability(two_factors.corr(), {"one": ["x0", "x1"]})
