"""Permutation within clusters, against enumeration by hand and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from valuelex import psychometrics as pm
from valuelex.errors import DataError


def test_one_cluster_of_two_groups_is_scipy_s_exact_test() -> None:
    rng = np.random.default_rng(3)
    y, x = rng.normal(size=9), np.array([0.0] * 4 + [1.0] * 5)
    found = pm.permute_within(y, x, np.zeros(9))
    expected = stats.permutation_test(
        (y[x == 1], y[x == 0]), lambda a, b: abs(a.mean() - b.mean()), alternative="greater", n_resamples=np.inf
    )
    assert found.exact
    assert found.arrangements == 126
    assert found.p == pytest.approx(expected.pvalue)
    assert found.estimate == pytest.approx(y[x == 1].mean() - y[x == 0].mean())


def test_matched_pairs_are_the_sign_test_on_differences() -> None:
    """Four pairs, every difference of one sign: 2 of 16 arrangements are as extreme."""
    y = np.array([0.0, 1.0, 0.0, 2.0, 0.0, 1.5, 0.0, 0.5])
    found = pm.permute_within(y, np.tile([0.0, 1.0], 4), np.repeat(np.arange(4), 2))
    assert (found.arrangements, found.p, found.least) == (16, 2 / 16, 2 / 16)


def test_what_sets_clusters_apart_plays_no_part() -> None:
    rng = np.random.default_rng(4)
    family = np.repeat(np.arange(4), 4)
    y, x = rng.normal(size=16), np.tile([0.0, 0.0, 1.0, 1.0], 4)
    assert pm.permute_within(y, x, family).p == pm.permute_within(y + 100 * family, x, family).p


def test_many_arrangements_are_drawn_and_the_draws_agree_with_counting() -> None:
    rng = np.random.default_rng(5)
    family = np.repeat(np.arange(3), 6)
    y, x = rng.normal(size=18), np.tile([0.0, 0.0, 0.0, 1.0, 1.0, 1.0], 3)
    counted = pm.permute_within(y, x, family)
    drawn = pm.permute_within(y, x, family, most=10, seed=1)
    assert counted.exact
    assert not drawn.exact
    assert drawn.p == pytest.approx(counted.p, abs=0.02)


def test_a_covariate_that_is_constant_in_every_cluster_is_refused() -> None:
    with pytest.raises(DataError, match="constant within every cluster"):
        pm.permute_within([1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 1.0, 1.0], [1, 1, 2, 2])
    with pytest.raises(DataError, match="differ in length"):
        pm.permute_within([1.0, 2.0], [0.0, 1.0, 1.0], [1, 1, 2])
