"""Mixed-model scores: against lme4 (stored), statsmodels, closed forms of balanced designs, and data whose truth is known."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError

FOLDER = Path(__file__).parents[2] / "reference" / "generalizability"
CLUSTERED = FOLDER.parent / "clustered"
STORED = json.loads((FOLDER / "components.json").read_text())
CROSSED = {
    "item": ["item"],
    "rater": ["rater"],
    "person:item": ["person", "item"],
    "person:rater": ["person", "rater"],
    "item:rater": ["item", "rater"],
}
SIMPLE = {"item": ["item"], "person x item": ["person", "item"]}


def drawn(seed: int, *, persons: int = 6, items: int = 8, samples: int = 2, missing: float = 0.0) -> pd.DataFrame:
    effects = {"person": ["person"]} | SIMPLE
    variances = {"person": 0.5, "item": 0.4, "person x item": 0.3}
    levels = {"person": persons, "item": items, "sample": samples}
    return pm.simulate_ratings(levels, effects, variances, residual=0.5, missing=missing, seed=seed)


def test_components_and_universe_scores_agree_with_lme4() -> None:
    """Components of a balanced design are the same whether persons are fixed or sampled."""
    found = pm.mixed_scores(pd.DataFrame(STORED["three"]["data"]), CROSSED)
    for name in CROSSED:
        assert found.components.loc[name, "estimate"] == pytest.approx(STORED["three"]["components"][name], abs=5e-5)
    residual = STORED["three"]["components"]["Residual"]
    assert found.components.loc["residual", "estimate"] == pytest.approx(residual, abs=5e-5)
    assert found.coefficients["universe"] == pytest.approx(STORED["three"]["components"]["person"], abs=1e-4)


def test_a_balanced_design_has_its_closed_form() -> None:
    """Persons x items: the score is the mean, its variance (MS_item + (p - 1) MS_residual) / (p n), df likewise."""
    data = pm.simulate_ratings({"person": 5, "item": 12}, {"item": ["item"]}, {"item": 1.0}, residual=1.0, seed=4)
    found = pm.mixed_scores(data, {"item": ["item"]})
    table = data.pivot(index="person", columns="item", values="score").to_numpy()
    p, n = table.shape
    rest = table - table.mean(0) - table.mean(1, keepdims=True) + table.mean()
    ms_item = p * ((table.mean(0) - table.mean()) ** 2).sum() / (n - 1)
    ms_rest = (rest**2).sum() / ((p - 1) * (n - 1))
    variance = (ms_item + (p - 1) * ms_rest) / (p * n)
    df = variance**2 / (
        ((ms_item / (p * n)) ** 2) / (n - 1) + (((p - 1) * ms_rest / (p * n)) ** 2) / ((p - 1) * (n - 1))
    )
    row = found.scores.iloc[0]
    assert row["estimate"] == pytest.approx(table[0].mean())
    assert row["se"] ** 2 == pytest.approx(variance, rel=1e-6)
    assert row["df"] == pytest.approx(df, rel=1e-4)
    half = stats.t.ppf(0.975, df) * variance**0.5
    assert row["ci_high"] - row["estimate"] == pytest.approx(half, rel=1e-4)
    difference = found.covariance.iloc[0, 0] + found.covariance.iloc[1, 1] - 2 * found.covariance.iloc[0, 1]
    assert difference == pytest.approx(2 * ms_rest / n, rel=1e-6)
    ms_person = n * table.mean(1).var(ddof=1)
    assert found.coefficients["generalizability"] == pytest.approx(max(0, 1 - ms_rest / ms_person), abs=1e-4), (
        "Hoyt's alpha"
    )


def test_an_unbalanced_crossed_design_agrees_with_statsmodels() -> None:
    """MixedLM's REML with crossed components as one group: another engine and another optimiser."""
    import statsmodels.formula.api as smf

    data = drawn(3, missing=0.25).astype({"person": str, "item": str})
    data["pair"] = data["person"] + "/" + data["item"]
    found = pm.mixed_scores(data, SIMPLE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = smf.mixedlm(
            "score ~ 0 + person", data.assign(one=1), groups="one", re_formula="0",
            vc_formula={"item": "0 + C(item)", "pair": "0 + C(pair)"},
        ).fit(reml=True, method=["lbfgs", "nm"])  # fmt: skip
    theta = dict(zip(other.model.exog_vc.names, other.vcomp, strict=True))
    assert found.components.loc["item", "estimate"] == pytest.approx(theta["item"], rel=2e-3)
    assert found.components.loc["person x item", "estimate"] == pytest.approx(theta["pair"], rel=2e-3)
    assert found.components.loc["residual", "estimate"] == pytest.approx(other.scale, rel=2e-3)
    np.testing.assert_allclose(found.scores["estimate"], other.fe_params, atol=1e-4)
    np.testing.assert_allclose(found.scores["se"], other.bse_fe, rtol=2e-3)


def test_the_blocks_do_not_move_the_likelihood() -> None:
    """The same rows as one block, as blocks of items, and as blocks of persons: one likelihood, one gradient."""
    from valuelex.psychometrics.generalizability.moments import partition
    from valuelex.psychometrics.mixed.blocks import make_blocks
    from valuelex.psychometrics.mixed.reml import evaluate

    data = drawn(5, missing=0.3)
    codes = {name: partition([data[name].to_numpy()]) for name in ("person", "item")}
    effects = {"p": codes["person"], "i": codes["item"], "pi": partition([codes["person"], codes["item"]])}
    X, y = np.ones((len(data), 1)), data["score"].to_numpy()
    theta = np.array([0.4, 0.3, 0.2, 0.5])
    # Dense, from the definition.
    V = theta[3] * np.eye(y.size) + sum(
        t * (key[:, None] == key[None, :]) for t, key in zip(theta, effects.values(), strict=False)
    )
    inverse = np.linalg.inv(V)
    information = X.T @ inverse @ X
    P = inverse - inverse @ X @ np.linalg.solve(information, X.T @ inverse)
    want = -0.5 * (np.linalg.slogdet(V)[1] + np.linalg.slogdet(information)[1] + y @ P @ y)
    gradient = [
        -0.5 * (np.trace(P @ K) - y @ P @ K @ P @ y) for K in (k[:, None] == k[None, :] for k in effects.values())
    ]
    for factors in ([], [codes["item"]], [codes["person"]]):
        found = evaluate(make_blocks(y, X, effects, factors), theta)
        assert found.loglik == pytest.approx(want, rel=1e-10)
        np.testing.assert_allclose(found.gradient[:3], gradient, rtol=1e-8, atol=1e-10)


def test_a_severe_judge_is_taken_out() -> None:
    """Judge 1 is 2 points lower and saw person 0 alone on two thirds of the items: the plain mean is wrong."""
    data = pm.simulate_ratings(
        {"person": 4, "item": 200, "judge": 2}, {"item": ["item"]}, {"item": 0.2}, residual=0.01, mean=3, seed=2
    )
    data["score"] -= 2.0 * data["judge"]
    gone = (data["person"] == 0) & (data["judge"] == 0) & (data["item"] % 3 == 0)
    data = data[~gone]
    found = pm.mixed_scores(data, {"item": ["item"]}, fixed=["judge"])
    assert data.groupby("person")["score"].mean()[0] < data.groupby("person")["score"].mean()[1] - 0.15
    np.testing.assert_allclose(found.scores["estimate"] - found.scores["estimate"].mean(), 0, atol=0.02)
    severity = found.covariates.set_index("level")["estimate"]
    assert severity[0] - severity[1] == pytest.approx(2.0, abs=0.02)
    assert severity.sum() == pytest.approx(0, abs=1e-9)


def test_weights_say_what_scores_refer_to() -> None:
    data = drawn(1, items=12)
    data["valence"] = data["item"] % 3
    data["score"] += np.array([1.0, 0.0, -1.0])[data["valence"]]
    equal = pm.mixed_scores(data, SIMPLE, fixed=["valence"])
    tilted = pm.mixed_scores(data, SIMPLE, fixed={"valence": {0: 2, 1: 1, 2: 1}})
    effects = equal.covariates.set_index("level")["estimate"]
    moved = (tilted.scores["estimate"] - equal.scores["estimate"]).to_numpy()
    np.testing.assert_allclose(moved, (2 * effects[0] + effects[1] + effects[2]) / 4, atol=1e-6)


def test_predictions_lie_between_estimate_and_mean() -> None:
    found = pm.mixed_scores(drawn(7, missing=0.2), SIMPLE)
    estimate, shrunken = found.scores["estimate"], found.scores["shrunken"]
    assert shrunken.var() < estimate.var()
    assert (found.scores["shrunken_se"] <= found.scores["se"] + 1e-9).all()


def test_what_the_data_cannot_tell_apart_says_so() -> None:
    data = drawn(2, samples=1)
    found = pm.mixed_scores(data, SIMPLE | {"sample": ["sample"], "again": ["item"]})
    notes = found.components["note"]
    assert notes["person x item"].startswith("a level per case")
    assert notes["sample"] == "one level"
    assert notes["again"] == "the same levels as item"
    assert np.isnan(found.components.loc["again", "estimate"])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20), st.floats(-50, 50), st.floats(0.1, 20))
