from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import SettingError
from valuelex.psychometrics.retention.model import implied


def test_first_step_is_parallel_analysis(two_factors):
    # With no factors NEST and parallel analysis ask the same question of the same draws.
    found = pm.nest(two_factors, 300, seed=2)
    parallel = pm.parallel_analysis(two_factors, 300, seed=2)
    assert found.reference[0] == pytest.approx(parallel.reference[0])
    assert found.n_factors == 2
    assert np.isnan(found.reference[3:]).all()


def test_level_holds_without_factors():
    rng = np.random.default_rng(0)
    wrong = sum(pm.nest(rng.standard_normal((100, 6)), 99, seed=i).n_factors > 0 for i in range(100))
    assert wrong <= 12, "5 are expected; above 12 has probability .001"


def test_efatools_on_bfi(correlations):
    R, n = correlations["bfi25"]
    assert pm.nest(R, 300, n_obs=n, seed=1).n_factors == 8  # EFAtools 1.0: 8


def test_implied_matrix_is_positive_definite_with_a_heywood_case():
    R = np.array([[1, 0.99, 0.8, 0.1], [0.99, 1, 0.7, 0.1], [0.8, 0.7, 1, 0.1], [0.1, 0.1, 0.1, 1]])
    model = implied(R, 1)
    np.testing.assert_allclose(np.diag(model), 1)
    np.linalg.cholesky(model)


def test_bad_input():
    with pytest.raises(SettingError, match="n_iter"):
        pm.nest(pd.DataFrame(np.random.default_rng(0).standard_normal((30, 4))), 0)
