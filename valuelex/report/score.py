"""The section `score`: the models' scores with their intervals, and what is known of the test."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.report import figures
from valuelex.report.content import Block, Cell, Column, Figure, Note, Section, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.judge import agreement_rows, validity, validity_sentence
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
    blocks += [_score_table(scores, level, names) for level, names in LEVELS if (scores["level"] == level).any()]
    reliability = evidence.document("reliability")
    if reliability:
        blocks.append(_reliability_table(reliability))
    return Section(NAME, TITLE, [_means(known)], blocks, settings, OURS, warnings=warnings)


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
        f"{percent(evidence.file.comparison.confidence, 0)} t intervals with stems as the sampled units. Not a "
        "ranking: intervals that overlap widely are ties.",
    )


def _score_table(scores: pd.DataFrame, level: str, names: str) -> Table:
    rows: list[list[str | Cell]] = [
        [
            r["dimension"],
            r["model_id"],
            number(r["mean"]),
            number(r["se"]),
            interval(r["ci_low"], r["ci_high"]),
            whole(r["n_items"]),
            whole(r["n"]),
            percent(r["applicable_share"], 0),
        ]
        for r in records(scores[scores["level"] == level].sort_values(["dimension", "model_id"]))
    ]
    heads = (
        Column(level),
        Column("model", code=True),
        Column("mean", number=True),
        Column("se", number=True),
        Column("interval", number=True),
        Column("stems", number=True),
        Column("judgements", number=True),
        Column("applicable", number=True),
    )
    note = (
        "Judges are averaged within a completion, subdimensions within their dimension, completions within a stem, "
        "then stems; t interval over stems. Stems: those with an applicable completion. It says how these models do on "
        "stems like these."
    )
    return Table(f"score-table-{names}", f"Scores on the {names}", heads, rows, note)


def _reliability_table(reliability: dict[str, Any]) -> Table:
    rows: list[list[str | Cell]] = []
    for name, found in (reliability.get("scales") or {}).items():
        low, high = found.get("ci") or (None, None)
        remark = found.get("reason") or f"{found.get('n_items')} stems, {found.get('n_cases')} model x sample records"
        rows.append([f"alpha, {name}", number(found.get("alpha")), interval(low, high), str(remark)])
    rows.append(list(agreement_rows(reliability)))
    heads = (
        Column("figure"),
        Column("value", number=True),
        Column("95 % interval", number=True),
        Column("remark", wide=True),
    )
    note = "Cronbach’s alpha over stems with model x sample records as cases; a dash says why it is missing."
    return Table("score-reliability", "Reliability", heads, rows, note)
