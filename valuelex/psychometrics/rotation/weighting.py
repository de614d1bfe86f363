"""Row weights of a rotation: rows of A are divided by them before, and multiplied after."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def row_weights(A: FloatArray, rule: bool | str) -> FloatArray:
    """Weights (p) of the rows of A (p x k) by `rule`: "kaiser" (or True), "cureton-mulaik", or none."""
    if rule in (True, "kaiser"):
        return kaiser(A)
    if rule == "cureton-mulaik":
        return cureton_mulaik(A)
    return np.ones(A.shape[0])


def kaiser(A: FloatArray) -> FloatArray:
    """Square roots of the communalities, so that all rows count alike (Kaiser, 1958); 1 for rows of zeros."""
    lengths = np.sqrt(np.sum(A**2, axis=-1))
    return np.asarray(np.where(lengths > 0, lengths, 1.0))


def cureton_mulaik(A: FloatArray) -> FloatArray:
    """Kaiser's weights over Cureton & Mulaik's (1975), which let rows near one factor count most (Browne, 2001, eq. 20).

    l is a row's normalised loading on the first principal axis: rows with |l| = k^-1/2, as a variable on one factor alone
    would have, get weight 1; complex rows and rows off the first axis go to 0.
    """
    k = A.shape[1]
    lengths = kaiser(A)
    first = np.linalg.svd(A, full_matrices=False)
    cosine = np.clip(np.abs(first[0][:, 0] * first[1][0] / lengths), 0, 1)
    simple = np.arccos(k**-0.5)
    limit = np.where(cosine >= k**-0.5, 0.0, np.pi / 2)
    weight = np.cos((simple - np.arccos(cosine)) / (simple - limit) * np.pi / 2) ** 2 + 0.001
    return np.asarray(lengths / weight)
