from __future__ import annotations

import numpy as np
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.screening.normality import _mean_cube


@pytest.mark.parametrize("name", ["bfi", "few"])
def test_mardia_agrees_with_psych(bfi, reference, name):
    want = reference("mardia")[name]
    data = bfi if name == "bfi" else bfi.dropna().iloc[:40, :5]
    found = pm.mardia(data, ddof=1)
    m = found.moments
    assert found.n == want["n.obs"]
    assert m.skewness == pytest.approx(want["b1p"], rel=1e-8)
    assert m.kurtosis == pytest.approx(want["b2p"], rel=1e-8)
    assert (m.chi2, m.chi2_small) == pytest.approx((want["skew"], want["small.skew"]), rel=1e-8)
    assert m.z == pytest.approx(want["kurtosis"], rel=1e-8)
    assert (m.p_skewness, m.p_small, m.p_kurtosis) == pytest.approx(
        (want["p.skew"], want["p.small"], want["p.kurt"]), abs=1e-8
    )
    assert found.to_frame().loc["kurtosis", "test"] == m.z
    assert "Mardia: skewness" in found.summary()


@pytest.mark.parametrize("moment_type", [1, 2, 3])
def test_univariate_types_agree_with_psych(bfi, reference, moment_type):
    want = reference("mardia")["univariate"]
    found = pm.mardia(bfi.dropna().iloc[:40, :5], moment_type=moment_type).univariate
    np.testing.assert_allclose(found["skewness"], want[f"skew{moment_type}"], rtol=1e-8)
    np.testing.assert_allclose(found["kurtosis"], want[f"kurt{moment_type}"], rtol=1e-8)


def test_both_ways_to_the_mean_cube_agree():
    W = np.random.default_rng(0).standard_normal((40, 12)) ** 2
    assert 12**2 > 2 * 40
    tall = np.vstack([W] * 3)  # the mean over pairs stays, the cheaper way changes
    assert 12**2 < 2 * 120
    assert _mean_cube(tall) == pytest.approx(_mean_cube(W), rel=1e-12)
    assert _mean_cube(W) == pytest.approx(((W @ W.T) ** 3).mean(), rel=1e-12)


def test_moments_do_not_change_with_linear_maps(two_factors):
    mixed = two_factors.to_numpy() @ np.random.default_rng(1).standard_normal((8, 8)) + 5
    a, b = pm.mardia(two_factors).moments, pm.mardia(mixed).moments
    assert (a.skewness, a.kurtosis) == pytest.approx((b.skewness, b.kurtosis), rel=1e-9)
    assert a.p_kurtosis > 0.01


def test_bad_input_is_named(two_factors):
    with pytest.raises(DataError, match="Only 8 complete rows for 8 columns"):
        pm.mardia(two_factors.iloc[:8])
    with pytest.raises(DataError, match="do not vary: flat"):
        pm.mardia(two_factors.assign(flat=1))
    with pytest.raises(DataError, match=r"singular.*\n.*screen\(\)"):
        pm.mardia(two_factors.assign(twice=two_factors["x0"] * 2))
    with pytest.raises(SettingError, match="moment_type=4"):
        pm.mardia(two_factors, moment_type=4)
