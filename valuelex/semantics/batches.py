"""Texts of the same number of tokens go through a model together.

Nothing is padded and nothing masked, so that no text is computed otherwise than it would be alone: its vector is the same to
the last bit, whatever lies beside it. Several batches run at the same time, each on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

TOKENS_AT_ONCE = 384
"""Of one batch: enough to keep a core busy, few enough for its cache."""


def whole(number: int, row: np.ndarray) -> np.ndarray:
    """Keep all of a text's row: the row alone, not the batch it lies in."""
    return row.copy()


def in_batches(
    ids: Sequence[Sequence[int]],
    run: Callable[[np.ndarray], np.ndarray],
    threads: int,
    keep: Callable[[int, np.ndarray], np.ndarray] = whole,
) -> list[np.ndarray]:
    """Return each text's vector.

    Parameters
    ----------
    ids : sequence of sequences of int
        Token ids of each text.
    run : callable
        From ids (n x tokens) to n rows of any shape. Called from several threads.
    threads : int
        Batches at the same time.
    keep : callable
        From a text's number and its row to what is kept of it.

    Returns
    -------
    list of arrays
        In the order of `ids`.
    """
    batches = of_equal_length([len(one) for one in ids])
    out: list[np.ndarray] = [np.empty(0)] * len(ids)
    # A run of onnxruntime's session holds no lock of Python's, and threads share the weights.
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda batch: run(np.array([ids[i] for i in batch], dtype=np.int64)), batches)
        for batch, rows in zip(batches, found, strict=True):
            for i, row in zip(batch, rows, strict=True):
                out[i] = keep(i, row)
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
