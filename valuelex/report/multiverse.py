"""The section `multiverse`, where that step has been run: which dimensions come back under every other defensible choice."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from valuelex.report.content import Block, Bullets, Cell, Column, Details, Section, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.specification_curve import curve
from valuelex.report.wording import NONE, count, number, percent, plain_settings, whole
from valuelex.taxonomy.multiverse.tables import ALL, ANALYSED, FACTORABLE

NAME, TITLE = "multiverse", "Which dimensions come back under other defensible choices"
MOST_REASONS = 40
OURS = (
    "A multiverse analysis (Steegen et al., 2016): every combination of the declared choices is an analysis of its own, and "
    "all are shown, none picked (Simonsohn et al., 2020). The paper makes one choice each."
)
STALE = (
    "Words, settings, taxonomy or code have changed since these analyses were made, or they were drawn with --cells: they are "
    "not those of the study file as it stands. The command 'valuelex multiverse' makes them anew."
)


def section(evidence: Evidence) -> Section | None:
    """Turn the tables into the section; None where the step, which is optional, has not been run."""
    cells, dimensions, effects = (
        evidence.table(name) for name in ("multiverse", "multiverse_dimensions", "multiverse_effects")
    )
    about = evidence.document("multiverse_summary")
    if cells is None or dimensions is None or effects is None or about is None:
        return None
    blocks: list[Block] = []
    picture = curve(cells, effects, dimensions)
    if picture is not None:
        blocks.append(picture)
    if not dimensions.empty:
        blocks.append(_dimensions(dimensions, effects, float(about["comes_back"])))
    for taxonomy, caption in (("own", "by choice"), ("published", "by choice: the published dimensions")):
        mine = dimensions[dimensions["taxonomy"] == taxonomy]
        if (mine["choice"] != ALL).any():
            table = _levels(mine, taxonomy, f"Share of analyses in which a dimension comes back, {caption}")
            blocks.append(table if taxonomy == "own" else Details(table.caption, (table,)))
    if not effects.empty:
        blocks.append(_effects(effects))
    blocks.append(Bullets("How to read this", tuple(str(note) for note in about["notes"])))
    left = cells[(cells["status"] != ANALYSED) | ~cells["factorable"].fillna(True).astype(bool)]
    if len(left):
        table = _reasons(left)
        blocks.append(Details(f"{table.caption} ({count(len(left), 'cell')})", (table,)))
    return Section(
        NAME,
        TITLE,
        [str(finding) for finding in about["findings"]],
        blocks,
        plain_settings(evidence.file.multiverse),
        OURS,
        warnings=_warnings(evidence),
    )


def _warnings(evidence: Evidence) -> list[str]:
    states = evidence.states
    before = [stage for stage in ("elicit", "lexicon", "taxonomy") if states.get(stage) == "stale"]
    return [STALE] if states.get(NAME) == "stale" or before else []


def _dimensions(dimensions: pd.DataFrame, effects: pd.DataFrame, threshold: float) -> Table:
    rows: list[list[str | Cell]] = []
    for row in records(dimensions[dimensions["choice"] == ALL]):
        mine = effects[(effects["outcome"] == row["taxonomy"]) & (effects["dimension"] == row["dimension"])]
        known = [e for e in records(mine) if e["adjusted"]]
        top = max(known, key=lambda e: e["adjusted"]) if known else None
        rows.append(
            [
                row["dimension"],
                "the study's own" if row["taxonomy"] == "own" else "published",
                whole(row["n_cells"]),
                whole(row["n_back"]),
                Cell(percent(row["share"]), bar=row["share"]),
                number(row["median_jaccard"]),
                f"{top['choice']} ({percent(top['adjusted'], 0)})" if top else NONE,
            ]
        )
    heads = (
        Column("dimension"),
        Column("taxonomy"),
        Column("analyses", number=True),
        Column("comes back in", number=True),
        Column("share", number=True),
        Column("median Jaccard", number=True),
        Column("moved most by"),
    )
    note = (
        f"A dimension comes back where its match (one to one) has a Jaccard similarity above {threshold:g} with it, over "
        "the words that both place. In brackets: share of the variance of coming back or not that lies between the levels of "
        "the choice, less what chance gives (epsilon squared). A bar to the right is the share."
    )
    return Table("multiverse-dimensions", "How often each dimension comes back", heads, rows, note)


def _levels(mine: pd.DataFrame, taxonomy: str, caption: str) -> Table:
    names = list(dict.fromkeys(str(d) for d in mine["dimension"]))
    by_level: dict[tuple[str, str], dict[str, Any]] = {}
    for row in records(mine):
        by_level.setdefault((row["choice"], row["level"]), {"n": row["n_cells"]})[row["dimension"]] = row["share"]
    rows: list[list[str | Cell]] = [
        [choice, level, whole(held["n"]), *(Cell(percent(held.get(n), 0), bar=held.get(n)) for n in names)]
        for (choice, level), held in by_level.items()
    ]
    heads = (
        Column("choice", code=True),
        Column("level", code=True),
        Column("analyses", number=True),
        *(Column(name, number=True) for name in names),
    )
    note = "Each row averages over all other choices."
    if any(choice == FACTORABLE for choice, _ in by_level):
        note += " Factorable is no choice: it tells apart what the answers allowed."
    return Table(f"multiverse-levels-{taxonomy}", caption, heads, rows, note)


def _effects(effects: pd.DataFrame) -> Table:
    outcomes = list(dict.fromkeys((r["outcome"], r["dimension"]) for r in records(effects)))
    outcomes = [o for o in outcomes if o[0] != "published"]
    shares = {(r["choice"], r["outcome"], r["dimension"]): r["eta_squared"] for r in records(effects)}
    choices = list(dict.fromkeys(str(c) for c in effects["choice"]))
    choices.sort(key=lambda c: -(shares.get((c, "agreement", None)) or 0.0))
    rows: list[list[str | Cell]] = []
    for choice in choices:
        found = [shares.get((choice, *outcome)) for outcome in outcomes]
        rows.append([choice, *(Cell(percent(value), bar=value) if value is not None else NONE for value in found)])
    heads = (
        Column("choice", code=True),
        *(Column("agreement" if o == "agreement" else f"{d} comes back", number=True) for o, d in outcomes),
    )
    note = (
        "Eta squared: share of the sum of squares between the levels of a choice, each choice by itself. Agreement: adjusted "
        "Rand index with the study's own dimensions. Descriptive: the grid is declared, not sampled from all choices; what is "
        "left lies in combinations of choices. A dash: nothing varies."
    )
    return Table("multiverse-effects", "Which choice matters", heads, rows, note)


def _reasons(left: pd.DataFrame) -> Table:
    held: dict[tuple[str, str], int] = {}
    for row in records(left):
        kind = "not factorable" if row["status"] == ANALYSED else str(row["status"])
        key = kind, _shape(str(row["reason"] or NONE))
        held[key] = held.get(key, 0) + 1
    rows: list[list[str | Cell]] = [
        [kind, reason, whole(n)] for (kind, reason), n in sorted(held.items(), key=lambda item: (-item[1], item[0]))
    ]
    heads = (Column("what"), Column("why", wide=True), Column("cells", number=True))
    return Table(
        "multiverse-reasons",
        "Combinations that cannot be, and words that cannot be factored",
        heads,
        rows[:MOST_REASONS],
    )


def _shape(reason: str) -> str:
    """A reason without its figures, so that reasons of one kind are counted together."""
    return re.sub(r"\d+(\.\d+)?", "…", reason)
