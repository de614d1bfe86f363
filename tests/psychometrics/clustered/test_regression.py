"""Nested regression against pbkrtest, metafor and closed forms (tests/reference/clustered/nested.R)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from valuelex import psychometrics as pm
from valuelex.errors import DataError

REFERENCE = Path(__file__).parents[2] / "reference" / "clustered"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "nested.csv")


@pytest.fixture(scope="module")
def told() -> dict:
    return json.loads((REFERENCE / "nested.json").read_text())


def design(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(constant=1.0)[["constant", "size", "tuned", "region"]].astype(float)


def test_kenward_roger_is_pbkrtest_s(data: pd.DataFrame, told: dict) -> None:
    found = pm.nested_regression(data["y"], design(data), data["family"])
    assert found.contrasts["estimate"].to_numpy() == pytest.approx(told["estimate"], rel=1e-6)
    assert found.contrasts["se"].to_numpy() == pytest.approx(told["se"], rel=1e-5)
    assert (found.components["cluster"], found.components["unit"]) == pytest.approx(
        (told["cluster"], told["unit"]), rel=1e-5
    )
    for name in ("size", "tuned", "region"):
        row = found.contrasts.loc[name]
        assert row["t"] ** 2 == pytest.approx(told[name]["F"], rel=1e-5)
        assert row["df"] == pytest.approx(told[name]["df"], rel=1e-5)
        assert row["p"] == pytest.approx(told[name]["p"], rel=1e-5)


def test_with_known_error_it_is_metafor_s_multilevel_model(data: pd.DataFrame, told: dict) -> None:
    found = pm.nested_regression(data["y"], design(data), data["family"], error=data["v"])
    assert found.contrasts["estimate"].to_numpy() == pytest.approx(told["meta_estimate"], rel=1e-5)
    assert [found.components["cluster"], found.components["unit"]] == pytest.approx(told["meta_sigma2"], rel=1e-4)
    # metafor's errors take the components as known; Kenward and Roger's are a little larger.
    ratio = found.contrasts["se"].to_numpy() / np.array(told["meta_se"])
    assert (ratio > 1).all()
    assert (ratio < 1.1).all()


def test_balanced_families_give_the_t_test_of_their_means() -> None:
    rng = np.random.default_rng(1)
    family = np.repeat(np.arange(8), 4)
    y = rng.normal(0, 0.5, 8)[family] + rng.normal(0, 0.3, 32)
    X = pd.DataFrame({"a": (family % 2 == 0).astype(float), "b": (family % 2).astype(float)})
    row = pm.nested_regression(y, X, family, contrasts=pd.DataFrame([[-1.0, 1.0]], columns=["a", "b"])).contrasts.iloc[
        0
    ]
    means = y.reshape(8, 4).mean(axis=1)
    expected = stats.ttest_ind(means[1::2], means[::2])
    assert (row["t"], row["df"], row["p"]) == pytest.approx((expected.statistic, 6, expected.pvalue), rel=1e-6)


def test_units_without_clusters_are_ordinary_regression() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=20)
    y = 0.3 * x + rng.normal(size=20)
    row = pm.nested_regression(y, pd.DataFrame({"constant": 1.0, "x": x})).contrasts.loc["x"]
    expected = stats.linregress(x, y)
    assert (row["estimate"], row["se"], row["df"]) == pytest.approx((expected.slope, expected.stderr, 18), rel=1e-6)


def test_a_large_family_is_not_weighed_wildly_where_families_do_not_differ() -> None:
    """Members that differ more than strangers give a negative component; weights stay those of independent units."""
    y = np.array([1.0, -1.0, 1.2, -1.2, 0.9, -0.9, 0.1, 0.0, -0.1, 0.05])
    family = np.array([0, 0, 0, 0, 0, 0, 1, 2, 3, 4])
    found = pm.nested_regression(y, pd.DataFrame({"constant": np.ones(10)}), family)
    assert found.components["cluster"] < 0
    assert found.components["share"] == 0
    assert found.weights.to_numpy() == pytest.approx(np.full((1, 10), 0.1))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(-5, 5), st.floats(0.1, 10))
def test_shifting_and_stretching_the_scores_changes_nothing_but_their_units(
    seed: int, shift: float, factor: float
) -> None:
    rng = np.random.default_rng(seed)
    family = rng.integers(0, 5, 15)
    X = pd.DataFrame({"constant": 1.0, "x": rng.normal(size=15)})
    y = rng.normal(size=5)[family] + rng.normal(size=15)
    one = pm.nested_regression(y, X, family).contrasts.loc["x"]
    two = pm.nested_regression(shift + factor * y, X, family).contrasts.loc["x"]
    assert two["estimate"] == pytest.approx(factor * one["estimate"], rel=1e-4, abs=1e-6)
    assert two["p"] == pytest.approx(one["p"], rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": [1.0, 2.0]}, "finite values"),
        ({"y": [1.0, 2.0, np.nan, 4.0]}, "finite values"),
        ({"X": pd.DataFrame({"a": np.ones(4), "b": np.ones(4)})}, "cannot be told apart"),
        ({"X": pd.DataFrame(np.eye(4))}, "no degree of freedom"),
        ({"clusters": ["a", "b", None, "c"]}, "one cluster for every unit"),
        ({"error": [[1.0, 2.0], [2.0, 1.0]]}, "symmetric 4 x 4"),
        ({"error": np.full((4, 4), 1.0) - 2 * np.eye(4)}, "negative eigenvalues"),
        ({"y": [1.0, 1.0, 1.0, 1.0]}, "does not vary"),
        ({"contrasts": pd.DataFrame({"z": [1.0]})}, "other columns"),
    ],
)
def test_bad_input_is_named(change: dict, message: str) -> None:
    arguments = {
        "y": [1.0, 2.0, 0.0, 4.0],
        "X": pd.DataFrame({"constant": np.ones(4)}),
        "clusters": [1, 1, 2, 2],
    } | change
    with pytest.raises(DataError, match=message):
        pm.nested_regression(**arguments)


def test_effects_that_differ_between_clusters_are_pbkrtest_s() -> None:
    """Reference: lmer with a random slope, KRmodcomp (tests/reference/clustered/slopes.R)."""
    data = pd.read_csv(REFERENCE / "slopes.csv")
    told = json.loads((REFERENCE / "slopes.json").read_text())
    X = data.assign(constant=1.0)[["constant", "tuned", "size"]].astype(float)
    found = pm.nested_regression(data["y"], X, data["family"], slope=data["tuned"])
    assert found.contrasts["estimate"].to_numpy() == pytest.approx(told["estimate"], rel=1e-5)
    assert found.contrasts["se"].to_numpy() == pytest.approx(told["se"], rel=1e-4)
    variances = [found.components[name] for name in ("cluster", "slope", "unit")]
    assert variances == pytest.approx(told["variances"], rel=1e-4)
    for name in ("tuned", "size"):
        row = found.contrasts.loc[name]
        assert row["t"] ** 2 == pytest.approx(told[name]["F"], rel=1e-4)
        assert row["df"] == pytest.approx(told[name]["df"], rel=1e-4)
        assert row["p"] == pytest.approx(told[name]["p"], rel=1e-4)


def test_slopes_need_three_clusters_in_which_the_covariate_varies() -> None:
    rng = np.random.default_rng(3)
    clusters = np.repeat(["a", "b", "c", "d"], 4)
    X = pd.DataFrame({"constant": 1.0, "x": np.tile([0.0, 0, 1, 1], 4)})
    few = X["x"].where(np.isin(clusters, ["a", "b"]), 0.0)
    y = rng.normal(size=16)
    assert pm.nested_regression(y, X, clusters, slope=X["x"]).settings["slopes_told_apart"]
    plain, same = (pm.nested_regression(y, X, clusters, slope=slope) for slope in (None, few))
    assert not same.settings["slopes_told_apart"]
    assert same.contrasts.equals(plain.contrasts)
    with pytest.raises(DataError, match="slope has 3 values"):
        pm.nested_regression(y, X, clusters, slope=[1.0, 2, 3])


def test_a_test_of_effects_that_differ_keeps_its_level_where_that_of_one_effect_does_not() -> None:
    """Eight clusters of one to eight, effects of a mean of 0 and an SD of .6 beside units' .4."""
    rejected = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        clusters = np.repeat(np.arange(8), rng.integers(1, 9, 8))
        x = rng.integers(0, 2, clusters.size) - 0.5
        if np.ptp(x) == 0:
            continue
        y = rng.normal(0, 0.25, 8)[clusters] + rng.normal(0, 0.6, 8)[clusters] * x + rng.normal(0, 0.4, clusters.size)
        X = pd.DataFrame({"constant": 1.0, "x": x})
        rejected.append(
            [pm.nested_regression(y, X, clusters, slope=s).contrasts.at["x", "p"] < 0.05 for s in (None, x)]
        )
    one, differing = np.mean(rejected, axis=0)
    assert one > 0.15
    assert differing < 0.1


def test_effects_that_differ_less_than_by_chance_are_taken_to_be_the_same() -> None:
    """Within every cluster the two units differ by 1 to the last bit: a negative component, which is left out."""
    clusters = np.repeat(np.arange(6), 4)
    x = np.tile([-0.5, -0.5, 0.5, 0.5], 6)
    noise = np.tile([0.3, -0.3, 0.2, -0.2], 6)
    y = np.array([0.5, -0.2, 0.1, 0.7, -0.4, 0.0])[clusters] + x + noise
    X = pd.DataFrame({"constant": 1.0, "x": x})
    plain, found = (pm.nested_regression(y, X, clusters, slope=slope) for slope in (None, x))
    assert found.settings["slopes_told_apart"]
    assert found.components["slope"] == 0
    assert found.contrasts.equals(plain.contrasts)
