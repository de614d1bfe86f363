from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError


@pytest.fixture
def model(two_factors):
    return pm.efa(two_factors, 2, "ml", seed=1)


def test_regression_scores_are_the_regression(model, two_factors):
    Z = ((two_factors - two_factors.mean()) / two_factors.std()).to_numpy()
    expected = Z @ np.linalg.solve(two_factors.corr(), model.structure)
    np.testing.assert_allclose(model.scores(two_factors), expected, atol=1e-8)


def test_tenberge_scores_keep_the_factor_correlations(model, two_factors):
    np.testing.assert_allclose(model.scores(two_factors, "tenberge").cov(), model.phi, atol=1e-8)


def test_bartlett_scores_are_unbiased(model):
    W = model.weights("bartlett").to_numpy()
    np.testing.assert_allclose(W.T @ model.loadings, np.eye(2), atol=1e-10)


def test_one_new_case_is_scored_on_the_scale_of_the_fitted_data(model, two_factors):
    all_at_once = model.scores(two_factors)
    one = model.scores(two_factors.iloc[[7]])
    np.testing.assert_allclose(one, all_at_once.iloc[[7]], atol=1e-12)


def test_columns_are_matched_by_name_and_gaps_stay_gaps(model, two_factors):
    shuffled = two_factors.iloc[:, ::-1].assign(other=1.0)
    shuffled.loc[3, "x2"] = np.nan
    found = model.scores(shuffled)
    assert found.loc[3].isna().all()
    pd.testing.assert_frame_equal(found.drop(3), model.scores(two_factors).drop(3))


def test_model_of_a_matrix_scores_against_the_given_data(model, two_factors):
    other = pm.efa(two_factors.corr(), 2, "ml", n_obs=400, seed=1)
    np.testing.assert_allclose(other.scores(two_factors), model.scores(two_factors), atol=1e-6)
    with pytest.raises(DataError, match="standardized"):
        other.scores(two_factors.iloc[[0]])


def test_bad_input(model, two_factors):
    with pytest.raises(DataError, match="lacks the variables x3"):
        model.scores(two_factors.drop(columns="x3"))
    with pytest.raises(DataError, match="7 columns; 8"):
        model.scores(two_factors.to_numpy()[:, :7])
    with pytest.raises(SettingError, match="regression, bartlett, tenberge, anderson"):
        model.scores(two_factors, "mean")


def test_agrees_with_psych_on_every_method(shared):
    import json

    stored = json.loads((shared / "efa" / "factor_scores_hs9.json").read_text())
    data = pd.read_csv(shared / "efa" / "data_hs9.csv")
    found = pm.efa(data, 3, "ml", seed=1)
    order = pm.align(found.loadings, pd.DataFrame(stored["loadings"], index=found.loadings.index))
    for method in ("regression", "bartlett", "tenberge", "anderson"):
        name = {"tenberge": "tenBerge"}.get(method, method)
        ours = found.scores(data, method).to_numpy()[:, order.order] * order.signs
        np.testing.assert_allclose(ours, stored[name], atol=2e-3)


def test_anderson_scores_are_uncorrelated_and_phi_is_not_the_scores_correlation(model, two_factors):
    np.testing.assert_allclose(model.scores(two_factors, "anderson").cov(), np.eye(2), atol=1e-8)
    for method in ("regression", "bartlett", "tenberge", "anderson"):
        np.testing.assert_allclose(
            model.score_correlations(method), np.corrcoef(model.scores(two_factors, method).T), atol=1e-8
        )
    # Regression scores correlate otherwise than the factors do: that is why both are reported under their own names.
    assert abs(model.score_correlations("regression").iloc[0, 1] - model.phi.iloc[0, 1]) > 0.01


def test_determinacy_is_the_correlation_of_scores_with_factors():
    # With the factors known, the validity of regression scores is their correlation with them, whatever the sample.
    rng = np.random.default_rng(5)
    L = np.zeros((9, 3))
    L[np.arange(9), np.arange(9) // 3] = 0.7
    phi = np.full((3, 3), 0.3) + 0.7 * np.eye(3)
    factors = rng.standard_normal((50_000, 3)) @ np.linalg.cholesky(phi).T
    X = factors @ L.T + rng.standard_normal((50_000, 9)) * np.sqrt(1 - (L**2).sum(axis=1))
    found = pm.efa(X, 3, "ml", seed=1)
    table = found.determinacy("regression")
    assert list(table.columns) == ["r2", "determinacy", "minimum_correlation", "validity"]
    scores = found.scores(X, "regression").to_numpy()
    with_factors = np.abs(np.corrcoef(scores.T, factors.T)[:3, 3:]).max(axis=1)
    np.testing.assert_allclose(table["validity"], with_factors, atol=0.01)
    np.testing.assert_allclose(table["validity"], table["determinacy"], atol=1e-6)
    np.testing.assert_allclose(table["minimum_correlation"], 2 * table["r2"] - 1)
    assert (found.determinacy("bartlett")["validity"] <= table["validity"] + 1e-9).all()
