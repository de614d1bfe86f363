from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex import psychometrics as pm
from valuelex.errors import DataError
from valuelex.psychometrics.reliability.lambdas import lambdas_core
from valuelex.psychometrics.reliability.trace_minimum import trace_minimum


def covariance(seed: int, p: int, scaled: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((p + 10, p)) + rng.standard_normal((p + 10, 1)) * rng.uniform(-0.5, 2, p)
    return np.cov((X * 10 ** rng.uniform(-1, 1, p) if scaled else X).T)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 12), st.booleans())
def test_solution_is_feasible_on_both_sides_and_optimal(seed, p, scaled):
    C = covariance(seed, p, scaled)
    found = trace_minimum(C[None])
    psi, Y = found.psi[0], found.Y[0]
    size = np.trace(C)
    assert (psi >= 0).all()
    assert (psi <= np.diag(C) * (1 + 1e-12)).all()
    assert np.linalg.eigvalsh(C - np.diag(psi))[0] >= -1e-12 * size
    assert np.linalg.eigvalsh(Y)[0] >= -1e-12
    assert np.diag(Y).min() >= 1 - 1e-12
    # Weak duality, from the definitions and not from what the solver says of itself.
    assert -1e-12 * size <= np.sum(C * Y) - psi.sum() <= 1e-7 * size


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 10))
def test_no_coefficient_of_guttmans_exceeds_it(seed, p):
    C = covariance(seed, p, False)
    bound = 1 - trace_minimum(C[None]).psi.sum() / C.sum()
    assert np.nanmax(lambdas_core(C)[0]) <= bound + 1e-6


def test_parallel_items_and_one_factor_without_a_dominant_item():
    R = np.full((5, 5), 0.4) + 0.6 * np.eye(5)
    assert pm.glb(R, n_obs=100).glb == pytest.approx(pm.alpha(R, n_obs=100).raw, abs=1e-7)
    # If no loading exceeds the sum of the others, the factor's own uniquenesses are optimal (Y can be built to annul L).
    L = np.array([0.8, 0.7, 0.6, 0.5, 0.4])
    R = np.outer(L, L) + np.diag(1 - L**2)
    found = pm.glb(R, n_obs=100)
    assert found.glb == pytest.approx(L.sum() ** 2 / R.sum(), abs=1e-7)
    np.testing.assert_allclose(found.items["error_variance"], 1 - L**2, atol=1e-6)


def test_two_items_share_all_that_they_can():
    # S = [[1 - a, r], [r, 1 - b]] is singular at best: a + b is largest at a = b = 1 - r.
    assert pm.glb([[1, 0.5], [0.5, 1]], n_obs=50).glb == pytest.approx(2 / 3, abs=1e-7)


def test_it_lies_above_the_best_of_psychs_bounds(correlations, expected):
    R, n = correlations["hs9"]
    want = expected("psych_bounds")["hs9"]
    found = pm.glb(R, n_obs=n)
    assert found.glb > max(want["lambda2"], want["lambda4"], want["lambda6"])
    # psych's glb.fa is another quantity: below the bound here, above it for five items of bfi.
    assert found.glb > want["glb_fa"]
    assert found.gap < 1e-6


def test_bootstrap_takes_the_bias_off():
    rng = np.random.default_rng(2)
    data = rng.standard_normal((150, 1)) + rng.standard_normal((150, 8))
    found = pm.glb(data, n_boot=100, seed=1)
    assert found.bias > 0
    assert found.ci_low < found.glb - found.bias < found.ci_high
    assert (found.ci_low + found.ci_high) / 2 < found.glb  # percentiles would lie around glb + bias
    assert found.to_frame().equals(pm.glb(data, n_boot=100, seed=1).to_frame())


def test_standardized_is_that_of_correlations(agreeableness):
    matrix = pm.glb(agreeableness.corr(), n_obs=len(agreeableness))
    assert pm.glb(agreeableness, standardized=True).glb == pytest.approx(matrix.glb, abs=1e-9)
    assert pm.glb(agreeableness).glb == pytest.approx(pm.glb(agreeableness.cov(), n_obs=2436).glb, abs=1e-7)


def test_bad_input(two_factors):
    with pytest.raises(DataError, match="singular"):
        pm.glb(two_factors.assign(sum=two_factors.sum(axis=1)))
    with pytest.raises(DataError, match="resampled"):
        pm.glb(two_factors.corr(), n_obs=400, n_boot=5)
