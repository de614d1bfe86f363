"""The embedded judge: a deterministic scorer that learns levels and relevance from the embeddings of the manual's anchors.

How it scores a completed sentence on a scale, each number to be read off the manual:

1. *Level.* Kernel ridge regression of the anchors' levels on their embeddings, over the anchors of all scales together:
   endorsing and rejecting sound alike whatever the value, and within one scale the topic drowns the polarity. It learns from
   the manual's anchors, the hand-written anchors that the package brings, and, with less weight, the generic templates filled
   with the scales' words.
2. *Relevance.* For each scale a kernel ridge classifier of its own anchors against the examples of not applicable and, with
   less weight, the other scales' anchors. A completion is applicable where its most relevant sentence passes a threshold,
   chosen on the manual by Youden's J with every anchor left out in turn.
3. A completion's level is the mean over its sentences, weighted by their relevance to the scale, stretched by one line
   (left-out predictions against levels) and cut to 0 .. 6.

What it is worth, with all-minilm-l6-v2. Cases: 384 published completions labelled high or low (outside the project), AUC over
all / mean AUC of six subdimensions; they were also used to choose, so they flatter. Manual: r of level and left-out prediction.

===============================================================  ============  ======
variant                                                          cases         manual
===============================================================  ============  ======
contrast of mean high and low anchors, per scale                 .73 / .66     -.06
ridge per scale, mean of sentences                               .74 / .65     -.33
nearest anchors of all scales (softmax), mean of sentences       .92 / .91      .26
ridge over all scales, hand-written anchors, whole text          .86 / .83      .36
the same, mean of sentences                                      .91 / .88      .36
the same with templates, mean of sentences                       .91 / .92      .44
the same, sentences weighted by relevance (**this judge**)       .91 / .90      .44
templates alone, mean of sentences                               .82 / .85      .36
this judge's regression on the stems alone, without completion   .69 / .67       -
===============================================================  ============  ======

So the stem alone already gives .69, and in the manual, where topics are equal at every level, r is .44: sentence embeddings
judge polarity badly. A sentence has the same level on every scale that it bears on (a part of the regression that is the
scale's own made every figure worse); levels of one completion on two scales correlate .97: only relevance tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from valuelex.projective.manual import LEVELS, check_manual, from_templates, hand_written
from valuelex.projective.scales import Scale
from valuelex.projective.text import sentences
from valuelex.semantics import Embedder

# Chosen from a coarse grid: template weights 0, .3, 1; ridges .3 to 3; linear, quadratic and Gaussian kernels. Around these
# values they move the AUC by less than .03.
WIDTH = 0.8
"""Width of the Gaussian kernel, in distances between unit vectors (0 .. 2)."""
TEMPLATE_WEIGHT = 0.3
"""Weight of a filled template against a hand-written anchor in the regression of levels."""
LEVEL_RIDGE = 2.0
"""Ridge of the regression of levels."""
RELEVANCE_RIDGE = 0.5
"""Ridge of the relevance classifiers."""
OTHER_WEIGHT = 0.3
"""Weight of the other scales' anchors, all together, against the examples of not applicable."""
CLASS_WEIGHT = 40.0
"""Total weight of each class in a relevance classifier, in anchors."""
SENTENCE_TEMPERATURE = 0.5
"""Relevance differences of this size change a sentence's weight by the factor e."""
MIDDLE = 3.0
"""The indifferent level, which a text unlike any anchor gets."""


def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Gaussian kernel of unit rows: n x d, m x d -> n x m, in 0 .. 1."""
    return np.exp((np.clip(a @ b.T, -1, 1) - 1) / WIDTH**2)


@dataclass(frozen=True)
class Scores:
    """What the judge says of n texts on k scales.

    Attributes
    ----------
    level : array, shape (n, k)
        0 .. 6, also where not applicable.
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


