from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError


@pytest.fixture
def agreeableness(bfi):
    items = bfi.dropna()[["A1", "A2", "A3", "A4", "A5"]].copy()
    items["A1"] = 7 - items["A1"]
    return items


def test_alpha_agrees_with_psych(agreeableness, reference):
    want = reference("alpha_bfi_agree")
    found = pm.alpha(agreeableness)
    assert found.raw == pytest.approx(want["total"]["raw_alpha"], abs=1e-6)
    assert found.standardized == pytest.approx(want["total"]["std.alpha"], abs=1e-6)
    assert found.mean_r == pytest.approx(want["total"]["average_r"], abs=1e-6)
    np.testing.assert_allclose(found.items["alpha_if_dropped"], [d["raw_alpha"] for d in want["drop"]], atol=1e-6)
    rest = agreeableness.drop(columns="A3").sum(axis=1)
    assert found.items.loc["A3", "item_rest"] == pytest.approx(agreeableness["A3"].corr(rest))


def test_feldt_interval_covers():
    # Parallel items with reliability .8: the 90 % interval should hold .8 in about 90 of 100 samples.
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        data = rng.standard_normal((80, 1)) + rng.standard_normal((80, 4))
        found = pm.alpha(data, level=0.9)
        hits += found.ci_low < 0.8 < found.ci_high
    assert 165 <= hits <= 195


def test_alpha_of_a_matrix_is_standardized(agreeableness):
    raw = pm.alpha(agreeableness)
    matrix = pm.alpha(agreeableness.corr(), n_obs=len(agreeableness))
    assert matrix.raw == matrix.standardized == pytest.approx(raw.standardized)


def test_alpha_warns_of_items_keyed_the_other_way(bfi):
    with pytest.warns(pm.PsychometricsWarning, match="A1"):
        pm.alpha(bfi[["A1", "A2", "A3", "A4", "A5"]])


def test_alpha_of_two_items_has_no_alpha_if_dropped(two_factors):
    found = pm.alpha(two_factors[["x0", "x1"]])
    assert found.items["alpha_if_dropped"].isna().all()
    r = two_factors["x0"].corr(two_factors["x1"])
    assert found.standardized == pytest.approx(2 * r / (1 + r))


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


def test_frames(two_factors):
    assert list(pm.alpha(two_factors).to_frame().columns) == ["raw", "ci_low", "ci_high", "standardized", "mean_r"]
    frame = pm.omega(two_factors, 2, seed=1).to_frame()
    assert frame["coefficient"].tolist() == ["omega_total", "omega_hierarchical"]
    assert isinstance(frame, pd.DataFrame)
