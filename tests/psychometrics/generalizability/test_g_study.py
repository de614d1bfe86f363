from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError

FOLDER = Path(__file__).parents[2] / "reference" / "generalizability"


@pytest.fixture(scope="module")
def stored() -> dict:
    return json.loads((FOLDER / "components.json").read_text())


def long(scores: np.ndarray) -> pd.DataFrame:
    """Persons x items as one row a score."""
    n, k = scores.shape
    return pd.DataFrame(
        {"person": np.repeat(np.arange(n), k), "item": np.tile(np.arange(k), n), "score": scores.ravel()}
    )


def test_crossed_design_agrees_with_lme4(stored):
    found = pm.g_study(pd.DataFrame(stored["crossed"]["data"]), "item")
    want = stored["crossed"]["components"]
    assert found.components["estimate"].tolist() == pytest.approx(
        [want["person"], want["item"], want["Residual"]], abs=1e-4
    )
    assert list(found.components.index) == ["person", "item", "person x item, residual"]
    assert found.balanced


def test_three_crossed_facets_agree_with_lme4(stored):
    found = pm.g_study(pd.DataFrame(stored["three"]["data"]), ["item", "rater"])
    want = stored["three"]["components"]
    names = {
        "person": "person",
        "item": "item",
        "rater": "rater",
        "person x item": "person:item",
        "person x rater": "person:rater",
        "item x rater": "item:rater",
        "person x item x rater, residual": "Residual",
    }
    for ours, theirs in names.items():
        assert found.components.loc[ours, "estimate"] == pytest.approx(want[theirs], abs=1e-4)


def test_nested_design_agrees_with_lme4(stored):
    data = pd.DataFrame(stored["nested"]["data"])
    found = pm.g_study(data, ["task", "rater"], nested={"rater": "task"})
    want = stored["nested"]["components"]
    assert str(found.design) == "person x (rater:task)"
    for ours, theirs in (
        ("person", "person"),
        ("task", "task"),
        ("rater:task", "task:rater"),
        ("person x task", "person:task"),
        ("person x (rater:task), residual", "Residual"),
    ):
        assert found.components.loc[ours, "estimate"] == pytest.approx(want[theirs], abs=1e-4)


def test_nesting_is_found_in_the_labels(stored):
    data = pd.DataFrame(stored["nested"]["data"])
    told = pm.g_study(data, ["task", "rater"], nested={"rater": "task"})
    own = data.assign(rater=data["task"].astype(str) + "/" + data["rater"].astype(str))
    found = pm.g_study(own, ["task", "rater"])
    pd.testing.assert_frame_equal(found.components, told.components)


def test_anova_of_a_small_table_by_hand():
    scores = np.array([[1.0, 2, 4], [3, 5, 5], [6, 6, 9], [2, 3, 4]])
    n, k = scores.shape
    mean = scores.mean()
    ms_p = k * np.sum((scores.mean(axis=1) - mean) ** 2) / (n - 1)
    ms_i = n * np.sum((scores.mean(axis=0) - mean) ** 2) / (k - 1)
    residual = scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0) + mean
    ms_e = np.sum(residual**2) / ((n - 1) * (k - 1))
    found = pm.g_study(long(scores), "item").components["estimate"]
    assert found.tolist() == pytest.approx([(ms_p - ms_e) / k, (ms_i - ms_e) / n, ms_e])


def test_coefficient_is_alpha_and_icc():
    rng = np.random.default_rng(3)
    scores = rng.standard_normal((60, 1)) + rng.standard_normal((60, 5)) + rng.standard_normal(5)
    study = pm.g_study(long(scores), "item")
    row = pm.d_study(study, {"item": 5}).frame.iloc[0]
    assert row["generalizability"] == pytest.approx(pm.alpha(scores).raw)
    icc = pm.icc(scores).frame["icc"]
    assert row["dependability"] == pytest.approx(icc["ICC2k"])
    one = pm.d_study(study).frame.iloc[0]
    assert (one["generalizability"], one["dependability"]) == pytest.approx((icc["ICC3"], icc["ICC2"]))


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10_000))
@pytest.mark.filterwarnings("ignore::valuelex.psychometrics.PsychometricsWarning")
def test_location_and_order_do_not_matter_and_scale_is_squared(seed):
    rng = np.random.default_rng(seed)
    data = long(rng.standard_normal((8, 1)) + rng.standard_normal((8, 4)))
    base = pm.g_study(data, "item").components["estimate"]
    moved = data.assign(score=3 * data["score"] + 7).sample(frac=1, random_state=seed)
    again = pm.g_study(moved, "item").components["estimate"]
    np.testing.assert_allclose(again, 9 * base, atol=1e-9)


