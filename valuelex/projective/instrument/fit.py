"""How well stems fit scales: by the words nearest to their themes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from valuelex.projective.scales import Scale
from valuelex.semantics import Embedder


def fit(themes: Sequence[Sequence[str]], scales: Sequence[Scale], embedder: Embedder) -> np.ndarray:
    """Return the fit of stems to scales: mean over a stem's themes of the largest cosine with a word of the scale.

    Parameters
    ----------
    themes : sequence of sequences of str
        Of each stem, at least one.
    scales : sequence of Scale
    embedder : Embedder

    Returns
    -------
    array, shape (stems, scales)
        In -1 .. 1.
    """
    if not len(themes):
        return np.empty((0, len(scales)))
    different = list(dict.fromkeys(theme for own in themes for theme in own))
    place = {theme: i for i, theme in enumerate(different)}
    vectors = embedder.encode(different)
    owner = np.repeat(np.arange(len(themes)), [len(own) for own in themes])
    index = [place[theme] for own in themes for theme in own]
    out = np.empty((len(themes), len(scales)))
    for s, scale in enumerate(scales):
        nearest = (vectors @ embedder.encode(list(scale.words)).T).max(axis=1)[index]
        out[:, s] = np.bincount(owner, nearest) / np.bincount(owner)
    # Two words may be equally near: without rounding the last bit of a matrix product would decide.
    return out.round(9)


def margins(fits: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the fit to a stem's own scale less that to the best other one; NaN where there is no other.

    Parameters
    ----------
    fits : array, shape (stems, scales)
    scale : array of int, shape (stems,)
        The own scale.
    """
    rows = np.arange(len(fits))
    if fits.shape[1] < 2:
        return np.full(len(fits), np.nan)
    others = fits.copy()
    others[rows, scale] = -np.inf
    best: np.ndarray = (fits[rows, scale] - others.max(axis=1)).round(9)
    return best
