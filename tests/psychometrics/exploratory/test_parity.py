"""Numbers of other programs, reproduced: psych, SPSS, EFAtools and lavaan through `mimic`."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError

CASES = [("bfi25", 5), ("bfi25", 6), ("harman74", 4), ("harman74", 5), ("hs9", 3)]
pytestmark = pytest.mark.filterwarnings("ignore:Heywood case")


def differences(found, loadings, phi):
    """Largest difference of loadings and of Phi, factors matched."""
    aligned = pm.align(loadings, found.loadings, phi=phi if phi else np.eye(found.n_factors))
    return (
        float(np.abs(aligned.loadings - found.loadings).to_numpy().max()),
        float(np.abs(aligned.phi - found.phi).to_numpy().max()),
    )


@pytest.mark.parametrize(("name", "k"), CASES)
@pytest.mark.parametrize(
    ("method", "rotation"), list(itertools.product(["minres", "ml", "pa"], ["none", "varimax", "promax", "oblimin"]))
)
def test_psych(correlations, reference, name, k, method, rotation):
    R, n = correlations[name]
    want = reference(f"psych_{name}_k{k}_{method}_{rotation}")
    tight = {"tolerance": 1e-10, "max_iter": 5000} if method == "pa" else {}  # as the reference was run
    found = pm.efa(
        R, k, "paf" if method == "pa" else method, rotation=rotation, n_obs=n, mimic="psych", seed=1, **tight
    )
    assert max(differences(found, want["loadings"], want.get("Phi"))) < 1e-4
    np.testing.assert_allclose(found.uniquenesses, want["uniquenesses"], atol=5e-5)
    np.testing.assert_allclose(found.communalities, want["communality"], atol=5e-5)
    assert found.fit["chi2"] == pytest.approx(want["STATISTIC"], rel=2e-5)
    assert found.fit["tli"] == pytest.approx(want["TLI"], abs=2e-5)
    assert found.fit["rmsea"] == pytest.approx(want["RMSEA"]["RMSEA"], abs=2e-5)
    assert found.fit["sabic"] == pytest.approx(want["SABIC"], abs=0.05)
    if rotation == "none":
        r2 = found.determinacy()["r2"].to_numpy()
        np.testing.assert_allclose(np.sort(r2), np.sort(want["R2_scores"]), atol=1e-4)


@pytest.mark.parametrize("method", ["PAF", "ML", "ULS"])
@pytest.mark.parametrize("rotation", ["promax", "oblimin", "geominQ", "bifactorQ"])
def test_efatools(correlations, reference, method, rotation):
    R, n = correlations["bfi25"]
    want = reference(f"efatools_bfi25_k5_{method}_{rotation}")
    found = pm.efa(
        R,
        5,
        {"PAF": "paf", "ML": "ml", "ULS": "minres"}[method],
        rotation={"geominQ": "geomin", "bifactorQ": "bifactor"}.get(rotation, rotation),
        oblique=True,
        n_obs=n,
        mimic="efatools",
        seed=1,
    )
    assert max(differences(found, want["loadings"], want["Phi"])) < 1e-5
    if method == "ML":
        for ours, theirs in (
            ("chi2", "chi"),
            ("cfi", "CFI"),
            ("tli", "TLI"),
            ("rmsea", "RMSEA"),
            ("aic", "AIC"),
            ("bic", "BIC"),
        ):
            assert found.fit[ours] == pytest.approx(want["fit"][theirs], rel=1e-6)
        assert found.fit["rmsea_ci"] == pytest.approx((want["fit"]["RMSEA_LB"], want["fit"]["RMSEA_UB"]), abs=1e-6)
    assert found.fit["srmr"] == pytest.approx(want["fit"]["SRMR"], abs=2e-6)


def test_spss(shared):
    want = json.loads((shared / "efa" / "spss27_baseline.json").read_text())
    R = np.array(want["correlation"], dtype=float)
    for rotation, pattern, phi in (
        ("none", "paf", None),
        ("varimax", "varimax", None),
        ("promax", "promax_pattern", "promax_phi"),
    ):
        found = pm.efa(R, 3, rotation=rotation, n_obs=want["n"], mimic="spss", seed=1)
        assert max(differences(found, want[pattern], want[phi] if phi else None)) < 5e-5
    assert found.settings["tolerance"] == 1e-3
    assert found.settings["max_iter"] == 25
    # Iterated on, the solution is another one: mimic has to stop where SPSS stops.
    on = pm.efa(R, 3, "paf", rotation="none", n_obs=want["n"])
    assert differences(on, want["paf"], None)[0] > 1e-4


LAVAAN_FIT = {
    "chi2": "chisq",
    "rmsea": "rmsea",
    "cfi": "cfi",
    "tli": "tli",
    "srmr": "srmr",
    "aic": "aic",
    "bic": "bic",
    "sabic": "bic2",
    "log_likelihood": "logl",
}


@pytest.mark.parametrize("rotation", ["geomin", "oblimin", "promax", "varimax"])
def test_lavaan_hs9(correlations, reference, rotation):
    R, n = correlations["hs9"]
    want = reference(f"lavaan_hs9_k3_ml_{rotation}")
    found = pm.efa(R, 3, rotation=rotation, n_obs=n, mimic="lavaan", seed=1)
    # lavaan's promax starts from a varimax that stops at 1e-5.
    assert max(differences(found, want["lambda"], want["psi"])) < (5e-5 if rotation == "promax" else 1e-5)
    for ours in ("chi2", "rmsea", "cfi", "tli", "srmr"):
        assert found.fit[ours] == pytest.approx(want["fit"][LAVAAN_FIT[ours]], rel=1e-5, abs=1e-7)
    limits = (want["fit"]["rmsea.ci.lower"], want["fit"]["rmsea.ci.upper"])
    assert found.fit["rmsea_ci"] == pytest.approx(limits, abs=1e-5)


@pytest.mark.parametrize("rotation", ["geomin", "oblimin"])
def test_lavaan_bfi(bfi, reference, rotation):
    want = reference(f"lavaan_bfi25_k5_ml_{rotation}")
    found = pm.efa(bfi.dropna(), 5, rotation=rotation, mimic="lavaan", seed=1)
    assert max(differences(found, want["lambda"], want["psi"])) < 1e-4
    for ours, theirs in LAVAAN_FIT.items():
        assert found.fit[ours] == pytest.approx(want["fit"][theirs], rel=1e-5, abs=1e-5)


def test_lavaan_full_information(bfi, reference):
    want = reference("lavaan_bfi25na_k5_fiml_geomin")
    found = pm.efa(bfi, 5, missing="fiml", mimic="lavaan", seed=1)
    assert found.settings["missing_fit"] == "full information"
    assert found.fit["n_obs"] == 2800
    assert max(differences(found, want["lambda"], want["psi"])) < 1e-4
    for ours, theirs in LAVAAN_FIT.items():
        assert found.fit[ours] == pytest.approx(want["fit"][theirs], rel=1e-5, abs=1e-5)


def test_full_information_of_complete_data_is_maximum_likelihood(two_factors):
    gaps = two_factors.copy()
    gaps.iloc[0, 0] = np.nan
    near = pm.efa(gaps, 2, "ml", missing="fiml", seed=1).loadings
    np.testing.assert_allclose(near, pm.efa(two_factors, 2, "ml", seed=1).loadings, atol=0.01)
    full = pm.efa(two_factors, 2, "ml", missing="fiml", seed=1)
    pd.testing.assert_frame_equal(full.loadings, pm.efa(two_factors, 2, "ml", seed=1).loadings)
    two_stage = pm.efa(gaps, 2, "minres", missing="fiml", seed=1)
    assert two_stage.settings["missing_fit"].startswith("two-stage")


def test_full_information_wants_pearson_correlations_and_enough_cases(two_factors):
    gaps = two_factors.copy()
    gaps.iloc[0, 0] = np.nan
    with pytest.raises(SettingError, match="assumes normal variables"):
        pm.efa(gaps, 2, missing="fiml", correlation="spearman")
    with pytest.raises(DataError, match=r"no more cases \(7\)"):
        pm.efa(gaps.iloc[:7], 2, missing="fiml")


def test_lavaan_wlsmv(bfi, reference):
    want = reference("lavaan_ordered15_k3_wlsmv_geomin")
    items = bfi[
        [*[f"A{i}" for i in range(1, 6)], *[f"E{i}" for i in range(1, 6)], *[f"N{i}" for i in range(1, 6)]]
    ].dropna()
    found = pm.efa(items, 3, "dwls", correlation="polychoric", mimic="lavaan", seed=1)
    assert max(differences(found, want["lambda"], want["psi"])) < 1e-5
    for ours, theirs in (
        ("chi2", "chisq.scaled"),
        ("chi2_unscaled", "chisq"),
        ("cfi", "cfi.scaled"),
        ("tli", "tli.scaled"),
        ("rmsea", "rmsea.scaled"),
        ("srmr", "srmr"),
    ):
        assert found.fit[ours] == pytest.approx(want["fit"][theirs], rel=1e-5)
    limits = (want["fit"]["rmsea.ci.lower.scaled"], want["fit"]["rmsea.ci.upper.scaled"])
    assert found.fit["rmsea_ci"] == pytest.approx(limits, abs=1e-5)
    assert "scaled and shifted" in found.fit["convention"]


def test_dwls_needs_to_know_the_precision(correlations, two_factors):
    R, n = correlations["hs9"]
    with pytest.raises(DataError, match=r"precision of each correlation.*\n.*raw data"):
        pm.efa(R, 3, "dwls", n_obs=n)
    with pytest.raises(SettingError, match="minres"):
        pm.efa(two_factors, 2, "dwls", correlation="spearman")


def test_what_the_caller_states_overrides_the_preset(correlations):
    R, n = correlations["hs9"]
    found = pm.efa(R, 3, "minres", mimic="spss", rotation="oblimin", n_starts=5, n_obs=n, seed=1)
    stated = ("method", "rotation", "n_starts", "mimic", "normalize")
    assert {key: found.settings[key] for key in stated} == {
        "method": "minres",
        "rotation": "oblimin",
        "n_starts": 5,
        "mimic": "spss",
        "normalize": True,
    }


def test_every_convention_is_in_the_fit_table(correlations):
    R, n = correlations["bfi25"]
    found = pm.efa(R, 5, "ml", n_obs=n, seed=1)
    table = found.fit_table()
    assert list(table.columns) == ["psych", "lavaan", "efatools"]
    # The two RMSEA of the same solution (psych 2.2.9, lavaan 0.6-14).
    assert table.loc["rmsea"].round(6).tolist() == [0.053823, 0.053995, 0.053994]
    assert table.loc["chi2", "psych"] == pytest.approx(1490.58650377508, rel=1e-8)
    assert table.loc["chi2", "lavaan"] == pytest.approx(1498.89317776045, rel=1e-8)
    for name in table.columns:
        again = pm.efa(R, 5, "ml", rotation="none", n_obs=n, mimic=name, lower_bound=0.005)
        assert again.fit["chi2"] == pytest.approx(table.loc["chi2", name], rel=1e-9)
