"""The specification curve: analyses in the order of their agreement with the study, and below which choices each made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.report.content import Figure
from valuelex.report.evidence import records
from valuelex.report.figures import colour, finished, label
from valuelex.report.wording import count, number
from valuelex.taxonomy.multiverse.tables import ALL, FACTORABLE, column_of

MOST_COLUMNS = 240
"""So many columns can be told apart on a page; more analyses than this share them."""

MOST_LEVELS = 8
"""Further levels of a choice share a row."""

ROW = 19
"""Pixels of a row of choices."""

TOP = 190
"""Pixels of the curve itself."""


def curve(cells: pd.DataFrame, effects: pd.DataFrame, dimensions: pd.DataFrame) -> Figure | None:
    """Return the picture, or None where fewer than two analyses agree to some degree with the study.

    Parameters
    ----------
    cells, effects, dimensions : DataFrame
        The tables `multiverse`, `multiverse_effects` and `multiverse_dimensions`; the last two give the order of choices and
        levels.
    """
    known = cells[cells["ari"].notna()].sort_values(["ari", "cell"], kind="stable")
    if len(known) < 2:
        return None
    n_columns = min(len(known), MOST_COLUMNS)
    parts = np.array_split(np.arange(len(known)), n_columns)
    ari = known["ari"].to_numpy(dtype=np.float64)
    middle = [round(float(np.median(ari[part])), 4) for part in parts]
    place = [int(part[0]) + (len(part) - 1) / 2 + 1 for part in parts]
    names, rows = _choices(known, effects, dimensions, parts)
    own = np.flatnonzero(known["own"].to_numpy(dtype=bool))
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": place,
            "y": middle,
            "yaxis": "y2",
            "line": {"color": colour(0), "width": 1},
            "marker": {"color": colour(0), "size": 4},
            "hovertemplate": "analysis %{x:.0f}: adjusted Rand index %{y:.2f}<extra></extra>",
            "showlegend": False,
        }
    ]
    if len(own):
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [int(own[0]) + 1],
                "y": [float(ari[own[0]])],
                "yaxis": "y2",
                "marker": {"color": "var(--ink)", "size": 10, "symbol": "diamond-open", "line": {"width": 2}},
                "hovertemplate": "the study's own analysis<extra></extra>",
                "showlegend": False,
            }
        )
    if names:
        data.append(
            {
                "type": "heatmap",
                "x": place,
                "y": list(range(len(names))),
                "z": rows,
                "zmin": 0,
                "zmax": 1,
                "ygap": 2,
                "showscale": False,
                "colorscale": [[0, "var(--grid)"], [0.001, "var(--grid)"], [1, "var(--ink)"]],
                "text": [[label(name)] * n_columns if name else [""] * n_columns for name in names],
                "hovertemplate": "%{text}: %{z:.0%} of these analyses<extra></extra>",
                "hoverongaps": False,
            }
        )
    height = TOP + 70 + ROW * max(len(names), 1)
    split = (ROW * len(names)) / (height - 70)
    layout = {
        "xaxis": {
            "title": {"text": "analyses, the least alike first"},
            "showgrid": False,
            "zeroline": False,
            "anchor": "y" if names else "y2",
            "range": [0.5 - 0.01 * len(known), len(known) + 0.5 + 0.01 * len(known)],
        },
        "yaxis": {
            "domain": [0, max(split - 0.03, 0.0)],
            "tickvals": [i for i, name in enumerate(names) if name],
            "ticktext": [label(name) for name in names if name],
            "range": [len(names) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
            "tickfont": {"size": 11},
        },
        "yaxis2": {
            "domain": [split, 1],
            "range": [min(0.0, float(ari.min())) - 0.05, 1.05],
            "title": {"text": "adjusted Rand index", "standoff": 6, "font": {"size": 13}},
            "gridcolor": "var(--grid)",
            "zerolinecolor": "var(--grid)",
            "fixedrange": True,
            "automargin": True,
            "nticks": 5,
        },
    }
    low, high = number(ari[0]), number(ari[-1])
    return Figure(
        "multiverse-curve",
        "Specification curve: agreement of every analysis with the study's own, and the choices behind it",
        f"{count(len(known), 'analysis', 'analyses')}, sorted by adjusted Rand index from {low} to {high}, the median "
        f"{number(float(np.median(ari)))}. Below, a row for each level of each choice is dark where analyses made it.",
        finished(data, layout, height),
        _note(len(known), n_columns, bool(len(own))),
    )


def _note(n: int, n_columns: int, own: bool) -> str:
    said = "Choices from the one that explains most of the agreement to the one that explains least."
    if n > n_columns:
        said += (
            f" {n:,} analyses share {n_columns} columns: a point is their median, a field is darker the more made it."
        )
    return said + (" The diamond is the study's own analysis." if own else "")


def _choices(
    known: pd.DataFrame, effects: pd.DataFrame, dimensions: pd.DataFrame, parts: list[NDArray[np.intp]]
) -> tuple[list[str], list[list[float | None]]]:
    """Names of the rows, an empty one between choices, and for each the share of the analyses in a column that made it."""
    strength = {
        str(r["choice"]): float(r["adjusted"] or 0.0) for r in records(effects[effects["outcome"] == "agreement"])
    }
    order: dict[str, list[str]] = {}
    for row in records(dimensions):
        if row["choice"] != ALL and row["level"] not in order.setdefault(row["choice"], []):
            order[row["choice"]].append(row["level"])
    names: list[str] = []
    rows: list[list[float | None]] = []
    for choice in sorted(order, key=lambda c: (c == FACTORABLE, -strength.get(c, 0.0), c)):
        made = _texts(known[column_of(choice)])
        shown = [(level, [level]) for level in order[choice]]
        if len(shown) > MOST_LEVELS:
            rest = [level for level, _ in shown[MOST_LEVELS - 1 :]]
            shown = [*shown[: MOST_LEVELS - 1], (f"{len(rest)} others", rest)]
        if names:
            names.append("")
            rows.append([None] * len(parts))
        for name, levels in shown:
            names.append(f"{choice}: {name}")
            mine = np.isin(made, levels)
            rows.append([round(float(mine[part].mean()), 3) for part in parts])
    return names, rows


def _texts(values: pd.Series) -> NDArray[Any]:
    """A column as the texts that `multiverse_dimensions` has for its levels."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return np.array(["yes" if value else "no" for value in values], dtype=object)
    if pd.api.types.is_float_dtype(values.dtype):
        return np.array([f"{value:g}" for value in values], dtype=object)
    return np.array([str(value) for value in values], dtype=object)
