"""Morisita's overlap against enumeration, the two-group formula, and groups whose truth is known."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex import psychometrics as pm
from valuelex.errors import DataError


def sample(p: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """n units of each group (groups x types: the probability that a unit holds a type)."""
    return (rng.random((len(p) * n, p.shape[1])) < np.repeat(p, n, axis=0)).astype(int), np.repeat(np.arange(len(p)), n)


def enumerated(units: np.ndarray, groups: np.ndarray) -> float:
    between: dict[tuple, list[int]] = {}
    within: dict[int, list[int]] = {}
    for i, j in combinations(range(len(units)), 2):
        shared = int((units[i] & units[j]).sum())
        if groups[i] == groups[j]:
            within.setdefault(groups[i], []).append(shared)
        else:
            between.setdefault(tuple(sorted((groups[i], groups[j]))), []).append(shared)
    return float(np.mean([np.mean(v) for v in between.values()]) / np.mean([np.mean(v) for v in within.values()]))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 4), st.integers(3, 6))
def test_it_is_the_mean_over_pairs_of_units(seed: int, groups: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    units, code = sample(rng.uniform(0.2, 0.6, (groups, 8)), n, rng)
    order = rng.permutation(len(units))
    found = pm.morisita_overlap(units[order], code[order])
    assert found.overlap == pytest.approx(enumerated(units, code))


def test_units_of_one_type_give_morisitas_index() -> None:
    """Morisita (1959): 2 sum(x y) / ((D1 + D2) X Y), D = sum(x (x - 1)) / (X (X - 1))."""
    x, y = np.array([5, 3, 2, 0]), np.array([1, 4, 4, 3])
    units = np.eye(4, dtype=int)[np.r_[np.repeat(np.arange(4), x), np.repeat(np.arange(4), y)]]
    d = [float((v * (v - 1)).sum() / (v.sum() * (v.sum() - 1))) for v in (x, y)]
    expected = 2 * float((x * y).sum()) / (sum(d) * x.sum() * y.sum())
    assert pm.morisita_overlap(units, ["a"] * x.sum() + ["b"] * y.sum()).overlap == pytest.approx(expected)


@pytest.mark.parametrize("n", [4, 15])
def test_small_samples_do_not_lower_it_and_its_interval_holds_the_truth(n: int) -> None:
    rng = np.random.default_rng(3)
    p = np.clip(rng.beta(0.5, 3, 40) * rng.choice([0.3, 1.0, 1.7], (5, 40)), 0, 1)
    gram = p @ p.T
    truth = (gram.sum() - np.trace(gram)) / 20 / (np.trace(gram) / 5)
    found = [pm.morisita_overlap(*sample(p, n, np.random.default_rng(seed))) for seed in range(200)]
    assert np.mean([one.overlap for one in found]) == pytest.approx(truth, abs=0.02)
    assert np.mean([one.ci_low <= truth <= one.ci_high for one in found]) > 0.92
    assert np.mean([one.se for one in found]) < 1.7 * np.std([one.overlap for one in found])


def test_groups_of_few_units_are_left_out() -> None:
    rng = np.random.default_rng(4)
    units, code = sample(np.full((3, 6), 0.5), 5, rng)
    assert pm.morisita_overlap(units[:12], code[:12]).overlap == pm.morisita_overlap(units[:10], code[:10]).overlap


@pytest.mark.parametrize(
    ("units", "groups", "message"),
    [
        (np.full((6, 2), 2), [0, 0, 0, 1, 1, 1], "no table of 0 and 1"),
        (np.ones((6, 2)), [0, 0, 0, 1, 1], "5 groups"),
        (np.ones((6, 2)), [0, 0, 0, 1, 1, None], "5 groups"),
        (np.ones((6, 2)), [0] * 6, "1 groups have three units"),
        (np.eye(6), [0, 0, 0, 1, 1, 1], "share a type"),
    ],
)
def test_what_has_no_overlap_is_refused(units: np.ndarray, groups: list, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pm.morisita_overlap(units, groups)
