from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import alignment
from valuelex.psychometrics.rotation import criteria

PSYCH = [
    *[("hs9", 3, m, r) for m in ("minres", "ml", "pa") for r in ("none", "promax", "oblimin")],
    *[("harman74", 4, m, r) for m in ("minres", "ml", "pa") for r in ("none", "promax", "oblimin", "varimax")],
    *[("harman74", 5, m, "oblimin") for m in ("minres", "ml", "pa")],
    *[("bfi25", 5, m, r) for m in ("minres", "ml", "pa") for r in ("none", "oblimin")],
    ("bfi25", 6, "minres", "oblimin"),
]


def fitted(correlations, name, k, method, rotation, **more):
    R, n = correlations[name]
    return pm.efa(R, k, {"pa": "paf"}.get(method, method), rotation=rotation, n_obs=n, n_starts=10, seed=1, **more)


@pytest.mark.parametrize(("name", "k", "method", "rotation"), PSYCH)
def test_agrees_with_psych(correlations, reference, name, k, method, rotation):
    want = reference(f"psych_{name}_k{k}_{method}_{rotation}")
    found = fitted(correlations, name, k, method, rotation)
    phi = np.array(want.get("Phi") or np.eye(k))
    aligned = pm.align(want["loadings"], found.loadings, phi=phi)
    structure = np.array(want.get("structure") or want["loadings"])[:, aligned.order] * aligned.signs
    weights = np.array(want["weights"])[:, aligned.order] * aligned.signs
    for ours, theirs in (
        (found.loadings, aligned.loadings),
        (found.phi, aligned.phi),
        (found.structure, structure),
        (found.communalities, want["communality"]),
        (found.uniquenesses, want["uniquenesses"]),
        (found.complexity, want["complexity"]),
        (found.weights("regression"), weights),
        (found.fit["rmsr"], want["rms"]),
        (found.fit["objective"], want["objective"]),
        (found.fit["rmsea"], want["RMSEA"]["RMSEA"]),
        (found.fit["rmsea_ci"], [want["RMSEA"]["lower"], want["RMSEA"]["upper"]]),
        (found.fit["tli"], want["TLI"]),
        (found.fit["p"], want["PVAL"]),
    ):
        np.testing.assert_allclose(ours, theirs, atol=5e-4)
    assert found.fit["df"] == want["dof"]
    assert found.fit["chi2"] == pytest.approx(want["STATISTIC"], abs=5e-3)
    assert found.fit["bic"] == pytest.approx(want["BIC"], abs=5e-3)


@pytest.mark.parametrize("method", ["minres", "ml", "pa"])
def test_varimax_is_at_least_as_good_as_psych_which_stops_early(correlations, reference, method):
    want = np.array(reference(f"psych_hs9_k3_{method}_varimax")["loadings"])
    found = fitted(correlations, "hs9", 3, method, "varimax")

    def value(L):
        return criteria.varimax((L / np.sqrt((L**2).sum(axis=1, keepdims=True)))[None])[0][0]

    assert value(found.loadings.to_numpy()) <= value(want) + 1e-10
    np.testing.assert_allclose(found.loadings, pm.align(want, found.loadings).loadings, atol=1e-3)


def test_loadings_are_ordered_and_reflected_and_phi_with_them(correlations):
    # factor-analyzer sorts the factors but not Phi (up to .63 wrong).
    for name, k in (("bfi25", 5), ("harman74", 4), ("hs9", 3)):
        found = fitted(correlations, name, k, "minres", "oblimin")
        assert found.variance["ss_loadings"].is_monotonic_decreasing
        assert (found.loadings.sum() > 0).all()
        implied = found.loadings @ found.phi @ found.loadings.T
        A = found.unrotated
        np.testing.assert_allclose(implied, A @ A.T, atol=1e-8)
        np.testing.assert_allclose(found.structure, found.loadings @ found.phi, atol=1e-12)


def test_communalities_respect_phi(correlations):
    # factor-analyzer sums squared pattern loadings (up to .49 wrong).
    found = fitted(correlations, "bfi25", 5, "minres", "oblimin")
    plain = (found.loadings**2).sum(axis=1)
    assert np.abs(plain - found.communalities).max() > 0.05
    np.testing.assert_allclose(found.communalities + found.uniquenesses, 1, atol=1e-6)
    assert found.variance["ss_loadings"].sum() == pytest.approx(found.communalities.sum())
    assert found.variance["cumulative"].iloc[-1] == pytest.approx(found.communalities.mean())


