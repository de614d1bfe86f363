from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.retention import networks
from valuelex.psychometrics.retention.ega import match


def sample(k: int, n: int = 600, per: int = 5, loading: float = 0.75, phi: float = 0.2) -> pd.DataFrame:
    rng = np.random.default_rng(k)
    L = np.kron(np.eye(k), np.full((per, 1), loading))
    Phi = np.full((k, k), phi) + (1 - phi) * np.eye(k)
    factors = rng.standard_normal((n, k)) @ np.linalg.cholesky(Phi).T
    X = factors @ L.T + rng.standard_normal((n, k * per)) * np.sqrt(1 - loading**2)
    return pd.DataFrame(X, columns=[f"v{j}" for j in range(k * per)])


@pytest.mark.parametrize("network", ["glasso", "tmfg"])
@pytest.mark.parametrize("algorithm", ["walktrap", "louvain"])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_finds_what_was_planted(network, algorithm, k):
    found = pm.ega(sample(k), network, algorithm, seed=1)
    assert found.n_factors == k
    assert found.membership.tolist() == np.repeat(np.arange(1, k + 1), 5).tolist()
    assert found.unidimensional == (k == 1)


def test_tmfg_is_a_planar_triangulation():
    R = np.corrcoef(np.random.default_rng(1).standard_normal((50, 17)), rowvar=False)
    W = networks.tmfg(R)
    assert np.count_nonzero(np.triu(W)) == 3 * 17 - 6
    assert (np.count_nonzero(W, axis=1) >= 3).all()
    assert np.array_equal(W[W != 0], R[W != 0])


@pytest.mark.parametrize("penalty", [0.05, 0.2])
def test_graphical_lasso_meets_its_optimality_conditions(penalty):
    # Karush-Kuhn-Tucker: K^-1 - R has |.| at most the penalty, and equals penalty * sign(k) where k is not 0.
    R = np.corrcoef(sample(3, 200), rowvar=False)
    K = networks.graphical_lasso(R, np.array([penalty]))[0]
    slack = np.linalg.inv(K) - R
    off = ~np.eye(15, dtype=bool)
    np.testing.assert_allclose(np.diag(slack), 0, atol=1e-4)
    assert np.abs(slack[off]).max() <= penalty + 1e-4
    used = off & (K != 0)
    assert 0 < used.sum() < off.sum()
    np.testing.assert_allclose(slack[used], penalty * np.sign(K[used]), atol=1e-4)


def test_graphical_lasso_agrees_with_scikit_learn():
    from sklearn.covariance import graphical_lasso

    R = np.corrcoef(sample(3, 200, loading=0.5), rowvar=False)
    _, want = graphical_lasso(R, 0.15, tol=1e-4, max_iter=500)
    np.testing.assert_allclose(networks.graphical_lasso(R, np.array([0.15]))[0], want, atol=2e-3)


def test_ebic_empties_the_network_of_noise():
    R = np.corrcoef(np.random.default_rng(0).standard_normal((300, 10)), rowvar=False)
    assert np.count_nonzero(networks.glasso(R, 300)[0]) == 0
    assert np.count_nonzero(networks.glasso(R, 300, gamma=0.0)[0]) >= 0


def test_bootstrap_of_a_clear_structure_is_stable():
    data = sample(3)
    found = pm.ega(data, "tmfg", n_boot=20, seed=2)
    assert (found.item_stability > 0.9).all()
    assert (found.structural_consistency > 0.85).all()
    assert found.frequency.idxmax() == 3
    assert found.settings["resampled"] == "cases"
    again = pm.ega(data, "tmfg", n_boot=20, seed=2)
    assert again.item_stability.equals(found.item_stability)
    parametric = pm.ega(data.corr(), "tmfg", n_boot=10, seed=2, n_obs=600)
    assert parametric.settings["resampled"] == "normal samples"
    assert (parametric.item_stability > 0.9).all()


def test_an_item_of_two_factors_is_unstable():
    data = sample(2, 400)
    data["both"] = (data["v0"] + data["v1"] + data["v5"] + data["v6"]) / 2 + np.random.default_rng(3).standard_normal(
        400
    )
    found = pm.ega(data, "tmfg", n_boot=30, seed=1)
    assert found.item_stability.idxmin() == "both"


def test_matching_renames_dimensions():
    target = np.array([1, 1, 1, 2, 2, 2])
    assert match(np.array([2, 2, 2, 1, 1, 1]), target).tolist() == target.tolist()
    three = match(np.array([1, 1, 3, 2, 2, 0]), target)
    assert three[:2].tolist() == [1, 1]
    assert three[3:].tolist() == [2, 2, 0]
    assert three[2] > 2


def test_bad_input(two_factors):
    with pytest.raises(SettingError, match="glasso, tmfg"):
        pm.ega(two_factors, "ising")
    with pytest.raises(DataError, match="four"):
        pm.ega(two_factors.iloc[:, :3])
