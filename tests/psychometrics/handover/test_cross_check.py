from __future__ import annotations

import subprocess

import numpy as np
import pytest

from tests.psychometrics.handover.conftest import needs_r
from valuelex import psychometrics as pm
from valuelex.errors import SettingError
from valuelex.psychometrics.handover.cross_check import differences
from valuelex.psychometrics.handover.engines import Outcome, factor_analyzer, r

QUANTITIES = ["loadings", "phi", "communalities", "uniquenesses"]


@pytest.fixture(scope="module")
def bfi_oblimin(correlations):
    """bfi, where factor-analyzer sorts the loadings but not Phi."""
    R, n = correlations["bfi25"]
    return pm.efa(R, 5, n_obs=n, seed=1)


@pytest.mark.parametrize("options", [{"mimic": "psych"}, {"method": "ml", "rotation": "geomin"}])
def test_three_programs_agree(hs9, options):
    pytest.importorskip("factor_analyzer")
    needs_r("psych", "GPArotation", "lavaan", "jsonlite")
    R, n = hs9
    found = pm.cross_check(pm.efa(R, 3, n_obs=n, seed=1, **options))
    assert found.ran == ["factor_analyzer", "psych", "lavaan"]
    rows = found.to_frame().set_index("engine")
    assert rows.loc["psych", QUANTITIES].max() < 5e-4
    assert rows.loc["lavaan", QUANTITIES].max() < 5e-4
    assert rows.loc["factor_analyzer", QUANTITIES].max() < 5e-4
    assert rows.loc["psych", "chi2"] < 0.01
    assert rows.loc["psych", "rmsea"] < 1e-4
    if options.get("method") == "ml":
        assert rows.loc["lavaan", "chi2"] < 1e-3
    assert "3 of 3 engines ran" in found.summary()


def test_ordered_data_against_wlsmv(two_factors):
    needs_r("lavaan", "jsonlite")
    ordered = (two_factors * 1.2).round().clip(-2, 2)
    found = pm.cross_check(pm.efa(ordered, 2, "dwls", correlation="polychoric", seed=1), ["lavaan"])
    row = found.frame.iloc[0]
    assert row["status"] == "ran"
    assert row["loadings"] < 5e-4
    assert row["chi2"] < 0.01


def test_factor_analyzer_fits_again_and_is_left_as_it_was(hs9):
    package = pytest.importorskip("factor_analyzer")
    import factor_analyzer.factor_analyzer as module

    R, _ = hs9
    before = module.check_array
    fitted = factor_analyzer.fit(R.to_numpy(), {"n_factors": 3, "rotation": None})
    assert module.check_array is before
    assert fitted.loadings_.shape == (9, 3)
    from sklearn import __version__

    if tuple(map(int, __version__.split(".")[:2])) >= (1, 8):
        with pytest.raises(TypeError, match="force_all_finite"):
            package.FactorAnalyzer(3, rotation=None, is_corr_matrix=True).fit(R.to_numpy())
    with pytest.raises(ValueError, match="NaN"):
        factor_analyzer.fit(np.full((3, 3), np.nan), {"n_factors": 1, "rotation": None, "impute": "drop"})
    assert module.check_array is before


def test_its_phi_and_communalities_are_repaired(bfi_oblimin):
    pytest.importorskip("factor_analyzer")
    fitted = factor_analyzer.fit(bfi_oblimin.correlations.to_numpy(), {"n_factors": 5, "rotation": "oblimin"})
    repaired = factor_analyzer.factor_correlations(fitted)
    np.testing.assert_allclose(np.diag(repaired), 1, atol=1e-8)
    np.testing.assert_allclose(fitted.loadings_ @ repaired, fitted.structure_, atol=1e-8)
    # Sorted as the loadings are, its own Phi does not give its own structure matrix.
    assert np.abs(fitted.loadings_ @ fitted.phi_ - fitted.structure_).max() > 0.05
    h2 = factor_analyzer.communalities(fitted)
    implied = fitted.loadings_ @ repaired @ fitted.loadings_.T
    np.testing.assert_allclose(h2, np.diag(implied), atol=1e-8)
    assert np.abs(h2 - fitted.get_communalities()).max() > 0.02
    row = pm.cross_check(bfi_oblimin, ["factor_analyzer"]).frame.iloc[0]
    assert row[QUANTITIES].max() < 5e-4


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"method": "paf"}, "no extraction"),
        ({"rotation": "equamax"}, "no rotation"),
        ({"gamma": -0.5}, "no rotation"),
        ({"normalize": True}, "no row weights"),
        ({"mimic": "spss", "method": "ml", "rotation": "promax"}, "no row weights"),
    ],
)
def test_what_it_cannot_do_is_skipped(hs9, options, why):
    pytest.importorskip("factor_analyzer")
    R, n = hs9
    status = pm.cross_check(pm.efa(R, 3, n_obs=n, seed=1, **options), "factor_analyzer").frame["status"].iloc[0]
    assert status.startswith("skipped")
    assert why in status


