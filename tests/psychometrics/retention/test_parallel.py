from __future__ import annotations

import joblib
import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.retention import references
from valuelex.psychometrics.retention.given import Measure


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    """150 cases, two factors, eight items of four skewed categories."""
    rng = np.random.default_rng(5)
    L = np.kron(np.eye(2), np.full((4, 1), 0.75))
    Z = rng.standard_normal((150, 2)) @ L.T + rng.standard_normal((150, 8)) * np.sqrt(1 - 0.75**2)
    return pd.DataFrame(np.digitize(Z, [0.2, 0.9, 1.5]), columns=[f"i{j}" for j in range(8)])


@pytest.mark.parametrize("name", ["bfi25", "harman74", "hs9"])
def test_components_agree_with_psych(correlations, reference, name):
    R, n = correlations[name]
    want = reference(f"parallel_{name}")
    found = pm.parallel_analysis(R, 500, n_obs=n, seed=4)
    np.testing.assert_allclose(found.eigenvalues, want["pc.values"], atol=1e-10)
    np.testing.assert_allclose(found.mean, want["pc.sim"], atol=0.02)
    assert found.n_factors == want["ncomp"]
    assert (found.reference[:5] > found.mean[:5]).all()


@pytest.mark.parametrize("name", ["bfi25", "harman74", "hs9"])
def test_minres_agrees_with_psych(correlations, reference, name):
    R, n = correlations[name]
    want = reference(f"parallel_{name}")
    found = pm.parallel_analysis(R, 500, kind="minres", n_obs=n, seed=4)
    np.testing.assert_allclose(found.eigenvalues, want["fa.values"], atol=2e-6)
    # One factor of pure noise has many near-equal minima, a third of them Heywood cases at p = 9; psych's search stops
    # earlier there. Only the first simulated eigenvalue feels it.
    np.testing.assert_allclose(found.mean[1:], want["fa.sim"][1:], atol=0.02)
    assert found.n_factors == want["nfact"]


def test_wishart_and_raw_normal_references_agree():
    # Below n = p + 1 raw normal data are drawn, above it Bartlett's decomposition: one distribution, two ways.
    n, p = 40, 12
    drawn = references.normal(n, p, 400, 1)["pca"].mean(axis=0)
    rng = np.random.default_rng(2)
    plain = [np.linalg.eigvalsh(np.corrcoef(rng.standard_normal((n, p)), rowvar=False))[::-1] for _ in range(400)]
    np.testing.assert_allclose(drawn, np.mean(plain, axis=0), atol=0.03)
    few = references.normal(8, p, 50, 1)["pca"]
    assert np.allclose(few.sum(axis=1), p)
    assert np.allclose(few[:, 7:], 0, atol=1e-10)


@pytest.mark.parametrize("n", [9, 60])
def test_wishart_draws_have_the_population_matrix(n):
    R = np.full((10, 10), 0.5) + 0.5 * np.eye(10)
    drawn = references.wishart(np.random.default_rng(0), n, 10, 3000, np.linalg.cholesky(R))
    # Olkin & Pratt (1958): E r = rho (1 - (1 - rho^2) / 2n + ...).
    want = 0.5 * (1 - (1 - 0.25) / (2 * (n - 1)))
    assert drawn[:, 1, 0].mean() == pytest.approx(want, abs=0.02)


@pytest.mark.parametrize("reference", ["normal", "permutation"])
@pytest.mark.parametrize("kind", ["pca", "fa", "minres"])
def test_finds_two_factors(two_factors, reference, kind):
    found = pm.parallel_analysis(two_factors, 100, kind=kind, reference=reference, seed=1)
    assert found.n_factors == 2
    assert found.settings["seed"] == 1


def test_seed_and_prefix_are_reproducible(two_factors):
    one, two = (pm.parallel_analysis(two_factors, 150, seed=9) for _ in range(2))
    assert np.array_equal(one.reference, two.reference)
    assert not np.array_equal(one.reference, pm.parallel_analysis(two_factors, 150, seed=10).reference)
    mean = pm.parallel_analysis(two_factors, 150, "mean", seed=9)
    assert np.array_equal(mean.reference, one.mean)


@pytest.mark.parametrize("reference", ["normal", "permutation"])
def test_two_processes_give_the_numbers_of_one(two_factors, reference):
    alone = pm.parallel_analysis(two_factors, 250, reference=reference, seed=3)
    with joblib.parallel_config("threading", n_jobs=2):
        spread = pm.parallel_analysis(two_factors, 250, reference=reference, seed=3)
    assert np.array_equal(alone.reference, spread.reference)


@pytest.mark.parametrize("correlation", ["polychoric", "mixed"])
def test_polychorics_are_compared_with_permuted_polychorics(answers, correlation):
    data = answers if correlation == "polychoric" else answers.assign(i7=answers["i7"] + answers["i6"] / np.pi)
    found = pm.parallel_analysis(data, 30, correlation=correlation, seed=1)
    assert found.settings["reference"] == "permutation"
    assert found.n_factors == 2
    with pytest.warns(pm.PsychometricsWarning, match="over-factor"):
        normal = pm.parallel_analysis(data, 200, correlation=correlation, reference="normal", seed=1)
    assert found.mean[0] > normal.mean[0] + 0.05, "permuted polychorics spread wider than normal theory says"


