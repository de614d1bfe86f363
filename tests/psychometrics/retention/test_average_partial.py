from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.psychometrics.retention.average_partial import map_core


@pytest.mark.parametrize(("name", "k"), [("bfi25", 5), ("harman74", 4), ("hs9", 2)])
def test_agrees_with_psych(correlations, reference, name, k):
    R, _ = correlations[name]
    found = pm.map_test(R)
    np.testing.assert_allclose(found.values[1:8], reference(f"screen_{name}")["MAP"][:7], atol=1e-6)
    assert found.n_factors == k


def test_noise_has_no_factors():
    noise = pd.DataFrame(np.random.default_rng(0).standard_normal((500, 8)))
    assert pm.map_test(noise).n_factors == 0


def test_stops_before_partials_of_nothing():
    rng = np.random.default_rng(1)
    squares, _ = map_core(np.corrcoef(rng.standard_normal((6, 12)), rowvar=False))
    assert len(squares) <= 6
    assert np.isfinite(squares).all()
