from __future__ import annotations

import numpy as np
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError


def test_the_average_of_one_solution_is_that_solution(two_factors):
    found = pm.average(two_factors, 2, methods=["ml"], rotations=["oblimin"], seed=1)
    alone = pm.efa(two_factors, 2, "ml", rotation="oblimin", seed=1)
    np.testing.assert_allclose(found.loadings, alone.loadings)
    np.testing.assert_allclose(found.phi, alone.phi)


def test_combinations_agree_on_a_clear_structure(two_factors):
    found = pm.average(two_factors, 2, seed=1)
    assert len(found.solutions) == 9
    assert found.solutions["admissible"].all()
    assert (found.solutions[["F1", "F2"]] > 0.99).all().all()
    assert found.spread["sd"].max() < 0.05
    by_hand = [
        pm.align(pm.efa(two_factors, 2, m, rotation=r, seed=1).loadings, found.loadings).loadings
        for m in ("minres", "ml", "paf")
        for r in ("oblimin", "promax", "geomin")
    ]
    np.testing.assert_allclose(found.loadings, np.mean(by_hand, axis=0), atol=1e-9)


def test_heywood_cases_are_left_out_and_said(correlations):
    R, n = correlations["hs9"]
    with pytest.raises(DataError, match=r"No solution is admissible.*Heywood: .*\n.*fewer factors"):
        pm.average(R, 5, methods=["ml"], rotations=["oblimin"], n_obs=n, seed=1)


def test_bad_input(two_factors):
    with pytest.raises(SettingError, match="cannot be averaged"):
        pm.average(two_factors, 2, rotations=["varimax", "oblimin"], seed=1)
    with pytest.raises(SettingError, match="is empty"):
        pm.average(two_factors, 2, methods=[])
