"""Relevance: does a text bear on a scale at all? One classifier per scale, and the threshold from which a scale applies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from valuelex.projective.judging.ridge import Ridge, similar
from valuelex.semantics import Embedder

RELEVANCE_RIDGE = 0.5
"""Ridge of the classifiers."""
OTHER_WEIGHT = 0.3
"""Weight of the other scales' anchors, all together, against the examples of not applicable."""
CLASS_WEIGHT = 40.0
"""Total weight of each class in a classifier, in anchors."""


class RelevanceModel:
    """Kernel ridge classifiers of each scale's anchors against the examples of not applicable and the other scales' anchors.

    Parameters
    ----------
    entries : sequence of dict
        A manual's, checked.
    texts : sequence of str
        All anchors.
    owner : array of int
        The scale of each anchor.
    vectors : array
        Their embeddings.
    embedder : Embedder

    Attributes
    ----------
    own, other, none : array
        Left-out relevance of anchors to their own and to each other scale, of not-applicable examples to each.
    threshold : float
        Relevance from which a scale applies: Youden's J, with every anchor left out in turn.
    """

    def __init__(
        self,
        entries: Sequence[Mapping[str, Any]],
        texts: Sequence[str],
        owner: np.ndarray,
        vectors: np.ndarray,
        embedder: Embedder,
    ) -> None:
        empty = list(dict.fromkeys(text for entry in entries for text in entry["not_applicable"]))
        rows = np.vstack([vectors, embedder.encode(empty)]) if empty else vectors
        owners = np.r_[owner, np.full(len(empty), -1)]
        labels = [*_topics(entries, texts, owner), *(f"none {n}" for n in range(len(empty)))]
        groups = np.unique(labels, return_inverse=True)[1]
        models = [_classifier(rows, owners, s, groups) for s in range(len(entries))]
        self._rows, self._coefficients = rows, np.column_stack([model.coefficients for model in models])
        left_out = np.column_stack([model.left_out for model in models])
        anchors, mine = left_out[owners >= 0], owner[:, None] == np.arange(len(entries))
        self.own, self.other, self.none = anchors[mine], anchors[~mine], left_out[owners == -1].ravel()
        self.threshold = youden(self.own, [self.other, self.none])

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """Return the relevance of unit rows to each scale, m x d -> m x scales; about -1 .. 1."""
        return similar(vectors, self._rows, self._coefficients)


def _classifier(rows: np.ndarray, owners: np.ndarray, s: int, groups: np.ndarray) -> Ridge:
    kinds = [(owners == s, 1.0), (owners == -1, 1.0), ((owners != s) & (owners != -1), OTHER_WEIGHT)]
    weights = np.ones(len(owners))
    for members, weight in kinds:
        if members.any():
            weights[members] = CLASS_WEIGHT * weight / members.sum()
    target = np.where(owners == s, 1.0, -1.0)
    return Ridge.fit(rows, target, weights, ridge=RELEVANCE_RIDGE, middle=0.0, groups=groups)


def _topics(entries: Sequence[Mapping[str, Any]], texts: Sequence[str], owner: np.ndarray) -> list[str]:
    """Name, for each anchor, what is left out with it: itself, or, where its scale was written from templates, all anchors
    that name the same word. A completion need not name any, so a scale must be recognised by its other words."""
    out = []
    for number, (text, s) in enumerate(zip(texts, owner, strict=True)):
        entry = entries[s]
        words = [str(word) for word in entry["words"] if str(word) in text]
        several = entry.get("origin") == "template" and len(entry["words"]) > 1
        out.append(f"word {s} {min(words, key=text.find)}" if several and words else f"anchor {number}")
    return out


def youden(own: np.ndarray, rejected: Sequence[np.ndarray]) -> float:
    """Return the threshold, on a grid of .01, that best tells own anchors from the others: each kind of others counts the same.

    Without any others there is nothing to reject: -1, so that everything applies.
    """
    grid = np.linspace(-1, 1, 201)
    kinds = [values for values in rejected if len(values)]
    if not kinds:
        return -1.0
    gain = [np.mean(own >= cut) - np.mean([np.mean(values >= cut) for values in kinds]) for cut in grid]
    return float(grid[int(np.argmax(np.round(gain, 9)))].round(2))
