"""Parallel forms: items are split into A and B so that the forms agree in every property, by a search over exchanges.

Counts (dimension, scale, valence, scale x valence, person, source) may differ by one item at the most; means of what is
measured (words, readability, fit, margin) are brought as near as exchanges can. The search starts from random splits of every
cell, exchanges the pair of items that helps most until none helps, and keeps the best end: the assembly of parallel forms of
van der Linden (2005, Linear models for optimal test design), by exchanges in place of a solver.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from valuelex.models.seeds import call_seed
from valuelex.tables import frame

NUMERIC = ("n_words", "readability", "fit", "margin")
"""Properties whose means are matched."""

COUNTED = ("dimension", "scale", "valence", "scale x valence", "person", "source")
"""Properties whose counts are matched; the scale is the subdimension, or the dimension where there is none."""

LARGEST = 0.1
"""Difference of two forms' means, in standard deviations, that counts as balanced."""

STARTS, FEW_ITEMS = 16, 2000
"""Random splits from which the search starts, at the least; ``FEW_ITEMS // items`` with few items, to which fewer exchanges are
open and starts cost little."""

PENALTY = 100.0
"""Weight of an item too many against a squared standard deviation: counts come first."""

SECOND = ("person", "source")
"""Counts that give way, by `SECOND_WEIGHT`, where few items cannot be even in everything."""

SECOND_WEIGHT = 0.1


