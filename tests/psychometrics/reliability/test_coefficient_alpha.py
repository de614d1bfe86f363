from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError


def test_alpha_agrees_with_psych(agreeableness, reference):
    want = reference("alpha_bfi_agree")
    found = pm.alpha(agreeableness)
    assert found.raw == pytest.approx(want["total"]["raw_alpha"], abs=1e-6)
    assert found.standardized == pytest.approx(want["total"]["std.alpha"], abs=1e-6)
    assert found.mean_r == pytest.approx(want["total"]["average_r"], abs=1e-6)
    np.testing.assert_allclose(found.items["alpha_if_dropped"], [d["raw_alpha"] for d in want["drop"]], atol=1e-6)
    rest = agreeableness.drop(columns="A3").sum(axis=1)
    assert found.items.loc["A3", "item_rest"] == pytest.approx(agreeableness["A3"].corr(rest))


def test_feldt_interval_covers():
    # Parallel items with reliability .8: the 90 % interval should hold .8 in about 90 of 100 samples.
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        data = rng.standard_normal((80, 1)) + rng.standard_normal((80, 4))
        found = pm.alpha(data, level=0.9)
        hits += found.ci_low < 0.8 < found.ci_high
    assert 165 <= hits <= 195


def test_alpha_of_a_matrix_is_standardized(agreeableness):
    raw = pm.alpha(agreeableness)
    matrix = pm.alpha(agreeableness.corr(), n_obs=len(agreeableness))
    assert matrix.raw == matrix.standardized == pytest.approx(raw.standardized)


def test_alpha_warns_of_items_keyed_the_other_way(bfi):
    with pytest.warns(pm.PsychometricsWarning, match="A1"):
        pm.alpha(bfi[["A1", "A2", "A3", "A4", "A5"]])


def test_alpha_of_two_items_has_no_alpha_if_dropped(two_factors):
    found = pm.alpha(two_factors[["x0", "x1"]])
    assert found.items["alpha_if_dropped"].isna().all()
    r = two_factors["x0"].corr(two_factors["x1"])
    assert found.standardized == pytest.approx(2 * r / (1 + r))


def test_alpha_with_automatic_keys_agrees_with_psych(complete, expected):
    want = expected("psych_alpha_keys")
    found = pm.alpha(complete[["A1", "A2", "A3", "A4", "A5"]], reverse=True)
    assert found.reversed == ("A1",)
    assert found.raw == pytest.approx(want["raw"], abs=1e-9)
    np.testing.assert_allclose([found.ci_low, found.raw, found.ci_high], want["feldt"], atol=1e-9)
    np.testing.assert_allclose(found.items["item_rest"], want["r_drop"], atol=1e-9)
    np.testing.assert_allclose(found.items["item_total"], want["raw_r"], atol=1e-9)
    np.testing.assert_allclose(found.items["sd"], want["sd"], atol=1e-9)
    # psych gives the mean of the reversed item; here items are described as they were given.
    np.testing.assert_allclose(found.items["mean"], [7 - want["mean"][0], *want["mean"][1:]], atol=1e-9)


def test_ordinal_alpha_agrees_with_psych_and_has_no_feldt_interval(agreeableness, expected):
    found = pm.alpha(agreeableness, correlation="polychoric")
    # psych's polychorics stop at 1.2e-4.
    assert found.raw == found.standardized == pytest.approx(expected("psych_ordinal_alpha")["ordinal_alpha"], abs=1e-4)
    assert np.isnan(found.ci_low)
    assert "n_boot" in found.settings["interval"]
    resampled = pm.alpha(agreeableness, correlation="polychoric", n_boot=20, seed=1)
    assert resampled.ci_low < found.raw < resampled.ci_high


def test_bootstrap_interval_is_near_feldts_for_normal_items():
    rng = np.random.default_rng(3)
    data = rng.standard_normal((300, 1)) + rng.standard_normal((300, 5))
    feldt, drawn = pm.alpha(data), pm.alpha(data, n_boot=1000, seed=2)
    assert drawn.raw == feldt.raw
    assert drawn.ci_low == pytest.approx(feldt.ci_low, abs=0.012)
    assert drawn.ci_high == pytest.approx(feldt.ci_high, abs=0.012)
    assert pm.alpha(data, n_boot=50, seed=2).ci_low == pm.alpha(data, n_boot=50, seed=2).ci_low


def test_covariances_give_the_alpha_of_the_data(agreeableness):
    raw = pm.alpha(agreeableness)
    assert pm.alpha(agreeableness.cov(), n_obs=len(agreeableness)).raw == pytest.approx(raw.raw)


@pytest.mark.parametrize("missing", ["pairwise", "fiml"])
def test_alpha_of_incomplete_data_can_be_resampled(two_factors, missing):
    gaps = two_factors.mask(np.random.default_rng(1).random(two_factors.shape) < 0.05)
    with pytest.warns(pm.PsychometricsWarning) if missing == "pairwise" else nullcontext():
        found = pm.alpha(gaps, missing=missing, n_boot=10, seed=1)
    assert found.ci_low < found.raw < found.ci_high
    assert found.raw == pytest.approx(pm.alpha(two_factors).raw, abs=0.03)


def test_bad_input(two_factors):
    with pytest.raises(SettingError, match="reverse"):
        pm.alpha(two_factors, reverse="yes")
    with pytest.raises(SettingError, match="n_boot"):
        pm.alpha(two_factors, n_boot=-1)
    with pytest.raises(DataError, match="resampled"):
        pm.alpha(two_factors.corr(), n_obs=400, n_boot=10)


def test_frame(two_factors):
    assert list(pm.alpha(two_factors).to_frame().columns) == ["raw", "ci_low", "ci_high", "standardized", "mean_r"]
