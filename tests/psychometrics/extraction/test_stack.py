from __future__ import annotations

import numpy as np
import pytest

from valuelex.psychometrics.extraction import extract
from valuelex.psychometrics.extraction.stack import extract_stack


@pytest.mark.parametrize("method", ["minres", "ml"])
def test_a_stack_gives_what_one_by_one_gives(method):
    rng = np.random.default_rng(1)
    L = rng.uniform(0.2, 0.7, (10, 2)) * rng.choice([-1, 1], (10, 2))
    S = L @ L.T + np.diag(1 - (L**2).sum(axis=1)) if ((L**2).sum(axis=1) < 1).all() else np.eye(10)
    stack = np.array([np.corrcoef((rng.standard_normal((150, 10)) @ np.linalg.cholesky(S).T).T) for _ in range(30)])
    start = np.full(10, 0.5)
    loadings, psi, done = extract_stack(stack, 2, method, start, lower_bound=0.005, tolerance=1e-9)
    assert done.mean() > 0.9
    for i in np.flatnonzero(done):
        alone = extract(stack[i], 2, method, lower_bound=0.005)
        np.testing.assert_allclose(loadings[i] @ loadings[i].T, alone.loadings @ alone.loadings.T, atol=1e-6)
        np.testing.assert_allclose(psi[i], alone.uniquenesses, atol=1e-6)
