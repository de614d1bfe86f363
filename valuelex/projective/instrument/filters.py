"""The filters that every candidate goes through, each with its measured value and its threshold. What falls stays in the table.

- *Form*: a language model's reply that is no unfinished sentence.
- *Leakage*: the stem names its scale. A stem of the bank or of a language model may hold neither a word of its scale nor the
  name of the scale or dimension, in any inflection: who reads the value's word is asked for an opinion of it, and no longer
  projects. A template holds a word of its scale by design, and says so in its source; it may not hold the name, which is what
  the scores are called. A scale all of whose words are in its name keeps them: it has nothing else to be asked with.
- *Readability*: words of the stem, and LIX.
- *Fit and ambiguity*: a stem that is about nothing of its scale, or as much about another scale as about its own.
- *Duplicates*: an earlier candidate says the same, by meaning or by wording. Two stems of templates are compared by meaning
  alone: that templates come back with other words is known and seen in their source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from valuelex.projective.instrument.candidates import Candidate
from valuelex.projective.instrument.fit import fit, margins
from valuelex.projective.instrument.wording import forms, held_form, likeness, lix, tokens
from valuelex.projective.scales import Scale
from valuelex.semantics import Embedder

FEWEST_WORDS, MOST_WORDS = 3, 20
"""Words of a stem. One or two say too little to be completed alike; beyond 20 the completion has little left to add."""

HARDEST = 70.0
"""LIX. Texts above 60 count as very hard (Björnsson, 1968); a single clause varies more: three long words in five make 65."""

LEAST_FIT = 0.5
"""Mean cosine of themes and nearest words. With a scale that is not its own a stem of the bank has .34 to .38 in the median
(default embedding, the packaged taxonomies); one theme of three that is a word of the scale makes more than .5."""

LEAST_TEXT_FIT = 0.15
"""The same for a stem without themes, whose text is embedded: of the bank's stems 3 to 10 in 100 have less with their scale."""

LEAST_MARGIN = 0.02
"""By so much a stem fits its own scale better than any other; below that it fits two equally."""

LEAST_TEXT_MARGIN = -0.1
"""The same for a stem without themes whose author said the scale. The text alone places only .36 to .53 of the bank's stems
(chance .10 to .20), so it overrules the author only where another scale is clearly nearer."""

MOST_COSINE = 0.85
"""Two stems that are nearer in meaning are one. The nearest pair of the packaged bank has .67."""

MOST_OVERLAP = 0.75
"""Two stems that are more alike in wording (1 - word edits / words) are one. The nearest pair of the packaged bank has .67."""

FILTERS = ("form", "leakage", "readability", "fit", "ambiguity", "duplicate")
"""In this order; the reason of a dropped candidate begins with the name of the first that it fell through."""

_PARTS = re.compile(r"[,/&]")


@dataclass(frozen=True)
class Screened:
    """A candidate with all that was measured.

    Attributes
    ----------
    candidate : Candidate
    scale : int
        The scale that it belongs to.
    fit, margin : float
        NaN margin where there is no other scale.
    leak : str or None
        The word that it holds and may not.
    n_words : int
    readability : float
    cosine, overlap : float or None
        With the most similar earlier candidate that passed; None where there was none.
    reason : str or None
        Why it was dropped.
    order : int
        Its place among all candidates.
    """

    candidate: Candidate
    scale: int
    fit: float
    margin: float
    leak: str | None
    n_words: int
    readability: float
    cosine: float | None
    overlap: float | None
    reason: str | None
    order: int

    @property
    def passed(self) -> bool:
        return self.reason is None