def assign_forms(items: pd.DataFrame, *, seed: int) -> list[str]:
    """Return the form, A or B, of each item.

    Parameters
    ----------
    items : DataFrame
        Columns dimension, subdimension, valence, person, source, and those of `NUMERIC`; empty cells are allowed.
    seed : int
        Of the splits from which the search starts.

    Returns
    -------
    list of str
        In the order of the items. One item alone is in A.
    """
    if len(items) < 2:
        return ["A"] * len(items)
    counted, weights = _indicators(items)
    numbers = _standard(items)
    cells = _levels(items)["scale x valence"].to_numpy()
    rng = np.random.default_rng(call_seed(seed, "parallel forms"))
    pairs = _pairs(cells)
    best: tuple[float, np.ndarray] | None = None
    for _ in range(max(STARTS, FEW_ITEMS // len(items))):
        sides = _search(_start(cells, rng), counted, weights, numbers, pairs)
        loss = _loss(sides, counted, weights, numbers)
        if best is None or loss < best[0] - 1e-12:
            best = loss, sides
    assert best is not None
    # Which half is called A says nothing: the first item's.
    sides = best[1] if best[1][0] > 0 else -best[1]
    if sides.sum() < 0:
        sides = -sides
    return ["A" if side > 0 else "B" for side in sides]


def balance(items: pd.DataFrame) -> pd.DataFrame:
    """Return the table `form_balance` of items that have forms: means, counts, and how far A and B are apart.

    Standard deviations are those of all items (n - 1). With one form, its figures alone.
    """
    a, b = items["form"].eq("A").to_numpy(), items["form"].eq("B").to_numpy()
    two = bool(b.any())
    rows = [_count("items", None, np.ones(len(items), bool), a, b, two)]
    for name in NUMERIC:
        values = items[name].astype(float).to_numpy(na_value=np.nan) if name in items else np.full(len(items), np.nan)
        means = [float(np.nanmean(values[part])) if (~np.isnan(values[part])).any() else None for part in (a, b)]
        known = values[~np.isnan(values)]
        sd = float(known.std(ddof=1)) if len(known) > 1 else None
        difference = None if means[0] is None or means[1] is None else means[0] - means[1]
        standardised = None
        if difference is not None and sd is not None:
            standardised = difference / sd if sd > 0 else 0.0
        rows.append(
            {
                "property": {"n_words": "words"}.get(name, name),
                "level": None,
                "kind": "mean",
                "form_a": means[0],
                "form_b": means[1],
                "difference": difference,
                "sd": sd,
                "standardised": standardised,
            }
        )
    for name, levels in _levels(items).items():
        for level in sorted(levels.unique()):
            rows.append(_count(name, level, levels.eq(level).to_numpy(), a, b, two))
    return frame("form_balance", rows)


def _count(
    name: str, level: str | None, held: np.ndarray, a: np.ndarray, b: np.ndarray, two: bool
) -> dict[str, object]:
    n_a, n_b = int((held & a).sum()), int((held & b).sum())
    return {
        "property": name,
        "level": level,
        "kind": "count",
        "form_a": n_a,
        "form_b": n_b if two else None,
        "difference": n_a - n_b if two else None,
        "sd": None,
        "standardised": None,
    }


def _levels(items: pd.DataFrame) -> dict[str, pd.Series]:
    """What is counted, as text; an empty cell is a level of its own."""
    text = {name: items[name].astype("object").where(items[name].notna(), "not stated").astype(str) for name in _TEXT}
    scale = items["subdimension"].astype("object").where(items["subdimension"].notna(), items["dimension"]).astype(str)
    both = scale + " x " + text["valence"]
    found = {**text, "scale": scale, "scale x valence": both}
    return {name: found[name] for name in COUNTED}


_TEXT = ("dimension", "valence", "person", "source")


def _indicators(items: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Items x levels of everything that is counted, a last column for the number of items; and the weights of columns."""
    held = {
        name: [levels.eq(level).to_numpy() for level in sorted(levels.unique())]
        for name, levels in _levels(items).items()
    }
    columns = [column for own in held.values() for column in own]
    weights = [SECOND_WEIGHT if name in SECOND else 1.0 for name, own in held.items() for _ in own]
    return np.column_stack([*columns, np.ones(len(items), bool)]).astype(float), np.array([*weights, 1.0])


def _standard(items: pd.DataFrame) -> np.ndarray:
    """Items x properties, in standard deviations from the mean; what is constant or empty is zero."""
    values = items[list(NUMERIC)].astype(float).to_numpy(na_value=np.nan)
    known = ~np.isnan(values)
    n = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, values - np.where(known, values, 0).sum(axis=0) / n, 0)
    sd = np.sqrt((centred**2).sum(axis=0) / np.maximum(n - 1, 1))
    out: np.ndarray = np.divide(centred, sd, out=np.zeros_like(centred), where=sd > 1e-12)
    return out


def _start(cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """+1 and -1 in turn within every cell, in random order; the odd ones of the cells in turn too."""
    sides = np.empty(len(cells))
    turn = 1.0
    for cell in dict.fromkeys(cells):
        members = rng.permutation(np.flatnonzero(cells == cell))
        sides[members] = turn * (1 - 2 * (np.arange(len(members)) % 2))
        turn = -turn if len(members) % 2 else turn
    return sides


def _pairs(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of items that may be exchanged: within a cell, or between two cells of an odd number of items."""
    codes, sizes = np.unique(cells, return_inverse=True, return_counts=True)[1:]
    odd = (sizes % 2 == 1)[codes]
    first, second = np.triu_indices(len(cells), k=1)
    may = (codes[first] == codes[second]) | (odd[first] & odd[second])
    return first[may], second[may]


def _search(
    sides: np.ndarray, counted: np.ndarray, weights: np.ndarray, numbers: np.ndarray, pairs: Sequence[np.ndarray]
) -> np.ndarray:
    """Exchange the pair that lowers the loss most until none does; the loss falls each time, so this ends."""
    sides = sides.copy()
    half = len(sides) / 2
    first, second = pairs
    while True:
        count, mean = sides @ counted, sides @ numbers / half
        apart = sides[first] != sides[second]
        i, j = first[apart], second[apart]
        if not len(i):
            return sides
        step = -2 * sides[i, None]
        counts = count + step * (counted[i] - counted[j])
        means = mean + step * (numbers[i] - numbers[j]) / half
        losses = _penalty(counts, weights) + (means**2).sum(axis=1)
        best = int(losses.argmin())
        if losses[best] >= _penalty(count[None], weights)[0] + (mean**2).sum() - 1e-12:
            return sides
        sides[[i[best], j[best]]] *= -1


def _penalty(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    excess = np.maximum(np.abs(counts) - 1, 0)
    out: np.ndarray = PENALTY * (excess**2 @ weights)
    return out


def _loss(sides: np.ndarray, counted: np.ndarray, weights: np.ndarray, numbers: np.ndarray) -> float:
    mean = sides @ numbers / (len(sides) / 2)
    return float(_penalty((sides @ counted)[None], weights)[0] + (mean**2).sum())
