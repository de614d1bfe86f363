from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError


@pytest.mark.parametrize("name", ["bfi25", "harman74", "hs9"])
def test_kmo_and_bartlett_agree_with_psych(correlations, reference, name):
    R, n = correlations[name]
    want = reference(f"screen_{name}")
    found = pm.kmo(R)
    assert found.overall == pytest.approx(want["KMO"], abs=1e-6)
    np.testing.assert_allclose(found.msa, want["MSAi"], atol=1e-6)
    test = pm.bartlett(R, n)
    assert test.chi2 == pytest.approx(want["bartlett"]["chisq"], abs=1e-6)
    assert test.df == want["bartlett"]["df"]
    assert test.p == pytest.approx(want["bartlett"]["p"], rel=1e-6, abs=1e-300)
    screened = pm.screen(R, n)
    assert screened.factorable
    assert screened.reasons == ()
    assert screened.kmo == found.overall


def test_singular_matrix_is_an_error_for_one_test_and_a_reason_for_the_screening(two_factors):
    doubled = two_factors.assign(copy=two_factors["x0"] * 3 - 1)
    for test in (pm.kmo, pm.bartlett):
        with pytest.raises(DataError, match=r"singular.*\n.*screen\(\)"):
            test(doubled)
    found = pm.screen(doubled)
    assert not found.factorable
    assert found.duplicates == (("x0", "copy"),)
    assert found.determinant == 0
    assert any("perfectly correlated: x0 = copy" in reason for reason in found.reasons)
    assert any("singular" in reason for reason in found.reasons)
    assert np.isnan(found.kmo)


def test_exact_combination_without_duplicates_is_singular(two_factors):
    found = pm.screen(two_factors.assign(total=two_factors.sum(axis=1)))
    assert found.duplicates == ()
    assert any("singular" in reason for reason in found.reasons)


def test_no_more_cases_than_variables(two_factors):
    found = pm.screen(two_factors.iloc[:8])
    assert found.n_at_most_p
    assert any("no more cases (8) than variables (8)" in reason for reason in found.reasons)


def test_noise_is_not_factorable():
    found = pm.screen(pd.DataFrame(np.random.default_rng(0).standard_normal((200, 6))))
    assert any("Bartlett" in reason for reason in found.reasons)
    assert found.bartlett is not None
    assert found.bartlett.p > 0.05


def test_low_kmo_is_a_reason():
    # Each pair correlates only through a third variable's suppression: large partials, small zero-order correlations.
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((2, 500))
    data = pd.DataFrame({"a": a, "b": b, "c": a + b + 0.1 * rng.standard_normal(500)})
    found = pm.screen(data)
    assert found.kmo < 0.5
    assert any("KMO" in reason and "below .5" in reason for reason in found.reasons)


def test_constant_columns_are_left_out_and_named(two_factors):
    found = pm.screen(two_factors.assign(flat=1))
    assert found.constant == ("flat",)
    assert not found.factorable
    assert found.kmo == pytest.approx(pm.kmo(two_factors).overall)
    assert np.isnan(found.msa["flat"])


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame({"a": [1.0, 1, 1, 1], "b": [2.0, 2, 2, 2]}),
        pd.DataFrame({"a": [1.0, 2, 3, 4]}),
        pd.DataFrame({"a": [1.0, 2, np.nan], "b": [np.nan, 1, 2]}),
        pd.DataFrame(np.eye(4)[:, :3]),
        pd.DataFrame(np.zeros((1, 3))),
        pd.DataFrame(np.random.default_rng(0).integers(0, 2, (5, 40))),
        pd.DataFrame({"a": [1.0, 2, 3, np.nan, np.nan, np.nan], "b": [np.nan, np.nan, np.nan, 1, 2, 3]}),
    ],
)
@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_degenerate_data_never_crash(data, missing):
    found = pm.screen(data, missing=missing)
    assert not found.factorable
    assert found.reasons
    assert isinstance(found.summary(), str)
    assert len(found.to_frame()) == 9


def test_indefinite_matrix_is_a_reason():
    R = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    found = pm.screen(R, 100)
    assert any("not positive definite" in reason for reason in found.reasons)
