"""What makes answers differ: variance shares, and which sources could not be estimated."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.report import survey_figures
from valuelex.report.content import Block, Column, Details, Figure, Table
from valuelex.report.evidence import Evidence, records, texts
from valuelex.report.figures import Series
from valuelex.report.survey import MODES, modes_of, spread
from valuelex.report.wording import (
    NONE,
    is_missing,
    listed,
    number,
    percent,
    percent_interval,
    whole,
)

RESIDUAL = "residual"
NOT_ESTIMATED = "not estimated"


def source_blocks(evidence: Evidence) -> tuple[list[str], list[Block]]:
    """Return a sentence, a picture and tables of the variance shares; nothing where they are not there."""
    table = evidence.table("variance_shares")
    if table is None or table.empty:
        return [], []
    modes = modes_of(table)
    known = table[table["share"].notna()]
    blocks: list[Block] = []
    if not known.empty:
        blocks.append(_shares_figure(known, modes))
    blocks.append(_shares_table(known, modes))
    unknown = table[table["share"].isna()]
    if not unknown.empty:
        blocks.append(_not_estimated(unknown, modes))
    return [f for mode in modes[:1] for f in (_shares_finding(known, mode),) if f], blocks


def _shares_finding(known: pd.DataFrame, mode: str) -> str:
    held = {str(row["source"]): row for row in records(known[known["elicitation"] == mode])}
    residual = held.pop(RESIDUAL, None)
    if not held:
        return ""
    name, top = max(held.items(), key=lambda item: (float(item[1]["share"]), item[0]))
    rest = f" The residual, mostly chance, is {percent(residual['share'])}." if residual else ""
    if not top["share"]:
        return f"No source in the design moves {MODES[mode]} answers measurably.{rest}"
    own = "" if spread(top["ci_low"], top["ci_high"]) else ", without an interval"
    own += ": too few models" if own and "too few models" in str(top["method"]) else ""
    return (
        f"The largest source of differences between {MODES[mode]} answers, chance apart, is {_named(name)}: "
        f"{percent(top['share'])} of the variance{spread(top['ci_low'], top['ci_high'])}{own}.{rest}"
    )


def _named(source: str) -> str:
    return f"the interaction {source}" if " x " in source else f"the {source}"


def _shares_figure(known: pd.DataFrame, modes: list[str]) -> Figure:
    sources = [s for s in dict.fromkeys(texts(known["source"])) if s != RESIDUAL]
    best = known.groupby("source")["share"].max().to_dict()
    sources.sort(key=lambda source: -float(best[source]))
    series, said = [], []
    for k, mode in enumerate(modes):
        held = {str(row["source"]): row for row in records(known[known["elicitation"] == mode])}
        if held:
            series.append(Series(MODES[mode], [_in_percent(held.get(source)) for source in sources], k))
            top = sorted((s for s in sources if s in held), key=lambda s: -float(held[s]["share"]))[:3]
            largest = listed(f"{source} {percent(held[source]['share'])}" for source in top)
            said.append(f"{MODES[mode]}: {largest}")
    return Figure(
        "lexicon-variance",
        "What makes answers differ: shares of variance, residual left out",
        f"Bars, one group for each source. Largest by mode: {'; '.join(said)}.",
        survey_figures.bars(sources, series, "% of the variance of answers"),
        "Bars at zero: estimated, and nothing found. Lines: 95 % intervals, where there are enough models for one.",
    )


def _in_percent(row: dict[str, Any] | None) -> tuple[float | None, float | None, float | None]:
    if row is None:
        return None, None, None
    value, low, high = (
        None if is_missing(row[key]) else 100 * float(row[key]) for key in ("share", "ci_low", "ci_high")
    )
    return value, low, high


def _shares_table(known: pd.DataFrame, modes: list[str]) -> Table:
    rows = []
    for mode in modes:
        mine = records(known[known["elicitation"] == mode].sort_values("share", ascending=False, kind="stable"))
        rows += [
            [
                str(row["source"]),
                MODES[mode],
                whole(row["levels"]),
                number(row["component"], 3),
                number(100 * row["share"], 1),
                percent_interval(row["ci_low"], row["ci_high"]),
            ]
            for row in mine
        ]
    heads = (
        Column("source"),
        Column("mode"),
        Column("levels", number=True),
        Column("component", number=True),
        Column("share, %", number=True),
        Column("95 % interval", number=True),
    )
    method = listed(dict.fromkeys(texts(known["method"])))
    note = (
        "Variance components of which words an answer names, summed over words; components below zero count as 0 in shares. "
        "Most of the residual is chance: an answer of ten words cannot name the eleventh. Compare sources with one another. "
        f"Method: {method}."
    )
    return Table(
        "lexicon-variance-shares", "Sources of differences between answers", heads, [list(r) for r in rows], note
    )


def _not_estimated(unknown: pd.DataFrame, modes: list[str]) -> Details:
    rows = [
        [
            str(row["source"]),
            MODES[mode],
            whole(row["levels"]),
            str(row["method"] or NONE).removeprefix(f"{NOT_ESTIMATED}: "),
        ]
        for mode in modes
        for row in records(unknown[unknown["elicitation"] == mode])
    ]
    heads = (Column("source"), Column("mode"), Column("levels", number=True), Column("why", wide=True))
    table = Table("lexicon-variance-not", "Sources that could not be estimated", heads, [list(row) for row in rows])
    return Details(f"{table.caption} ({len(rows)}), and why", (table,))
