"""Step 3, ``valuelex taxonomy``: the structure of the words, from co-occurrence and from meaning, with its stability."""

from valuelex.taxonomy.editing import apply_edits
from valuelex.taxonomy.edits import FILE as EDITS
from valuelex.taxonomy.edits import Edits, edits_path, load_edits, starting_file
from valuelex.taxonomy.empirical import Empirical, Solution, analyse
from valuelex.taxonomy.groups import Groups, find_groups
from valuelex.taxonomy.joint import central_words, join
from valuelex.taxonomy.matrix import Matrix, respondent_word_matrix
from valuelex.taxonomy.outputs import from_assignments
from valuelex.taxonomy.run import run
from valuelex.taxonomy.settings import TaxonomySettings

__all__ = [
    "EDITS",
    "Edits",
    "Empirical",
    "Groups",
    "Matrix",
    "Solution",
    "TaxonomySettings",
    "analyse",
    "apply_edits",
    "central_words",
    "edits_path",
    "find_groups",
    "from_assignments",
    "join",
    "load_edits",
    "respondent_word_matrix",
    "run",
    "starting_file",
]