def test_a_linear_change_of_the_scores_changes_the_result_likewise(seed: int, shift: float, factor: float) -> None:
    data = drawn(seed, missing=0.2)
    one = pm.mixed_scores(data, SIMPLE)
    two = pm.mixed_scores(data.assign(score=shift + factor * data["score"]), SIMPLE)
    np.testing.assert_allclose(two.scores["estimate"], shift + factor * one.scores["estimate"], atol=1e-3 * factor)
    np.testing.assert_allclose(two.scores["se"], factor * one.scores["se"], rtol=2e-3)


def test_order_and_names_do_not_matter() -> None:
    data = drawn(9, missing=0.3)
    one = pm.mixed_scores(data, SIMPLE)
    other = data.sample(frac=1, random_state=1).assign(item=lambda d: "i" + d["item"].astype(str))
    np.testing.assert_allclose(pm.mixed_scores(other, SIMPLE).scores, one.scores, rtol=1e-4)


def test_wrong_input_is_refused() -> None:
    data = drawn(1)
    with pytest.raises(DataError, match="no column nobody"):
        pm.mixed_scores(data, SIMPLE, object="nobody")
    with pytest.raises(DataError, match="one object alone"):
        pm.mixed_scores(data[data["person"] == 0], SIMPLE)
    with pytest.raises(SettingError, match="no factor"):
        pm.mixed_scores(data, {"nothing": []})
    with pytest.raises(SettingError, match="no weight"):
        pm.mixed_scores(data, SIMPLE, fixed={"sample": {0: 1.0}})
    with pytest.raises(DataError, match="no finite number in row 0"):
        pm.mixed_scores(data.assign(score=data["score"].astype(object).where(data.index > 0, "high")), SIMPLE)
    with pytest.raises(DataError, match="cannot be told apart"):
        pm.mixed_scores(data.assign(group=data["person"] % 2), SIMPLE, fixed=["group"])
    with pytest.raises(DataError, match="do not vary"):
        pm.mixed_scores(data.assign(score=1.0), SIMPLE)


