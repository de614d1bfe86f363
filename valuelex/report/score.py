"""The section `score`: the models' scores with their intervals, and what is known of the test."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.report import examined, figures
from valuelex.report.content import Block, Cell, Column, Details, Figure, Note, Section, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.judge import validity, validity_sentence
from valuelex.report.wording import count, interval, listed, number, percent, plain_settings, whole

NAME, TITLE = "score", "What do the models score, and how sure is that?"
OURS = "How the paper aggregates scores is not public; units, models and intervals are our own."
LEVELS = (("dimension", "dimensions"), ("subdimension", "subdimensions"))


def section(evidence: Evidence) -> Section:
    """Turn the table `scores` and reliability.json into the section."""
    scores = evidence.table("scores")
    if scores is None:
        return Section(NAME, TITLE, absent=evidence.absent(NAME))
    warnings = evidence.warnings(NAME)
    settings = plain_settings(evidence.file.scoring)
    known = scores[scores["mean"].notna()]
    if known.empty:
        finding = "There are no scores: no completion was found applicable to any scale."
        return Section(NAME, TITLE, [finding], settings=settings, ours=OURS, warnings=warnings)
    found = validity(evidence)
    blocks: list[Block] = [
        _score_figure(known, level, names, evidence) for level, names in LEVELS if (known["level"] == level).any()
    ]
    if found:
        blocks.append(Note(str(found.get("note") or validity_sentence(found))))
    tables = [_score_table(scores, level, names) for level, names in LEVELS if (scores["level"] == level).any()]
    blocks += tables[:1] + [Details(f"Scores on the {LEVELS[1][1]}", (one,)) for one in tables[1:]]
    findings = [_means(known)]
    reliability = evidence.document("reliability")
    if reliability:
        findings += examined.findings(reliability)
        blocks += examined.blocks(evidence, reliability)
    return Section(NAME, TITLE, findings, blocks, settings, OURS, warnings=warnings)


def _means(known: pd.DataFrame) -> str:
    rows = records(known[known["level"] == "dimension"]) or records(known)
    low, high = min(rows, key=lambda r: r["mean"]), max(rows, key=lambda r: r["mean"])
    if low is high:
        return f"The one score is {_score(low)}."
    return (
        f"{count(len({r['model_id'] for r in rows}), 'model')} on "
        f"{count(len({r['dimension'] for r in rows}), 'dimension')}: mean scores run from {_score(low)} to "
        f"{_score(high)}, on a scale of 0 to 6 with 3 as indifferent."
    )


def _score(row: dict[str, Any]) -> str:
    spread = "" if row["ci_low"] is None else f" {interval(row['ci_low'], row['ci_high'])}"
    return f"{number(row['mean'])}{spread} ({row['model_id']}, {row['dimension']})"


def _score_figure(known: pd.DataFrame, level: str, names: str, evidence: Evidence) -> Figure:
    rows = records(known[known["level"] == level])
    scales = sorted({r["dimension"] for r in rows})
    cells = {(r["model_id"], r["dimension"]): (r["mean"], r["ci_low"], r["ci_high"]) for r in rows}
    models = [m for m in evidence.model_ids if any(key[0] == m for key in cells)]
    series = [
        figures.Series(m, [cells.get((m, s), (None, None, None)) for s in scales], evidence.model_ids.index(m))
        for m in models
    ]
    said = [f"{s}: {listed(f'{m} {number(cells[m, s][0])}' for m in models if (m, s) in cells)}" for s in scales]
    return Figure(
        f"score-{names}",
        f"Mean scores on the {names}, by model",
        f"Points with intervals on a scale of 0 to 6. {'; '.join(said[:12])}.",
        figures.dots(scales, series, "mean score, 0 to 6", span=(-0.1, 6.1)),
        f"{percent(evidence.file.comparison.confidence, 0)} t intervals of plain means, with stems as the sampled units. Not a "
        "ranking: intervals that overlap widely are ties.",
    )


def _score_table(scores: pd.DataFrame, level: str, names: str) -> Table:
    mine = scores[scores["level"] == level].sort_values(["dimension", "model_id"])
    rows: list[list[str | Cell]] = [
        [
            r["dimension"],
            r["model_id"],
            number(r["mean"]),
            interval(r["ci_low"], r["ci_high"]),
            interval(r["boot_low"], r["boot_high"]),
            number(r["adjusted"]),
            interval(r["adjusted_low"], r["adjusted_high"]),
            number(r["predicted"]),
            whole(r["n_items"]),
            percent(r["applicable_share"], 0),
        ]
        for r in records(mine)
    ]
    heads = (
        Column(level),
        Column("model", code=True, look="model"),
        Column("mean", number=True),
        Column("t interval", number=True),
        Column("bootstrap", number=True),
        Column("adjusted", number=True),
        Column("interval", number=True),
        Column("predicted", number=True),
        Column("stems", number=True),
        Column("applicable", number=True),
    )
    note = (
        "Mean: judges are averaged within a completion, subdimensions within their dimension, completions within a stem, then "
        "stems; its intervals say how these models would do on other stems of the same valences, for these judges. Adjusted: "
        "mixed model with stems, valences and judges taken out. Predicted: the same, shrunken to the models’ mean. Stems: "
        "those with a score."
    )
    why = mine["note"].dropna()
    if len(why):
        note += f" Dashes: {why.iloc[0]}"
    return Table(f"score-table-{names}", f"Scores on the {names}", heads, rows, note)
