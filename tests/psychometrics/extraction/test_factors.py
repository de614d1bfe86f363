from __future__ import annotations

import numpy as np
import pytest

from valuelex.psychometrics.extraction import factors as extraction

CASES = [("bfi25", 5), ("bfi25", 6), ("harman74", 4), ("harman74", 5), ("hs9", 3)]


@pytest.mark.parametrize(("name", "k"), CASES)
def test_ml_agrees_with_tight_factanal(correlations, reference, name, k):
    R = correlations[name][0].to_numpy()
    want = reference(f"factanal_{name}_k{k}")
    found = extraction.extract(R, k, "ml", lower_bound=1e-4)
    A = np.array(want["loadings_unrotated"])
    signs = np.sign(np.sum(A * found.loadings, axis=0))
    np.testing.assert_allclose(found.loadings * signs, A, atol=1e-6)
    np.testing.assert_allclose(found.uniquenesses, want["uniquenesses"], atol=1e-6)
    assert found.objective == pytest.approx(want["objective"], abs=1e-10)
    assert found.converged
    assert not found.heywood.any()


def test_known_objectives(correlations):
    R = correlations["bfi25"][0].to_numpy()
    assert extraction.extract(R, 5, "ml").objective == pytest.approx(0.615309186271, abs=1e-10)
    assert extraction.extract(R, 5, "minres").objective == pytest.approx(0.2323282635, abs=1e-10)


@pytest.mark.parametrize("method", ["minres", "ml"])
def test_gradients_are_the_derivatives(correlations, method):
    R = correlations["hs9"][0].to_numpy()
    x = np.linspace(0.3, 0.8, 9)
    log_det = float(np.linalg.slogdet(R)[1])

    def evaluate(x):
        return extraction._ml(R, log_det, 2, x) if method == "ml" else extraction._uls(R, 2, x)

    x = np.log(x) if method == "ml" else x
    gradient = evaluate(x)[1]
    numeric = [(evaluate(x + 1e-6 * e)[0] - evaluate(x - 1e-6 * e)[0]) / 2e-6 for e in np.eye(9)]
    np.testing.assert_allclose(gradient, numeric, atol=1e-7)


def test_minres_and_principal_axis_meet(correlations):
    R = correlations["harman74"][0].to_numpy()
    minres, paf = (extraction.extract(R, 4, method) for method in ("minres", "paf"))
    np.testing.assert_allclose(minres.uniquenesses, paf.uniquenesses, atol=1e-6)
    assert minres.iterations < paf.iterations


@pytest.mark.parametrize("method", ["minres", "ml", "paf", "pca"])
def test_exact_model_is_recovered(method):
    L = np.array([0.9, 0.8, 0.7, 0.6, 0.5])[:, None]
    R = L @ L.T + np.diag(1 - L[:, 0] ** 2)
    found = extraction.extract(R, 1, method)
    if method != "pca":
        np.testing.assert_allclose(np.abs(found.loadings), L, atol=1e-5)
    assert found.loadings.shape == (5, 1)


@pytest.mark.parametrize("bound", [0.005, 1e-4])
@pytest.mark.parametrize("method", ["minres", "ml", "paf"])
def test_heywood_case_is_flagged_at_the_bound(bound, method):
    # Spearman's classic impossible triad: h2 of the first variable would be .9 * .9 / .5 = 1.62.
    R = np.array([[1, 0.9, 0.9], [0.9, 1, 0.7], [0.9, 0.7, 1]])
    found = extraction.extract(R, 1, method, lower_bound=bound)
    assert found.heywood.tolist() == [True, False, False]
    assert found.uniquenesses[0] == pytest.approx(bound)
    assert found.converged


def test_large_matrix_takes_the_subset_path():
    rng = np.random.default_rng(0)
    p, k = 90, 3
    L = rng.uniform(-0.6, 0.6, (p, k))
    R = L @ L.T
    np.fill_diagonal(R, 1.0)
    found = extraction.extract(R, k, "minres")
    np.testing.assert_allclose(found.loadings @ found.loadings.T, L @ L.T, atol=1e-6)


def test_iteration_limit_is_told(correlations):
    found = extraction.extract(correlations["bfi25"][0].to_numpy(), 5, "paf", max_iter=3)
    assert not found.converged
    assert found.iterations == 3
