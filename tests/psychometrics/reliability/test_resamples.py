from __future__ import annotations

import numpy as np
import pytest

from valuelex.psychometrics.reliability import resamples


@pytest.mark.parametrize("columns", [4, resamples.PRODUCTS_UP_TO + 1])
def test_covariances_are_those_of_the_drawn_cases(columns):
    # Few columns go by case weights, many by the drawn rows; both are numpy's covariances of the same draw.
    X = np.random.default_rng(1).standard_normal((50, columns)) * np.linspace(0.1, 30, columns) + 7
    stream = np.random.SeedSequence(5)
    rows = np.random.default_rng(np.random.SeedSequence(5)).integers(0, 50, 50)
    (found,) = resamples.covariances([stream], X, "pearson", "listwise")
    np.testing.assert_allclose(found, np.cov(X[rows].T), rtol=1e-9, atol=1e-9)


def test_a_column_that_does_not_vary_in_a_resample_gives_none():
    X = np.column_stack([np.arange(12.0), np.r_[1.0, np.zeros(11)]])
    found = resamples.covariances(np.random.SeedSequence(1).spawn(40), X, "pearson", "listwise")
    missing = sum(C is None for C in found)
    assert 0 < missing < 40


def test_percentiles_leave_out_nan():
    draws = np.column_stack([np.r_[np.arange(101.0), np.nan], np.full(102, np.nan)])
    np.testing.assert_allclose(resamples.percentiles(draws, 0.9), [[5, np.nan], [95, np.nan]])
