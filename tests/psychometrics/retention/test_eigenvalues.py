from __future__ import annotations

import numpy as np
import pytest

from valuelex.psychometrics.extraction import extract
from valuelex.psychometrics.retention.eigenvalues import eigenvalues, leading, one_factor


def test_counting_stops_at_the_first_failure():
    assert leading(np.array([3.0, 0.9, 1.5]), np.array([1.2, 1.0, 0.9])) == 1
    assert leading(np.array([0.5]), np.array([1.0])) == 0
    assert leading(np.array([2.0, 2.0]), np.array([1.0, 1.0])) == 2


def test_one_factor_in_a_batch_is_the_minres_solution_of_each():
    rng = np.random.default_rng(3)
    L = rng.uniform(0.3, 0.8, (6, 10))
    R = L[:, :, None] * L[:, None, :] + rng.normal(0, 0.02, (6, 10, 10))
    R = (R + np.swapaxes(R, 1, 2)) / 2
    R[:, np.arange(10), np.arange(10)] = 1
    found = one_factor(R)
    for matrix, loadings in zip(R, found, strict=True):
        want = extract(matrix, 1, "minres").loadings[:, 0]
        np.testing.assert_allclose(loadings * np.sign(loadings.sum()), want * np.sign(want.sum()), atol=1e-4)


def test_one_factor_keeps_a_heywood_case_at_the_bound():
    # A triad with r12 r13 / r23 above 1 has no proper solution (Spearman's tetrads).
    R = np.array([[1, 0.9, 0.9], [0.9, 1, 0.5], [0.9, 0.5, 1]])
    assert np.abs(one_factor(R[None])).max() == pytest.approx(np.sqrt(0.995))


@pytest.mark.parametrize("kind", ["pca", "fa", "minres"])
def test_a_stack_gives_what_its_matrices_give(kind):
    rng = np.random.default_rng(0)
    stack = np.array([np.corrcoef(rng.standard_normal((50, 6)), rowvar=False) for _ in range(3)])
    np.testing.assert_allclose(eigenvalues(stack, kind), [eigenvalues(R, kind) for R in stack], atol=1e-6)
