from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError
from valuelex.psychometrics.retention.comparison_data import simulate_population, smaller


def test_population_has_the_margins_and_the_correlations(two_factors):
    coarse = np.digitize(two_factors, [0.3, 1.0, 1.6]).astype(float)
    R = np.corrcoef(coarse, rowvar=False)
    made = simulate_population(coarse, R, 2, 10_000, np.random.default_rng(1))
    for j in range(8):
        share = [np.mean(coarse[:, j] == c) for c in range(4)]
        np.testing.assert_allclose([np.mean(made[:, j] == c) for c in range(4)], share, atol=0.02)
    off = np.tril_indices(8, -1)
    # Two factors were planted: what is left is their misfit in the sample, about 1 / sqrt(n).
    assert np.sqrt(np.mean((np.corrcoef(made, rowvar=False) - R)[off] ** 2)) < 0.04


def test_mann_whitney_agrees_with_scipy():
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, 40), rng.normal(0.3, 1, 50)
    want = mannwhitneyu(x, y, alternative="less", method="asymptotic").pvalue
    assert smaller(x, y) == pytest.approx(want, abs=1e-10)


@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
def test_finds_two_factors_in_skewed_answers(two_factors, correlation):
    coarse = pd.DataFrame(np.digitize(two_factors, [0.5, 1.0, 1.6]))
    found = pm.comparison_data(coarse, 60, population=2000, correlation=correlation, seed=1)
    assert found.n_factors == 2
    again = pm.comparison_data(coarse, 60, population=2000, correlation=correlation, seed=1)
    assert np.array_equal(found.rmse, again.rmse)


def test_needs_raw_data(correlations):
    with pytest.raises(DataError, match="raw data"):
        pm.comparison_data(correlations["hs9"][0], 50)
