"""Every loop over simulated or resampled data sets runs through here, so that joblib can spread it.

Replicate i always gets the i-th stream spawned from the seed, so that serial, multi-process and Dask runs give the same
numbers: `with joblib.parallel_config("dask"): result.bootstrap(1000, seed=7)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.threads import one_thread

Streams = Sequence[np.random.SeedSequence]
FloatArray = NDArray[np.float64]


def replicate(task: Callable[..., Sequence[Any]], n: int, seed: int, *arguments: Any, size: int = 25) -> list[Any]:
    """Return n results of `task(streams, *arguments)`, which gives one result per stream.

    Parameters
    ----------
    task : function of module level
        Takes a list of at most `size` seed sequences, so that it can work on a stack; must not depend on how many.
    n : int
        Replicates.
    seed : int
        Root of the streams.
    size : int
        Streams per call: the unit that joblib sends to a worker.
    """
    from joblib import Parallel, delayed

    streams = np.random.SeedSequence(seed).spawn(n)
    limited = delayed(_limited)
    chunks = Parallel()(limited(task, streams[i : i + size], arguments) for i in range(0, n, size))
    return [result for chunk in chunks for result in chunk]


@one_thread
def _limited(task: Callable[..., Sequence[Any]], streams: Streams, arguments: tuple[Any, ...]) -> Sequence[Any]:
    # Inside a worker process the limit of the parent does not hold; it is set where the work is done.
    return task(streams, *arguments)


def levels(values: FloatArray, clusters: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
    """Return the means of the clusters (clusters x p) and the deviations from them (n x p).

    Parameters
    ----------
    values : array, n x p
        Rows sorted by cluster.
    clusters : array of int, n
        0, 0, ..., 1, 1, ...
    """
    sizes = np.bincount(clusters)[:, None]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    means = np.add.reduceat(values, starts, axis=0) / sizes
    return means, values - means[clusters]


def permute_nested(
    means: FloatArray, within: FloatArray, clusters: NDArray[np.intp], rng: np.random.Generator
) -> FloatArray:
    """Return data (n x p) of which each column was shuffled by itself: means among clusters, deviations within them.

    `means`, `within` and `clusters` as `levels` takes and gives them.
    """
    # Rows are sorted by cluster: ordering by cluster plus a fraction shuffles within it, each column on its own.
    rows = np.argsort(clusters[:, None] + rng.random(within.shape), axis=0)
    return np.asarray(np.take_along_axis(within, rows, axis=0) + rng.permuted(means, axis=0)[clusters])