def test_refuses_what_it_cannot_do(two_factors, correlations):
    with pytest.raises(DataError, match="kind='pca'"):
        pm.parallel_analysis(two_factors.iloc[:8], 10, kind="fa")
    with pytest.raises(DataError, match="complete raw data"):
        pm.parallel_analysis(correlations["hs9"][0], 10, n_obs=301, reference="permutation")
    with pytest.raises(SettingError, match="percentile"):
        pm.parallel_analysis(two_factors, 10, 120)
    with pytest.raises(SettingError, match="pca, fa, minres"):
        pm.parallel_analysis(two_factors, 10, kind="paf")


@pytest.fixture(scope="module")
def nested() -> tuple[np.ndarray, np.ndarray]:
    """20 clusters of 6 to 14 cases, twelve columns that share nothing but that the cases of a cluster are alike in each."""
    rng = np.random.default_rng(8)
    clusters = np.repeat(np.arange(20), rng.integers(6, 15, 20))
    X = rng.standard_normal((20, 12))[clusters] * 1.5 + rng.standard_normal((len(clusters), 12))
    return X, clusters


def test_cases_that_are_alike_within_clusters_pass_for_factors_unless_clusters_are_named(nested):
    X, clusters = nested
    assert pm.parallel_analysis(X, 200, seed=1).n_factors > 0
    found = pm.parallel_analysis(X, 200, clusters=clusters, seed=1)
    assert found.n_factors == 0
    assert found.settings["reference"] == "nested permutation"
    assert found.settings["n_clusters"] == 20


def test_clusters_do_not_hide_a_factor(nested):
    X, clusters = nested
    factor = np.random.default_rng(2).standard_normal((len(X), 1))
    assert pm.parallel_analysis(X + 1.5 * factor, 100, clusters=clusters, seed=1).n_factors == 1


def test_nested_permutation_keeps_the_intraclass_correlation_and_takes_the_rest(nested):
    """Of two identical columns nothing is left in common, of the cases of a cluster everything."""
    X, clusters = nested
    alone = np.arange(len(X))
    plain = references.permuted_nested(X, alone, 100, 3)["pca"].mean(axis=0)
    usual = references.permuted(X, Measure("pearson"), 100, 3)["pca"].mean(axis=0)
    np.testing.assert_allclose(plain, usual, atol=0.03)
    assert references.permuted_nested(X, clusters, 100, 3)["pca"].mean(axis=0)[0] > usual[0] + 0.2


def test_nested_permutation_does_not_depend_on_the_order_of_cases_or_on_names(nested):
    X, clusters = nested
    names = np.array([f"model {c}" for c in clusters])
    one = pm.parallel_analysis(X, 10, clusters=clusters, seed=1)
    two = pm.parallel_analysis(X, 10, clusters=names, seed=1)
    np.testing.assert_allclose(one.reference, two.reference)


def test_clusters_of_another_length_or_of_ranks_are_refused(nested):
    X, clusters = nested
    with pytest.raises(DataError, match="has 3 labels"):
        pm.parallel_analysis(X, 10, clusters=[1, 2, 3])
    with pytest.raises(SettingError, match="not supported"):
        pm.parallel_analysis(X, 10, clusters=clusters, correlation="spearman")


def closed(n: int, p: int, seed: int) -> np.ndarray:
    """Independent logs with their row means taken out: parts of a whole, without any factor."""
    X = np.random.default_rng(seed).normal(size=(n, p))
    return X - X.mean(axis=1, keepdims=True)


def test_parts_of_a_whole_pass_for_factors_unless_the_reference_is_closed_too() -> None:
    """p parts have the variance of p - 1: without totals nearly all first eigenvalues exceed those of shuffled columns."""
    open_, totals = [], []
    for seed in range(20):
        X = closed(150, 6, seed)
        common = {"n_iter": 60, "kind": "pca", "reference": "permutation", "seed": seed}
        open_.append(pm.parallel_analysis(X, **common).p_values[0])
        totals.append(pm.parallel_analysis(X, **common, totals=[1.0] * 6).p_values[0])
    assert np.mean(np.array(open_) < 0.05) > 0.8
    assert np.mean(np.array(totals) < 0.05) < 0.25
    assert 0.3 < np.mean(totals) < 0.7


def test_the_reference_of_a_closed_table_sums_to_what_the_table_sums_to() -> None:
    """The smallest eigenvalue of closed columns of equal spread is 0; that of the reference is too, and the trace stays p."""
    X = closed(200, 5, 3)
    X = X / X.std(axis=0)
    found = pm.parallel_analysis(
        X, 40, reference="permutation", totals=1 / np.ones(5), clusters=[i // 4 for i in range(200)], seed=1
    )
    assert found.mean[-1] < 0.05
    assert found.mean.sum() == pytest.approx(5)
    assert found.settings["total"] == "variance of the sum kept"


def test_a_sum_that_varies_more_is_a_factor_and_stays_one() -> None:
    """One general factor: its sum varies more than that of shuffled columns, which therefore stay as they are."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(200, 1)) + rng.normal(size=(200, 6))
    with_totals = pm.parallel_analysis(X, 40, reference="permutation", totals=[1.0] * 6, clusters=range(200), seed=1)
    without = pm.parallel_analysis(X, 40, reference="permutation", clusters=range(200), seed=1)
    np.testing.assert_allclose(with_totals.reference, without.reference)
    assert with_totals.n_factors == 1


@pytest.mark.parametrize("bad", [[1.0] * 5, [0.0] * 6, [float("nan")] * 6])
def test_totals_that_cannot_be_are_refused(bad: list[float]) -> None:
    with pytest.raises(DataError, match="totals has"):
        pm.parallel_analysis(closed(60, 6, 1), 5, reference="permutation", totals=bad, seed=1)
