"""The multiverse in sentences: the first one for each dimension says how often it comes back, and what moves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from valuelex.taxonomy.multiverse.tables import ALL, CLOSED

MOVES = 0.05
"""Difference between the shares of two levels from which a choice is said to move a dimension."""


def headlines(
    about: Mapping[str, Any], cells: pd.DataFrame, dimensions: pd.DataFrame, effects: pd.DataFrame
) -> dict[str, list[str]]:
    """Return `findings` and `notes`, sentences each."""
    if not about["n_analysed"]:
        return {"findings": ["No analysis of the grid can be made."], "notes": _notes(about, cells)}
    findings = [_of_dimension(row, dimensions, effects) for row in _rows(dimensions[dimensions["choice"] == ALL])]
    if not len(dimensions[dimensions["taxonomy"] == "own"]):
        findings.insert(0, "The study has no dimension that could come back.")
    findings.append(_of_agreement(cells, effects))
    findings.append(f"The words can be factored in {about['n_factorable']:,} of {about['n_analysed']:,} analyses.")
    return {"findings": [f for f in findings if f], "notes": _notes(about, cells)}


def _of_dimension(row: dict[str, Any], dimensions: pd.DataFrame, effects: pd.DataFrame) -> str:
    who = row["dimension"] if row["taxonomy"] == "own" else f"The published dimension {row['dimension']}"
    said = f"{who} comes back in {_percent(row['share'])} of {_analyses(row['n_cells'])}"
    mine = effects[(effects["outcome"] == row["taxonomy"]) & (effects["dimension"] == row["dimension"])]
    top = _largest(mine)
    if top is None:
        return f"{said}{'' if mine.empty else ', whatever the choices'}."
    levels = dimensions[
        (dimensions["taxonomy"] == row["taxonomy"])
        & (dimensions["dimension"] == row["dimension"])
        & (dimensions["choice"] == top["choice"])
    ]
    ordered = sorted(_rows(levels), key=lambda r: (-r["share"], r["level"]))
    if ordered[0]["share"] - ordered[-1]["share"] < MOVES:
        return f"{said}; no choice moves it by {_percent(MOVES)}."
    ends = f"{ordered[0]['level']} {_percent(ordered[0]['share'])}, {ordered[-1]['level']} {_percent(ordered[-1]['share'])}"
    return f"{said}; the choice that moves it most is {top['choice']} ({ends})."


def _of_agreement(cells: pd.DataFrame, effects: pd.DataFrame) -> str:
    known = cells["ari"].dropna().astype(float)
    if known.empty:
        return ""
    low, middle, high = (f"{known.quantile(q):.2f}" for q in (0.25, 0.5, 0.75))
    said = f"Agreement with the study's own dimensions: median adjusted Rand index {middle}, middle half from {low} to {high}"
    top = _largest(effects[effects["outcome"] == "agreement"])
    return (
        f"{said}; {top['choice']} explains most of its variance ({_percent(top['adjusted'])})." if top else f"{said}."
    )


def _largest(effects: pd.DataFrame) -> dict[str, Any] | None:
    known = [row for row in _rows(effects) if row["adjusted"]]
    return max(known, key=lambda r: r["adjusted"]) if known else None


def _notes(about: Mapping[str, Any], cells: pd.DataFrame) -> list[str]:
    out = []
    if about["sampled"]:
        out.append(f"{about['n_cells']:,} cells were drawn at random from a grid of {about['n_grid']:,}.")
    closed = int((cells["status"] == CLOSED).sum())
    failed = about["n_cells"] - about["n_analysed"] - closed
    if closed or failed:
        left = " and ".join(
            text for n, text in ((closed, f"{closed:,} cannot be"), (failed, f"{failed:,} failed")) if n
        )
        out.append(f"Of {about['n_cells']:,} combinations {left}: the column reason of the table multiverse says why.")
    if about["needs_factors"]:
        out.append("An analysis whose words cannot be factored brings no dimension back.")
    else:
        out.append(
            "The study's own words cannot be factored: its dimensions, and those compared with them, rest on meaning."
        )
    if not about["own_in_grid"]:
        out.append("The study's own analysis is not among these.")
    out.append(
        "Shares describe the declared grid; they are no probabilities. No bootstrap and no null control is run in an analysis."
    )
    return out


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    plain = table.astype(object).where(table.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _analyses(n: int) -> str:
    return f"{n:,} {'analysis' if n == 1 else 'analyses'}"
