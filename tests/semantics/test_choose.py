"""The number of clusters: criteria by hand or by their sources' definitions, and right where groups are plain."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.semantics.test_cluster import planted
from valuelex.errors import SettingError
from valuelex.semantics import choose_k
from valuelex.semantics.choose import _kept_together, _preferred, dispersion


@pytest.mark.parametrize("method", ["agglomerative", "kmeans"])
def test_plain_groups_are_counted_by_every_criterion(method: str) -> None:
    vectors, _ = planted(noise=0.05, n=20)
    found = choose_k(vectors, range(2, 7), method=method, seed=2, n_references=5, n_resamples=10, n_splits=3)
    assert found.preferred == dict.fromkeys(["silhouette", "gap", "stability", "prediction_strength"], 4)
    assert found.to_frame()["k"].tolist() == [2, 3, 4, 5, 6]
    assert (found.frame["gap_se"] > 0).all()
    assert "Preferred: silhouette 4" in found.summary()
    again = choose_k(vectors, range(2, 7), method=method, seed=2, n_references=5, n_resamples=10, n_splits=3)
    pd.testing.assert_frame_equal(found.frame, again.frame)


def test_the_dispersion_is_the_sum_of_squares_of_all_pairs() -> None:
    """The source's D_r / 2 n_r, pair by pair (Tibshirani, Walther & Hastie 2001, equations 1 and 2)."""
    rng = np.random.default_rng(3)
    points, labels = rng.normal(size=(20, 5)), np.repeat([0, 1, 3], [5, 9, 6])
    pairs = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    expected = sum(pairs[np.ix_(labels == c, labels == c)].sum() / (2 * (labels == c).sum()) for c in (0, 1, 3))
    assert dispersion(points, labels) == pytest.approx(expected)


def test_uniform_points_have_no_gap() -> None:
    uniform = np.random.default_rng(4).uniform(-1, 1, (150, 3)) * [4, 2, 1]
    planes = np.column_stack(
        [uniform, np.full(150, 90.0)]
    )  # nearly flat on the sphere; sides differ, so the axes are found
    found = choose_k(planes, [2, 3, 4], n_references=20, n_resamples=0, n_splits=0)
    assert found.frame["gap"].abs().max() < 0.15
    assert set(found.preferred) == {"silhouette", "gap"}


def test_prediction_strength_by_hand() -> None:
    train, theirs = np.array([[0.0], [1], [10], [11]]), np.array([0, 0, 1, 1])
    test, ours = np.array([[0.0], [1], [2], [9], [12]]), np.array([0, 0, 0, 1, 1])
    assert _kept_together(test, ours, train, theirs) == 1
    # The first test cluster is torn: of its 12 ordered pairs, 3 x 2 are kept together.
    torn = np.array([[0.0], [1], [2], [9], [12]]), np.array([0, 0, 0, 0, 1])
    assert _kept_together(*torn, train, theirs) == pytest.approx(0.5)


def test_each_criterions_rule() -> None:
    frame = pd.DataFrame(
        {
            "k": [2, 3, 4, 5],
            "silhouette": [0.1, 0.3, 0.3, 0.2],
            "gap": [0.1, 0.5, 0.52, 0.6],
            "gap_se": [0.01, 0.02, 0.05, 0.1],
            "stability": [0.99, 0.9, 0.86, 0.5],
            "prediction_strength": [0.7, 0.75, 0.3, 0.2],
        }
    )
    assert _preferred(frame) == {"silhouette": 3, "gap": 3, "stability": 4, "prediction_strength": 3}


def test_what_cannot_be_chosen_from_is_named() -> None:
    vectors, _ = planted()
    with pytest.raises(SettingError, match="between 2 and half the words"):
        choose_k(vectors, [1, 2])
    with pytest.raises(SettingError, match="'hdbscan' has no number"):
        choose_k(vectors, method="hdbscan")


def test_many_words_are_sampled_and_the_settings_say_how_many() -> None:
    vectors, _ = planted(n=30)
    found = choose_k(vectors, [3, 4], n_references=2, n_resamples=4, n_splits=2, most_words=60)
    assert (found.settings["n_words"], found.settings["n_words_resampled"]) == (120, 60)
    assert found.preferred["silhouette"] == 4
