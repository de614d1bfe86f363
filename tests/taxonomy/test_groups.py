"""Groups by direction: opposite ends, one group more than factors, and the background."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from valuelex.taxonomy.groups import find_groups, seen_from


def planted(
    k: int, *, background: int = 0, correlation: float = 0.0, size: int = 12, seed: int = 0, origin: bool = True
):
    """Words of k correlated dimensions as a choice shows them: loadings less the mean of all; and of a background."""
    rng = np.random.default_rng(seed)
    metric = np.linalg.cholesky(np.full((k, k), correlation) + (1 - correlation) * np.eye(k))
    rows = [g for g in range(k) for _ in range(size)] + [-1] * background
    loadings = np.array([metric[g] * rng.uniform(0.6, 1.0) if g >= 0 else np.zeros(k) for g in rows])
    loadings = loadings + rng.normal(0, 0.05, loadings.shape)
    if origin:
        loadings = loadings - loadings.mean(axis=0)
    return loadings, np.array(rows)


@pytest.mark.parametrize("k", [3, 5, 7])
def test_as_many_groups_as_there_are_and_no_background_where_there_is_none(k: int) -> None:
    loadings, truth = planted(k)
    # Less their mean, k equal groups span k - 1 dimensions of any size: the smallest one is dropped, as retention would.
    u, s, _ = np.linalg.svd(loadings, full_matrices=False)
    found = find_groups(u[:, : k - 1] * s[: k - 1], np.ones(len(truth), bool))
    assert found.n_groups == k
    assert not found.background.any()
    assert adjusted_rand_score(truth, found.labels) > 0.95


@pytest.mark.parametrize("correlation", [0.0, 0.2, 0.27])
@pytest.mark.parametrize("k", [3, 5])
def test_words_that_no_dimension_moves_are_the_background(k: int, correlation: float) -> None:
    loadings, truth = planted(k, background=10, correlation=correlation)
    found = find_groups(loadings, np.ones(len(truth), bool))
    assert found.n_groups == k
    assert (found.background == (truth < 0)).mean() > 0.95
    assert adjusted_rand_score(truth, found.labels) > 0.9
    assert len(found.cosines) == k + 1


def test_the_ends_of_one_factor_are_two_groups() -> None:
    loadings = np.r_[np.full(6, 0.6), np.full(5, -0.5)][:, None] + np.random.default_rng(1).normal(0, 0.05, (11, 1))
    found = find_groups(loadings, np.ones(11, bool))
    assert found.labels.tolist() == [0] * 6 + [1] * 5


def test_words_without_salient_loadings_are_in_no_group() -> None:
    loadings, truth = planted(3, origin=False)
    salient = np.ones(len(truth), bool)
    salient[[0, 20]] = False
    found = find_groups(loadings, salient)
    assert (np.flatnonzero(found.labels < 0) == [0, 20]).all()
    assert np.isnan(found.margins[[0, 20]]).all()


def test_a_number_that_is_asked_for_is_kept() -> None:
    loadings, truth = planted(5, origin=False)
    assert find_groups(loadings, np.ones(len(truth), bool), n_groups=4).n_groups == 4
    withground, rows = planted(5, background=12)
    found = find_groups(withground, np.ones(len(rows), bool), n_groups=5)
    assert found.n_groups == 5
    assert found.background.any()


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_handful_of_words_is_one_group_or_none(n: int) -> None:
    found = find_groups(np.ones((n, 2)) * np.arange(1, n + 1)[:, None], np.ones(n, bool))
    assert found.n_groups == min(n, 1)


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_turning_the_factors_moves_no_word(seed: int) -> None:
    loadings, truth = planted(4, background=8)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(4, 4)))[0]
    one, two = (find_groups(x, np.ones(len(truth), bool)) for x in (loadings, loadings @ turn))
    assert adjusted_rand_score(one.labels, two.labels) == 1.0
    np.testing.assert_allclose(sorted(one.cosines), sorted(two.cosines), atol=1e-8)


def test_a_simplex_is_seen_at_sixty_degrees_from_each_of_its_corners() -> None:
    np.testing.assert_allclose(seen_from(np.eye(5)), [0.5] * 5, atol=1e-12)
    assert seen_from(np.eye(2)) == []
    np.testing.assert_allclose(seen_from(np.vstack([np.eye(4), np.zeros(4)]))[-1], 0.0, atol=1e-12)


def test_a_real_group_that_stands_a_little_apart_is_not_lost_as_a_background() -> None:
    """Three groups in a plane, as seen from one the others lie 68 degrees apart (cosine .37): all three are dimensions."""
    rng = np.random.default_rng(3)
    apex = np.deg2rad(68)
    corners = np.array([[0.0, 0.0], [np.cos(apex / 2), np.sin(apex / 2)], [np.cos(apex / 2), -np.sin(apex / 2)]])
    corners = 0.6 * (corners - corners.mean(axis=0)) / np.linalg.norm(corners - corners.mean(axis=0), axis=1).mean()
    loadings = np.repeat(corners, 12, axis=0) + 0.02 * rng.normal(size=(36, 2))
    found = find_groups(loadings, np.ones(36, dtype=bool), seed=1)
    assert min(found.cosines) < 0.4
    assert found.n_groups == 3
    assert not found.background.any()
