"""Ordinal scores against R's ordinal::clmm, statsmodels, and ratings whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError

REFERENCE = Path(__file__).parents[2] / "reference" / "ordinal"
EFFECTS = {"item": ["item"], "person x item": ["person", "item"]}


def ratings(seed: int, persons: int = 5, items: int = 14, samples: int = 2, **sd: float) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    m, s, _ = (a.ravel() for a in np.meshgrid(range(persons), range(items), range(samples), indexing="ij"))
    eta = np.linspace(-1, 1, persons)[m] + rng.normal(0, sd.get("item", 1.0), items)[s]
    eta += rng.normal(0, sd.get("pair", 0.7), persons * items)[m * items + s] + rng.logistic(size=m.size)
    score = np.digitize(eta, [-2.5, -1.0, 0.5, 2.0])
    return pd.DataFrame({"person": [f"p{i}" for i in m], "item": [f"i{i:02d}" for i in s], "score": score})


def differences(frame: pd.DataFrame) -> pd.Series:
    return frame["estimate"].astype(float) - float(frame["estimate"].iloc[0])


@pytest.mark.parametrize(
    ("name", "link", "fixed", "effects"),
    [
        ("logit", "logit", ["rater"], EFFECTS),
        ("probit", "probit", ["rater"], EFFECTS),
        ("crossed", "logit", [], {**EFFECTS, "rater": ["rater"]}),
    ],
)
def test_it_agrees_with_clmm(name: str, link: Any, fixed: list[str], effects: dict) -> None:
    """Reference: tests/reference/ordinal/clmm.R (ordinal 2022.11, R 4.2)."""
    data = pd.read_csv(REFERENCE / "clmm.csv")
    theirs = json.loads((REFERENCE / "clmm.json").read_text())[name]
    ours = pm.ordinal_scores(data, effects, fixed=fixed, link=link)
    assert ours.settings["loglik"] == pytest.approx(theirs["loglik"], abs=1e-4)
    for person, coefficient in theirs["coefficients"].items():
        if not person.startswith("person"):
            continue
        other = person.removeprefix("person")
        assert differences(ours.scores)[other] == pytest.approx(coefficient, abs=2e-4)
        C = ours.covariance
        se = np.sqrt(C.loc[other, other] + C.loc["m1", "m1"] - 2 * C.loc[other, "m1"])
        assert se == pytest.approx(theirs["se"][person], abs=5e-4)
    names = {"item": "item", "pair": "person x item", "rater": "rater"}
    for effect, sd in theirs["sd"].items():
        assert np.sqrt(ours.components.at[names[effect], "estimate"]) == pytest.approx(sd, abs=1e-3)
    # Their thresholds refer to the first person and rater, ours to the mean of all.
    gaps = np.diff(list(theirs["thresholds"].values()))
    assert np.diff(ours.thresholds["estimate"]) == pytest.approx(gaps, abs=1e-3)


def test_without_random_effects_it_is_the_ordered_model() -> None:
    """Peer: statsmodels' OrderedModel."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    data = ratings(1)
    design = pd.get_dummies(data["person"], dtype=float).iloc[:, 1:]
    peer = OrderedModel(data["score"], design, distr="logit").fit(method="bfgs", disp=False, maxiter=500)
    ours = pm.ordinal_scores(data, {})
    assert ours.settings["loglik"] == pytest.approx(peer.llf, abs=1e-4)
    assert differences(ours.scores).iloc[1:].tolist() == pytest.approx(peer.params.iloc[:4].tolist(), abs=1e-3)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000))
def test_turning_the_scale_round_turns_the_scores_round_and_names_do_not_matter(seed: int) -> None:
    data = ratings(seed, persons=4, items=8)
    one = pm.ordinal_scores(data, EFFECTS)
    turned = pm.ordinal_scores(data.assign(score=10 - 2 * data["score"]), EFFECTS)
    assert turned.scores["estimate"].tolist() == pytest.approx((-one.scores["estimate"]).tolist(), abs=0.01)
    assert turned.settings["loglik"] == pytest.approx(one.settings["loglik"], abs=1e-3)
    other = dict(zip(sorted(set(data["person"])), ["d", "b", "a", "c"], strict=True))
    renamed = pm.ordinal_scores(data.assign(person=data["person"].map(other)), EFFECTS).scores["estimate"]
    assert [renamed[other[p]] for p in one.scores.index] == pytest.approx(one.scores["estimate"].tolist(), abs=0.01)