@pytest.mark.filterwarnings("ignore::valuelex.psychometrics.PsychometricsWarning")
def test_unbalanced_estimates_are_right_on_average():
    rng = np.random.default_rng(7)
    found = []
    for _ in range(150):
        scores = 5 + rng.standard_normal((30, 1)) + 0.7 * rng.standard_normal(6) + 0.8 * rng.standard_normal((30, 6))
        data = long(scores)
        data = data[rng.random(len(data)) > 0.3]
        found.append(pm.g_study(data, "item").components["estimate"].to_numpy())
    assert np.mean(found, axis=0) == pytest.approx([1, 0.49, 0.64], abs=0.08)


def test_missing_cells_are_said_and_the_complete_part_is_not_needed(stored):
    data = pd.DataFrame(stored["crossed"]["data"])
    holes = data.copy()
    holes.loc[[3, 50, 77], "score"] = np.nan
    found = pm.g_study(holes, "item")
    assert not found.balanced
    assert "unbalanced" in found.summary()
    full = pm.g_study(data, "item").components["estimate"]
    np.testing.assert_allclose(found.components["estimate"], full, atol=0.1)


def test_several_scores_in_a_cell_give_a_residual_of_their_own():
    rng = np.random.default_rng(2)
    once = long(rng.standard_normal((20, 1)) + rng.standard_normal((20, 5)))
    twice = pd.concat([once, once.assign(score=once["score"] + 0.5 * rng.standard_normal(100))])
    found = pm.g_study(twice, "item")
    assert list(found.components.index) == ["person", "item", "person x item", "residual"]
    assert found.components.loc["residual", "estimate"] == pytest.approx(0.125, abs=0.05)


@pytest.mark.filterwarnings("ignore::valuelex.psychometrics.PsychometricsWarning")
def test_jackknife_interval_matches_the_scatter_over_samples():
    rng = np.random.default_rng(4)
    draws, widths = [], []
    for _ in range(150):
        study = pm.g_study(long(rng.standard_normal((40, 1)) + rng.standard_normal((40, 5))), "item").components
        draws.append(study.loc["person", "estimate"])
        widths.append(study.loc["person", "se"])
    assert np.mean(widths) == pytest.approx(np.std(draws), rel=0.2)


def test_negative_components_are_flagged_and_count_as_zero():
    scores = np.array([[1.0, 5], [5, 1], [2, 4], [4, 2]])
    with pytest.warns(pm.PsychometricsWarning, match=r"taken as 0: .*person"):
        found = pm.g_study(long(scores), "item")
    assert "person" in found.negative
    assert found.components.loc["person", "estimate"] < 0
    assert found.components.loc["person", "variance"] == 0


def test_bad_input():
    data = long(np.arange(12.0).reshape(4, 3) ** 1.5)
    with pytest.raises(DataError, match="not a DataFrame"):
        pm.g_study(np.ones((3, 3)), "item")
    with pytest.raises(DataError, match=r"no column rater.*\n.*It has: person"):
        pm.g_study(data, ["item", "rater"])
    with pytest.raises(DataError, match="no column 'points'"):
        pm.g_study(data, "item", score="points")
    with pytest.raises(DataError, match="score is not a number in row 2: 'x'"):
        pm.g_study(data.astype({"score": object}).replace({"score": {data["score"][2]: "x"}}), "item")
    with pytest.raises(DataError, match="occasion has fewer than two levels"):
        pm.g_study(data.assign(occasion=1), ["item", "occasion"])
    with pytest.raises(SettingError, match="repeats a name"):
        pm.g_study(data, ["item", "item"])
    with pytest.raises(SettingError, match="item lies in item"):
        pm.g_study(data, "item", nested={"item": "item"})
    with pytest.raises(DataError, match="cannot tell the effects apart"):
        pm.g_study(data.assign(form=data["item"]), ["item", "form"])


@pytest.mark.parametrize("value", [3.0, 3.3, 2.7038, 0.0, 1e6 + 0.1])
def test_scores_that_do_not_vary_have_no_components(value):
    """Rounding of sums of 3.3 once gave a generalizability of .98."""
    with pytest.raises(DataError, match="do not vary"):
        pm.g_study(long(np.full((20, 24), value)), "item")
    almost = np.full((20, 24), value) + 1e-6 * max(1.0, value) * np.arange(20)[:, None] * np.arange(24)
    assert pm.g_study(long(almost), "item").components["variance"].sum() > 0