def test_fit_does_not_change_under_rotation(correlations):
    base = fitted(correlations, "hs9", 3, "ml", "none").fit
    for rotation in ("varimax", "promax", "oblimin", "geomin", "quartimax", "quartimin"):
        other = fitted(correlations, "hs9", 3, "ml", rotation).fit
        assert other == base


def test_quartimin_is_oblimin_zero(correlations):
    one, two = (fitted(correlations, "hs9", 3, "minres", r) for r in ("quartimin", "oblimin"))
    np.testing.assert_allclose(one.loadings, two.loadings, atol=1e-8)


@pytest.mark.parametrize("method", ["minres", "ml", "paf", "pca"])
@pytest.mark.parametrize("rotation", ["none", "varimax", "promax", "oblimin", "geomin"])
def test_one_factor_works(two_factors, method, rotation):
    found = pm.efa(two_factors.iloc[:, :4], 1, method, rotation=rotation, seed=1)
    assert found.loadings.shape == (4, 1)
    assert (found.loadings > 0.4).to_numpy().all()
    assert found.phi.to_numpy().tolist() == [[1.0]]
    assert found.complexity.tolist() == pytest.approx([1, 1, 1, 1])


def test_unstandardised_input_is_the_same_model(two_factors):
    # scikit-learn factors the covariances of what it gets.
    scaled = two_factors * np.arange(1, 9) * 100 + 5
    np.testing.assert_allclose(pm.efa(scaled, 2, seed=1).loadings, pm.efa(two_factors, 2, seed=1).loadings, atol=1e-7)


def test_raw_data_equal_their_correlation_matrix(bfi, correlations):
    raw = pm.efa(bfi, 5, seed=1)
    matrix = pm.efa(correlations["bfi25"][0], 5, n_obs=2436, seed=1)
    np.testing.assert_allclose(raw.loadings, matrix.loadings, atol=1e-7)
    assert raw.settings["n_obs"] == raw.fit["n_obs"] == 2436
    assert raw.settings["n_rows"] == 2800


def test_clear_structure_is_found(two_factors):
    found = pm.efa(two_factors, 2, seed=1)
    target = pd.DataFrame(np.repeat(np.eye(2), 4, axis=0), index=two_factors.columns)
    assert (pm.align(found.loadings, target).congruence > 0.97).all()
    assert found.phi.iloc[0, 1] == pytest.approx(0.3, abs=0.12)
    assert found.fit["rmsea"] < 0.06
    assert found.converged


def test_settings_name_everything_that_moves_a_number(two_factors):
    found = pm.efa(two_factors, 2, rotation="geomin", epsilon=0.001, seed=5, lower_bound=0.01)
    for key, value in {
        "method": "minres",
        "rotation": "geomin",
        "epsilon": 0.001,
        "normalize": False,
        "n_starts": 100,
        "seed": 5,
        "lower_bound": 0.01,
        "correlation": "pearson",
        "missing": "listwise",
        "n_factors": 2,
        "n_obs": 400,
        "tolerance": 1e-9,
        "max_iter": 5000,
        "rotation_tolerance": 1e-6,
    }.items():
        assert found.settings[key] == value


def test_heywood_case_warns_and_is_named():
    R = pd.DataFrame([[1, 0.9, 0.9], [0.9, 1, 0.7], [0.9, 0.7, 1]], index=list("abc"), columns=list("abc"))
    with pytest.warns(pm.PsychometricsWarning, match="Heywood case: the uniqueness of a "):
        found = pm.efa(R, 1, n_obs=100)
    assert found.heywood == ("a",)
    assert "Heywood: a" in found.summary()


def test_no_more_cases_than_variables(two_factors):
    few = two_factors.iloc[:8]
    for method in ("ml", "minres", "paf"):
        with pytest.raises(DataError, match=r"no more cases \(8\) than variables \(8\).*\n.*method='pca'"):
            pm.efa(few, 2, method)
    R = two_factors.corr()
    with pytest.raises(DataError, match=r"no more cases \(8\)"):
        pm.efa(R, 2, n_obs=8)
    with pytest.warns(pm.PsychometricsWarning, match=r"no more cases \(8\) than variables \(8\)"):
        found = pm.efa(few, 1, "pca")
    assert np.isnan(found.fit["chi2"])


def test_duplicate_columns_leave_fit_undefined(two_factors):
    with pytest.warns(pm.PsychometricsWarning, match="singular"):
        found = pm.efa(two_factors.assign(x9=two_factors["x0"]), 2, seed=1)
    assert np.isnan(found.fit["chi2"])
    assert np.isfinite(found.loadings.to_numpy()).all()


