from __future__ import annotations

from collections.abc import Sequence

import joblib
import numpy as np
import pytest

from valuelex import psychometrics as pm
from valuelex.psychometrics import resampling


def draw(streams: Sequence[np.random.SeedSequence], scale: float) -> list[float]:
    return [scale * np.random.default_rng(stream).random() for stream in streams]


def test_replicate_i_has_stream_i_whatever_the_chunk():
    want = [2 * np.random.default_rng(s).random() for s in np.random.SeedSequence(4).spawn(11)]
    for size in (1, 3, 25):
        assert resampling.replicate(draw, 11, 4, 2.0, size=size) == want
    assert resampling.replicate(draw, 5, 4, 2.0) == want[:5]


def test_two_processes_give_the_numbers_of_one(two_factors):
    alone = pm.parallel_analysis(two_factors, 200, reference="permutation", seed=3)
    with joblib.parallel_config("loky", n_jobs=2):
        spread = pm.parallel_analysis(two_factors, 200, reference="permutation", seed=3)
    assert np.array_equal(alone.reference, spread.reference)


def test_a_dask_cluster_gives_the_numbers_of_one_process(two_factors):
    distributed = pytest.importorskip("distributed")
    alone = [pm.parallel_analysis(two_factors, 300, reference=r, seed=3) for r in ("normal", "permutation")]
    resampled = pm.efa(two_factors, 2, seed=1).bootstrap(40, 5)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        spread = [pm.parallel_analysis(two_factors, 300, reference=r, seed=3) for r in ("normal", "permutation")]
        again = pm.efa(two_factors, 2, seed=1).bootstrap(40, 5)
    for one, two in zip(alone, spread, strict=True):
        assert np.array_equal(one.reference, two.reference)
    np.testing.assert_array_equal(resampled.replicates, again.replicates)
