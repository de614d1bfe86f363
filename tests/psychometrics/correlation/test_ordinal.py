from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.correlation.polychoric import polychoric_core


@pytest.fixture(scope="module")
def some(bfi):
    return bfi.iloc[:300, :6]


def test_polychoric_labels_what_the_core_estimates(some):
    found = pm.polychoric(some)
    core = polychoric_core(some.dropna().to_numpy(float))
    np.testing.assert_array_equal(found.correlations, core.R)
    assert list(found.correlations.columns) == list(some.columns) == list(found.thresholds.index)
    np.testing.assert_allclose(found.thresholds.loc["A1"].dropna(), core.thresholds[0])
    assert found.n_obs == len(some.dropna())
    assert found.empty_cells == core.empty_cells > 0
    assert found.settings["correct"] == 0
    assert found.to_frame() is found.correlations
    assert "Polychoric correlations of 6 columns" in found.summary()
    assert f"{core.empty_cells} pair(s) with an empty cell" in found.summary()


def test_pairwise_uses_more_cases_and_says_so(some):
    found = pm.polychoric(some, missing="pairwise")
    assert found.n_obs > len(some.dropna())
    assert found.settings["n_obs_rule"] == "smallest pairwise n"
    np.testing.assert_array_equal(found.correlations, polychoric_core(some.to_numpy(float)).R)


def test_an_indefinite_matrix_is_smoothed_and_told(bfi):
    few = (bfi.dropna().iloc[:40, :15] > 3).astype(int)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = pm.tetrachoric(few)
        plain = pm.tetrachoric(few, smooth="none")
        near = pm.tetrachoric(few, correct=0.5, keep_margins=True, smooth="higham")
    said = " ".join(str(warning.message) for warning in caught)
    assert said.count("stopped at .9999") == 2
    assert said.count("not positive definite") == 2
    assert found.smoothing is not None
    assert found.smoothing.smallest_before < 0 < np.linalg.eigvalsh(found.correlations)[0]
    assert found.settings["smoothed"] is True
    assert "Smoothed (clip, smallest eigenvalue -" in found.summary()
    assert len(found.at_bound) > 0
    assert all(list(few).index(a) < list(few).index(b) for a, b in found.at_bound)
    assert plain.smoothing is None
    assert np.linalg.eigvalsh(plain.correlations)[0] == pytest.approx(found.smoothing.smallest_before)
    assert near.at_bound == ()


def test_tetrachoric_names_columns_of_more_categories(some):
    two = (some > 3).astype(int)
    np.testing.assert_allclose(pm.tetrachoric(two).correlations, pm.polychoric(two).correlations)
    with pytest.raises(DataError, match=r"more than two categories: A2 \(6\).*\n.*polychoric\(\)"):
        pm.tetrachoric(two.assign(A2=some["A2"].fillna(1)))


def test_mixed_takes_each_pair_by_its_kinds(some):
    rng = np.random.default_rng(1)
    data = some.dropna().assign(size=lambda d: d["A2"] + rng.standard_normal(len(d)), weight=rng.normal(size=292))
    found = pm.mixed_correlations(data)
    assert found.ordinal == tuple(some.columns)
    np.testing.assert_allclose(found.correlations.loc[some.columns, some.columns], pm.polychoric(some).correlations)
    assert found.correlations.loc["size", "weight"] == pytest.approx(data["size"].corr(data["weight"]))
    serial = pm.polyserial(data[["size", "weight"]], data[["A1", "A2"]])
    np.testing.assert_allclose(serial.correlations, found.correlations.loc[["size", "weight"], ["A1", "A2"]])
    assert "Polyserial correlations of 2 continuous with 2" in serial.summary()
    some_only = pm.mixed_correlations(data, ["A1", "A2"])
    assert some_only.ordinal == ("A1", "A2")
    assert some_only.correlations.loc["A3", "A4"] == pytest.approx(data["A3"].corr(data["A4"]))
    assert found.settings["ordinal_rule"] == "whole numbers, at most 7 different"


def test_polyserial_takes_series_and_leaves_missing_out(some):
    y, x = some["A2"] + np.linspace(0, 0.5, 300), (some["A1"] > 2).astype(float).where(some["A1"].notna())
    found = pm.polyserial(y, x)
    assert found.correlations.shape == (1, 1)
    kept = y.notna() & x.notna()
    assert found.n_obs == kept.sum()
    pairwise = pm.polyserial(y, x, missing="pairwise")
    assert pairwise.correlations.iloc[0, 0] == pytest.approx(found.correlations.iloc[0, 0], abs=0.01)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"A1": 1.0}, "do not vary: A1"),
        ({"A1": np.nan}, "Only 0 rows are complete"),
        ({"A1": np.arange(300.0)}, r"more than 20 categories: A1 \(293\)"),
        ({"A1": "a"}, "not numeric: A1"),
    ],
)
def test_bad_columns_are_named(some, change, says):
    with pytest.raises(DataError, match=says):
        pm.polychoric(some.assign(**change))


def test_pairs_without_common_cases_and_too_few_columns_are_named(some):
    apart = some.copy()
    apart.loc[:149, "A1"] = np.nan
    apart.loc[150:, "A2"] = np.nan
    apart.index = range(300)
    apart.iloc[:150, 0] = np.nan
    apart.iloc[150:, 1] = np.nan
    with pytest.raises(DataError, match="A1 and A2 share too few cases|A2 and A1 share too few cases"):
        pm.polychoric(apart, missing="pairwise")
    with pytest.raises(DataError, match="no value at all: A1"):
        pm.polychoric(some.assign(A1=np.nan), missing="pairwise")
    with pytest.raises(DataError, match="at least two columns"):
        pm.polychoric(some[["A1"]])
    with pytest.raises(DataError, match="same rows"):
        pm.polyserial(some["A1"], some["A2"].iloc[::-1])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"missing": "fiml"}, "missing='fiml'"),
        ({"smooth": "bend"}, "smooth='bend'"),
        ({"correct": -1}, "correct=-1"),
    ],
)
def test_bad_settings_are_named(some, options, says):
    with pytest.raises(SettingError, match=says):
        pm.polychoric(some, **options)


def test_bad_settings_of_mixed_are_named(some):
    with pytest.raises(SettingError, match="names no column of data: B9"):
        pm.mixed_correlations(some, ["A1", "B9"])
    with pytest.raises(SettingError, match="max_categories=1"):
        pm.mixed_correlations(some, max_categories=1)


def test_columns_constant_among_common_cases_are_named():
    x = np.array([1.0, 2, 3, 4, 5, 6, 7.5, 8, np.nan, np.nan])
    y = np.array([2.5, 2.5, 2.5, 2.5, np.nan, np.nan, np.nan, np.nan, 1, 9])
    with pytest.raises(DataError, match="do not vary among their common cases"):
        pm.mixed_correlations(pd.DataFrame({"x": x, "y": y}), [], missing="pairwise")
