"""``valuelex multiverse``: which dimensions come back under every other defensible choice."""

from valuelex.taxonomy.multiverse.grid import CHOICES, Cell, Grid, make_grid, own_cell
from valuelex.taxonomy.multiverse.run import FOLDER, Multiverse, multiverse
from valuelex.taxonomy.multiverse.settings import STUDY, MultiverseSettings, PromptSubset
from valuelex.taxonomy.multiverse.source import Source

__all__ = [
    "CHOICES",
    "FOLDER",
    "STUDY",
    "Cell",
    "Grid",
    "Multiverse",
    "MultiverseSettings",
    "PromptSubset",
    "Source",
    "make_grid",
    "multiverse",
    "own_cell",
]
