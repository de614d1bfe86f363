"""Clusterings: right on planted groups, the same each time, and equal to other engines' figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import silhouette_score

from valuelex.errors import DataError, SettingError
from valuelex.semantics import cluster, resampling, stability
from valuelex.semantics.cluster import silhouette
from valuelex.semantics.partition import cut
from valuelex.semantics.stability import jaccard, resample


def planted(seed: int = 1, n: int = 15, k: int = 4, noise: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    vectors = np.vstack([c + rng.normal(0, noise, (n, 20)) for c in np.eye(20)[:k]])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.repeat(range(k), n)


@pytest.mark.parametrize("method", ["agglomerative", "average", "kmeans", "hdbscan", "communities"])
def test_every_method_finds_planted_groups_and_finds_them_again(method: str) -> None:
    vectors, truth = planted(noise=0.08)
    found, again = cluster(vectors, method=method, seed=3), cluster(vectors.copy(), method=method, seed=3)
    assert found.n_clusters == 4
    assert found.n_clusters in found.silhouettes
    assert all(len(set(found.labels[truth == g])) == 1 for g in range(4))
    np.testing.assert_array_equal(found.labels, again.labels)
    assert np.nanmean(stability(vectors, found, n_resamples=10, seed=1)) > 0.95


def test_hdbscan_leaves_what_lies_alone_outside_and_keeps_it_visible() -> None:
    vectors, _ = planted(noise=0.05)
    alone = -np.eye(20)[10:13]
    found = cluster(np.vstack([vectors, alone]), method="hdbscan")
    assert list(found.labels[-3:]) == [-1, -1, -1]
    assert found.n_outside == 3
    assert len(found.labels) == 63
    with pytest.raises(SettingError, match="HDBSCAN finds the number itself"):
        cluster(vectors, 4, method="hdbscan")
    nothing = cluster(np.eye(12), method="hdbscan")
    assert (nothing.n_clusters, nothing.n_outside) == (0, 12)
    assert stability(np.eye(12), nothing, n_resamples=3).shape == (3, 0)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10_000), st.integers(2, 9))
def test_the_silhouette_by_mean_vectors_is_that_of_all_pairs(seed: int, k: int) -> None:
    """Reference: scikit-learn's silhouette_score with all cosine distances."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(24, 6))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    labels = rng.integers(0, k, 24)
    labels[:2] = 0, 1
    assert silhouette(points, labels) == pytest.approx(silhouette_score(points, labels, metric="cosine"), abs=1e-12)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_a_cut_is_scipys_where_no_heights_tie(seed: int, k: int) -> None:
    points = np.random.default_rng(seed).normal(size=(30, 4))
    tree = linkage(points, "ward")
    ours, theirs = cut(tree, k), fcluster(tree, k, "maxclust")
    assert len(set(ours)) == k
    assert len(set(zip(ours, theirs, strict=True))) == k  # one to one


def test_a_cut_gives_k_groups_where_heights_tie() -> None:
    assert cluster(np.vstack([np.eye(4)] * 3), 5).n_clusters == 5
    assert len(set(cluster(np.vstack([np.eye(4)] * 3), 5).labels)) == 5


def test_ward_from_products_is_ward_from_coordinates() -> None:
    """Reference: scipy's linkage on the coordinates themselves."""
    rng = np.random.default_rng(5)
    points = rng.normal(size=(80, 50))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    theirs = fcluster(linkage(points, "ward"), 6, "maxclust")
    assert len(set(zip(cluster(points, 6).labels, theirs, strict=True))) == 6


def test_lengths_do_not_matter_and_empty_vectors_are_named() -> None:
    vectors, _ = planted()
    longer = vectors * np.linspace(1, 5, len(vectors))[:, None]
    np.testing.assert_array_equal(cluster(vectors, 4).labels, cluster(longer, 4).labels)
    vectors[7] = 0
    with pytest.raises(DataError, match="The vector of word 8 is empty"):
        cluster(vectors)
    with pytest.raises(SettingError, match="'dbscan' is not known"):
        cluster(vectors + 1, method="dbscan")  # type: ignore[arg-type]


def test_jaccard_by_hand() -> None:
    mine = np.array([0, 0, 0, 1, 1, -1])
    again = np.array([5, 5, 7, 7, 7, 7])
    # {0,1,2} with {0,1}: 2 of 3; {3,4} with {2,3,4,5}: 2 of 4; group 2 is not there.
    np.testing.assert_allclose(jaccard(mine, again, 3), [2 / 3, 0.5, np.nan])
    np.testing.assert_allclose(jaccard(mine, np.full(6, -1), 2), [0, 0])


def test_large_resamples_are_cut_down_and_a_sentence_says_so() -> None:
    rows = resample(1_000, np.random.default_rng(1), 100)
    assert len(rows) == len(set(rows)) == 100
    assert "about 632 of 1,000" in resampling(1_000, 2_000)
    assert "holds 100 of 1,000 words" in resampling(1_000, 100)
    vectors, _ = planted()
    found = cluster(vectors, 4)
    cut_down = stability(vectors, found, n_resamples=20, most_resampled=25)
    assert np.nanmean(cut_down) > 0.95
