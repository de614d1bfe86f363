from __future__ import annotations

import numpy as np
import pytest

from valuelex.psychometrics.reliability.bifactor_indices import factor_indices, uncontaminated


def test_one_factor_has_h_equal_to_squared_determinacy():
    # L' Sigma^-1 L = r / (1 + r), r = sum(l^2 / psi), by Sherman and Morrison.
    g = np.array([0.8, 0.7, 0.5, 0.6])
    found = factor_indices(g, np.zeros((4, 1)), 1 - g**2, ["F1"])
    assert found.loc["g", "ecv"] == 1
    assert found.loc["g", "H"] == pytest.approx(found.loc["g", "fd"] ** 2)
    assert found.loc["F1", ["ss_loadings", "ecv", "H", "fd"]].tolist() == [0, 0, 0, 0]


def test_ecv_and_puc_of_a_known_bifactor_structure():
    g, group = np.full(6, 0.6), np.kron(np.eye(2), np.full((3, 1), 0.3))
    found = factor_indices(g, group, 1 - g**2 - 0.09, ["F1", "F2"])
    assert found.loc["g", "ecv"] == pytest.approx(0.36 / 0.45)
    assert found["ecv"].sum() == pytest.approx(1)
    assert uncontaminated(np.array([0, 0, 0, 1, 1, 1])) == pytest.approx(9 / 15)
