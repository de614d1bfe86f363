from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError

# Shrout & Fleiss (1979), table 2: six targets, four judges.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_icc_of_shrout_and_fleiss():
    found = pm.icc(SHROUT_FLEISS)
    assert found.frame["icc"].round(2).tolist() == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    assert found.frame.index.tolist() == ["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"]
    squares = {key: round(value, 2) for key, value in found.mean_squares.items()}
    assert squares == {"targets": 11.24, "raters": 32.49, "error": 1.02, "within": 6.26}
    # Limits as published with these data by psych::ICC and SPSS.
    np.testing.assert_allclose(
        found.frame[["ci_low", "ci_high"]],
        [[-0.133, 0.723], [0.019, 0.761], [0.342, 0.946], [-0.884, 0.912], [0.071, 0.927], [0.676, 0.986]],
        atol=6e-4,
    )


def test_icc_sees_bias_only_under_absolute_agreement():
    truth = np.arange(10.0)
    rng = np.random.default_rng(1)
    ratings = np.column_stack([truth, truth + 5, truth + 10]) + 0.1 * rng.standard_normal((10, 3))
    frame = pm.icc(ratings).frame["icc"]
    assert frame["ICC3"] > 0.99
    assert frame["ICC2"] < 0.4


def test_icc_of_perfect_agreement_is_one():
    frame = pm.icc(np.repeat(np.arange(5.0)[:, None], 3, axis=1)).frame
    np.testing.assert_allclose(frame[["icc", "ci_low", "ci_high"]], 1.0)


def test_icc_with_constant_bias_and_no_error():
    found = pm.icc(np.arange(5.0)[:, None] + np.array([0.0, 1.0, 2.0]))
    assert found.frame.loc["ICC3", "icc"] == pytest.approx(1)
    assert 0 < found.frame.loc["ICC2", "icc"] < 1
    assert np.isfinite(found.frame[["ci_low", "ci_high"]].to_numpy()).all()


def test_icc_leaves_incomplete_targets_out():
    ratings = pd.DataFrame([*SHROUT_FLEISS, [1, np.nan, 2, 3]])
    found = pm.icc(ratings)
    assert found.n_targets == 6
    assert found.settings["n_rows"] == 7
    assert found.frame["icc"].iloc[0] == pytest.approx(pm.icc(SHROUT_FLEISS).frame["icc"].iloc[0])


def test_icc_bad_input():
    with pytest.raises(DataError, match="1 raters"):
        pm.icc([[1.0], [2.0]])
    with pytest.raises(DataError, match="All ratings are equal"):
        pm.icc(np.ones((4, 3)))
