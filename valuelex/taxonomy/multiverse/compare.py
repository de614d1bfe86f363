"""Does a dimension come back? Partitions of words, compared over the words that both of them place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.taxonomy.correspondence import partition_indices

FloatArray = NDArray[np.float64]
Labels = NDArray[np.intp]

NOWHERE = -1


@dataclass(frozen=True)
class Reference:
    """Named dimensions, and which words belong to each.

    Attributes
    ----------
    taxonomy : str
        "own" or "published".
    names : tuple of str
    place : dict of str -> int
        Word of the study's lexicon -> number of its dimension.
    pieces : dict of str -> int
        The same for subdimensions; empty where there are none.
    """

    taxonomy: str
    names: tuple[str, ...]
    place: Mapping[str, int]
    pieces: Mapping[str, int]

    def labels(self, words: Sequence[str], *, pieces: bool = False) -> Labels:
        """The number of each word's dimension (or subdimension); -1 for none."""
        place = self.pieces if pieces else self.place
        return np.array([place.get(word, NOWHERE) for word in words], dtype=np.intp)


def own_reference(assignments: pd.DataFrame) -> Reference:
    """The study's dimensions as computed, in the order of the table: what a person edited is no finding to be found again."""
    if "computed_dimension" in assignments and assignments["computed_dimension"].notna().any():
        computed = {
            "dimension": assignments["computed_dimension"],
            "subdimension": assignments["computed_subdimension"],
        }
        assignments = assignments.assign(**computed)
    placed = assignments.dropna(subset=["dimension"])
    names = tuple(dict.fromkeys(str(d) for d in placed["dimension"]))
    inner = placed.dropna(subset=["subdimension"])
    pieces = {
        piece: i for i, piece in enumerate(dict.fromkeys(zip(inner["dimension"], inner["subdimension"], strict=True)))
    }
    return Reference(
        "own",
        names,
        {str(w): names.index(str(d)) for w, d in zip(placed["word"], placed["dimension"], strict=True)},
        {
            str(w): pieces[d, s]
            for w, d, s in zip(inner["word"], inner["dimension"], inner["subdimension"], strict=True)
        },
    )


def published_reference(crosswalk: pd.DataFrame | None, system: str = "valuelex-dimensions") -> Reference | None:
    """The dimensions of the paper, by the table `crosswalk`: each word under its surest category, the first by name of several.

    None where no word has one.
    """
    if crosswalk is None:
        return None
    mine = crosswalk[(crosswalk["system"] == system).fillna(False)]
    if mine.empty:
        return None
    surest = mine.sort_values(["confidence", "category"], ascending=[False, True], kind="stable").drop_duplicates(
        "word"
    )
    names = tuple(sorted({str(c) for c in mine["category"]}))
    place = {str(w): names.index(str(c)) for w, c in zip(surest["word"], surest["category"], strict=True)}
    return Reference("published", names, place, {})


def agreement(reference: Labels, found: Labels) -> tuple[int, float | None, float | None]:
    """Return how many words both place, adjusted Rand index (Hubert & Arabie, 1985) and normalised mutual information."""
    both = (reference >= 0) & (found >= 0)
    ari, nmi = partition_indices(reference[both].tolist(), found[both].tolist()) or (None, None)
    return int(both.sum()), ari, nmi


def matched(reference: Labels, found: Labels, n_dimensions: int) -> FloatArray:
    """Return for each dimension its Jaccard similarity with the dimension that matches it, over the words that both place.

    Matches are one to one and make the sum of similarities as large as can be (Hungarian method).

    Parameters
    ----------
    reference, found : arrays of int, shape (words,)
        -1 for words in none.
    n_dimensions : int
        Of the reference.

    Returns
    -------
    array, shape (n_dimensions,), range 0 to 1
        0 for a dimension that is left without a match; NaN for one of whose words none is placed.
    """
    from scipy.optimize import linear_sum_assignment

    both = (reference >= 0) & (found >= 0)
    one, two = reference[both], found[both]
    out = np.full(n_dimensions, np.nan)
    if not len(one):
        return out
    shared = np.zeros((n_dimensions, int(two.max()) + 1))
    np.add.at(shared, (one, two), 1.0)
    sizes, theirs = shared.sum(axis=1), shared.sum(axis=0)
    either = sizes[:, None] + theirs[None, :] - shared
    jaccard = np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)
    out[sizes > 0] = 0.0
    rows, columns = linear_sum_assignment(-jaccard)
    for row, column in zip(rows, columns, strict=True):
        if sizes[row] > 0:
            out[row] = jaccard[row, column]
    return out
