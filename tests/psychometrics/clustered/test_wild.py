"""The wild cluster bootstrap: its estimate and error in closed form, its level by simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError


def sample(seed: int, effect: float = 0.0, families: int = 8) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    family = np.repeat(np.arange(families), rng.integers(2, 6, families))
    x = rng.normal(size=family.size)
    y = rng.normal(0, 0.5, families)[family] + (effect + rng.normal(0, 0.3, families)[family]) * x
    return y + rng.normal(0, 0.3, family.size), pd.DataFrame({"constant": 1.0, "x": x}), family


def test_estimate_and_error_are_least_squares_and_the_clusters_sandwich() -> None:
    y, X, family = sample(1)
    found = pm.wild_cluster_bootstrap(y, X, family, contrast=[0.0, 1.0], draws=99, seed=3)
    A = X.to_numpy()
    bread = np.linalg.inv(A.T @ A)
    beta = bread @ A.T @ y
    rest = y - A @ beta
    meat = sum(np.outer(s, s) for s in (A[family == g].T @ rest[family == g] for g in range(8)))
    assert found.estimate == pytest.approx(beta[1])
    assert found.se == pytest.approx(np.sqrt((bread @ meat @ bread)[1, 1]))
    assert (found.clusters, found.draws, found.seed) == (8, 99, 3)


def test_with_few_families_p_is_the_share_of_all_combinations_of_weights() -> None:
    """Every sample made and fitted anew by least squares, 6^3 of them; whatever the seed."""
    y, X, family = sample(5, effect=0.4, families=3)
    A = X.to_numpy()

    def t_of(values: np.ndarray) -> float:
        bread = np.linalg.inv(A.T @ A)
        beta = bread @ A.T @ values
        scores = [A[family == g].T @ (values - A @ beta)[family == g] for g in range(3)]
        return abs(beta[1]) / np.sqrt((bread @ sum(np.outer(s, s) for s in scores) @ bread)[1, 1])

    null = np.full(y.size, y.mean())
    points = [sign * np.sqrt(half / 2) for half in (1, 2, 3) for sign in (-1, 1)]
    drawn = [t_of(null + np.array(w)[family] * (y - null)) for w in itertools.product(points, repeat=3)]
    expected = np.mean(np.array(drawn) >= t_of(y) * (1 - 1e-9))
    one, two = (pm.wild_cluster_bootstrap(y, X, family, contrast=[0.0, 1.0], draws=99, seed=s) for s in (1, 2))
    assert one.p == two.p == pytest.approx(expected)
    assert 0 < expected < 0.5
    assert (one.exact, one.draws) == (True, 216)


def test_its_interval_is_what_its_test_does_not_reject() -> None:
    y, X, family = sample(2, effect=1.0)
    found = pm.wild_cluster_bootstrap(y, X, family, contrast=[0.0, 1.0], draws=499, seed=1)
    inside = pm.wild_cluster_bootstrap(
        y - (found.ci_low + 0.01) * X["x"], X, family, contrast=[0.0, 1.0], draws=499, seed=1
    )
    outside = pm.wild_cluster_bootstrap(
        y - (found.ci_low - 0.01) * X["x"], X, family, contrast=[0.0, 1.0], draws=499, seed=1
    )
    assert inside.p > 0.05 >= outside.p


def test_slopes_that_differ_between_families_do_not_fool_it() -> None:
    """The slope varies over families around 0: a mixed model of levels alone rejects far too often, the bootstrap does not."""
    wild, mixed = [], []
    for seed in range(150):
        y, X, family = sample(seed)
        wild.append(pm.wild_cluster_bootstrap(y, X, family, contrast=[0.0, 1.0], draws=199, seed=seed).p < 0.05)
        mixed.append(pm.nested_regression(y, X, family).contrasts.loc["x", "p"] < 0.05)
    assert np.mean(wild) < 0.12
    assert np.mean(mixed) > 0.15


def test_the_same_seed_gives_the_same_answer() -> None:
    y, X, family = sample(4)
    one, two = (pm.wild_cluster_bootstrap(y, X, family, contrast=[0.0, 1.0], draws=199, seed=5) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clusters": np.repeat([0, 1], 5)}, "2 clusters are too few"),
        ({"contrast": [1.0]}, "do not match"),
        ({"y": np.ones(10)}, "residuals of all clusters are zero"),
    ],
)
def test_bad_input_is_named(change: dict, message: str) -> None:
    y = np.random.default_rng(1).normal(size=10)
    X = pd.DataFrame({"constant": 1.0, "x": np.arange(10.0)})
    arguments = {"y": y, "X": X, "clusters": np.arange(10) // 2, "contrast": [0.0, 1.0]} | change
    with pytest.raises(DataError, match=message):
        pm.wild_cluster_bootstrap(**arguments)
