from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex import psychometrics as pm
from valuelex.errors import SettingError
from valuelex.psychometrics.retention.hull import hull_core


def test_st_by_hand():
    # Slopes .4, .1, .02 per parameter: the bend at 1 is .4 / .1 = 4, that at 2 .1 / .02 = 5.
    k, st_values = hull_core(np.array([0.0, 0.4, 0.5, 0.52]), np.arange(4.0))
    np.testing.assert_allclose(st_values, [np.nan, 4, 5, np.nan])
    assert k == 2


def test_points_below_the_hull_are_left_out():
    k, st_values = hull_core(np.array([0.0, 0.1, 0.8, 0.79, 0.9]), np.arange(5.0))
    assert k == 2
    np.testing.assert_allclose(st_values, [np.nan, np.nan, 0.4 / 0.05, np.nan, np.nan])


def test_no_bend_means_an_end():
    assert hull_core(np.array([0.5, 0.4, 0.3]), np.arange(3.0))[0] == 0
    assert hull_core(np.array([0.0, 0.1, 0.3]), np.arange(3.0))[0] == 2


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=9), st.floats(0.1, 10), st.floats(-5, 5))
def test_scale_of_fit_does_not_matter(fits, scale, shift):
    f = np.round(np.array(fits), 3)
    g = np.cumsum(np.arange(len(fits), 0, -1.0))
    one, two = hull_core(f, g)[1], hull_core(f * scale + shift, g)[1]
    both = ~np.isnan(one) & ~np.isnan(two)
    np.testing.assert_allclose(one[both], two[both], rtol=1e-6)
    assert np.nanmin(np.append(one, np.inf)) > 1 - 1e-9, "slopes on an upper hull decrease"


@pytest.mark.parametrize("fit", ["caf", "cfi", "rmsea"])
def test_finds_two_factors(two_factors, fit):
    found = pm.hull(two_factors, fit, seed=1)
    assert found.n_factors == 2
    assert found.settings["max_factors"] >= 3


@pytest.mark.parametrize(("fit", "k"), [("cfi", 5), ("rmsea", 6)])
def test_efatools_on_bfi(correlations, fit, k):
    R, n = correlations["bfi25"]  # EFAtools 1.0: HULL_CFI 5, HULL_RMSEA 6
    assert pm.hull(R, fit, n_obs=n, seed=1).n_factors == k


def test_bad_input(two_factors):
    with pytest.raises(SettingError, match="caf, cfi, rmsea"):
        pm.hull(two_factors, "srmr")
    with pytest.raises(SettingError, match="max_factors"):
        pm.hull(two_factors, max_factors=1)
