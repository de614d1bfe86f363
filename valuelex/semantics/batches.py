"""Texts of the same number of tokens go through a model together.

Nothing is padded and nothing masked, so that no text is computed otherwise than it would be alone: its vector is the same to
the last bit, whatever lies beside it. Several batches run at the same time, each on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

TOKENS_AT_ONCE = 1024
"""Of one batch: enough to keep a core busy, few enough for its cache."""


def in_batches(ids: Sequence[Sequence[int]], run: Callable[[np.ndarray], np.ndarray], threads: int) -> list[np.ndarray]:
    """Return each text's vector.

    Parameters
    ----------
    ids : sequence of sequences of int
        Token ids of each text.
    run : callable
        From ids (n x tokens) to vectors (n x dimensions). Called from several threads.
    threads : int
        Batches at the same time.

    Returns
    -------
    list of arrays, shape (dimensions,)
        In the order of `ids`, of the type that `run` gives.
    """
    batches = of_equal_length([len(one) for one in ids])
    out: list[np.ndarray] = [np.empty(0)] * len(ids)
    # A run of onnxruntime's session holds no lock of Python's, and threads share the weights.
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda batch: run(np.array([ids[i] for i in batch], dtype=np.int64)), batches)
        for batch, vectors in zip(batches, found, strict=True):
            for i, vector in zip(batch, vectors, strict=True):
                out[i] = vector.copy()  # a row alone, not the batch it lies in
    return out


def of_equal_length(lengths: Sequence[int]) -> list[list[int]]:
    """Return the numbers of texts that go together: of one length, `TOKENS_AT_ONCE` at most; the longest first."""
    out: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if out and lengths[out[-1][0]] == lengths[i] and lengths[i] * (len(out[-1]) + 1) <= TOKENS_AT_ONCE:
            out[-1].append(i)
        else:
            out.append([i])
    return out
