"""Likeness of two structures: Mantel and partitions, against other engines."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_rand_score

from valuelex.taxonomy.correspondence import compare_partitions, mantel, verdict


def symmetric(rng: np.random.Generator, p: int) -> np.ndarray:
    made = rng.normal(size=(p, p))
    return made + made.T


def test_mantel_is_the_correlation_of_the_off_diagonal_cells() -> None:
    rng = np.random.default_rng(1)
    one, two = symmetric(rng, 9), symmetric(rng, 9)
    flat = [squareform(m - np.diag(np.diag(m)), checks=False) for m in (one, two)]
    assert mantel(one, two, seed=1)["value"] == pytest.approx(np.corrcoef(*flat)[0, 1])


def test_a_matrix_is_like_itself_and_unlike_another() -> None:
    rng = np.random.default_rng(2)
    one, two = symmetric(rng, 20), symmetric(rng, 20)
    same, other = mantel(one, one, seed=1), mantel(one, two, seed=1)
    assert same["value"] == pytest.approx(1.0)
    assert same["p"] == pytest.approx(0.001)
    assert other["p"] > 0.02


def test_the_permutation_test_keeps_its_level() -> None:
    rng = np.random.default_rng(3)
    p = [mantel(symmetric(rng, 10), symmetric(rng, 10), seed=s, n_permutations=99)["p"] for s in range(200)]
    assert np.mean(np.array(p) <= 0.05) < 0.10
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.12)


def test_partitions() -> None:
    rng = np.random.default_rng(4)
    one = rng.integers(0, 4, 60)
    two = np.where(rng.random(60) < 0.7, one, rng.integers(0, 4, 60))
    rows = {row["statistic"]: row for row in compare_partitions(one, two, seed=1)}
    assert rows["adjusted Rand index"]["value"] == pytest.approx(adjusted_rand_score(one, two))
    assert rows["adjusted Rand index"]["p"] == pytest.approx(0.001)
    random = compare_partitions(one, rng.permutation(one), seed=1)
    assert random[0]["p"] > 0.01
    assert random[1]["p"] > 0.01


def row(statistic: str, value: float, p: float) -> dict:
    return {"statistic": statistic, "value": value, "p": p, "n_words": 50, "method": ""}


@pytest.mark.parametrize(
    ("ari", "r", "said"),
    [((0.01, 0.4), (0.02, 0.3), "structures differ:"), ((0.1, 0.01), (0.1, 0.01), "though not wholly"),
     ((0.7, 0.001), (0.5, 0.001), "in common")],
)  # fmt: skip
def test_the_verdict(ari, r, said) -> None:
    assert said in verdict([row("adjusted Rand index", *ari), row("Mantel correlation", *r)])
