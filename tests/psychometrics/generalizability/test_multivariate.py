"""Universe-score correlations: against the sums of components, and on data whose correlation is known."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError

EFFECTS = {"person": ["person"], "item": ["item"], "person x item": ["person", "item"]}


def drawn(
    rho: float, seed: int, *, persons: int = 40, items: int = 12, missing: float = 0.0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two variables, true scores of variance 1 that correlate rho; items, interactions and errors correlate .8."""
    rng = np.random.default_rng(seed)

    def pair(n: int, r: float, sd: float) -> np.ndarray:
        return sd * rng.multivariate_normal([0, 0], [[1, r], [r, 1]], n)

    grid = np.indices((persons, items, 2)).reshape(3, -1)
    p, i = grid[0], grid[1]
    scores = pair(persons, rho, 1)[p] + pair(items, 0.8, 0.7)[i] + pair(persons * items, 0.8, 0.7)[p * items + i]
    scores = scores + pair(p.size, 0.8, 1.0)
    kept = rng.random(p.size) >= missing
    return pd.DataFrame(scores[kept], columns=["x", "y"]), pd.DataFrame({"person": p[kept], "item": i[kept]})


def test_errors_that_are_shared_do_not_pass_for_true_scores() -> None:
    """True correlation 0, all errors .8: means of persons correlate, universe scores do not, on average."""
    found, naive = [], []
    for seed in range(40):
        scores, factors = drawn(0.0, seed, items=4, missing=0.2)
        found.append(pm.universe_correlations(scores, factors, EFFECTS, object="person").frame["correlation"][0])
        naive.append(scores.groupby(factors["person"]).mean().corr().iloc[0, 1])
    assert np.mean(naive) > 0.12
    assert abs(np.mean(found)) < 3 * np.std(found) / 40**0.5


def test_intervals_hold_the_true_correlation() -> None:
    held = []
    for seed in range(60):
        scores, factors = drawn(0.6, seed, missing=0.2)
        row = pm.universe_correlations(scores, factors, EFFECTS, object="person").frame.iloc[0]
        held.append(row["ci_low"] <= 0.6 <= row["ci_high"])
    assert np.mean(held) >= 0.88


def test_a_covariance_is_half_of_what_the_sum_exceeds_its_parts() -> None:
    scores, factors = drawn(0.5, 3)

    def component(values: pd.Series) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pm.PsychometricsWarning)
            return float(pm.g_study(factors.assign(score=values), ["item"]).components.loc["person", "estimate"])

    x, y, both = component(scores["x"]), component(scores["y"]), component(scores["x"] + scores["y"])
    found = pm.universe_correlations(scores, factors, EFFECTS, object="person")
    assert found.frame.loc[0, "covariance"] == pytest.approx((both - x - y) / 2)
    assert found.frame.loc[0, "correlation"] == pytest.approx((both - x - y) / 2 / (x * y) ** 0.5)
    assert found.variances["x"] == pytest.approx(x)


def test_leaving_out_an_object_is_the_data_without_it() -> None:
    scores, factors = drawn(0.5, 4, persons=8, missing=0.2)
    row = pm.universe_correlations(scores, factors, EFFECTS, object="person").frame.iloc[0]
    parts = []
    for person in range(8):
        rest = (factors["person"] != person).to_numpy()
        parts.append(
            pm.universe_correlations(scores[rest], factors[rest], EFFECTS, object="person").frame["correlation"][0]
        )
    assert row["se"] == pytest.approx(np.sqrt(7 / 8 * np.sum((np.array(parts) - np.mean(parts)) ** 2)))


def test_what_cannot_be_had_says_why() -> None:
    rng = np.random.default_rng(1)
    factors = pd.DataFrame({"person": np.repeat(np.arange(6), 8), "item": np.tile(np.arange(8), 6)})
    noise = pd.DataFrame(rng.normal(size=(48, 2)) - 3 * factors[["person"]].to_numpy() * 0, columns=["x", "y"])
    noise["x"] -= noise.groupby(factors["person"])["x"].transform("mean")
    row = pm.universe_correlations(noise, factors, EFFECTS, object="person").frame.iloc[0]
    assert np.isnan(row["correlation"]) and "no variance between objects" in row["note"]
    with pytest.raises(SettingError, match="no effect"):
        pm.universe_correlations(noise, factors, EFFECTS, object="rater")
    with pytest.raises(DataError, match="48 rows"):
        pm.universe_correlations(noise, factors[:3], EFFECTS, object="person")
