"""Is a word a value? By its embedding: a support vector machine that tells the value lexicon from words that are no values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.lexicon.normalise import ValueLexicon
from valuelex.lexicon.settings import LexiconSettings
from valuelex.semantics import Embedder

COST = 10.0
"""C of the support vector machine: of 1, 3 and 10, and of other classifiers, the best out of fold; see docs/method.md."""

FOLDS = 5
"""Folds of the cross-validation from which the threshold comes."""

FOLD_SEED = 0
"""Of the folds: they are drawn, once and for all, so that neighbours in the alphabet fall into different folds."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ValueClassifier:
    """A fitted classifier of single words.

    Attributes
    ----------
    threshold : float
        Scores above it count as a value.
    anchors : dict of str -> float
        The words it was fitted to, each with the score that the folds without it gave.
    values : list of str
        Those of the anchors that are values.
    auc : float
        Area under the ROC curve of the out-of-fold scores, 0-1.
    recall : float
        Share of the values whose out-of-fold score is above the threshold.
    """

    threshold: float
    anchors: dict[str, float]
    values: list[str]
    auc: float
    recall: float
    _machine: Any
    _embedder: Embedder
    _vectors: FloatArray

    def score(self, words: Sequence[str]) -> FloatArray:
        """Return the distance of each word from the boundary, values positive; an anchor's is the one without itself."""
        if not len(words):
            return np.zeros(0)
        out = self._machine.decision_function(self._embedder.encode(list(words))).astype(np.float64)
        known = np.array([self.anchors.get(word, np.nan) for word in words])
        return np.where(np.isnan(known), out, known)

    def judge(self, words: Sequence[str]) -> dict[str, tuple[bool, float, str]]:
        """Return for each word whether it counts, its score, and why."""
        if not len(words):
            return {}
        cosine = self._embedder.encode(list(words)) @ self._vectors.T
        out = {}
        for word, score, row in zip(words, self.score(words), cosine, strict=True):
            kept, nearest = bool(score > self.threshold), int(row.argmax())
            why = f"score {score:.2f} against {self.threshold:.2f}, nearest value {self.values[nearest]} ({row[nearest]:.2f})"
            out[word] = (kept, round(float(score), 4), f"{'embedding' if kept else 'not a value by embedding'}: {why}")
        return out


@lru_cache(maxsize=4)
def fit(
    values: tuple[str, ...], others: tuple[str, ...], embedder: Embedder, *, false_positives: float
) -> ValueClassifier | None:
    """Fit a classifier to anchors; None with fewer than two on either side.

    The threshold is the out-of-fold score that lets at most the share `false_positives` of the non-values through.

    Parameters
    ----------
    values, others : tuple of str
        Words that are values, and words that are none.
    embedder : Embedder
        Words are embedded alone: an unknown word has no gloss, and glossed anchors did worse.
    false_positives : float
        0-1.
    """
    folds = min(FOLDS, len(values), len(others))
    if folds < 2:
        return None
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.svm import SVC

    vectors = embedder.encode([*values, *others])
    truth = np.repeat([1, 0], [len(values), len(others)])
    machine = SVC(C=COST, class_weight="balanced")
    split = StratifiedKFold(folds, shuffle=True, random_state=FOLD_SEED)
    unseen = cross_val_predict(machine, vectors, truth, cv=split, method="decision_function")
    threshold = float(np.quantile(unseen[truth == 0], 1 - false_positives, method="higher"))
    return ValueClassifier(
        threshold=threshold,
        anchors=dict(zip([*values, *others], unseen.astype(float).tolist(), strict=True)),
        values=list(values),
        auc=float(roc_auc_score(truth, unseen)),
        recall=float(np.mean(unseen[truth == 1] > threshold)),
        _machine=machine.fit(vectors, truth),
        _embedder=embedder,
        _vectors=vectors[: len(values)],
    )


def classifier_of(lexicon: ValueLexicon, settings: LexiconSettings, embedder: Embedder) -> ValueClassifier | None:
    """Return the classifier of a value lexicon: its words and its list of non-values are the anchors."""
    remembered: Any = embedder  # hashed by identity: the same object gives the same vectors
    return fit(
        tuple(sorted(lexicon.glosses)),
        tuple(sorted(lexicon.non_values - set(lexicon.glosses))),
        remembered,
        false_positives=settings.false_positives,
    )


def judge_unknown(
    words: Sequence[str], lexicon: ValueLexicon, settings: LexiconSettings, embedder: Embedder
) -> dict[str, tuple[bool, str]]:
    """Return for each word whether it counts as a value, and why."""
    if not words:
        return {}
    found = classifier_of(lexicon, settings, embedder)
    if found is None:
        return dict.fromkeys(
            words, (False, "not a value by embedding: fewer than two values or non-values to compare with")
        )
    return {word: (kept, why) for word, (kept, _, why) in found.judge(words).items()}
