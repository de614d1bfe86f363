from __future__ import annotations

import numpy as np
import pytest

from tests.psychometrics.correlation.test_polychoric import uneven
from valuelex.psychometrics.correlation.asymptotic import asymptotic_covariance, asymptotic_covariance_pearson
from valuelex.psychometrics.correlation.polychoric import polychoric_core


@pytest.fixture(scope="module")
def items(bfi):
    return bfi.dropna().reset_index(drop=True)


def ours(by_column, p):
    """Turn a covariance in lavaan's order (down the columns of the lower triangle) into row order."""
    columns = {pair: k for k, pair in enumerate((i, j) for j in range(p) for i in range(j + 1, p))}
    order = [columns[int(i), int(j)] for i, j in zip(*np.tril_indices(p, -1), strict=True)]
    return np.asarray(by_column)[np.ix_(order, order)]


@pytest.mark.parametrize("name", ["ordinal", "categories"])
def test_polychoric_covariance_agrees_with_lavaan(items, reference, name):
    data = items.iloc[:, :5] if name == "ordinal" else uneven(items)[["A1", "A2", "C1", "E1", "N1"]]
    X = data.to_numpy(float)
    poly = polychoric_core(X)
    want = ours(reference(f"nacov_{name}")["gamma"], 5)
    found = asymptotic_covariance(X, poly)
    np.testing.assert_allclose(found, want, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(asymptotic_covariance(X, poly, diagonal=True), np.diag(found), rtol=1e-12)


def test_pearson_covariance_agrees_with_lavaan(items, reference):
    X = items.iloc[:, :4].to_numpy(float)
    # make_correlation.R lists pairs row by row of the upper triangle, which is column order of the lower one.
    want = ours(reference("acov_pearson")["acov"], 4)
    np.testing.assert_allclose(asymptotic_covariance_pearson(X) / len(X), want, rtol=1e-5)


def test_pearson_covariance_of_normal_data_is_the_textbook_one():
    rng = np.random.default_rng(4)
    X = rng.standard_normal((200_000, 2)) @ np.linalg.cholesky([[1, 0.6], [0.6, 1]]).T
    assert asymptotic_covariance_pearson(X)[0, 0] == pytest.approx((1 - 0.36) ** 2, rel=0.02)


@pytest.mark.parametrize("holes", [False, True])
def test_variance_is_that_of_repeated_samples(holes):
    rng = np.random.default_rng(8)
    root = np.linalg.cholesky([[1, 0.5, 0.2], [0.5, 1, 0.4], [0.2, 0.4, 1]])

    def sample(n):
        X = np.digitize(rng.standard_normal((n, 3)) @ root.T, [-0.8, 0.4, 1.1]).astype(float)
        if holes:
            X[rng.random(X.shape) < 0.25] = np.nan
        return X

    below = np.tril_indices(3, -1)
    drawn = np.array([polychoric_core(sample(500)).R[below] for _ in range(400)])
    X = sample(40_000)
    poly = polychoric_core(X)
    gamma = asymptotic_covariance(X, poly)
    np.testing.assert_allclose(np.cov(drawn.T) * 500, gamma, atol=0.15 * gamma.max(), rtol=0.15)
    np.testing.assert_allclose(np.diag(gamma), asymptotic_covariance(X, poly, diagonal=True), rtol=1e-10)
    assert np.linalg.eigvalsh(gamma)[0] > 0
