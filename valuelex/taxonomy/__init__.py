"""Step 3, ``valuelex taxonomy``: the structure of the words, from co-occurrence and from meaning, with its stability."""

from valuelex.taxonomy.again import factored_again
from valuelex.taxonomy.diff import Side, TaxonomyDiff, diff, renamed
from valuelex.taxonomy.editing import apply_edits
from valuelex.taxonomy.edits import FILE as EDITS
from valuelex.taxonomy.edits import Edits, edits_path, load_edits, starting_file
from valuelex.taxonomy.empirical import Empirical, Solution, analyse
from valuelex.taxonomy.groups import Groups, find_groups
from valuelex.taxonomy.intrinsic import Profiles, choose_models, read_profiles, texts_per_word
from valuelex.taxonomy.joint import central_words, join
from valuelex.taxonomy.matrix import Matrix, respondent_word_matrix
from valuelex.taxonomy.multiverse import FOLDER as MULTIVERSE_FOLDER
from valuelex.taxonomy.multiverse import Multiverse, MultiverseSettings, Source, make_grid, multiverse
from valuelex.taxonomy.naming import Namer, plan_names
from valuelex.taxonomy.naming_settings import NamingSettings
from valuelex.taxonomy.outputs import from_assignments
from valuelex.taxonomy.run import run, run_intrinsic
from valuelex.taxonomy.settings import TaxonomySettings

__all__ = [
    "EDITS",
    "MULTIVERSE_FOLDER",
    "Edits",
    "Empirical",
    "Groups",
    "Matrix",
    "Multiverse",
    "MultiverseSettings",
    "Namer",
    "NamingSettings",
    "Profiles",
    "Side",
    "Solution",
    "Source",
    "TaxonomyDiff",
    "TaxonomySettings",
    "analyse",
    "apply_edits",
    "central_words",
    "choose_models",
    "diff",
    "edits_path",
    "factored_again",
    "find_groups",
    "from_assignments",
    "join",
    "load_edits",
    "make_grid",
    "multiverse",
    "plan_names",
    "read_profiles",
    "renamed",
    "respondent_word_matrix",
    "run",
    "run_intrinsic",
    "starting_file",
    "texts_per_word",
]