@dataclass(frozen=True)
class _Ridge:
    """Weighted kernel ridge regression with the left-out predictions of every group of rows, in closed form.

    With B = (K + ridge W^-1)^-1 and a = B (y - m), the residuals of a left-out group g are B[g, g]^-1 a[g].
    """

    vectors: np.ndarray
    coefficients: np.ndarray
    middle: float
    left_out: np.ndarray

    @classmethod
    def fit(
        cls, vectors: np.ndarray, y: np.ndarray, weights: np.ndarray, *, ridge: float, middle: float, groups: np.ndarray
    ) -> _Ridge:
        inverse = np.linalg.inv(kernel(vectors, vectors) + ridge * np.diag(1 / weights))
        a = inverse @ (y - middle)
        left_out = np.empty(len(y))
        for group in np.unique(groups):
            g = np.flatnonzero(groups == group)
            left_out[g] = y[g] - np.linalg.solve(inverse[np.ix_(g, g)], a[g])
        return cls(vectors, a, middle, left_out)

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        return self.middle + kernel(vectors, self.vectors) @ self.coefficients


class AnchorScorer:
    """Scores texts by a manual's anchors.

    Parameters
    ----------
    manual : mapping
        As in instrument.yaml.
    embedder : Embedder
        Sentences to unit vectors.

    Attributes
    ----------
    scales : list of str
        Names of the k scales, in the manual's order.
    threshold : float
        Relevance from which a scale applies.
    line : tuple of float
        Slope and intercept that stretch predicted levels.
    embedding : str
        Name of the embedding model.
    left_out : LeftOut

    Raises
    ------
    DataError
        If the manual lacks anchors.
    """

    def __init__(self, manual: Mapping[str, Any], embedder: Embedder) -> None:
        self._entries = check_manual(manual)
        self._embedder = embedder
        self.embedding = embedder.name
        self.scales = [str(entry["subdimension"]) for entry in self._entries]
        levels = [
            (s, level, texts) for s, entry in enumerate(self._entries) for level, texts in entry["anchors"].items()
        ]
        anchors = [(s, text, level) for s, level, texts in levels for text in texts]
        self._texts = [text for _, text, _ in anchors]
        self._owner = np.array([s for s, _, _ in anchors])
        self._levels = np.array([level for _, _, level in anchors], dtype=float)
        self._vectors = embedder.encode(self._texts)
        predicted = self._fit_levels()
        own, other, none = self._fit_relevance()
        self.left_out = LeftOut(self._owner, self._levels, predicted, own, other, none)
        self.threshold = _youden(own, [other, none])

    def _fit_levels(self) -> np.ndarray:
        """Fit the regression of levels and return the manual's anchors as predicted when left out."""
        rows: dict[str, tuple[float, float, str]] = {}
        for entry in [*self._entries, *hand_written(), *map(_templates_of, self._entries)]:
            template = entry.get("origin") == "template"
            for level, texts in entry["anchors"].items():
                for number, text in enumerate(texts):
                    # The same template with other words is almost the same text: all its fillings are left out together.
                    group = f"{level}.{number}" if template else text
                    rows.setdefault(text, (float(level), TEMPLATE_WEIGHT if template else 1.0, group))
        y = np.array([row[0] for row in rows.values()])
        weights = np.array([row[1] for row in rows.values()])
        groups = np.unique([row[2] for row in rows.values()], return_inverse=True)[1]
        vectors = self._embedder.encode(list(rows))
        self._level = _Ridge.fit(vectors, y, weights, ridge=LEVEL_RIDGE, middle=MIDDLE, groups=groups)
        # Ridge regression pulls to the middle; a line, fitted to what was left out, undoes it as far as errors allow.
        written = weights == 1.0
        slope, intercept = np.polyfit(self._level.left_out[written], y[written], 1)
        self.line = (float(max(slope, 0.0)), float(intercept))
        place = {text: row for row, text in enumerate(rows)}
        return self._stretch(self._level.left_out[[place[text] for text in self._texts]])

    def _fit_relevance(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Fit one classifier per scale; return the left-out relevance of own anchors, other anchors, and examples of none."""
        empty = list(dict.fromkeys(text for entry in self._entries for text in entry["not_applicable"]))
        vectors = np.vstack([self._vectors, self._embedder.encode(empty)]) if empty else self._vectors
        owner = np.r_[self._owner, np.full(len(empty), -1)]
        groups = np.unique([*self._topics(), *(f"none {n}" for n in range(len(empty)))], return_inverse=True)[1]
        self._relevance: list[_Ridge] = []
        for s in range(len(self.scales)):
            kinds = [(owner == s, 1.0), (owner == -1, 1.0), ((owner != s) & (owner != -1), OTHER_WEIGHT)]
            weights = np.ones(len(owner))
            for members, weight in kinds:
                if members.any():
                    weights[members] = CLASS_WEIGHT * weight / members.sum()
            target = np.where(owner == s, 1.0, -1.0)
            self._relevance.append(
                _Ridge.fit(vectors, target, weights, ridge=RELEVANCE_RIDGE, middle=0.0, groups=groups)
            )
        left_out = np.column_stack([model.left_out for model in self._relevance])
        anchors, owners = left_out[owner >= 0], owner[owner >= 0]
        mine = owners[:, None] == np.arange(len(self.scales))
        return anchors[mine], anchors[~mine], left_out[owner == -1].ravel()

    def _topics(self) -> list[str]:
        """Name, for each anchor, what is left out with it: itself, or, where its scale was written from templates, all anchors
        that name the same word. A completion need not name any, so a scale must be recognised by its other words."""
        out = []
        for number, (text, s) in enumerate(zip(self._texts, self._owner, strict=True)):
            entry = self._entries[s]
            words = [str(word) for word in entry["words"] if str(word) in text]
            several = entry.get("origin") == "template" and len(entry["words"]) > 1
            out.append(f"word {s} {min(words, key=text.find)}" if several and words else f"anchor {number}")
        return out

    def _stretch(self, level: np.ndarray) -> np.ndarray:
        return np.clip(self.line[0] * level + self.line[1], LEVELS[0], LEVELS[-1])

    def score(self, texts: Sequence[str]) -> Scores:
        """Score texts, each stem and completion as one."""
        k = len(self.scales)
        parts = [sentences(text) or [text] for text in texts]
        if not parts:
            return Scores(np.empty((0, k)), np.empty((0, k)), np.empty((0, k), dtype=bool), [])
        vectors = self._embedder.encode([part for group in parts for part in group])
        level = self._level.predict(vectors)
        relevance = np.column_stack([model.predict(vectors) for model in self._relevance])
        cosine = vectors @ self._vectors.T
        ends = np.cumsum([len(group) for group in parts])
        out_level, out_relevance = np.empty((len(texts), k)), np.empty((len(texts), k))
        rationale: list[list[str]] = []
        for n, end in enumerate(ends):
            rows = slice(end - len(parts[n]), end)
            weight = np.exp((relevance[rows] - relevance[rows].max(axis=0)) / SENTENCE_TEMPERATURE)
            out_level[n] = (weight * level[rows, None]).sum(axis=0) / weight.sum(axis=0)
            out_relevance[n] = relevance[rows].max(axis=0)
            best = relevance[rows].argmax(axis=0)
            rationale.append([self._why(cosine[rows][best[s]], s, out_relevance[n, s]) for s in range(k)])
        # Beyond the fourth decimal lie the differences of matrix products between machines.
        return Scores(
            self._stretch(out_level).round(4), out_relevance, out_relevance.round(4) >= self.threshold, rationale
        )

    def _why(self, cosine: np.ndarray, s: int, relevance: float) -> str:
        own = np.flatnonzero(self._owner == s)
        nearest = own[int(cosine[own].round(6).argmax())]
        text = (
            f'nearest anchor (level {self._levels[nearest]:g}, cosine {cosine[nearest]:.2f}): "{self._texts[nearest]}"'
        )
        if round(float(relevance), 4) < self.threshold:
            return f"not applicable: relevance {relevance:.2f} is below {self.threshold:.2f}; {text}"
        return text


def _templates_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    scale = Scale(str(entry["subdimension"]), "", None, tuple(str(word) for word in entry["words"]))
    return from_templates(scale)


def _youden(own: np.ndarray, rejected: Sequence[np.ndarray]) -> float:
    """Return the threshold, on a grid of .01, that best tells own anchors from the others: each kind of others counts the same.

    Without any others there is nothing to reject: -1, so that everything applies.
    """
    grid = np.linspace(-1, 1, 201)
    kinds = [values for values in rejected if len(values)]
    if not kinds:
        return -1.0
    gain = [np.mean(own >= cut) - np.mean([np.mean(values >= cut) for values in kinds]) for cut in grid]
    return float(grid[int(np.argmax(np.round(gain, 9)))].round(2))
