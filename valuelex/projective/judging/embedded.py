"""The embedded judge: a deterministic scorer that learns levels and relevance from examples.

How it scores a completion on a scale, each number to be read off the manual and the packaged contrasts:

1. *Level* (`stance`). A regression of the examples' levels on the hidden states of a small language model (`reader`), read off
   each sentence of the completion. The model has read the stem before the first sentence, as one who asks what an answer
   means; the stem's own states count for nothing, and opposite completions of one stem taught that the question is not the
   answer. The other sentences stand by themselves: far from the stem, what came before blurs them.
2. *Relevance* (`relevance`). For each scale a classifier of its own anchors against the examples of not applicable and the
   other scales' anchors, on sentence embeddings. Here the first sentence is read with its stem, since a short answer names no
   topic. A completion is applicable where its most relevant sentence passes the threshold.
3. A completion's level is the mean over its sentences, weighted by their relevance to the scale, then calibrated: the
   expected level under a proportional-odds model fitted to what the regression says of examples it has not seen.

What it is worth stands in docs/validation.md. A sentence has the same level on every scale that it bears on (a part of the
regression that is the scale's own made every figure worse): only relevance tells the scales of one completion apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from valuelex.projective.judging.reader import EmbeddingReader, Reader
from valuelex.projective.judging.relevance import RelevanceModel
from valuelex.projective.judging.stance import INTRODUCTION, StanceModel
from valuelex.projective.manual import check_manual
from valuelex.projective.text import bare, sentence, statements
from valuelex.semantics import Embedder, Passage

SENTENCE_TEMPERATURE = 1.0
"""Relevance differences of this size change a sentence's weight by the factor e."""


@dataclass(frozen=True)
class Scores:
    """What the judge says of n completions on k scales.

    Attributes
    ----------
    level : array, shape (n, k)
        Expected level, 0 .. 6, also where not applicable.
    relevance : array, shape (n, k)
        About -1 .. 1; compared with the threshold.
    applicable : array of bool, shape (n, k)
    rationale : list of n lists of k str
        The nearest anchor and its level, or why the scale does not apply.
    """

    level: np.ndarray
    relevance: np.ndarray
    applicable: np.ndarray
    rationale: list[list[str]]


@dataclass(frozen=True)
class LeftOut:
    """The manual's own texts, each judged as if not in the manual.

    Attributes
    ----------
    scale : array of int, shape (n,)
        Number of each anchor's scale.
    level, predicted : array, shape (n,)
        The anchor's level, and what the judge gives it.
    own, other, none : array
        Relevance of anchors to their own and to each other scale, of not-applicable examples to each.
    """

    scale: np.ndarray
    level: np.ndarray
    predicted: np.ndarray
    own: np.ndarray
    other: np.ndarray
    none: np.ndarray


