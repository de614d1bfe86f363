"""Every loop over simulated or resampled data sets runs through here, so that joblib can spread it.

Replicate i always gets the i-th stream spawned from the seed, so that serial, multi-process and Dask runs give the same
numbers: `with joblib.parallel_config("dask"): result.bootstrap(1000, seed=7)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from valuelex.psychometrics.threads import one_thread

Streams = Sequence[np.random.SeedSequence]


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
