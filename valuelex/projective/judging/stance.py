"""Stance: does a text stand for what it talks about, or against it? Levels from 0 to 6, learnt from examples.

The examples are the manual's anchors, the hand-written anchors that the package brings, the contrasts (one stem, opposite
completions: neither topic nor tone tells the level), and, with less weight, the generic templates filled with the scales'
words. Endorsing and rejecting sound alike whatever the value, and within one scale topic drowns polarity.

With a reader (the hidden states of a small language model) the contrasts, some thousands, are learnt first and for all
manuals; the manual's own examples then correct what is left. Sentence embeddings know so little of stance that more contrasts
do not help them: with those alone, some hundred contrasts and the manual are learnt together.

A proportional-odds model (McCullagh, 1980) then turns the regression's predictions for what it had not seen into the chance of
each level. The score is the expected level: where the regression knows little, it stays near the middle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from valuelex.projective.judging.contrasts import MIDDLE, Example, contrasts
from valuelex.projective.judging.reader import Reader
from valuelex.projective.judging.ridge import Ridge
from valuelex.projective.manual import LEVELS, from_templates, hand_written
from valuelex.projective.scales import Scale
from valuelex.semantics import Passage

INTRODUCTION = "To be honest:"
"""What examples without a stem, and completions whose stem is not given, are read after, as contrasts are after their stems."""
TEMPLATE_WEIGHT = 0.3
"""Weight of a filled template against a hand-written example."""
LEVEL_RIDGE = 1.0
"""Ridge of the regression of levels."""


def examples(entries: Sequence[Mapping[str, Any]]) -> list[Example]:
    """Return all examples for a manual's entries, contrasts apart; a text that stands twice counts once."""
    found: dict[str, Example] = {}
    for entry in [*entries, *hand_written(), *map(_templates_of, entries)]:
        template = entry.get("origin") == "template"
        for level, texts in entry["anchors"].items():
            for number, text in enumerate(texts):
                # The same template with other words is almost the same text.
                group = f"template {level}.{number}" if template else text
                found.setdefault(
                    text, Example(text, int(level), TEMPLATE_WEIGHT if template else 1.0, group, INTRODUCTION)
                )
    return list(found.values())


def _templates_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    return from_templates(Scale(str(entry["subdimension"]), "", None, tuple(str(word) for word in entry["words"])))


class StanceModel:
    """Regression of levels, and its calibration.

    Parameters
    ----------
    entries : sequence of dict
        A manual's, checked.
    reader : Reader
        What the texts are read with.

    Attributes
    ----------
    thresholds : array, shape (6,)
        Between neighbouring levels, on the logit scale.
    slope : float
        Logits per point of the regression; 0 where it tells nothing.
    left_out : dict
        Text -> its level as judged without its group.
    """

    def __init__(self, entries: Sequence[Mapping[str, Any]], reader: Reader) -> None:
        learnt = reader.learnt
        self._base = None if learnt is None else learnt.ridge
        rows = examples(entries)
        if learnt is None:
            known = {row.text for row in rows}
            rows += [row for row in contrasts() if row.text not in known]
        y = np.array([row.level for row in rows], dtype=float)
        weights = np.array([row.weight for row in rows])
        groups = np.unique([row.group for row in rows], return_inverse=True)[1]
        vectors = reader.read([Passage(row.stem, row.text) for row in rows])
        before = np.full(len(y), MIDDLE) if self._base is None else self._base.predict(vectors)
        self._ridge = Ridge.fit(vectors, y - before, weights, ridge=LEVEL_RIDGE, middle=0.0, groups=groups)
        left_out = before + self._ridge.left_out
        value, level = left_out[weights == 1.0], y[weights == 1.0]
        if learnt is not None:
            value, level = np.r_[value, learnt.ridge.left_out], np.r_[level, learnt.level]
        self.slope, self.thresholds = proportional_odds(value, level.astype(int))
        self.left_out = dict(zip((row.text for row in rows), self.expected(left_out).tolist(), strict=True))

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """Return the regression's value of unit rows, before calibration; about 0 .. 6."""
        base = MIDDLE if self._base is None else self._base.predict(vectors)
        return np.asarray(base + self._ridge.predict(vectors))

    def expected(self, value: np.ndarray) -> np.ndarray:
        """Return the expected level, 0 .. 6, of the regression's values."""
        from scipy.special import expit

        above = 1 - expit(self.thresholds - self.slope * np.asarray(value)[..., None])
        return np.asarray(above.sum(axis=-1))


def proportional_odds(value: np.ndarray, level: np.ndarray) -> tuple[float, np.ndarray]:
    """Fit P(level <= k) = logistic(threshold_k - slope x value) by maximum likelihood.

    A level that no example has takes the threshold of the one below it. A slope below 0 (what was left out is predicted worse
    than by chance) becomes 0: then all texts get the mean level.

    Returns
    -------
    slope : float
    thresholds : array, shape (6,)
    """
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    present, codes = np.unique(level, return_inverse=True)
    shares = np.cumsum(np.bincount(codes)) / len(codes)
    marginal = np.log(shares[:-1] / (1 - shares[:-1]))
    slope, cuts = 0.0, marginal
    if len(present) > 1 and np.ptp(value) > 0:
        model = OrderedModel(codes, value[:, None], distr="logit")
        found = model.fit(method="bfgs", disp=False, maxiter=500, skip_hessian=True)
        if found.params[0] > 0:
            slope, cuts = float(found.params[0]), model.transform_threshold_params(found.params)[1:-1]
    # Threshold k parts the levels up to k from those above: infinite below the first level that occurs and above the last.
    out = np.array([np.concatenate([[-np.inf], cuts, [np.inf]])[int(np.sum(present <= k))] for k in LEVELS[:-1]])
    return slope, out
