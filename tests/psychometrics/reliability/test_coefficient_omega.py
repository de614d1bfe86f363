from __future__ import annotations

import numpy as np
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.reliability.coefficient_omega import make_spec
from valuelex.psychometrics.reliability.hierarchy import hierarchies, hierarchy


def test_omega_agrees_with_psych(bfi, reference):
    want = reference("omega_bfi25")
    found = pm.omega(bfi, 5, seed=1)
    assert found.hierarchical == pytest.approx(want["omega_h"], abs=1e-4)
    assert found.total == pytest.approx(want["omega_tot"], abs=1e-4)
    theirs = sorted((g["total"], g["general"], g["group"]) for g in want["omega_group"][1:])
    ours = sorted(found.groups[["total", "general", "group"]].itertuples(index=False, name=None))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    schmid = np.array(want["schmid"])
    np.testing.assert_allclose(found.schmid_leiman["g"], schmid[:, 0], atol=1e-4)
    np.testing.assert_allclose(found.schmid_leiman["u2"], schmid[:, 7], atol=1e-4)
    assert "N1" in found.reversed


def test_schmid_leiman_keeps_communalities(two_factors, correlations):
    # Up to three factors the second-order model is exact.
    for data, n, k in ((two_factors, None, 1), (two_factors, None, 2), (*correlations["hs9"], 3)):
        found = pm.omega(data, k, n_obs=n, seed=1)
        table = found.schmid_leiman
        common = (table.drop(columns=["h2", "u2"]) ** 2).sum(axis=1)
        np.testing.assert_allclose(common, table["h2"], atol=1e-6)
        assert 0 <= found.hierarchical <= found.total <= 1


def test_omega_of_one_factor_and_of_parallel_items():
    R = np.full((6, 6), 0.5) + 0.5 * np.eye(6)
    found = pm.omega(R, 1, n_obs=100, seed=1)
    assert found.hierarchical == pytest.approx(found.total)
    assert found.total == pytest.approx(pm.alpha(R, n_obs=100).raw, abs=1e-6)


def test_omega_does_not_depend_on_keying(two_factors):
    flipped = two_factors * [1, -1, 1, 1, 1, 1, -1, 1]
    one, two = pm.omega(two_factors, 2, seed=1), pm.omega(flipped, 2, seed=1)
    assert two.hierarchical == pytest.approx(one.hierarchical, abs=1e-6)
    assert set(two.reversed) in ({"x1", "x6"}, {"x0", "x2", "x3", "x4", "x5", "x7"})
    assert pm.omega(flipped, 2, flip=False, seed=1).hierarchical < one.hierarchical


def test_omega_heywood_warns():
    # The first group factor would need a second-order loading of 1.27.
    phi = np.array([[1, 0.9, 0.9], [0.9, 1, 0.5], [0.9, 0.5, 1]])
    L = np.kron(np.eye(3), np.array([[0.8], [0.7], [0.6]]))
    R = L @ phi @ L.T
    np.fill_diagonal(R, 1)
    with pytest.warns(pm.PsychometricsWarning, match="Heywood"):
        found = pm.omega(R, 3, n_obs=200, seed=1)
    assert found.hierarchical <= found.total


def test_omega_bootstrap(two_factors):
    found = pm.omega(two_factors, 2, n_boot=40, n_starts=2, seed=1)
    assert found.total_ci[0] < found.total < found.total_ci[1]
    assert found.hierarchical_ci[0] < found.hierarchical_ci[1]
    assert np.isnan(pm.omega(two_factors, 2, seed=1).total_ci[0])
    with pytest.raises(DataError, match="n_boot=0"):
        pm.omega(two_factors.corr(), 2, n_obs=400, n_boot=10)


def test_bootstrap_keeps_the_minimum_and_repeats(complete):
    found = pm.omega(complete, 5, n_boot=100, seed=1)
    assert found.hierarchical_ci[0] < found.hierarchical < found.hierarchical_ci[1]
    # A rotation that left the original's minimum in some resamples would widen this to a tenth and more.
    assert found.hierarchical_ci[1] - found.hierarchical_ci[0] < 0.08
    again = pm.omega(complete, 5, n_boot=100, seed=1)
    assert again.hierarchical_ci == found.hierarchical_ci
    groups = found.groups
    for name in ("total", "general", "group"):
        assert (groups[f"{name}_ci_low"] < groups[name]).all()
        assert (groups[name] < groups[f"{name}_ci_high"]).all()


@pytest.mark.parametrize(
    ("solution", "rotate"), [("schmid-leiman", None), ("schmid-leiman", "promax"), ("bifactor", None)]
)
def test_a_resample_that_is_the_sample_gives_the_solution(correlations, solution, rotate):
    R = correlations["hs9"][0].to_numpy()
    spec = make_spec(solution, rotate, 20)
    one = hierarchy(R, 3, spec, np.random.default_rng(1), True, 0.005)
    many = hierarchies(np.array([R, R]), one, spec, 0.005)
    np.testing.assert_allclose(many.g[1], one.g, atol=1e-4)
    np.testing.assert_allclose(many.group[0], one.group, atol=1e-4)
    np.testing.assert_allclose(many.psi[0], one.psi, atol=1e-5)


def test_bifactor_solution_agrees_with_gparotation(complete, expected):
    want = expected("bifactor_omega")
    found = pm.omega(complete, 5, solution="bifactor", seed=1)
    assert found.hierarchical == pytest.approx(want["omega_h"], abs=1e-4)
    assert found.total == pytest.approx(want["omega_total"], abs=1e-4)
    assert found.ecv == pytest.approx(want["ecv"], abs=1e-4)
    np.testing.assert_allclose(sorted(found.indices["fd"]), want["fd"], atol=1e-4)


def test_indices_agree_with_psych(complete, expected):
    want = expected("psych_omega_indices")
    found = pm.omega(complete, 5, seed=1)
    assert found.ecv == pytest.approx(want["ecv"], abs=1e-4)
    assert found.indices.loc["g", "H"] == pytest.approx(want["h"][0], abs=1e-4)
    np.testing.assert_allclose(sorted(found.indices["H"]), sorted(want["h"]), atol=1e-4)
    # Five groups of five items: 250 of 300 pairs lie between groups.
    assert found.puc == pytest.approx(250 / 300)


def test_bad_input(two_factors):
    with pytest.raises(SettingError, match="solution"):
        pm.omega(two_factors, 2, solution="hierarchical")
    with pytest.raises(SettingError, match="does not apply"):
        pm.omega(two_factors, 2, solution="bifactor", rotate="oblimin")
    with pytest.raises(SettingError, match="too many for 8 items"):
        pm.omega(two_factors, 4, solution="bifactor")
    with pytest.raises(SettingError, match="rotate"):
        pm.omega(two_factors, 2, rotate="varimax")


def test_frame(two_factors):
    frame = pm.omega(two_factors, 2, seed=1).to_frame()
    assert frame["coefficient"].tolist() == ["omega_total", "omega_hierarchical"]