@pytest.mark.parametrize("rotation", ["varimax", "promax", "quartimax", "geomin", "none"])
def test_its_rotations_are_asked_for_by_their_conventions(hs9, rotation):
    pytest.importorskip("factor_analyzer")
    R, n = hs9
    row = pm.cross_check(pm.efa(R, 3, n_obs=n, rotation=rotation, seed=1), ["factor_analyzer"]).frame.iloc[0]
    assert row["status"] == "ran"
    assert row[QUANTITIES].max() < 1e-3


def test_nothing_installed_is_a_row_not_an_error(oblique, monkeypatch):
    monkeypatch.setattr(r.shutil, "which", lambda name: None)

    def absent(name):
        raise factor_analyzer.PackageNotFoundError(name)

    monkeypatch.setattr(factor_analyzer, "version", absent)
    found = pm.cross_check(oblique)
    assert found.frame["status"].str.startswith("not installed").all()
    assert found.ran == []
    assert "0 of 3" in found.summary()


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (subprocess.TimeoutExpired("Rscript", 5), "stopped: R took more than 5 seconds"),
        (OSError(13, "Permission denied"), "not installed: Rscript cannot be run"),
        (
            subprocess.CompletedProcess([], 1, "", "Error: missing packages: lavaan, jsonlite"),
            "not installed: the R pack",
        ),
        (subprocess.CompletedProcess([], 1, "", "Error in solve: singular"), "failed: Error in solve: singular"),
    ],
)
def test_an_r_that_fails_is_a_row(oblique, monkeypatch, end, status):
    monkeypatch.setattr(r.shutil, "which", lambda name: "Rscript")

    def run(*arguments, **options):
        if isinstance(end, Exception):
            raise end
        return end

    monkeypatch.setattr(r.subprocess, "run", run)
    assert pm.cross_check(oblique, ["psych"], timeout=5).frame["status"].iloc[0].startswith(status)


def test_differences_are_found_whatever_the_order_and_signs(oblique):
    L, phi = oblique.loadings.to_numpy(), oblique.phi.to_numpy()
    u2 = oblique.uniquenesses.to_numpy()
    turned = Outcome("ran", loadings=L[:, ::-1] * [-1, 1], phi=phi[::-1, ::-1] * [[1, -1], [-1, 1]], uniquenesses=u2)
    same = differences(oblique, turned)
    assert max(same[name] for name in QUANTITIES) < 1e-12
    assert np.isnan(same["chi2"])
    moved = Outcome("ran", loadings=L + np.eye(8, 2) * 0.1, phi=phi, uniquenesses=u2 + 0.02, chi2=1.0, fit="psych")
    told = differences(oblique, moved)
    assert told["loadings"] == pytest.approx(0.1)
    assert told["uniquenesses"] == pytest.approx(0.02)
    assert told["chi2"] > 0
    assert np.isnan(differences(oblique, Outcome("failed"))["loadings"])


def test_engines_are_checked(oblique):
    with pytest.raises(SettingError, match="engine='mplus'"):
        pm.cross_check(oblique, ["mplus"])
    with pytest.raises(SettingError, match="engines is empty"):
        pm.cross_check(oblique, [])
    with pytest.raises(SettingError, match="timeout"):
        pm.cross_check(oblique, timeout=-1)
