from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.retention import panel as retention
from valuelex.psychometrics.retention import parallel


@pytest.mark.parametrize("name", ["bfi25", "harman74", "hs9"])
def test_parallel_analysis_agrees_with_psych(correlations, reference, name):
    R, n = correlations[name]
    want = reference(f"parallel_{name}")
    found = pm.parallel_analysis(R, 500, n_obs=n, seed=4)
    np.testing.assert_allclose(found.eigenvalues, want["pc.values"], atol=1e-10)
    np.testing.assert_allclose(found.mean, want["pc.sim"], atol=0.02)
    assert found.n_factors == want["ncomp"]
    assert (found.reference[:5] > found.mean[:5]).all()


@pytest.mark.parametrize(("name", "k"), [("bfi25", 5), ("harman74", 4), ("hs9", 2)])
def test_map_agrees_with_psych(correlations, reference, name, k):
    R, _ = correlations[name]
    found = pm.map_test(R)
    np.testing.assert_allclose(found.values[1:8], reference(f"screen_{name}")["MAP"][:7], atol=1e-6)
    assert found.n_factors == k


def test_wishart_and_raw_normal_references_agree():
    # Below n = p + 1 raw normal data are drawn, above it Bartlett's decomposition: one distribution, two ways.
    n, p = 40, 12
    drawn = parallel._normal(n, p, 400, 1, "pca").mean(axis=0)
    rng = np.random.default_rng(2)
    plain = [np.linalg.eigvalsh(np.corrcoef(rng.standard_normal((n, p)), rowvar=False))[::-1] for _ in range(400)]
    np.testing.assert_allclose(drawn, np.mean(plain, axis=0), atol=0.03)
    few = parallel._normal(8, p, 50, 1, "pca")
    assert np.allclose(few.sum(axis=1), p)
    assert np.allclose(few[:, 7:], 0, atol=1e-10)


@pytest.mark.parametrize("reference", ["normal", "permutation"])
@pytest.mark.parametrize("kind", ["pca", "fa"])
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


def test_parallel_refuses_what_it_cannot_do(two_factors, correlations):
    with pytest.raises(DataError, match="kind='pca'"):
        pm.parallel_analysis(two_factors.iloc[:8], 10, kind="fa")
    with pytest.raises(DataError, match="complete raw data"):
        pm.parallel_analysis(correlations["hs9"][0], 10, n_obs=301, reference="permutation")
    with pytest.raises(SettingError, match="percentile"):
        pm.parallel_analysis(two_factors, 10, 120)


def test_counting_stops_at_the_first_failure():
    assert parallel.leading(np.array([3.0, 0.9, 1.5]), np.array([1.2, 1.0, 0.9])) == 1
    assert parallel.leading(np.array([0.5]), np.array([1.0])) == 0
    assert parallel.leading(np.array([2.0, 2.0]), np.array([1.0, 1.0])) == 2


def test_ekc_by_hand():
    R = np.eye(4) * 0.4 + 0.6
    found = pm.ekc(R, n_obs=100)
    first = (1 + np.sqrt(4 / 100)) ** 2
    np.testing.assert_allclose(found.eigenvalues, [2.8, 0.4, 0.4, 0.4])
    np.testing.assert_allclose(found.reference, [first, 1.0, 1.0, 1.0])
    assert found.n_factors == 1


def test_noise_has_no_factors():
    noise = pd.DataFrame(np.random.default_rng(0).standard_normal((500, 8)))
    assert pm.map_test(noise).n_factors == 0
    assert pm.parallel_analysis(noise, 200, seed=1).n_factors == 0
    assert pm.kaiser(noise).n_factors >= 3


def test_retain_frame_vote_and_range(correlations):
    R, n = correlations["harman74"]
    with pytest.warns(pm.PsychometricsWarning, match="over-factors"):
        found = pm.retain(R, ("parallel", "map", "map4", "ekc", "kaiser"), n_obs=n, seed=1, n_iter=100)
    assert list(found.frame.columns) == ["criterion", "n_factors", "settings"]
    counts = dict(zip(found.frame["criterion"], found.frame["n_factors"], strict=True))
    assert counts == {"parallel": 3, "map": 4, "map4": 3, "ekc": 4, "kaiser": 5}
    assert found.vote == 3, "a tie of 3 and 4 goes to the smaller"
    assert found.disagreement == 1, "kaiser does not count"
    assert all(isinstance(json.loads(text), dict) for text in found.frame["settings"])
    assert json.loads(found.frame["settings"][0])["seed"] == 1
    assert found.eigenvalues.shape == (24,)
    assert found.reference is not None


def test_retain_without_voters_and_with_unknown(two_factors):
    with pytest.warns(pm.PsychometricsWarning):
        found = pm.retain(two_factors, ("kaiser",))
    assert found.vote is None
    assert found.reference is None
    with pytest.raises(SettingError, match="parallel, map"):
        pm.retain(two_factors, ("hull",))
    with pytest.raises(SettingError, match="empty"):
        pm.retain(two_factors, ())


def test_map_stops_before_partials_of_nothing():
    rng = np.random.default_rng(1)
    data = rng.standard_normal((6, 12))
    squares, _ = retention.map_core(np.corrcoef(data, rowvar=False))
    assert len(squares) <= 6
    assert np.isfinite(squares).all()
