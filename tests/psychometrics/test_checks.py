from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks


def test_nan_column_names_the_column(two_factors):
    two_factors["empty"] = np.nan
    with pytest.raises(DataError, match=r"no value at all: empty.*\n.*Drop"):
        pm.efa(two_factors, 1)


def test_rows_with_nan_leave_too_few_says_pairwise(two_factors):
    holes = two_factors.copy()
    for i in range(len(holes)):
        holes.iloc[i, i % 8] = np.nan
    with pytest.raises(DataError, match=r"0 of 400 rows are complete.*\n.*missing='pairwise'"):
        pm.efa(holes, 1)


def test_constant_column_is_named(two_factors):
    two_factors["x3"] = 2.5
    with pytest.raises(DataError, match="do not vary: x3"):
        pm.correlate(two_factors)


def test_column_constant_among_complete_rows_says_so(two_factors):
    two_factors["late"] = 0.0
    two_factors.loc[0, "late"] = 1.0
    two_factors.loc[0, "x0"] = np.nan
    with pytest.raises(DataError, match="among the complete rows: late"):
        pm.correlate(two_factors)


def test_text_column_is_named(two_factors):
    with pytest.raises(DataError, match="not numeric: who"):
        pm.correlate(two_factors.assign(who="a"))


def test_infinite_and_duplicate_names(two_factors):
    bad = two_factors.copy()
    bad.iloc[3, 1] = np.inf
    with pytest.raises(DataError, match="infinite values: x1"):
        pm.correlate(bad)
    bad = two_factors.rename(columns={"x1": "x0"})
    with pytest.raises(DataError, match="occur twice: x0"):
        pm.correlate(bad)


def test_nullable_integers_and_booleans_are_read():
    frame = pd.DataFrame({"a": pd.array([1, 2, None, 4, 5], dtype="Int64"), "b": [True, False, True, True, False]})
    assert checks.as_frame(frame)["a"].isna().sum() == 1
    assert checks.as_frame(frame)["b"].tolist() == [1, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda R: R.iloc[:5], "but it is 5 x 9"),
        (lambda R: R.where(~((R.index == "x1")[:, None] & (R.columns == "x2")), 0.9), "not symmetric: x1 x x2"),
        (lambda R: R * np.where(np.eye(9) > 0, -1, 1), "neither 1 nor a variance: it is not positive for x1"),
        (lambda R: R.replace(R.loc["x1", "x2"], np.nan), "missing cells"),
        (lambda R: R.replace(R.loc["x1", "x2"], 1.4), "outside"),
        (lambda R: R.rename(index={"x1": "y1"}), "Row names"),
    ],
)
def test_wrong_correlation_matrix(correlations, change, message):
    R, n = correlations["hs9"]
    with pytest.raises(DataError, match=message):
        pm.efa(change(R), 3, n_obs=n)


def test_covariances_give_the_solution_of_their_correlations(correlations):
    R, n = correlations["hs9"]
    spread = np.arange(1.0, 10.0)
    covariances = R * np.outer(spread, spread)
    found = pm.efa(covariances, 3, "ml", n_obs=n, seed=1)
    assert found.settings["input"] == "covariance matrix"
    pd.testing.assert_frame_equal(found.loadings, pm.efa(R, 3, "ml", n_obs=n, seed=1).loadings, atol=1e-7)


def test_an_indefinite_matrix_is_refused_or_smoothed_on_request():
    names = list("abcd")
    R = pd.DataFrame(np.full((4, 4), 0.9), columns=names, index=names)
    R.loc["a", "c"] = R.loc["c", "a"] = -0.9
    R["d"] = R.loc["d"] = 0.1
    R = R.mask(np.eye(4) > 0, 1.0)
    with pytest.raises(DataError, match=r"smallest eigenvalue is -0\.8\d+; .*[abc].*\n.*smooth"):
        pm.efa(R, 1, n_obs=100)
    found = pm.efa(R, 1, n_obs=100, smooth="higham", method="pca", seed=1)
    assert found.settings["repair"] == "higham"
    assert found.settings["smallest_eigenvalue_before_repair"] < -0.8
    assert np.linalg.eigvalsh(found.correlations)[0] > 0


def test_correlation_matrix_is_never_taken_for_data(correlations):
    # efa-utils runs parallel analysis on a correlation matrix as if its rows were cases.
    R, _ = correlations["hs9"]
    for call in (lambda: pm.parallel_analysis(R, 10), lambda: pm.efa(R, 3), lambda: pm.bartlett(R)):
        with pytest.raises(DataError, match=r"looks like a correlation matrix.*\n.*n_obs"):
            call()


def test_too_many_factors_says_how_many(two_factors):
    with pytest.raises(SettingError, match="at most 4 factors"):
        pm.efa(two_factors, 5)
    with pytest.raises(SettingError, match="at most 8 components"):
        pm.efa(two_factors, 9, "pca")


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "2", None])
def test_n_factors_must_be_a_positive_integer(two_factors, value):
    with pytest.raises(SettingError, match="n_factors"):
        pm.efa(two_factors, value)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"method": "uls"}, "minres, ml, paf, dwls, alpha, image, pca"),
        ({"rotation": "equimax"}, "varimax"),
        ({"mimic": "stata"}, "psych, spss, lavaan, efatools"),
        ({"missing": "mean"}, "listwise, pairwise"),
        ({"correlation": "kendall"}, "pearson, spearman"),
        ({"lower_bound": 0}, "lower_bound"),
        ({"seed": -1}, "seed"),
        ({"normalize": "varimax"}, "promax only"),
        ({"n_starts": 0}, "n_starts"),
    ],
)
def test_unknown_setting_lists_what_is_allowed(two_factors, arguments, named):
    with pytest.raises(SettingError, match=named):
        pm.efa(two_factors, 2, **arguments)


def test_most_factors_leaves_no_negative_degrees_of_freedom():
    assert [checks.most_factors(p) for p in (2, 3, 4, 5, 6, 8, 9)] == [0, 1, 1, 2, 3, 4, 5]


def test_seed_is_made_up_once_and_stored(two_factors):
    first = pm.efa(two_factors, 2)
    again = pm.efa(two_factors, 2, seed=first.settings["seed"])
    pd.testing.assert_frame_equal(first.loadings, again.loadings, check_exact=True)