def test_no_convergence_warns(two_factors):
    with pytest.warns(pm.PsychometricsWarning, match="did not converge"):
        found = pm.efa(two_factors, 2, "paf", max_iter=2, seed=1)
    assert not found.converged
    assert "Not converged" in found.summary()


def test_components_have_no_fit_test(two_factors):
    found = pm.efa(two_factors, 2, "pca", rotation="varimax", seed=1)
    assert np.isnan(found.fit["chi2"])
    assert found.fit["srmr"] > 0
    eigenvalues = np.linalg.eigvalsh(two_factors.corr())[::-1][:2]
    np.testing.assert_allclose(sorted((found.unrotated**2).sum(), reverse=True), eigenvalues)


def test_spearman_is_pearson_of_ranks(two_factors):
    skewed = np.exp(two_factors)
    ours = pm.efa(skewed, 2, correlation="spearman", seed=1)
    np.testing.assert_allclose(ours.loadings, pm.efa(two_factors.rank(), 2, seed=1).loadings, atol=1e-7)


def test_input_is_not_changed(two_factors):
    before = two_factors.copy()
    pm.efa(two_factors, 2, seed=1).scores(two_factors)
    pd.testing.assert_frame_equal(two_factors, before)


def test_frame_summary_and_html(two_factors):
    found = pm.efa(two_factors, 2, seed=1)
    assert list(found.to_frame().columns) == ["F1", "F2", "h2", "u2", "complexity"]
    text = found.summary()
    assert "Factor correlations" in text
    assert "seed = 1" in text
    assert "<table" in found._repr_html_()
    assert "Factor correlations" not in pm.efa(two_factors, 2, rotation="varimax", seed=1).summary()


def test_order_convention_breaks_zero_sums_by_the_largest_loading():
    L = np.array([[0.3, 0.5], [-0.8, 0.4], [0.5, 0.5]])
    order, signs = alignment.convention(L, np.eye(2))
    assert order.tolist() == [0, 1]
    assert signs.tolist() == [-1.0, 1.0]


def test_full_information_of_duplicate_columns_is_refused_by_name(two_factors):
    gaps = two_factors.assign(x9=two_factors["x0"])
    gaps.iloc[:20, 1] = np.nan
    with pytest.raises(DataError, match=r"do not determine one another; these do: x0 = x9.*\n.*pairwise"):
        pm.efa(gaps, 2, missing="fiml")


@pytest.mark.filterwarnings("ignore::valuelex.psychometrics.PsychometricsWarning")
def test_a_factor_without_loadings_has_no_scores_and_no_crash():
    data = np.random.default_rng(0).standard_normal((40, 5))
    found = pm.efa(data, 2, "image", rotation="none", seed=1)
    for method in ("regression", "bartlett", "tenberge", "anderson"):
        found.determinacy(method)
        assert found.weights(method).shape == (5, 2)


def test_covariances_have_the_likelihood_of_their_data(two_factors):
    raw = pm.efa(two_factors, 2, mimic="lavaan", seed=1).fit
    given = pm.efa(two_factors.cov(), 2, mimic="lavaan", n_obs=400, seed=1).fit
    for name in ("log_likelihood", "aic", "bic", "sabic", "chi2"):
        assert given[name] == pytest.approx(raw[name], rel=1e-9)


def test_alpha_factoring_that_alternates_is_refused(correlations):
    R, n = correlations["hs9"]
    with pytest.raises(DataError, match=r"does not settle.*\n.*another method"):
        pm.efa(R, 2, "alpha", n_obs=n)


def test_ordered_categories_are_their_places(two_factors):
    cut = two_factors.apply(lambda x: pd.cut(x, [-np.inf, -0.7, 0, 0.7, np.inf], labels=["a", "b", "c", "d"]))
    codes = cut.apply(lambda x: x.cat.codes + 1)
    found = pm.efa(cut, 2, correlation="polychoric", seed=1).loadings
    pd.testing.assert_frame_equal(found, pm.efa(codes, 2, correlation="polychoric", seed=1).loadings)
    with pytest.raises(DataError, match=r"not numeric: x0.*\n.*ordered"):
        pm.efa(two_factors.assign(x0=pd.Categorical(["a", "b"] * 200)), 2)


def test_two_variables_carry_no_factor(two_factors):
    with pytest.raises(SettingError, match="three are the least"):
        pm.efa(two_factors[["x0", "x1"]], 1)
