from __future__ import annotations

import warnings

import numpy as np
import pytest

from valuelex import psychometrics as pm

sklearn = pytest.importorskip("sklearn")


def test_contract_checks_of_scikit_learn():
    # Components, since the checks fit two columns, too few for a common factor.
    from sklearn.utils.estimator_checks import check_estimator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(pm.FactorAnalysis(method="pca"), on_fail=None)
    failed = [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"]
    assert failed == []
    assert len(results) > 30


def test_agrees_with_efa(two_factors):
    estimator = pm.FactorAnalysis(2, method="ml", scores="tenberge", random_state=1)
    scores = estimator.fit_transform(two_factors)
    model = pm.efa(two_factors, 2, "ml", seed=1)
    np.testing.assert_allclose(estimator.loadings_, model.loadings)
    np.testing.assert_allclose(scores, model.scores(two_factors, "tenberge"), atol=1e-10)
    assert estimator.get_feature_names_out().tolist() == ["F1", "F2"]
    assert list(estimator.loadings_.index) == list(two_factors.columns)


def test_in_a_pipeline_with_pandas_output_and_clone(two_factors):
    from sklearn.base import clone
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipe = make_pipeline(StandardScaler(), pm.FactorAnalysis(n_factors=2, random_state=1))
    frame = clone(pipe).set_output(transform="pandas").fit_transform(two_factors)
    assert list(frame.columns) == ["F1", "F2"]
    # Standardizing first changes nothing: the model is one of correlations.
    np.testing.assert_allclose(frame, pm.efa(two_factors, 2, seed=1).scores(two_factors), atol=1e-6)


def test_missing_values_are_refused(two_factors):
    two_factors.iloc[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        pm.FactorAnalysis(2).fit(two_factors)