class Screening:
    """The filters, and what has gone through them so far. The order of candidates matters: of two alike the later falls."""

    def __init__(self, scales: Sequence[Scale], embedder: Embedder) -> None:
        self.rows: list[Screened] = []
        self._scales, self._embedder = scales, embedder
        self._names = [_names(scale) for scale in scales]
        self._passed: list[Candidate] = []
        self._vectors: list[np.ndarray] = []

    def add(self, candidates: Sequence[Candidate]) -> list[Screened]:
        """Measure and judge candidates; return them in their order."""
        if not candidates:
            return []
        fits = fit([c.themes for c in candidates], self._scales, self._embedder)
        scale = np.array([f.argmax() if c.scale is None else c.scale for c, f in zip(candidates, fits, strict=True)])
        margin = margins(fits, scale)
        vectors = self._embedder.encode([c.text for c in candidates])
        return [
            self._screen(c, int(s), float(f[s]), float(m), v)
            for c, s, f, m, v in zip(candidates, scale, fits, margin, vectors, strict=True)
        ]

    def _screen(self, candidate: Candidate, scale: int, own: float, margin: float, vector: np.ndarray) -> Screened:
        text, template = candidate.text, candidate.source == "template"
        words = () if template else self._scales[scale].words
        leak = held_form(text, [*self._names[scale], *words])
        n_words, readability = len(tokens(text)), round(lix(text), 3)
        cosine, overlap, twin = self._nearest(candidate, vector)
        reason = candidate.unusable and f"form: {candidate.unusable}"
        reason = reason or (f"leakage: it holds '{leak}'" if leak else None)
        reason = reason or _hard(n_words, readability)
        least_fit = LEAST_TEXT_FIT if candidate.by_text else LEAST_FIT
        least_margin = LEAST_TEXT_MARGIN if candidate.by_text and candidate.scale is not None else LEAST_MARGIN
        if own < least_fit:
            reason = reason or f"fit: {own:.2f} is below {least_fit}"
        if margin < least_margin:
            reason = reason or f"ambiguity: margin {margin:.2f} is below {least_margin}"
        reason = reason or twin
        made = Screened(
            candidate, scale, own, margin, leak, n_words, readability, cosine, overlap, reason, len(self.rows)
        )
        self.rows.append(made)
        if made.passed:
            self._passed.append(candidate)
            self._vectors.append(vector)
        return made

    def _nearest(self, candidate: Candidate, vector: np.ndarray) -> tuple[float | None, float | None, str | None]:
        """Largest cosine and likeness with what passed before, and the reason to drop it if one is too large."""
        if not self._passed:
            return None, None, None
        cosines = np.clip((np.asarray(self._vectors) @ vector).round(6), -1, 1)
        alike = likeness(candidate.text, [c.text for c in self._passed]).round(6)
        if candidate.source == "template":
            alike[[c.source == "template" for c in self._passed]] = 0
        near, like = int(cosines.argmax()), int(alike.argmax())
        found = float(cosines[near]), float(alike[like])
        if found[0] >= MOST_COSINE:
            return *found, f"duplicate: cosine {found[0]:.2f} with '{self._passed[near].text}'"
        if found[1] >= MOST_OVERLAP:
            return *found, f"duplicate: {found[1]:.0%} of the words of '{self._passed[like].text}'"
        return *found, None


def _hard(n_words: int, readability: float) -> str | None:
    if not FEWEST_WORDS <= n_words <= MOST_WORDS:
        return f"readability: {n_words} words, not {FEWEST_WORDS} to {MOST_WORDS}"
    return f"readability: LIX {readability:.0f} is above {HARDEST:.0f}" if readability > HARDEST else None


def _names(scale: Scale) -> list[str]:
    """What the scale and its dimension are called, part by part, without words that the scale cannot do without."""
    parts = [p.strip() for name in (scale.name, scale.dimension) for p in _PARTS.split(name)]
    names = list(dict.fromkeys(p for p in parts if p))
    named = [word for word in scale.words if any(not forms(word).isdisjoint(forms(name)) for name in names)]
    if len(named) < len(scale.words):
        return names
    return [name for name in names if all(forms(word).isdisjoint(forms(name)) for word in named)]
