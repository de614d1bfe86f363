"""Which candidates become items: dimension x valence balanced, persons even within a cell, the best fit first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product

from valuelex.errors import DataError
from valuelex.projective.instrument.candidates import SOURCES
from valuelex.projective.instrument.filters import Screened
from valuelex.projective.scales import Scale
from valuelex.tables import VALENCES

Cell = tuple[int, int]
"""A scale's and a valence's number."""

SHOWN = 8
"""Cells that an error names one by one."""


def quotas(n_scales: int, n_stems: int) -> dict[Cell, int]:
    """Spread stems over scales x valences as evenly as whole numbers allow.

    Every cell gets the whole part; what is left goes, one each, to the cell whose scale has had the fewest so far, then whose
    valence has had the fewest, then the first.
    """
    cells = list(product(range(n_scales), range(len(VALENCES))))
    whole, left = divmod(n_stems, len(cells))
    out = dict.fromkeys(cells, whole)
    by_scale: Counter[int] = Counter()
    by_valence: Counter[int] = Counter()
    open_cells = set(cells)
    for _ in range(left):
        cell = min(open_cells, key=lambda c: (by_scale[c[0]], by_valence[c[1]], c))
        open_cells.remove(cell)
        out[cell] += 1
        by_scale[cell[0]] += 1
        by_valence[cell[1]] += 1
    return out


def by_cell(rows: Sequence[Screened]) -> dict[Cell, list[Screened]]:
    """Return the candidates that passed, by cell."""
    out: dict[Cell, list[Screened]] = {}
    for row in rows:
        if row.passed:
            out.setdefault((row.scale, VALENCES.index(row.candidate.valence)), []).append(row)
    return out


def choose(rows: Sequence[Screened], n: int, persons: Counter[str | None] | None = None) -> list[Screened]:
    """Choose n candidates of one cell.

    The sources come in the order of `SOURCES`. Within a source the person comes next that the cell has had least, then that the
    test has had least, and of that person the best fit; templates, which all fit, keep their rotation.

    Parameters
    ----------
    rows : sequence of Screened
        That passed, of one cell.
    n : int
        At most ``len(rows)``.
    persons : Counter, optional
        How often the test has had each person so far; the cell's own are added.
    """
    overall = Counter() if persons is None else persons
    chosen: list[Screened] = []
    here: Counter[str | None] = Counter()
    for source in SOURCES:
        left = [row for row in rows if row.candidate.source == source]
        left.sort(key=lambda row: (0.0 if row.candidate.source == "template" else -row.fit, row.order))
        while left and len(chosen) < n:
            best = min(left, key=lambda row: (here[row.candidate.person], overall[row.candidate.person]))
            left.remove(best)
            chosen.append(best)
            here[best.candidate.person] += 1
            overall[best.candidate.person] += 1
    return chosen


def select(
    found: Mapping[Cell, Sequence[Screened]], wanted: Mapping[Cell, int], scales: Sequence[Scale]
) -> dict[Cell, list[Screened]]:
    """Choose the items of every cell.

    Raises
    ------
    DataError
        If a cell has too few candidates: it names the cells, how many stems each lacks, and what can be done.
    """
    lacking = {cell: n - len(found.get(cell, ())) for cell, n in wanted.items() if n > len(found.get(cell, ()))}
    if lacking:
        said = [f"{scales[s].name} x {VALENCES[v]} lacks {n}" for (s, v), n in lacking.items()]
        more = f", and {len(said) - SHOWN} cells more" if len(said) > SHOWN else ""
        total = sum(wanted.values())
        feasible = next((n for n in range(total, 0, -1) if _fits(found, quotas(len(scales), n))), 0)
        advice = f"Set 'instrument: {{stems: {feasible}}}', or add" if feasible else "Add"
        raise DataError(
            f"{total} stems cannot be balanced over {len(scales)} scales and four valences: {', '.join(said[:SHOWN])}{more}.",
            f"{advice} stems to a bank of your own (instrument: {{bank: FILE}}), let a model write some (instrument: "
            "{writer: ...}), or give these scales more words.",
        )
    persons: Counter[str | None] = Counter()
    return {cell: choose(found.get(cell, ()), n, persons) for cell, n in wanted.items()}


def _fits(found: Mapping[Cell, Sequence[Screened]], wanted: Mapping[Cell, int]) -> bool:
    return all(len(found.get(cell, ())) >= n for cell, n in wanted.items())