class AnchorScorer:
    """Scores completions by a manual's anchors.

    Parameters
    ----------
    manual : mapping
        As in instrument.yaml.
    embedder : Embedder
        Sentences to unit vectors, by topic.
    reader : Reader, optional
        Reads stance off the hidden states of a language model. None: the embedder reads the stance too, and much worse
        (docs/validation.md).

    Attributes
    ----------
    scales : list of str
        Names of the k scales, in the manual's order.
    stance : StanceModel
    relevance : RelevanceModel
    threshold : float
        Relevance from which a scale applies.
    embedding : str
        Names of the models.
    left_out : LeftOut

    Raises
    ------
    DataError
        If the manual lacks anchors.
    """

    def __init__(self, manual: Mapping[str, Any], embedder: Embedder, reader: Reader | None = None) -> None:
        entries = check_manual(manual)
        self._embedder = embedder
        self._reader: Reader = EmbeddingReader(embedder) if reader is None else reader
        self.embedding = embedder.name if reader is None else f"{reader.name} (stance), {embedder.name} (relevance)"
        self.scales = [str(entry["subdimension"]) for entry in entries]
        anchors = [
            (s, text, level)
            for s, entry in enumerate(entries)
            for level, texts in entry["anchors"].items()
            for text in texts
        ]
        self._texts = [text for _, text, _ in anchors]
        self._owner = np.array([s for s, _, _ in anchors])
        self._levels = np.array([level for _, _, level in anchors], dtype=float)
        self._vectors = embedder.encode(self._texts)
        self.stance = StanceModel(entries, self._reader)
        self.relevance = RelevanceModel(entries, self._texts, self._owner, self._vectors, embedder)
        self.threshold = self.relevance.threshold
        predicted = np.array([self.stance.left_out[text] for text in self._texts])
        self.left_out = LeftOut(
            self._owner, self._levels, predicted, self.relevance.own, self.relevance.other, self.relevance.none
        )

    def score(self, completions: Sequence[str], stems: Sequence[str] | None = None) -> Scores:
        """Score completions.

        Parameters
        ----------
        completions : sequence of str
            Without their stems.
        stems : sequence of str, optional
            Of the same length: they tell what a completion is about, and what it is an answer to.
        """
        k = len(self.scales)
        if not completions:
            return Scores(np.empty((0, k)), np.empty((0, k)), np.empty((0, k), dtype=bool), [])
        parts = [statements(text) for text in completions]
        value = self._stance_of(parts, stems)
        topic = self._topic_of(parts, stems)
        relevance, cosine = self.relevance.predict(topic), topic @ self._vectors.T
        ends = np.cumsum([len(group) for group in parts])
        out_level, out_relevance = np.empty((len(parts), k)), np.empty((len(parts), k))
        rationale: list[list[str]] = []
        for n, end in enumerate(ends):
            rows = slice(end - len(parts[n]), end)
            weight = np.exp((relevance[rows] - relevance[rows].max(axis=0)) / SENTENCE_TEMPERATURE)
            out_level[n] = (weight * value[rows, None]).sum(axis=0) / weight.sum(axis=0)
            out_relevance[n] = relevance[rows].max(axis=0)
            best = relevance[rows].argmax(axis=0)
            rationale.append([self._why(cosine[rows][best[s]], s, out_relevance[n, s]) for s in range(k)])
        # Beyond the fourth decimal lie the differences of matrix products between machines.
        level = self.stance.expected(out_level).round(4)
        return Scores(level, out_relevance, out_relevance.round(4) >= self.threshold, rationale)

    def _stance_of(self, parts: Sequence[Sequence[str]], stems: Sequence[str] | None) -> np.ndarray:
        """Return what the regression says of every sentence: the first is read after its stem, the others by themselves."""
        before = [INTRODUCTION] * len(parts) if stems is None else [bare(stem) for stem in stems]
        passages = [
            Passage(stem if number == 0 else "", part)
            for stem, group in zip(before, parts, strict=True)
            for number, part in enumerate(group)
        ]
        return self.stance.predict(self._reader.read(passages))

    def _topic_of(self, parts: Sequence[Sequence[str]], stems: Sequence[str] | None) -> np.ndarray:
        """Return the embedding of every sentence, the first together with its stem."""
        opened = parts
        if stems is not None:
            opened = [[sentence(stem, group[0]), *group[1:]] for stem, group in zip(stems, parts, strict=True)]
        return self._embedder.encode([part for group in opened for part in group])

    def _why(self, cosine: np.ndarray, s: int, relevance: float) -> str:
        own = np.flatnonzero(self._owner == s)
        nearest = own[int(cosine[own].round(6).argmax())]
        text = (
            f'nearest anchor (level {self._levels[nearest]:g}, cosine {cosine[nearest]:.2f}): "{self._texts[nearest]}"'
        )
        if round(float(relevance), 4) < self.threshold:
            return f"relevance {relevance:.2f} is below {self.threshold:.2f}; {text}"
        return text
