"""What must hold for any data: checked on random models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex import psychometrics as pm
from valuelex.psychometrics.exploratory import scores

quick = settings(max_examples=12, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 10_000)


def sample(seed: int, n: int = 150, p: int = 9, k: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    L = np.zeros((p, k))
    L[np.arange(p), np.arange(p) % k] = rng.uniform(0.5, 0.8, p)
    L += rng.uniform(-0.15, 0.15, L.shape)
    X = rng.standard_normal((n, k)) @ L.T + 0.6 * rng.standard_normal((n, p))
    return pd.DataFrame(X, columns=[f"v{i}" for i in range(p)])


@quick
@given(seeds, st.sampled_from(["varimax", "quartimax", "promax", "oblimin", "quartimin", "geomin"]), st.integers(2, 4))
def test_rotation_keeps_communalities_and_the_implied_matrix(seed, method, k):
    A = np.random.default_rng(seed).uniform(-0.7, 0.7, (10, k))
    found = pm.rotate(A, method, n_starts=2, seed=seed)
    L, phi = found.loadings.to_numpy(), found.phi.to_numpy()
    np.testing.assert_allclose(L @ phi @ L.T, A @ A.T, atol=1e-8)
    np.testing.assert_allclose(np.diag(phi), 1)
    assert np.linalg.eigvalsh(phi)[0] > 0
    assert (L.sum(axis=0) >= -1e-12).all()
    explained = np.diag(phi @ L.T @ L)
    assert (np.diff(explained) <= 1e-10).all()


ROTATIONS = [
    ("varimax", None),
    ("equamax", None),
    ("parsimax", True),
    ("promax", None),
    ("oblimin", None),
    ("geomin", None),
    ("geomin", False),
    ("bentler", None),
    ("infomax", None),
    ("bifactor", None),
    ("crawford_ferguson", None),
]


@quick
@given(seeds, st.sampled_from(["minres", "ml", "paf"]))
def test_rotation_moves_no_number_that_describes_the_model(seed, method):
    # factor-analyzer's chi-square and communalities change under rotation.
    data = sample(seed)
    plain = pm.efa(data, 3, method, rotation="none", seed=1)
    R, A, psi = plain.correlations.to_numpy(), plain.unrotated.to_numpy(), plain.uniquenesses.to_numpy()
    implied, total = A @ A.T + np.diag(psi), np.trace(np.linalg.solve(R, A @ A.T))
    for rotation, oblique in ROTATIONS:
        found = pm.efa(data, 3, method, rotation=rotation, oblique=oblique, n_starts=3, seed=1)
        L, phi = found.loadings.to_numpy(), found.phi.to_numpy()
        np.testing.assert_allclose(L @ phi @ L.T + np.diag(found.uniquenesses), implied, atol=1e-10)
        np.testing.assert_allclose(found.communalities, plain.communalities, atol=1e-10)
        assert found.fit["chi2"] == pytest.approx(plain.fit["chi2"], abs=1e-10)
        # What the scores know of the factors, in all; the best single correlations depend on where the factors stand.
        assert np.trace(np.linalg.solve(phi, phi @ L.T @ np.linalg.solve(R, L @ phi))) == pytest.approx(
            total, abs=1e-10
        )


@quick
@given(seeds, st.permutations([0, 1, 2]), st.lists(st.sampled_from([-1.0, 1.0]), min_size=3, max_size=3))
def test_order_and_direction_of_factors_move_score_r2_with_them(seed, order, signs):
    found = pm.efa(sample(seed), 3, n_starts=3, seed=1)
    R, L, phi = (frame.to_numpy() for frame in (found.correlations, found.loadings, found.phi))
    psi = found.uniquenesses.to_numpy()
    moved, phi_moved = L[:, order] * signs, phi[np.ix_(order, order)] * np.outer(signs, signs)
    for method in scores.METHODS:
        one = scores.determinacy(R, L, phi, scores.weights(R, L, phi, psi, method))
        two = scores.determinacy(R, moved, phi_moved, scores.weights(R, moved, phi_moved, psi, method))
        np.testing.assert_allclose(two["r2"], one["r2"][order], atol=1e-10)
        np.testing.assert_allclose(two["validity"], one["validity"][order], atol=1e-10)


@quick
@given(seeds, st.sampled_from(["minres", "ml", "paf", "pca"]))
def test_scale_and_location_do_not_matter(seed, method):
    data = sample(seed)
    rng = np.random.default_rng(seed)
    moved = data * rng.uniform(0.01, 100, 9) + rng.uniform(-50, 50, 9)
    one, two = (pm.efa(d, 3, method, n_starts=5, seed=1) for d in (data, moved))
    np.testing.assert_allclose(one.loadings, two.loadings, atol=1e-5)
    assert one.fit["srmr"] == pytest.approx(two.fit["srmr"], abs=1e-8)


@quick
@given(seeds)
def test_order_of_rows_does_not_matter(seed):
    data = sample(seed)
    shuffled = data.sample(frac=1, random_state=seed)
    np.testing.assert_allclose(
        pm.efa(data, 3, n_starts=5, seed=1).loadings, pm.efa(shuffled, 3, n_starts=5, seed=1).loadings, atol=1e-5
    )
    assert pm.kmo(data).overall == pytest.approx(pm.kmo(shuffled).overall)


@quick
@given(seeds)
def test_order_of_columns_only_moves_rows(seed):
    data = sample(seed)
    names = list(np.random.default_rng(seed).permutation(data.columns))
    one, two = pm.efa(data, 3, n_starts=5, seed=1), pm.efa(data[names], 3, n_starts=5, seed=1)
    np.testing.assert_allclose(one.loadings.loc[names], two.loadings, atol=1e-5)
    np.testing.assert_allclose(one.phi, two.phi, atol=1e-5)


@quick
@given(seeds)
def test_reversing_an_item_reverses_its_row(seed):
    data = sample(seed)
    flipped = data.assign(v0=-data["v0"])
    one = pm.efa(data, 3, rotation="quartimin", n_starts=5, seed=1)
    two = pm.efa(flipped, 3, rotation="quartimin", n_starts=5, seed=1)
    two_rows = two.loadings.assign().copy()
    two_rows.loc["v0"] *= -1
    np.testing.assert_allclose(pm.align(two_rows, one.loadings).loadings, one.loadings, atol=1e-5)


@quick
@given(seeds)
def test_more_factors_never_fit_worse(seed):
    R = sample(seed)
    values = [pm.efa(R, k, rotation="none").convergence["objective"] for k in (1, 2, 3)]
    assert values[0] >= values[1] - 1e-9
    assert values[1] >= values[2] - 1e-9


@quick
@given(seeds)
def test_alignment_is_idempotent_and_congruence_symmetric(seed):
    rng = np.random.default_rng(seed)
    A, B = rng.standard_normal((2, 8, 3))
    once = pm.align(A, B).loadings
    np.testing.assert_allclose(pm.align(once, B).loadings, once)
    np.testing.assert_allclose(pm.congruence(A, B), pm.congruence(B, A).T)
