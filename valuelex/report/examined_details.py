"""What stands behind a click in the section `score`: other methods, structure, what was taken out, items, short form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from valuelex.report.content import Block, Cell, Column, Table
from valuelex.report.evidence import records
from valuelex.report.wording import NONE, count, interval, number, percent, whole

KINDS = {
    "convergent": "same dimension, other method",
    "heterotrait-heteromethod": "other dimension, other method",
    "heterotrait-monomethod": "other dimension, same method",
}


def matrix(crossed: pd.DataFrame, reliability: dict[str, Any]) -> list[Block]:
    """Return the multitrait-multimethod matrix, one table per family of methods."""
    made: list[Block] = []
    for family, part in crossed.groupby("family", sort=True):
        told = reliability["multitrait"].get(str(family)) or {}
        other, same = told.get("exceeds_other_method") or {}, told.get("exceeds_same_method") or {}
        rows: list[list[str | Cell]] = [
            [
                KINDS[r["kind"]],
                f"{r['dimension_1']} by {r['method_1']}",
                f"{r['dimension_2']} by {r['method_2']}",
                Cell(number(r["r"]), strong=r["kind"] == "convergent"),
                interval(r["ci_low"], r["ci_high"]),
            ]
            for r in records(part.sort_values(["kind", "dimension_1", "dimension_2"], kind="stable"))
        ]
        heads = (
            Column("kind", wide=True),
            Column("one", wide=True),
            Column("other", wide=True),
            Column("r", number=True),
            Column("interval", number=True),
        )
        note = (
            f"{part['method'].iloc[0]}, {count(int(part['n_models'].iloc[0]), 'model')}. Campbell and Fiske: a convergent "
            f"correlation exceeds those of other dimensions by other methods in {other.get('n')} of {other.get('of')} "
            f"comparisons, by the same method in {same.get('n')} of {same.get('of')}."
        )
        made.append(Table(f"score-multitrait-{family}", f"Methods: words and {family}", heads, rows, note))
    return made


def structure_table(structure: pd.DataFrame) -> Table:
    """Return the figures on one factor against several."""
    rows: list[list[str | Cell]] = [
        [
            r["basis"],
            str(r["statistic"]).replace("_", " "),
            number(r["value"]),
            interval(r["ci_low"], r["ci_high"]),
            whole(r["n"]),
            r["note"] or "",
        ]
        for r in records(structure)
    ]
    heads = (
        Column("basis", wide=True),
        Column("figure"),
        Column("value", number=True),
        Column("interval", number=True),
        Column("cases", number=True),
        Column("remark", wide=True),
    )
    note = (
        "Of the finest scales. Means of models: whether models differ on more than one thing. Completions around model and "
        "item: whether judges see more than one thing in a text. Three scales without any relation have a share of .33."
    )
    return Table("score-structure", "One factor, or the dimensions?", heads, rows, note)


def effects_table(effects: pd.DataFrame) -> Table:
    """Return what the mixed model has taken out of the scores."""
    rows: list[list[str | Cell]] = [
        [
            r["dimension"],
            r["source"],
            r["name"],
            number(r["estimate"]),
            number(r["se"]),
            percent(r["share"], 0) if r["share"] is not None else NONE,
        ]
        for r in records(effects)
    ]
    heads = (
        Column("scale"),
        Column("source"),
        Column("name", wide=True),
        Column("estimate", number=True),
        Column("se", number=True),
        Column("share", number=True),
    )
    note = (
        "Valences and judges: points that they add to a score, 0 on the mean. Variance: components of the mixed model (REML), "
        "and their share."
    )
    return Table("score-effects", "Effects and variance components of the mixed model", heads, rows, note)


def items_tables(items: pd.DataFrame, instrument: pd.DataFrame | None) -> Sequence[Table]:
    """Return the items on the scales that they were written for."""
    stems = {} if instrument is None else dict(zip(instrument["item_id"], instrument["stem"], strict=True))
    home = items[items["home"].astype(bool)]
    home = home if len(home) else items
    finest = "subdimension" if (home["level"] == "subdimension").any() else "dimension"
    mine = home[home["level"] == finest].sort_values(["dimension", "item_id"])
    rows: list[list[str | Cell]] = [
        [
            r["dimension"],
            str(stems.get(r["item_id"], r["item_id"])),
            r["valence"] or NONE,
            number(r["mean"]),
            number(r["sd"]),
            number(r["item_rest_r"]),
            number(r["discrimination"]),
            percent(r["floor_share"], 0),
            percent(r["ceiling_share"], 0),
            percent(r["not_applicable_share"], 0),
        ]
        for r in records(mine)
    ]
    heads = (
        Column("scale"),
        Column("stem", wide=True),
        Column("valence"),
        *(Column(t, number=True) for t in ("mean", "sd", "r with rest", "discrimination", "floor", "ceiling", "n. a.")),
    )
    why = mine["note"].dropna()
    note = (
        "Items on the scale that they were written for; all others are in items.csv. r with rest: with the mean of the other "
        "items, over model x sample records. Discrimination: upper less lower 27 % of records, as a share of the range. Floor, "
        "ceiling: scores below .5, of 5.5 or more. N. a.: judgements that were not applicable."
    )
    if len(why):
        note += f" Dashes: {why.iloc[0]}"
    return (Table("score-items", "Item analysis", heads, rows, note),)


def short_form(reliability: dict[str, Any]) -> Table | None:
    """Return what a short form of each scale is worth, or None."""
    scales = {n: s["short_form"] for n, s in (reliability.get("scales") or {}).items() if s.get("short_form")}
    if not scales:
        return None
    rows: list[list[str | Cell]] = [
        [
            name,
            whole(s.get("n_items")),
            whole(s.get("n_kept")),
            number(s.get("alpha_full")),
            number(s.get("alpha_short")),
            number(s.get("alpha_random")),
            number(s.get("r_with_full")),
            s.get("reason") or "",
        ]
        for name, s in scales.items()
    ]
    heads = (
        Column("scale"),
        *(Column(t, number=True) for t in ("items", "kept", "alpha, all", "alpha, short", "at random", "r with all")),
        Column("remark", wide=True),
    )
    note = (
        "Items written for the scale; which ones are kept is in short_form.csv. Alpha over models, on samples that had no part "
        "in the choice; at random: short forms of the same valences; r with all: with all items on other samples."
    )
    return Table("score-short-form", "What a short form is worth", heads, rows, note)
