"""Step 2, ``valuelex lexicon``: answers become word types, each kept or set aside for a stated reason, and are counted."""

from valuelex.lexicon.build import Built, build
from valuelex.lexicon.counter import Coverage, WordCounter
from valuelex.lexicon.normalise import ValueLexicon, load_lexicon, read_item, read_prose
from valuelex.lexicon.parse import Candidate, parse
from valuelex.lexicon.run import Survey, from_words, run
from valuelex.lexicon.settings import LexiconSettings
from valuelex.lexicon.unknown import judge_unknown

__all__ = [
    "Built",
    "Candidate",
    "Coverage",
    "LexiconSettings",
    "Survey",
    "ValueLexicon",
    "WordCounter",
    "build",
    "from_words",
    "judge_unknown",
    "load_lexicon",
    "parse",
    "read_item",
    "read_prose",
    "run",
]
