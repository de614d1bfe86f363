"""Is an unknown word a value? By its embedding: nearer to the value lexicon than to words that are no values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from valuelex.lexicon.normalise import ValueLexicon
from valuelex.lexicon.settings import LexiconSettings
from valuelex.semantics import Embedder

NEIGHBOURS = 3
"""The cosines of this many nearest anchors are averaged."""


def judge_unknown(
    words: Sequence[str], lexicon: ValueLexicon, settings: LexiconSettings, embedder: Embedder
) -> dict[str, tuple[bool, str]]:
    """Return for each word whether it counts as a value, and why.

    The rule: with a and b the mean cosines to the three nearest values and non-values, keep if a - b >= margin and the nearest
    value is at least `nearest`. Its precision and recall, each anchor left out in turn, are in docs/method.md.
    """
    if not words:
        return {}
    values, others = sorted(lexicon.glosses), sorted(lexicon.non_values)
    vectors = embedder.encode(list(words))
    to_values, to_others = vectors @ embedder.encode(values).T, vectors @ embedder.encode(others).T
    out = {}
    for i, word in enumerate(words):
        a, b, nearest = top_mean(to_values[i]), top_mean(to_others[i]), values[int(to_values[i].argmax())]
        keep = bool(a - b >= settings.margin and to_values[i].max() >= settings.nearest)
        why = f"nearest value {nearest} ({to_values[i].max():.2f}), values {a:.2f} against non-values {b:.2f}"
        out[word] = (keep, f"{'embedding' if keep else 'not a value by embedding'}: {why}")
    return out


def top_mean(cosines: np.ndarray) -> float:
    """Mean of the largest cosines."""
    return float(np.sort(cosines)[-NEIGHBOURS:].mean())
