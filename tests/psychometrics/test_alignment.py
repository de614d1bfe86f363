from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError
from valuelex.psychometrics import alignment


@pytest.fixture
def A():
    rng = np.random.default_rng(3)
    return pd.DataFrame(rng.uniform(-1, 1, (9, 3)), index=[f"v{i}" for i in range(9)], columns=["F1", "F2", "F3"])


def test_congruence_by_hand():
    a, b = np.array([[1.0], [2.0], [0.0]]), np.array([[2.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    found = pm.congruence(a, b)
    assert found.iloc[0, 0] == pytest.approx(4 / np.sqrt(5 * 9))
    assert np.isnan(found.iloc[0, 1]), "a factor of zeros has no direction"


def test_align_undoes_any_permutation_and_reflection(A):
    phi = pd.DataFrame([[1, 0.5, -0.2], [0.5, 1, 0.1], [-0.2, 0.1, 1]], index=A.columns, columns=A.columns)
    order, signs = [2, 0, 1], np.array([1.0, -1.0, -1.0])
    moved = pd.DataFrame(A.to_numpy()[:, order] * signs, index=A.index)
    moved_phi = phi.to_numpy()[np.ix_(order, order)] * np.outer(signs, signs)
    found = pm.align(moved, A, phi=moved_phi)
    np.testing.assert_allclose(found.loadings, A)
    np.testing.assert_allclose(found.phi, phi)
    np.testing.assert_allclose(found.congruence, 1)
    assert list(found.loadings.columns) == list(A.columns)


def test_variables_are_matched_by_name(A):
    shuffled = A.iloc[::-1]
    assert np.diag(pm.congruence(shuffled, A)) == pytest.approx([1, 1, 1])
    pd.testing.assert_frame_equal(pm.align(shuffled, A).loadings, A)


def test_assignment_is_best_overall_not_greedy():
    # Greedy would give the first factor its best partner and leave the second a worse sum.
    A = np.array([[1.0, 0.9], [0.0, 0.1], [0.3, 0.0]])
    B = np.array([[1.0, 1.0], [0.0, 0.0], [0.31, 0.9]])
    order, _ = alignment.match(A, B)
    C = np.abs(alignment.congruence_core(A, B))
    assert C[order[0], 0] + C[order[1], 1] == pytest.approx(max(C[0, 0] + C[1, 1], C[1, 0] + C[0, 1]))


def test_procrustes_recovers_a_rotation(A):
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    np.testing.assert_allclose(alignment.procrustes_core(A.to_numpy() @ Q, A.to_numpy()), Q.T, atol=1e-12)


def test_bad_input(A):
    with pytest.raises(DataError, match=r"only in one: v8, w"):
        pm.congruence(A.rename(index={"v8": "w"}), A)
    with pytest.raises(DataError, match="3 factors and B has 2"):
        pm.align(A, A[["F1", "F2"]])
    with pytest.raises(DataError, match="4 variables and B has 9"):
        pm.congruence(A.to_numpy()[:4], A)
    with pytest.raises(DataError, match="phi is 2 x 2"):
        pm.align(A, A, phi=np.eye(2))


def test_a_result_stands_for_its_loadings(two_factors):
    one, two = (pm.efa(two_factors, 2, rotation=r, seed=1) for r in ("oblimin", "promax"))
    pd.testing.assert_frame_equal(pm.congruence(one, two), pm.congruence(one.loadings, two.loadings))
    pd.testing.assert_frame_equal(pm.align(one, two).loadings, pm.align(one.loadings, two.loadings).loadings)


def test_procrustes_undoes_a_rotation_and_nothing_comes_closer():
    rng = np.random.default_rng(2)
    B = pd.DataFrame(rng.uniform(-0.8, 0.8, (9, 3)), index=[f"v{i}" for i in range(9)], columns=["a", "b", "c"])
    Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    exact = pm.procrustes((B @ Q).iloc[::-1], B)
    pd.testing.assert_frame_equal(exact.loadings, B)
    assert exact.rmsd < 1e-12
    noisy = B @ Q + 0.1 * rng.standard_normal((9, 3))
    found = pm.procrustes(noisy, B)
    np.testing.assert_allclose(found.T.T @ found.T, np.eye(3), atol=1e-12)
    for _ in range(50):
        other = np.linalg.qr(found.T + 0.05 * rng.standard_normal((3, 3)))[0]
        other *= np.sign(np.diag(other.T @ found.T))
        assert np.sum((noisy.to_numpy() @ other - B.to_numpy()) ** 2) > found.rmsd**2 * B.size
    with pytest.raises(DataError, match="A has 3 factors and B has 2"):
        pm.procrustes(B, B[["a", "b"]])
