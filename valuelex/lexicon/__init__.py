"""Step 2, ``valuelex lexicon``: answers become word types, each kept or set aside for a stated reason, and are counted."""

from valuelex.lexicon.build import Built, build
from valuelex.lexicon.classifier import ValueClassifier, classifier_of, judge_unknown
from valuelex.lexicon.counter import Coverage, WordCounter
from valuelex.lexicon.crosswalk import crosswalk, load_crosswalk
from valuelex.lexicon.items import read_item, read_prose
from valuelex.lexicon.llm import plan_words
from valuelex.lexicon.normalise import ValueLexicon, load_lexicon, open_lexicon
from valuelex.lexicon.parse import Candidate, parse
from valuelex.lexicon.run import Survey, from_words, run
from valuelex.lexicon.settings import LexiconSettings, ValueJudgeSettings
from valuelex.lexicon.unasked import unasked

__all__ = [
    "Built",
    "Candidate",
    "Coverage",
    "LexiconSettings",
    "Survey",
    "ValueClassifier",
    "ValueJudgeSettings",
    "ValueLexicon",
    "WordCounter",
    "build",
    "classifier_of",
    "crosswalk",
    "from_words",
    "judge_unknown",
    "load_crosswalk",
    "load_lexicon",
    "open_lexicon",
    "parse",
    "plan_words",
    "read_item",
    "read_prose",
    "run",
    "unasked",
]
