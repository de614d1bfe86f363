"""Counts words while answers come in, so that sampling can stop when further answers bring nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from valuelex.lexicon.classifier import judge_unknown
from valuelex.lexicon.families import merge
from valuelex.lexicon.normalise import open_lexicon
from valuelex.lexicon.reading import Reader
from valuelex.lexicon.settings import LexiconSettings
from valuelex.psychometrics import sample_coverage
from valuelex.semantics import Embedder


@dataclass(frozen=True)
class Coverage:
    """How much of what a model says has been heard.

    Attributes
    ----------
    estimate, low, high : float
        Share of further words that would be known ones, with its 95 % interval, 0-1; NaN as long as no word was named.
    n_answers : int
        Answers added.
    n_words : int
        Words named in them, each once per answer.
    observed : int
        Word types.
    singletons : int
        Word types named in one answer.
    """

    estimate: float
    low: float
    high: float
    n_answers: int
    n_words: int
    observed: int
    singletons: int


class WordCounter:
    """The words of the answers so far, read as the step reads them, before rare words are set aside.

    What it says depends on which answers were added, not on their order.

    Parameters
    ----------
    settings : LexiconSettings
        Which value lexicon, and the rule for words outside it.
    folder : Path
        Where the study file lies.
    embedder : Embedder or None
        Decides on words outside the value lexicon where ``settings.unknown`` is true; without it only known words count.
    """

    def __init__(self, settings: LexiconSettings, folder: Path, embedder: Embedder | None = None) -> None:
        self._settings = settings
        self._embedder = embedder if settings.unknown else None
        self._lexicon = open_lexicon(settings, folder)
        self._reader = Reader(self._lexicon)
        self._answers: Counter[str] = Counter()
        self._known: dict[str, Counter[str]] = {}
        self._open: dict[str, Counter[frozenset[str]]] = {}
        self._verdicts: dict[str, bool] = {}

    def add(self, model_id: str, text: str, status_reason: str | None = None, language: str = "en") -> None:
        """Count the words of one usable answer; `language` is that in which it was asked for."""
        self._answers[model_id] += 1
        known, undecided = self._known.setdefault(model_id, Counter()), self._open.setdefault(model_id, Counter())
        unknown = set()
        for entry in self._reader.read(text, status_reason, language):
            if entry.word is None or entry.kept is False:
                continue
            if entry.kept:
                known[entry.word] += 1
            elif self._embedder is not None and " " not in entry.word:
                unknown.add(entry.word)
        if unknown:
            undecided[frozenset(unknown)] += 1

    def coverage(self, model_id: str | None = None) -> Coverage:
        """Coverage of one model's answers, or of all of them."""
        models = [model_id] if model_id is not None else list(self._answers)
        counts: Counter[str] = Counter()
        # Families are those of all answers, also where one model's words are counted: as the step sees them.
        nouns = merge({word for held in self._open.values() for words in held for word in words})
        for model in models:
            counts.update(self._known.get(model, Counter()))
            for words, n in self._open.get(model, Counter()).items():
                joined = {nouns.get(word, word) for word in words}
                self._decide(joined)
                counts.update({word: n for word in joined if self._verdicts[word]})
        n = sum(self._answers[model] for model in models)
        found = sample_coverage(list(counts.values()), n_units=n)
        return Coverage(found.estimate, found.low, found.high, n, found.total, found.observed, found.singletons)

    def _decide(self, words: set[str]) -> None:
        new = sorted(words - set(self._verdicts))
        if new and self._embedder is not None:
            verdicts = judge_unknown(new, self._lexicon, self._settings, self._embedder)
            self._verdicts |= {word: kept for word, (kept, _) in verdicts.items()}
