from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError
from valuelex.psychometrics.exploratory import bootstrap as resampling


@pytest.mark.parametrize("rotation", ["none", "oblimin", "promax", "varimax", "geomin"])
def test_intervals_hold_the_loadings(two_factors, rotation):
    model = pm.efa(two_factors, 2, rotation=rotation, seed=1)
    found = model.bootstrap(60, 3)
    frame = found.to_frame()
    assert list(frame.columns) == ["variable", "factor", "loading", "se", "ci_low", "ci_high", "n_valid"]
    assert len(frame) == 16
    np.testing.assert_allclose(frame.pivot(index="variable", columns="factor", values="loading"), model.loadings)
    inside = (frame["ci_low"] <= frame["loading"]) & (frame["loading"] <= frame["ci_high"])
    assert inside.mean() > 0.85
    assert frame["se"].between(0.01, 0.15).all()
    assert (found.congruence["mean"] > 0.95).all()
    assert found.replicates.shape == (60, 8, 2)
    assert found.n_failed == 0


def test_one_replicate_is_an_efa_of_the_resampled_rows(two_factors):
    model = pm.efa(two_factors, 2, seed=1)
    found = model.bootstrap(2, 8)
    stream = np.random.SeedSequence(8).spawn(2)[1]
    rows = resampling.draw(400, None, np.random.default_rng(stream))
    again = pm.efa(two_factors.iloc[rows].to_numpy(), 2, seed=1)
    aligned = pm.align(again.loadings.to_numpy(), model.loadings.to_numpy()).loadings
    np.testing.assert_allclose(found.replicates[1], aligned, atol=1e-4)


def test_standard_error_of_one_factor_matches_theory():
    # For a one-factor model with equal loadings the loading's SE falls with sqrt(n): two sample sizes, ratio 2.
    rng = np.random.default_rng(0)
    factor = rng.standard_normal((1600, 1))
    data = 0.7 * factor + np.sqrt(0.51) * rng.standard_normal((1600, 6))
    small, large = (pm.efa(data[:n], 1).bootstrap(150, 1).frame["se"].mean() for n in (400, 1600))
    assert small / large == pytest.approx(2, rel=0.25)


def test_seeded(two_factors):
    model = pm.efa(two_factors, 2, seed=1)
    one, two, other = (model.bootstrap(10, s).frame for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert not one["se"].equals(other["se"])


def test_clusters_are_resampled_whole(two_factors):
    # Forty copies of each of ten cases: by cases the error is tiny, by clusters it is that of ten cases.
    base = two_factors.iloc[:40]
    copies = pd.concat([base] * 10, ignore_index=True)
    model = pm.efa(copies, 1, seed=1)
    labels = np.tile(np.arange(40), 10)
    by_case = model.bootstrap(60, 1).frame["se"].mean()
    by_cluster = model.bootstrap(60, 1, clusters=labels)
    assert by_cluster.frame["se"].mean() > 2 * by_case
    assert by_cluster.settings["resampled"] == "40 clusters"


def test_clusters_follow_listwise_deletion(two_factors):
    holes = two_factors.copy()
    holes.iloc[:100, 0] = np.nan
    groups = resampling.cluster_rows(np.repeat(np.arange(8), 50), np.arange(100, 400), 400)
    assert [len(g) for g in groups] == [50] * 6
    assert np.array_equal(np.sort(np.concatenate(groups)), np.arange(300))
    assert pm.efa(holes, 2, seed=1).bootstrap(5, 1, clusters=np.repeat(np.arange(8), 50)).n_failed == 0


def test_a_column_that_seldom_varies_rests_on_fewer_resamples():
    rng = np.random.default_rng(4)
    data = pd.DataFrame(rng.standard_normal((30, 1)) + rng.standard_normal((30, 5)))
    data[4] = 0.0
    data.loc[0, 4] = 1.0
    found = pm.efa(data, 1).bootstrap(60, 1)
    valid = found.frame.groupby("variable")["n_valid"].first()
    assert 20 < valid["4"] < 50
    assert (valid.drop("4") == 60).all()
    assert found.n_failed == 0
    assert np.isfinite(found.frame["se"]).all()


@pytest.mark.filterwarnings("ignore::valuelex.psychometrics.PsychometricsWarning")
def test_resamples_with_too_few_varying_columns_are_counted():
    # Without its rare third column a resample has two variables, too few for a factor.
    rng = np.random.default_rng(4)
    data = pd.DataFrame(2 * rng.standard_normal((30, 1)) + rng.standard_normal((30, 3)))
    data[2] = 0.0
    data.loc[0] = [6.0, 6.0, 1.0]
    found = pm.efa(data, 1).bootstrap(60, 1)
    assert 10 < found.n_failed < 40
    assert found.replicates.shape[0] == 60 - found.n_failed


def test_bad_input(two_factors):
    model = pm.efa(two_factors.corr(), 2, n_obs=400, seed=1)
    with pytest.raises(DataError, match="cannot be resampled"):
        model.bootstrap(10)
    raw = pm.efa(two_factors, 2, seed=1)
    with pytest.raises(DataError, match="3 labels, the data 400 rows"):
        raw.bootstrap(10, clusters=[1, 2, 3])
    with pytest.raises(DataError, match="only 2 clusters"):
        raw.bootstrap(10, clusters=[1, 2] * 200)