def test_a_mean_over_items_is_scipys_t_interval() -> None:
    y = np.random.default_rng(1).normal(3, 1, 12)
    found = pm.mean_interval(y)
    assert (found.ci_low, found.ci_high) == pytest.approx(stats.t.interval(0.95, 11, y.mean(), stats.sem(y)))
    assert pm.mean_interval([1.0, np.nan]).se is None
    assert pm.mean_interval([]).mean is None
    assert pm.mean_interval([2.0, 2.0], bootstrap=9, seed=1).boot_low == 2.0


def test_two_strata_have_welchs_error() -> None:
    """Equal strata: the mean of two means has half the error of their difference (scipy); a degree less for each stratum."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(2, 1, 9), rng.normal(5, 0.3, 9)
    found = pm.mean_interval([*a, *b], [0] * 9 + [1] * 9)
    welch = stats.ttest_ind(a, b, equal_var=False)
    assert found.df == 16
    assert found.se == pytest.approx(abs((a.mean() - b.mean()) / welch.statistic) / 2)
    assert pm.mean_interval([1, 2, 3, 9], ["x", "x", "x", "y"]).df == pytest.approx(3), "a stratum of one is joined"


def test_the_studentised_bootstrap_is_near_t_for_normal_values() -> None:
    y = np.random.default_rng(5).normal(0, 1, 40)
    found = pm.mean_interval(y, bootstrap=4999, seed=3)
    assert found.boot_low == pytest.approx(found.ci_low, abs=0.05)
    assert found.boot_high == pytest.approx(found.ci_high, abs=0.05)
    assert pm.mean_interval(y, bootstrap=99, seed=3) == pm.mean_interval(y, bootstrap=99, seed=3)


def test_simulated_ratings_have_their_variances() -> None:
    data = pm.simulate_ratings(
        {"person": 300, "item": 40}, {"person": ["person"], "item": ["item"]}, {"person": 2.0, "item": 0.5},
        residual=1.0, missing=0.2, missing_by="item", seed=3,
    )  # fmt: skip
    assert data.groupby("person")["effect: person"].first().var() == pytest.approx(2.0, rel=0.2)
    assert len(data) / 12000 == pytest.approx(0.8, abs=0.05)
    assert data.groupby("item").size().std() > 20, "items lose unequal shares"
    with pytest.raises(SettingError, match="do not match"):
        pm.simulate_ratings({"person": 2}, {"item": ["item"]}, {"item": 1.0}, residual=1.0)


def test_reml_is_the_anova_estimate_where_nothing_is_missing() -> None:
    data = pd.DataFrame(STORED["three"]["data"])
    anova = pm.g_study(data, ["item", "rater"]).components
    reml = pm.g_study(data, ["item", "rater"], method="reml").components
    np.testing.assert_allclose(reml["estimate"], anova["estimate"], atol=2e-4)


def test_influence_of_items_gives_the_paired_t_error_of_differences() -> None:
    """Complete data: the error of a difference between two objects is that of a paired t test over items."""
    rng = np.random.default_rng(6)
    items, objects = 15, ["a", "b", "c"]
    rows = [
        {"person": name, "item": i, "score": rng.normal() + 0.4 * (name == "b")}
        for i in range(items)
        for name in objects
    ]
    data = pd.DataFrame(rows)
    found = pm.mixed_scores(data, {"item": ["item"], "person x item": ["person", "item"]}, clusters="item")
    wide = data.pivot(index="item", columns="person", values="score")
    difference = wide["b"] - wide["a"]
    assert found.influence is not None
    assert found.settings["cluster_constants"] == 1
    assert np.sqrt(((found.influence["b"] - found.influence["a"]) ** 2).sum()) == pytest.approx(
        difference.std(ddof=1) / np.sqrt(items)
    )
    assert found.across == {}


def test_influence_leaves_fixed_kinds_of_items_out_and_raters_apart() -> None:
    rng = np.random.default_rng(7)
    kind = {i: "hard" if i % 2 else "easy" for i in range(12)}
    rows = [
        {"person": p, "item": i, "rater": r, "kind": kind[i], "score": rng.normal() + 3 * (i % 2) + r}
        for p in "abcd"
        for i in range(12)
        for r in (0, 1, 2)
    ]
    effects = {
        "item": ["item"],
        "person x item": ["person", "item"],
        "rater": ["rater"],
        "person x rater": ["person", "rater"],
    }
    found = pm.mixed_scores(pd.DataFrame(rows), effects, fixed=["kind"], clusters="item")
    assert found.settings["cluster_constants"] == 2
    assert set(found.across) <= {"rater", "person x rater"}
    assert (found.influence**2).sum().max() < 0.5  # 3 points between kinds would give more


def test_influence_of_items_agrees_with_clubsandwich_where_cells_are_missing() -> None:
    """Reference: vcovCR of clubSandwich, CR2 (tests/reference/clustered/cr2.R). Persons have 4 to 16 items.

    Both are unbiased under the model; they take the square root of the adjustment in other coordinates, which makes half a
    percent here.
    """
    data = pd.read_csv(CLUSTERED / "cr2.csv")
    theirs = json.loads((CLUSTERED / "cr2.json").read_text())
    effects = {"item": ["item"], "person x item": ["person", "item"]}
    found = pm.mixed_scores(data, effects, clusters="item")
    assert found.influence is not None
    assert found.scores["estimate"].tolist() == pytest.approx(list(theirs["estimate"].values()), abs=1e-4)
    ours = found.influence.T @ found.influence
    assert ours.to_numpy() == pytest.approx(np.array(theirs["covariance"]), rel=6e-3)


def test_what_one_item_alone_tells_of_has_the_models_error() -> None:
    """A person with one item fits it exactly: its residual is 0, and its error is not."""
    data = pd.read_csv(CLUSTERED / "cr2.csv")
    few = data[(data["person"] != "p5") | (data["item"] == data.loc[data["person"] == "p5", "item"].iloc[0])]
    found = pm.mixed_scores(few, {"item": ["item"], "person x item": ["person", "item"]}, clusters="item")
    assert found.influence is not None
    assert list(found.across) == ["settled by one cluster"]
    w = np.array([-1.0, 0, 0, 0, 1])
    alone = found.across["settled by one cluster"].to_numpy() @ w
    own = found.influence.to_numpy() @ w
    model = float(w @ found.covariance.to_numpy() @ w)
    assert float((alone**2).sum()) > 0.5 * model
    assert float((alone**2).sum() + (own**2).sum()) == pytest.approx(model, rel=0.5)
