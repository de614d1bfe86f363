from __future__ import annotations

import numpy as np
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError


def test_fits_are_those_of_psych(correlations, reference):
    R, n = correlations["bfi25"]
    found = pm.fit_sequence(R, ("chi2",), n_obs=n)
    want = reference("psych_bfi25_k5_ml_none")
    row = found.fits.loc[5]
    assert row["chi2"] == pytest.approx(want["STATISTIC"], rel=1e-4)
    assert row["rmsea"] == pytest.approx(want["RMSEA"]["RMSEA"], abs=5e-4)
    assert row["sabic"] == pytest.approx(want["SABIC"], abs=0.5)


@pytest.mark.parametrize(("name", "want"), [("bfi25", {"chi2": 13, "rmsea": 6}), ("hs9", {"chi2": 4, "rmsea": 3})])
def test_efatools_keeps_as_many(correlations, name, want):
    R, n = correlations[name]  # EFAtools 1.0: SMT_chi, SMT_RMSEA
    assert pm.fit_sequence(R, ("chi2", "rmsea"), n_obs=n).n_factors["chi2"] == want["chi2"]
    assert abs(pm.fit_sequence(R, ("rmsea",), n_obs=n).n_factors["rmsea"] - want["rmsea"]) <= 1


def test_information_criteria_are_ordered_by_their_penalty(correlations):
    R, n = correlations["bfi25"]  # with 2,436 cases ln n > ln((n + 2) / 24) > 2
    k = pm.fit_sequence(R, n_obs=n).n_factors
    assert k["bic"] <= k["sabic"] <= k["aic"]


def test_independence_needs_no_factor():
    R = np.eye(6)
    assert set(pm.fit_sequence(R, n_obs=100).n_factors.values()) == {0}


def test_bad_input(two_factors):
    with pytest.raises(DataError, match="singular"):
        pm.fit_sequence(two_factors.assign(copy=two_factors["x0"]))
    with pytest.raises(SettingError, match="chi2, rmsea"):
        pm.fit_sequence(two_factors, ("p",))
    with pytest.raises(SettingError, match="empty"):
        pm.fit_sequence(two_factors, ())
