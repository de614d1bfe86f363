"""The grid: every combination of the declared choices, or a random sample of it, and which combinations cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np

from valuelex.errors import SettingError
from valuelex.taxonomy.multiverse.settings import STUDY, WITHOUT, MultiverseSettings, PromptSubset
from valuelex.taxonomy.preparation import ESTIMATED
from valuelex.taxonomy.settings import TaxonomySettings

LARGEST = 100_000
"""A grid of more cells is refused unless a number of them is drawn: it is a slip more often than a wish."""


class Cell(NamedTuple):
    """One analysis: a level of every choice."""

    prompts: str
    normalisation: str
    filter: str
    matrix: str
    association: str
    min_prevalence: float
    n_factors: int | str
    method: str
    rotation: str
    embedding: str
    clustering: str
    n_clusters: int | str
    outer: str


CHOICES = Cell._fields


@dataclass(frozen=True, eq=False)
class Grid:
    """What is analysed.

    Attributes
    ----------
    levels : dict of str -> tuple
        Of each choice, in the order of `CHOICES`.
    subsets : dict of str -> frozenset of str, or None
        The prompts behind each level of `prompts`; None for all of them.
    size : int
        Cells of the whole grid.
    cells : tuple of Cell
        All of them, or those drawn, in the order of the grid.
    unavailable : dict of (str, str) -> str
        Levels of a choice for which the study lacks the data, and why.
    """

    levels: dict[str, tuple[Any, ...]]
    subsets: dict[str, frozenset[str] | None]
    size: int
    cells: tuple[Cell, ...]
    unavailable: dict[tuple[str, str], str]

    @property
    def sampled(self) -> bool:
        """Whether cells were drawn."""
        return len(self.cells) < self.size

    def closed(self, cell: Cell, own: TaxonomySettings) -> str:
        """Why there is no such analysis; empty where there is one."""
        for choice in ("prompts", "normalisation", "filter"):
            reason = self.unavailable.get((choice, getattr(cell, choice)))
            if reason:
                return reason
        if cell.association in ESTIMATED and cell.matrix not in ("binary", own.matrix):
            return f"{cell.association} looks at named or not alone: with the matrix '{cell.matrix}' it is that of 'binary'."
        if cell.clustering == "hdbscan" and cell.n_clusters != "auto":
            return "HDBSCAN finds the number of clusters itself."
        if cell.min_prevalence >= own.max_prevalence:
            return f"No word can be named by {cell.min_prevalence:.0%} and at most {own.max_prevalence:.0%} of respondents."
        return ""

    def work(self, own: TaxonomySettings) -> dict[str, int]:
        """How much there is to do: cells, those that cannot be, views of the words, and tasks that cells share."""
        cells = [cell for cell in self.cells if not self.closed(cell, own)]
        views = {(c.prompts, c.normalisation, c.filter) for c in cells}
        tasks = {(c.prompts, c.normalisation, c.filter, c.matrix, c.association, c.min_prevalence) for c in cells}
        return {
            "grid": self.size,
            "cells": len(self.cells),
            "closed": len(self.cells) - len(cells),
            "views": len(views),
            "tasks": len(tasks),
            "extractions": len({c[: CHOICES.index("embedding")] for c in cells}),
            "clusterings": len({(c[:3], c.embedding, c.clustering, c.n_clusters) for c in cells}),
        }


def make_grid(
    settings: MultiverseSettings,
    own: TaxonomySettings,
    prompt_ids: Iterable[str] | None,
    *,
    seed: int,
    unavailable: Mapping[tuple[str, str], str] | None = None,
) -> Grid:
    """Spell out the choices.

    Parameters
    ----------
    settings : MultiverseSettings
    own : TaxonomySettings
        What the study itself chose.
    prompt_ids : iterable of str or None
        The study's prompts; None where its words do not say which prompt they answer.
    seed : int
        Of the sample.
    unavailable : mapping, optional
        Further levels that cannot be analysed, and why.

    Raises
    ------
    SettingError
        If a subset names an unknown prompt, an embedding stands twice (as `study` and by its name), or the grid is larger
        than `LARGEST` without `max_cells`.
    """
    closed = dict(unavailable or {})
    subsets = _subsets(settings, None if prompt_ids is None else sorted(set(prompt_ids)), closed)
    embeddings = tuple(own.embedding if name == STUDY else name for name in settings.embedding)
    if len(set(embeddings)) < len(embeddings):
        raise SettingError(
            f"multiverse.embedding: {own.embedding} stands twice, as 'study' and by its name.", "Remove one of the two."
        )
    levels = {
        choice: tuple(subsets) if choice == "prompts" else embeddings if choice == "embedding" else tuple(listed)
        for choice, listed in ((c, getattr(settings, c)) for c in CHOICES)
    }
    shape = [len(levels[c]) for c in CHOICES]
    size = prod(shape)
    if settings.max_cells is None and size > LARGEST:
        lengths = " x ".join(f"{n} {c}" for c, n in zip(CHOICES, shape, strict=True) if n > 1)
        raise SettingError(
            f"multiverse: the grid has {size:,} cells ({lengths}).",
            "Set multiverse.max_cells (or --cells) to draw so many at random, or shorten the lists.",
        )
    wanted = np.arange(size)
    if settings.max_cells is not None and settings.max_cells < size:
        wanted = np.sort(np.random.default_rng(seed).choice(size, settings.max_cells, replace=False))
    places = np.unravel_index(wanted, shape)
    columns = [[levels[c][i] for i in at] for c, at in zip(CHOICES, places, strict=True)]
    return Grid(levels, subsets, size, tuple(Cell(*row) for row in zip(*columns, strict=True)), closed)


def _subsets(
    settings: MultiverseSettings, known: Sequence[str] | None, closed: dict[tuple[str, str], str]
) -> dict[str, frozenset[str] | None]:
    """The prompts behind each level; levels that cannot be go into `closed`."""
    out: dict[str, frozenset[str] | None] = {}
    ids = known or ()
    for wanted in settings.prompts:
        if isinstance(wanted, PromptSubset):
            unknown = [p for p in wanted.prompts if p not in ids]
            if unknown:
                there = f"The prompts are: {', '.join(ids)}." if ids else "The study's words do not say their prompts."
                raise SettingError(
                    f"multiverse.prompts: the subset '{wanted.name}' names {', '.join(unknown)}, which is no prompt of this "
                    "study.",
                    there,
                )
            out[wanted.name] = frozenset(wanted.prompts)
        elif wanted == "all":
            out["all"] = None
        elif wanted == "halves":
            out |= {f"half {h + 1}": frozenset(ids[h::2]) for h in (0, 1)}
        else:
            out |= {f"{WITHOUT}{one}": frozenset(ids) - {one} for one in ids} or {wanted: frozenset()}
    for name, subset in out.items():
        if subset is not None and not subset:
            closed["prompts", name] = (
                "The study's words do not say which prompt they answer."
                if known is None
                else f"With {len(ids)} prompt(s) there is no such subset."
            )
    return out


def own_cell(own: TaxonomySettings) -> Cell | None:
    """The study's own analysis; None where its structure is of a kind that no cell has."""
    if own.structure not in ("joint", "empirical"):
        return None
    return Cell("all", "families", "study", *(getattr(own, choice) for choice in CHOICES[3:]))
