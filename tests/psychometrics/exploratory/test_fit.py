from __future__ import annotations

import numpy as np
import pytest

from valuelex import psychometrics as pm
from valuelex.psychometrics.exploratory import fit


def test_formulas_by_hand(correlations):
    R, n = correlations["hs9"]
    found = pm.efa(R, 3, "ml", n_obs=n, seed=1)
    f, p, k = found.fit, 9, 3
    implied = (found.loadings @ found.phi @ found.loadings.T).to_numpy() + np.diag(found.uniquenesses)
    S = np.linalg.solve(implied, R.to_numpy())
    F = np.trace(S) - np.log(np.linalg.det(S)) - p
    chi2 = (n - 1 - (2 * p + 5) / 6 - 2 * k / 3) * F
    assert f["chi2"] == pytest.approx(chi2, abs=1e-6)
    assert f["rmsea"] == pytest.approx(np.sqrt(chi2 / (12 * n) - 1 / (n - 1)), abs=1e-9)
    assert f["bic"] == pytest.approx(chi2 - 12 * np.log(n), abs=1e-6)
    residual = R.to_numpy() - implied
    lower = residual[np.tril_indices(9)]
    assert f["srmr"] == pytest.approx(np.sqrt(np.mean(lower**2)), abs=1e-9)
    assert f["cfi"] == pytest.approx(1 - (chi2 - 12) / (f["null_chi2"] - 36), abs=1e-9)
    np.testing.assert_allclose(found.residuals, residual, atol=1e-9)
    assert "Bartlett" in f["convention"]


def test_interval_limits_solve_the_noncentral_equation():
    from scipy.stats import ncx2

    chi2, df, n = 60.0, 30, 200
    low, high = fit.rmsea_interval(chi2, df, n - 1)
    assert ncx2.cdf(chi2, df, low**2 * df * (n - 1)) == pytest.approx(0.95)
    assert ncx2.cdf(chi2, df, high**2 * df * (n - 1)) == pytest.approx(0.05)
    assert fit.rmsea_interval(5.0, 30, 199) == (0.0, 0.0)


def test_perfect_model_and_saturated_model():
    L = np.array([0.9, 0.8, 0.7, 0.6])
    R = np.outer(L, L) + np.diag(1 - L**2)
    perfect = fit.fit_indices(R, R, 1, 100)
    assert perfect["chi2"] == pytest.approx(0, abs=1e-8)
    assert perfect["rmsea"] == 0
    assert perfect["cfi"] == 1
    assert perfect["p"] == pytest.approx(1)
    saturated = fit.fit_indices(R[:3, :3], R[:3, :3], 1, 100)
    assert saturated["df"] == 0
    assert np.isnan(saturated["p"])
    assert np.isnan(saturated["rmsea"])


def test_discrepancy_of_indefinite_matrices_is_nan():
    bad = np.array([[1, 2.0], [2.0, 1]])
    assert np.isnan(fit.discrepancy(bad, np.eye(2)))
    assert np.isnan(fit.discrepancy(np.eye(2), bad))
    assert np.isnan(fit.discrepancy(np.ones((2, 2)), np.eye(2)))
