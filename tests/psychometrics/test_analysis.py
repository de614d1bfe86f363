from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError


def test_everything_in_one_call(two_factors):
    found = pm.analyse(two_factors, bootstrap=20, scores="tenberge", seed=4)
    assert found.efa.n_factors == 2
    assert found.settings["n_factors_rule"].startswith("ensemble")
    assert found.screening.factorable
    assert found.bootstrap.replicates.shape == (20, 8, 2)
    assert found.scores.shape == (400, 2)
    assert found.reliability["scale"].tolist() == ["F1", "F2", "overall"]
    assert found.settings["seed"] == 4
    assert "EFA: 2 factor(s)" in found.summary()
    same = pm.efa(two_factors, 2, seed=4)
    pd.testing.assert_frame_equal(found.efa.loadings, same.loadings)


def test_reliability_is_that_of_the_items_of_each_factor(two_factors):
    found = pm.analyse(two_factors, 2, seed=1)
    rows = found.reliability.set_index("scale")
    items = rows.loc["F1", "items"].split(", ")
    R = two_factors[items].corr()
    want = pm.alpha(R, n_obs=400)
    assert rows.loc["F1", "alpha"] == pytest.approx(want.raw)
    assert rows.loc["F1", "alpha_ci_low"] < rows.loc["F1", "alpha"] < rows.loc["F1", "alpha_ci_high"]
    overall = pm.omega(two_factors.corr(), 2, n_obs=400, seed=1)
    assert rows.loc["overall", "omega_hierarchical"] == pytest.approx(overall.hierarchical)


def test_items_that_load_negatively_are_reversed(two_factors):
    turned = two_factors.assign(x0=-two_factors["x0"])
    rows = pm.analyse(turned, 2, seed=1).reliability.set_index("scale")
    straight = pm.analyse(two_factors, 2, seed=1).reliability.set_index("scale")
    assert "-x0" in rows.loc["F1", "items"] + rows.loc["F2", "items"]
    assert sorted(rows["alpha"].round(8)) == sorted(straight["alpha"].round(8))


def test_a_matrix_can_be_analysed_but_not_scored(correlations):
    R, n = correlations["hs9"]
    found = pm.analyse(R, 3, n_obs=n, seed=1, mimic="lavaan")
    assert found.efa.fit["chi2"] == pytest.approx(22.8967, abs=1e-3)
    with pytest.raises(SettingError, match="scores needs raw data"):
        pm.analyse(R, 3, n_obs=n, scores="bartlett")
    with pytest.raises(SettingError, match="bootstrap needs raw data"):
        pm.analyse(R, 3, n_obs=n, bootstrap=10)


def test_noise_has_no_factor_and_too_few_cases_are_refused(two_factors):
    noise = pd.DataFrame(np.random.default_rng(3).standard_normal((300, 8)))
    with pytest.raises(DataError, match="find no factor"):
        pm.analyse(noise, seed=1)
    with pytest.raises(DataError, match="no more cases"):
        pm.analyse(two_factors.iloc[:7], seed=1)
    with pytest.raises(SettingError, match="neither a number nor 'auto'"):
        pm.analyse(two_factors, "many", seed=1)


def test_warnings_are_kept_with_the_result(bfi):
    found = pm.analyse(bfi.iloc[:, :10], 2, missing="pairwise", seed=1)
    assert any("Pairwise deletion" in message for message in found.messages)
    assert any("Kaiser" in message for message in found.messages)


def test_full_information_goes_through_the_whole_analysis(bfi):
    part = bfi.iloc[:400, :10]
    found = pm.analyse(part, 2, missing="fiml", method="ml", bootstrap=5, seed=1)
    assert found.efa.settings["missing_fit"] == "full information"
    assert found.efa.fit["n_obs"] == part.notna().any(axis=1).sum()
    assert found.screening.n > 0
    assert found.reliability["alpha"].notna().all()
