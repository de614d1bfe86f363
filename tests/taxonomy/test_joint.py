"""The rule that joins groups and clusters, and its log."""

from __future__ import annotations

import numpy as np
import pytest

from valuelex.taxonomy.joint import central_words, join

AXES = np.eye(6)


def vectors(clusters: list[int]) -> np.ndarray:
    return AXES[clusters]


def test_groups_are_dimensions_and_clusters_divide_them() -> None:
    clusters = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    groups = [0, 0, 0, 0, 0, 0, 1, 1, 1]
    found = join(vectors(clusters), np.array(clusters), np.array(groups))
    assert found.dimension.tolist() == groups
    assert found.subdimension.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found.log == []


def test_where_groups_cut_across_meaning_dimensions_follow_the_answers() -> None:
    clusters = np.array([0, 1] * 6)
    groups = np.array([0] * 6 + [1] * 6)
    found = join(vectors(clusters.tolist()), clusters, groups)
    assert found.dimension.tolist() == groups.tolist()
    assert len(set(found.subdimension.tolist())) == 4


def test_the_reverse_is_an_option() -> None:
    clusters, groups = np.array([0] * 6 + [1] * 3), np.array([0] * 3 + [1] * 3 + [-1] * 3)
    found = join(vectors(clusters.tolist()), clusters, groups, outer="clusters")
    assert found.dimension.tolist() == clusters.tolist()
    assert found.subdimension.tolist() == [0] * 3 + [1] * 3 + [2] * 3


def test_a_small_piece_joins_the_nearest_and_the_log_says_so() -> None:
    clusters, groups = np.array([0] * 4 + [1] * 4 + [2]), np.zeros(9, dtype=int)
    place = vectors(clusters.tolist()).copy()
    place[8] = AXES[1] * 0.9 + AXES[2] * 0.1
    found = join(place, clusters, groups)
    assert found.subdimension.tolist() == [0] * 4 + [1] * 4 + [1]
    assert len(found.log) == 1
    assert "1 of cluster 2 join cluster 1" in found.log[0]


def test_a_tie_is_marked() -> None:
    clusters, groups = np.array([0] * 3 + [1] * 3 + [2]), np.zeros(7, dtype=int)
    place = vectors(clusters.tolist()).copy()
    place[6] = AXES[0] + AXES[1]
    assert "(close)" in join(place, clusters, groups).log[0]


def test_unassigned_words_stay_without_a_dimension() -> None:
    clusters, groups = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1, -1])
    found = join(vectors(clusters.tolist()), clusters, groups, least_words=1)
    assert found.dimension.tolist() == [0, 0, 0, 1, 1, -1]
    assert found.subdimension[-1] == -1


@pytest.mark.parametrize("groups", [None, np.full(9, -1)])
def test_without_factors_clusters_are_joined_by_meaning(groups) -> None:
    clusters = np.repeat([0, 1, 2], 3)
    place = np.vstack([AXES[0]] * 3 + [AXES[0] + 0.1 * AXES[1]] * 3 + [AXES[2]] * 3)
    found = join(place / np.linalg.norm(place, axis=1, keepdims=True), clusters, groups)
    assert found.dimension.tolist() == [0] * 6 + [1] * 3
    assert found.subdimension.tolist() == clusters.tolist()
    assert "joined by meaning" in found.log[0]


def test_central_words_weigh_meaning_and_use() -> None:
    place = np.vstack([AXES[0], AXES[0], AXES[1]])
    assert central_words(["a", "b", "c"], place, np.array([5.0, 50.0, 5.0])) == ["b", "a", "c"]
