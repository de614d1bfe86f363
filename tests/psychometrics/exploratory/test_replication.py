from __future__ import annotations

import warnings

import joblib
import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError


def test_halves_of_a_clear_structure_agree(two_factors):
    found = pm.split_half(pm.efa(two_factors, 2, seed=1), 20, seed=3)
    assert (found.frame["mean"] > 0.95).all()
    assert found.frame["verdict"].tolist() == ["equal", "equal"]
    assert found.congruences.shape == (20, 2)
    assert found.settings["seed"] == 3


def test_one_split_by_hand(two_factors):
    model = pm.efa(two_factors, 2, seed=1)
    found = pm.split_half(model, 1, seed=5)
    rng = np.random.default_rng(np.random.SeedSequence(5).spawn(1)[0])
    halves = np.array_split(rng.permutation(400), 2)
    solutions = [
        pm.align(pm.efa(two_factors.iloc[half], 2, seed=1).loadings, model.loadings).loadings for half in halves
    ]
    want = np.diag(pm.congruence(*solutions))
    np.testing.assert_allclose(found.congruences.iloc[0], want, atol=1e-5)


def test_noise_does_not_replicate():
    noise = np.random.default_rng(0).standard_normal((200, 12))
    with warnings.catch_warnings(action="ignore"):  # Heywood cases are no surprise in noise
        found = pm.split_half(pm.efa(noise, 3, seed=1), 10, seed=1)
    assert (found.frame["mean"] < 0.85).all()
    assert set(found.frame["verdict"]) == {"not replicated"}


def test_folds_compare_a_part_with_the_rest(two_factors):
    model = pm.efa(two_factors, 2, seed=1)
    found = pm.k_fold(model, 4, repeats=3, seed=1)
    assert found.congruences.shape == (12, 2)
    assert found.settings["parts"] == 4


def test_spread_over_processes_gives_the_same_numbers(two_factors):
    model = pm.efa(two_factors, 2, seed=1)
    alone = pm.split_half(model, 12, seed=2).congruences
    with joblib.parallel_config("threading", n_jobs=2):
        pd.testing.assert_frame_equal(pm.split_half(model, 12, seed=2).congruences, alone, check_exact=True)


def test_bad_input(two_factors):
    model = pm.efa(two_factors, 2, seed=1)
    with pytest.raises(DataError, match="cannot be split"):
        pm.split_half(pm.efa(two_factors.corr(), 2, n_obs=400, seed=1))
    with pytest.raises(DataError, match=r"part of 8 cases has no more cases than variables \(8\)"):
        pm.k_fold(model, 50)
    with pytest.raises(SettingError, match="k=1"):
        pm.k_fold(model, 1)
