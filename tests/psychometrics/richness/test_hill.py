"""Hill numbers against closed forms, enumeration, and samples whose truth is known."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError


def sample(seed: int, n: int = 40, types: int = 20) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.random((n, types)) < rng.beta(0.5, 3, types)).astype(int)


def test_the_whole_sample_is_the_plain_formula() -> None:
    units = sample(1)
    p = units.sum(axis=0) / units.sum()
    p = p[p > 0]
    found = pm.hill_numbers(units).numbers["observed"]
    assert found[0] == pytest.approx(p.size)
    assert found[1] == pytest.approx(np.exp(-(p * np.log(p)).sum()))
    assert found[2] == pytest.approx(1 / (p**2).sum())


def test_order_0_is_the_rarefaction_curve() -> None:
    units = sample(2)
    curve = pm.rarefaction(units.sum(axis=0), [5, 17, 40], n_units=40)["expected"]
    assert [pm.hill_numbers(units, size=m).numbers.loc[0, "expected"] for m in (5, 17, 40)] == pytest.approx(
        list(curve)
    )


def test_orders_1_and_2_are_those_of_the_expected_frequency_counts_by_enumeration() -> None:
    units = sample(3, n=7, types=5)
    m, expected_total = 4, 4 * units.sum() / 7
    counts: dict[int, float] = {}
    drawn = list(combinations(range(7), m))
    for rows in drawn:
        for y in units[list(rows)].sum(axis=0):
            counts[int(y)] = counts.get(int(y), 0.0) + 1 / len(drawn)
    share = {k: k / expected_total for k in counts if k}
    entropy = -sum(counts[k] * p * np.log(p) for k, p in share.items())
    simpson = sum(counts[k] * p**2 for k, p in share.items())
    found = pm.hill_numbers(units, size=m).numbers["expected"]
    assert found[1] == pytest.approx(np.exp(entropy))
    assert found[2] == pytest.approx(1 / simpson)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 5000))
def test_diversity_falls_with_its_order_and_rises_with_the_sample(seed: int) -> None:
    units = sample(seed, n=12, types=8)
    if not units.any():
        return
    numbers = pm.hill_numbers(units).numbers["observed"]
    assert numbers[0] >= numbers[1] - 1e-9 >= numbers[2] - 2e-9
    sizes = [pm.hill_numbers(units, orders=[0], size=m).numbers["expected"].iloc[0] for m in (2, 6, 12)]
    assert sizes == sorted(sizes)


def test_its_error_covers_where_words_come_together() -> None:
    """Answers speak of one of three themes; a variance for single draws would be too small."""
    rng = np.random.default_rng(4)
    themes = np.kron(np.eye(3), np.ones(6)) * 0.6 + 0.04

    def answers(n: int) -> np.ndarray:
        return (rng.random((n, 18)) < themes[rng.choice(3, n, p=[0.5, 0.3, 0.2])]).astype(int)

    truth = np.mean(
        [pm.hill_numbers(answers(100), orders=[1], size=30).numbers["expected"].iloc[0] for _ in range(150)]
    )
    held = []
    for _ in range(150):
        row = pm.hill_numbers(answers(100), orders=[1], size=30).numbers.iloc[0]
        held.append(row["ci_low"] <= truth <= row["ci_high"])
    assert np.mean(held) > 0.88


def test_the_influence_sums_to_the_error_and_the_seed_is_kept() -> None:
    one = pm.hill_numbers(sample(5, n=200), seed=3)
    assert np.sqrt((one.influence**2).sum()).to_numpy() == pytest.approx(one.numbers["se"].to_numpy())
    assert (one.settings["groups"], one.settings["seed"]) == (60, 3)
    assert one.numbers.equals(pm.hill_numbers(sample(5, n=200), seed=3).numbers)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"units": [[0, 2], [1, 0], [0, 1]]}, DataError, "no table of 0 and 1"),
        ({"units": [[0, 1], [1, 0]]}, DataError, "2 units are too few"),
        ({"size": 9}, SettingError, "size"),
        ({"orders": [-1]}, SettingError, "orders"),
        ({"orders": []}, SettingError, "orders is empty"),
    ],
)
def test_bad_input_is_named(change: dict, error: type[Exception], message: str) -> None:
    arguments = {"units": [[0, 1], [1, 0], [1, 1]]} | change
    with pytest.raises(error, match=message):
        pm.hill_numbers(arguments.pop("units"), **arguments)
