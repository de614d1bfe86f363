"""Coverage, Chao1, Chao2 and rarefaction against vegan, closed forms and communities that are known."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError

FOLDER = Path(__file__).parents[2] / "reference" / "richness"
STORED = json.loads((FOLDER / "richness.json").read_text())
NAMES = [name for name in STORED if name != "versions"]


@pytest.mark.parametrize("name", NAMES)
def test_chao1_agrees_with_vegan(name: str) -> None:
    """vegan takes the bias-corrected form without the factor (n - 1) / n."""
    want = STORED[name]
    counts = np.array(want["counts"])
    n, observed = counts.sum(), counts.size
    found = pm.chao1(counts, bias_corrected=True)
    assert observed + (found.estimate - observed) * n / (n - 1) == pytest.approx(want["estimateR"]["S.chao1"])


@pytest.mark.parametrize("name", NAMES)
def test_chao2_and_its_standard_error_agree_with_vegan(name: str) -> None:
    want = STORED[name]
    found = pm.richness(np.array(want["table"])).chao2
    assert found.estimate == pytest.approx(want["specpool"]["chao"])
    assert found.se == pytest.approx(want["specpool"]["chao.se"])
    assert found.form == ("classic" if ((np.array(want["table"]) > 0).sum(axis=0) == 2).any() else "bias-corrected")


@pytest.mark.parametrize("name", NAMES)
def test_rarefaction_by_individuals_agrees_with_vegan(name: str) -> None:
    want = STORED[name]
    found = pm.rarefaction(want["counts"], want["rarefy"]["size"])
    np.testing.assert_allclose(found["expected"], want["rarefy"]["expected"], rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_rarefaction_by_units_agrees_with_vegan(name: str) -> None:
    want = STORED[name]
    table = np.array(want["table"])
    found = pm.rarefaction((table > 0).sum(axis=0), want["specaccum"]["sites"], n_units=len(table))
    np.testing.assert_allclose(found["expected"], want["specaccum"]["richness"], rtol=1e-9)


def test_coverage_and_its_expectation_by_hand() -> None:
    counts = [1, 1, 1, 2, 4]
    found = pm.sample_coverage(counts)
    assert found.estimate == pytest.approx(1 - 3 / 9 * (8 * 3) / (8 * 3 + 2))
    assert (found.observed, found.singletons, found.doubletons, found.total) == (5, 3, 1, 9)
    # Expected coverage of m of the 9: over all subsets, how many of the rest are of a type in the subset.
    individuals = np.repeat(np.arange(5), counts)
    for m in (1, 2, 4, 8):
        share = [
            np.isin(np.delete(individuals, list(chosen)), individuals[list(chosen)]).mean()
            for chosen in combinations(range(9), m)
        ]
        assert pm.rarefaction(counts, [m])["coverage"].iloc[0] == pytest.approx(np.mean(share))


def test_sample_based_expectation_over_all_subsets() -> None:
    rng = np.random.default_rng(4)
    table = rng.random((7, 12)) < rng.random(12) * 0.6
    found = pm.rarefaction(table.sum(axis=0), range(1, 8), n_units=7)
    for size, expected in zip(found["size"], found["expected"], strict=True):
        all_subsets = [table[list(chosen)].any(axis=0).sum() for chosen in combinations(range(7), size)]
        assert expected == pytest.approx(np.mean(all_subsets))


def test_extrapolation_by_hand() -> None:
    """S + f0 (1 - (1 - f1 / (n f0 + f1))^m), f0 = (n - 1) / n f1^2 / (2 f2), and C = 1 - f1 / n A^(m + 1)."""
    counts = np.array([1] * 6 + [2] * 3 + [5] * 4)
    n, f0 = counts.sum(), (counts.sum() - 1) / counts.sum() * 36 / 6
    row = pm.rarefaction(counts, [2 * n]).iloc[0]
    assert row["expected"] == pytest.approx(13 + f0 * (1 - (1 - 6 / (n * f0 + 6)) ** n))
    A = (n - 1) * 6 / ((n - 1) * 6 + 2 * 3)
    assert row["coverage"] == pytest.approx(1 - 6 / n * A ** (n + 1))
    assert row["extrapolated"]


def test_a_table_as_array_and_as_sparse_matrix() -> None:
    table = np.array(STORED["rich"]["table"])
    one, two = pm.richness(table), pm.richness(sparse.csr_array(table))
    np.testing.assert_array_equal(one.curve, two.curve)
    assert one.coverage == two.coverage
    assert one.n == table.sum()
    assert one.n_units == len(table)
    assert one.chao1 == pm.chao1(table.sum(axis=0))
    by_individuals = pm.richness(table, curve="individuals")
    assert by_individuals.coverage == pm.sample_coverage(table.sum(axis=0))
    assert list(one.to_frame().index) == ["coverage", "chao1", "chao2"]
    assert "types in 30 units; coverage" in one.summary()


def test_what_is_not_there_cannot_be_counted() -> None:
    nothing = pm.richness(np.zeros((5, 0)))
    assert nothing.observed == 0
    assert np.isnan(nothing.coverage.estimate)
    assert np.isnan(nothing.chao2.estimate)
    assert pm.richness([]).curve.empty
    assert (nothing.curve["expected"] == 0).all()
    assert nothing.curve["coverage"].isna().all()


def test_all_singletons() -> None:
    found = pm.richness(np.ones(40, dtype=int))
    assert found.coverage.estimate == pytest.approx(1 - 39 * 39 / (39 * 39 + 2))
    assert found.coverage.low == 0.0
    assert 0.2 < found.coverage.high < 0.4
    assert found.chao1.estimate == pytest.approx(40 + 39 / 40 * 40 * 39 / 2)
    assert found.chao1.form == "bias-corrected"


def test_one_unit() -> None:
    found = pm.richness(np.array([[1, 1, 0, 1]]))
    assert found.coverage.estimate == 0.0  # all that one answer holds is held once: nothing says what comes next
    assert found.chao2.estimate == 3.0
    assert found.curve["expected"].iloc[0] == 3.0


def test_a_single_singleton_is_not_taken_for_full_coverage() -> None:
    assert pm.sample_coverage([1, 3, 5]).estimate == pytest.approx(1 - 1 / 9)
    assert pm.sample_coverage([1]).estimate == 0.0


def test_without_singletons_the_interval_still_says_how_little_is_known() -> None:
    few, many = pm.sample_coverage([3, 4]), pm.sample_coverage([300, 400])
    assert few.estimate == many.estimate == few.high == 1.0
    assert few.low == pytest.approx(1 + np.log(0.025) / 7)
    assert many.low == pytest.approx(1 + np.log(0.025) / 700)
    assert pm.chao1([3, 4]).low == 2.0
    assert pm.chao1([300, 400]).high == pytest.approx(2.0)


@pytest.mark.parametrize("counts", [[-1, 2], [1.5], [np.nan], ["a"], [[[1]]]])
def test_what_is_no_count_is_refused(counts: object) -> None:
    with pytest.raises(DataError):
        pm.sample_coverage(counts)


def test_more_units_than_there_are_and_settings_out_of_range() -> None:
    with pytest.raises(DataError, match="3 sampling units of 2"):
        pm.chao2([3, 1], 2)
    with pytest.raises(DataError, match="negative or missing"):
        pm.richness(np.array([[1.0, np.nan]]))
    with pytest.raises(SettingError, match="needs sampling units"):
        pm.richness([1, 2], curve="units")
    with pytest.raises(SettingError, match="Leave n_units out"):
        pm.richness([1, 2], n_units=3, curve="individuals")
    with pytest.raises(SettingError, match="sizes"):
        pm.rarefaction([1, 2], [-1])


frequencies = st.lists(st.integers(0, 30), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(frequencies, st.booleans(), st.randoms(use_true_random=False))
def test_invariants(counts: list[int], incidence: bool, random) -> None:
    n_units = 30 if incidence else None
    found = pm.richness(counts, n_units=n_units)
    again = [*counts, 0, 0]
    random.shuffle(again)
    assert pm.sample_coverage(again, n_units=n_units) == found.coverage or sum(counts) == 0
    if sum(counts) == 0:
        return
    cover, chao, curve = found.coverage, found.chao2 if incidence else found.chao1, found.curve
    assert 0 <= cover.low <= cover.estimate <= cover.high <= 1
    assert found.observed <= chao.low <= chao.estimate + 1e-9
    assert chao.estimate <= chao.high + 1e-9 or found.singletons <= 1
    assert (np.diff(curve["expected"]) >= -1e-9).all()
    assert (np.diff(curve["coverage"]) >= -1e-9).all()
    assert (curve["expected"] <= chao.estimate + 1e-6).all()
    assert curve.loc[curve["size"] == (30 if incidence else sum(counts)), "expected"].iloc[0] == pytest.approx(
        found.observed
    )


@pytest.mark.parametrize("spread", [0.5, 1.0])
def test_known_communities(spread: float) -> None:
    """400 samples from 300 types with log-normal shares: bias and coverage of the intervals.

    Measured, n = 1,500: bias of coverage .0003 and its interval right in 95 %. Chao1 is a lower bound: on average 299 and its
    interval right in 94 % of the even communities, 286 and 82 % of the uneven ones.
    """
    rng = np.random.default_rng(3)
    share = rng.lognormal(0, spread, 300)
    share /= share.sum()
    errors, held, chao, chao_held, rarefied = [], [], [], [], []
    for _ in range(400):
        counts = rng.multinomial(1500, share)
        true = share[counts > 0].sum()
        found = pm.sample_coverage(counts)
        errors.append(found.estimate - true)
        held.append(found.low <= true <= found.high)
        bound = pm.chao1(counts)
        chao.append(bound.estimate)
        chao_held.append(bound.low <= 300 <= bound.high)
        half = rng.multinomial(750, share)
        rarefied.append(pm.rarefaction(counts, [750])["expected"].iloc[0] - (half > 0).sum())
    assert abs(np.mean(errors)) < 0.001
    assert 0.93 < np.mean(held) < 0.98
    assert 285 < np.mean(chao) < 303
    assert abs(np.mean(rarefied)) < 3 * np.std(rarefied) / 20
    if spread == 0.5:
        assert np.mean(chao_held) > 0.9