def test_the_expected_rating_is_the_mean_rating_of_complete_data() -> None:
    data = ratings(2, items=60)
    found = pm.ordinal_scores(data, EFFECTS).scores
    plain = data.groupby("person")["score"].mean()
    assert found["expected"].tolist() == pytest.approx(plain.reindex(found.index).tolist(), abs=0.12)


def test_intervals_from_clusters_hold_the_truth_where_the_models_own_are_too_narrow() -> None:
    held, trusted, true = [], [], np.linspace(-1, 1, 5)
    for seed in range(60):
        data = ratings(seed, items=10)
        found = pm.ordinal_scores(data, EFFECTS, clusters="item")
        assert found.influence is not None
        for j in range(1, 5):
            w = np.zeros(5)
            w[[0, j]] = -1.0, 1.0
            away = float(w @ found.scores["estimate"].to_numpy(dtype=float)) - (true[j] - true[0])
            parts = [found.influence, *found.across.values()]
            se = np.sqrt(sum(float(((part.to_numpy() @ w) ** 2).sum()) for part in parts))
            held.append(abs(away) <= stats.t.ppf(0.975, 10 - found.settings["cluster_constants"]) * se)
            trusted.append(abs(away) <= 1.96 * np.sqrt(w @ found.covariance.to_numpy() @ w))
    assert np.mean(held) == pytest.approx(0.95, abs=0.035)
    assert np.mean(trusted) < np.mean(held)


def test_effects_that_cut_across_clusters_stand_apart_and_add_up_to_the_models_error() -> None:
    rng = np.random.default_rng(3)
    data = ratings(3, items=60, samples=3)
    data["rater"] = np.tile(["r1", "r2", "r3"], len(data) // 3)
    pull = {(p, r): rng.normal(0, 1.2) for p in sorted(set(data["person"])) for r in ("r1", "r2", "r3")}
    shift = np.array([pull[p, r] for p, r in zip(data["person"], data["rater"], strict=True)])
    data["score"] = np.clip(np.rint(data["score"] + shift), 0, 4).astype(int)
    found = pm.ordinal_scores(data, {**EFFECTS, "person x rater": ["person", "rater"]}, clusters="item")
    assert found.influence is not None
    assert list(found.across) == ["person x rater"]
    w = np.array([1.0, -1, 0, 0, 0])
    parts = {name: float(((part.to_numpy() @ w) ** 2).sum()) for name, part in found.across.items()}
    own = float(((found.influence.to_numpy() @ w) ** 2).sum())
    assert parts["person x rater"] > 2 * own
    assert own + parts["person x rater"] == pytest.approx(float(w @ found.covariance.to_numpy() @ w), rel=0.35)


def test_an_object_at_the_end_of_the_scale_has_no_finite_score_and_spoils_no_other() -> None:
    data = ratings(4)
    best = pd.DataFrame({"person": "best", "item": data["item"].unique(), "score": 4})
    with_best, without = (pm.ordinal_scores(d, EFFECTS) for d in (pd.concat([data, best]), data))
    row = with_best.scores.loc["best"]
    assert row["estimate"] == np.inf
    assert np.isnan(row["se"])
    assert row["note"] == "all ratings are 4: no finite estimate"
    others = with_best.scores.drop(index="best")
    assert others["estimate"].tolist() == pytest.approx(without.scores["estimate"].tolist(), abs=1e-6)


def test_an_effect_that_has_nothing_is_said_to_be_at_its_bound() -> None:
    found = pm.ordinal_scores(ratings(5, items=40, pair=0.0), EFFECTS)
    row = found.components.loc["person x item"]
    assert (row["estimate"], row["note"]) == (0.0, "at its bound of 0") or row["estimate"] < 0.2
    assert found.components.loc["item", "estimate"] > 0.3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": np.linspace(0, 1, 140)}, "140 different values"),
        ({"score": 3}, "Of 5 objects 5 have all their ratings at one end"),
        ({"person": "one"}, "Of 1 objects 0 have"),
        ({"score": "good"}, "no finite number"),
    ],
)
def test_ratings_that_cannot_be_are_refused(change: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pm.ordinal_scores(ratings(6).assign(**change), EFFECTS)


def test_unknown_links_and_factors_are_refused() -> None:
    with pytest.raises(SettingError, match="link='cauchit'"):
        pm.ordinal_scores(ratings(6), EFFECTS, link="cauchit")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no column judge"):
        pm.ordinal_scores(ratings(6), {"judge": ["judge"]})
