from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex.errors import SettingError
from valuelex.psychometrics.correlation import repair, smooth
from valuelex.psychometrics.correlation.smoothing import METHODS


def test_clipping_agrees_with_psych(reference):
    want = reference("smoothing")
    found = smooth(np.array(want["R"]), floor=1e-10)
    np.testing.assert_allclose(found.R, want["psych"], atol=1e-6)
    assert found.smallest_before == pytest.approx(np.linalg.eigvalsh(want["R"])[0])
    np.testing.assert_array_equal(repair(np.array(want["R"]))[0], smooth(np.array(want["R"])).R)


def test_nearest_matrix_of_highams_paper():
    # Higham (2002), section 1: the nearest correlation matrix of this one, printed there to four decimals.
    A = np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]])
    want = [[1, 0.7607, 0.1573], [0.7607, 1, 0.7607], [0.1573, 0.7607, 1]]
    found = smooth(A, "higham", floor=1e-10)
    np.testing.assert_allclose(found.R, want, atol=5e-5)
    assert found.distance == pytest.approx(0.5278, abs=5e-4)
    assert found.largest_change == pytest.approx(1 - 0.7607, abs=5e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 9))
def test_results_are_correlation_matrices_and_higham_is_nearer(seed, p):
    rng = np.random.default_rng(seed)
    R = np.clip(rng.uniform(-1.2, 1.2, (p, p)), -1, 1)
    R = np.tril(R, -1) + np.tril(R, -1).T + np.eye(p)
    done = {method: smooth(R, method) for method in METHODS}
    for found in done.values():
        assert np.linalg.eigvalsh(found.R)[0] > 0
        np.testing.assert_array_equal(np.diag(found.R), 1)
        np.testing.assert_array_equal(found.R, found.R.T)
        assert np.abs(found.R).max() <= 1
        assert found.smoothed == (np.linalg.eigvalsh(R)[0] < 1e-6)
    assert done["higham"].distance <= done["clip"].distance + 1e-6


def test_a_good_matrix_is_left_alone():
    R = np.array([[1, 0.3], [0.3, 1]])
    for method in METHODS:
        found = smooth(R, method)
        assert found.R is R
        assert not found.smoothed
        assert found.distance == 0


@pytest.mark.parametrize(("method", "floor"), [("bend", 1e-6), ("clip", 0.0), ("clip", 1.0)])
def test_bad_settings_are_named(method, floor):
    with pytest.raises(SettingError, match="Use one of|Give floor"):
        smooth(np.eye(2), method, floor=floor)
