from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.psychometrics import correlation as corr


@pytest.mark.parametrize("method", ["pearson", "spearman"])
@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_agrees_with_pandas(two_factors, method, missing):
    holes = two_factors.round(1)
    holes.iloc[::7, 0] = np.nan
    holes.iloc[::11, 5] = np.nan
    base = holes.dropna() if missing == "listwise" else holes
    if missing == "pairwise":
        with pytest.warns(pm.PsychometricsWarning, match="Pairwise"):
            found = pm.correlate(holes, method, missing=missing)
    else:
        found = pm.correlate(holes, method, missing=missing)
    np.testing.assert_allclose(found, base.corr(method=method), atol=1e-12)
    assert list(found.index) == list(found.columns) == list(holes.columns)


def test_bfi_reproduces_the_reference_matrix(bfi, correlations):
    np.testing.assert_allclose(pm.correlate(bfi), correlations["bfi25"][0], atol=1e-12)


def test_repair_makes_positive_definite_and_keeps_the_good():
    R = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    fixed, smallest = corr.repair(R)
    assert smallest is not None
    assert smallest < 0
    assert np.linalg.eigvalsh(fixed)[0] > 0
    np.testing.assert_allclose(np.diag(fixed), 1)
    same, nothing = corr.repair(np.eye(3))
    assert nothing is None
    assert np.array_equal(same, np.eye(3))


def test_pairwise_indefinite_matrix_is_repaired_and_told():
    rng = np.random.default_rng(2)
    X = pd.DataFrame(rng.standard_normal((14, 6)))
    X = X.mask(rng.random(X.shape) < 0.35)
    X.columns = list("abcdef")
    assert np.linalg.eigvalsh(X.corr())[0] < 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = pm.efa(X, 1, missing="pairwise", seed=1)
    assert any("not positive definite" in str(warning.message) for warning in caught)
    assert found.settings["repaired"] is True
    assert found.settings["smallest_eigenvalue_before_repair"] < 0
    assert np.linalg.eigvalsh(found.correlations)[0] > 0
    assert found.settings["n_obs"] == corr.pairwise_counts(X.to_numpy()).min()


def test_smc_is_the_r_squared_of_a_regression(two_factors):
    X = two_factors.to_numpy()
    y, rest = X[:, 0], np.column_stack([np.ones(len(X)), X[:, 1:]])
    residual = y - rest @ np.linalg.lstsq(rest, y, rcond=None)[0]
    assert corr.smc(corr.pearson(X))[0] == pytest.approx(1 - residual.var() / y.var())
