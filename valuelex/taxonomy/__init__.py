"""Step 3, ``valuelex taxonomy``: the structure of the words, from co-occurrence and from meaning, with its stability."""

from valuelex.taxonomy.empirical import Empirical, analyse, respondent_word_matrix
from valuelex.taxonomy.joint import central_words, join
from valuelex.taxonomy.run import from_assignments, run
from valuelex.taxonomy.settings import TaxonomySettings

__all__ = [
    "Empirical",
    "TaxonomySettings",
    "analyse",
    "central_words",
    "from_assignments",
    "join",
    "respondent_word_matrix",
    "run",
]
