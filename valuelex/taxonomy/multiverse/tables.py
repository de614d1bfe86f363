"""From the cells to what is said of them: how often each dimension comes back, and which choice moves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.tables import frame
from valuelex.taxonomy.multiverse.compare import Reference
from valuelex.taxonomy.multiverse.grid import CHOICES, Cell, Grid

FloatArray = NDArray[np.float64]
Flags = NDArray[np.bool_]

ALL = "(all)"
FACTORABLE = "factorable"
"""Not a choice, but shown beside the choices: whether the words of the cell could be factored."""

CLOSED = "closed"
ANALYSED = "analysed"

ASKED = {"n_factors": "n_factors_asked", "n_clusters": "n_clusters_asked"}
"""Choices whose column has another name, because what was found has theirs."""

_FOUND = (
    *("n_respondents", "n_words", "n_placed", "factorable", "n_factors", "n_clusters", "n_dimensions"),
    *("n_subdimensions", "n_shared", "ari", "nmi", "ari_subdimensions"),
)


def column_of(choice: str) -> str:
    """The column of the table `multiverse` that holds the level of a choice."""
    return ASKED.get(choice, choice)


def cell_table(grid: Grid, rows: Sequence[dict[str, Any]], own: Cell | None) -> pd.DataFrame:
    """Return the table `multiverse`, in the order of the grid."""
    out: list[dict[str, Any]] = []
    for number, (cell, row) in enumerate(zip(grid.cells, rows, strict=True), start=1):
        asked = {column_of(c): level if c == "min_prevalence" else str(level) for c, level in cell._asdict().items()}
        found = {name: row.get(name) for name in _FOUND}
        out.append(
            {"cell": number, **asked, "own": cell == own, "status": row["status"], **found, "reason": row["reason"]}
        )
    return frame("multiverse", out)


def came_back(jaccard: FloatArray, factorable: Flags, *, threshold: float, needs_factors: bool) -> Flags:
    """Return for each cell and dimension whether the dimension comes back there, shape of `jaccard`.

    Parameters
    ----------
    jaccard : array, cells x dimensions
        NaN where none of a dimension's words is placed.
    factorable : array of bool, cells
    threshold : float
    needs_factors : bool
        Whether a cell whose words cannot be factored brings nothing back.
    """
    back = np.nan_to_num(jaccard, nan=-1.0) > threshold
    return np.asarray(back & factorable[:, None] if needs_factors else back)


def dimension_table(
    grid: Grid,
    cells: pd.DataFrame,
    references: Sequence[Reference],
    jaccards: dict[str, FloatArray],
    backs: dict[str, Flags],
) -> pd.DataFrame:
    """Return the table `multiverse_dimensions`: over all analysed cells, and for each level of each choice.

    Parameters
    ----------
    grid : Grid
        Says the order of levels.
    cells : DataFrame
        The analysed rows of `multiverse`.
    references : sequence of Reference
    jaccards, backs : dict of str -> array, analysed cells x dimensions
        By the taxonomy of the reference.
    """
    slices: list[tuple[str, str, Flags]] = [(ALL, ALL, np.ones(len(cells), dtype=bool))]
    for choice in (*CHOICES, FACTORABLE):
        values = [level_name(value) for value in cells[column_of(choice)].astype(object)]
        levels = ["yes", "no"] if choice == FACTORABLE else [level_name(level) for level in grid.levels[choice]]
        present = [level for level in levels if level in set(values)]
        if len(present) > 1:
            slices += [(choice, level, np.array([value == level for value in values])) for level in present]
    out = []
    for reference in references:
        jaccard, back = jaccards[reference.taxonomy], backs[reference.taxonomy]
        for d, name in enumerate(reference.names):
            for choice, level, rows in slices:
                given = jaccard[rows, d]
                given = given[~np.isnan(given)]
                out.append(
                    {
                        "taxonomy": reference.taxonomy,
                        "dimension": name,
                        "choice": choice,
                        "level": level,
                        "n_cells": int(rows.sum()),
                        "n_placed": len(given),
                        "n_back": int(back[rows, d].sum()),
                        "share": float(back[rows, d].mean()) if rows.any() else None,
                        "median_jaccard": float(np.median(given)) if len(given) else None,
                    }
                )
    return frame("multiverse_dimensions", out)


def level_name(level: Any) -> str:
    """A level as the tables write it."""
    if isinstance(level, (bool, np.bool_)):
        return "yes" if level else "no"
    return f"{level:g}" if isinstance(level, float) else str(level)


def effect_table(cells: pd.DataFrame, references: Sequence[Reference], backs: dict[str, Flags]) -> pd.DataFrame:
    """Return the table `multiverse_effects`: share of variance between cells that goes with each choice (eta squared).

    Of the adjusted Rand index, and of whether each dimension comes back (0 or 1). Each choice by itself; where cells are
    closed or drawn, choices are not quite independent, and the shares may overlap.
    """
    outcomes: list[tuple[str, str | None, FloatArray]] = [
        ("agreement", None, np.asarray(cells["ari"].to_numpy(dtype=np.float64, na_value=np.nan)))
    ]
    for reference in references:
        back = backs[reference.taxonomy].astype(float)
        outcomes += [(reference.taxonomy, name, back[:, d]) for d, name in enumerate(reference.names)]
    out = []
    for outcome, dimension, values in outcomes:
        known = ~np.isnan(values)
        for choice in CHOICES:
            levels = cells[column_of(choice)].astype(object).to_numpy()[known]
            if len(set(levels)) < 2:
                continue
            share, adjusted, n_levels = eta_squared(values[known], levels)
            out.append(
                {
                    "outcome": outcome,
                    "dimension": dimension,
                    "choice": choice,
                    "n_levels": n_levels,
                    "n_cells": int(known.sum()),
                    "eta_squared": share,
                    "adjusted": adjusted,
                }
            )
    return frame("multiverse_effects", out)


def eta_squared(values: FloatArray, levels: NDArray[Any]) -> tuple[float | None, float | None, int]:
    """Return how much of the sum of squares lies between levels, raw and adjusted, and the number of levels.

    Adjusted for what chance gives to many levels of few values: epsilon squared (Kelley, 1935), not below 0. None where nothing
    varies, or each value has a level of its own.
    """
    codes, names = pd.factorize(levels)
    n, k = len(values), len(names)
    total = float(((values - values.mean()) ** 2).sum())
    if total <= 1e-12:
        return None, None, k
    sizes = np.bincount(codes)
    means = np.bincount(codes, weights=values) / sizes
    share = min(float((sizes * (means - values.mean()) ** 2).sum()) / total, 1.0)
    return share, max(1.0 - (1.0 - share) * (n - 1) / (n - k), 0.0) if n > k else None, k
