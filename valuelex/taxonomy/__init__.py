"""Step 3, ``valuelex taxonomy``: the structure of the words, from co-occurrence and from meaning, with its stability."""

from valuelex.taxonomy.empirical import Empirical, Solution, analyse
from valuelex.taxonomy.groups import Groups, find_groups
from valuelex.taxonomy.joint import central_words, join
from valuelex.taxonomy.matrix import Matrix, respondent_word_matrix
from valuelex.taxonomy.outputs import from_assignments
from valuelex.taxonomy.run import run
from valuelex.taxonomy.settings import TaxonomySettings

__all__ = [
    "Empirical",
    "Groups",
    "Matrix",
    "Solution",
    "TaxonomySettings",
    "analyse",
    "central_words",
    "find_groups",
    "from_assignments",
    "join",
    "respondent_word_matrix",
    "run",
]
