from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.psychometrics.correlation.polychoric import polychoric_permuted
from valuelex.psychometrics.retention.effective import worth


def test_ekc_by_hand():
    R = np.eye(4) * 0.4 + 0.6
    found = pm.ekc(R, n_obs=100)
    first = (1 + np.sqrt(4 / 100)) ** 2
    np.testing.assert_allclose(found.eigenvalues, [2.8, 0.4, 0.4, 0.4])
    np.testing.assert_allclose(found.reference, [first, 1.0, 1.0, 1.0])
    assert found.n_factors == 1


def test_kaiser_over_factors_noise():
    noise = pd.DataFrame(np.random.default_rng(0).standard_normal((500, 8)))
    assert pm.kaiser(noise).n_factors >= 3


def test_a_median_split_costs_what_closed_form_says():
    # Tetrachoric at rho = 0 with even splits: information (2/pi)^2 of Pearson's (phi(0)^2 / (1/4) per variable).
    X = np.tile([[0.0, 0.0], [1.0, 1.0]], (50, 1))
    assert worth(X) == pytest.approx((2 / np.pi) ** 2)


def test_worth_is_the_variance_of_permuted_polychorics():
    rng = np.random.default_rng(2)
    X = np.digitize(rng.standard_normal((400, 6)), [0.0, 0.7, 1.2, 1.8]).astype(float)
    streams = np.random.SeedSequence(1).spawn(60)
    below = np.tril_indices(6, -1)
    variance = np.mean([R[below] ** 2 for R in polychoric_permuted(X, streams)])
    assert worth(X) == pytest.approx(1 / (400 * variance), rel=0.12)


def test_ekc_on_polychorics_uses_the_effective_n(two_factors):
    coarse = (two_factors > 0.5).astype(int)
    found = pm.ekc(coarse, correlation="polychoric")
    assert found.settings["effective_n"] < 0.5 * found.settings["n_obs"]
    assert found.n_factors == 2
