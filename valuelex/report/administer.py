"""The section `administer`: how the models completed the stems."""

from __future__ import annotations

import pandas as pd

from valuelex.report.content import Block, Column, Details, Section, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.rates import (
    reasons_table,
    remark_finding,
    status_counts,
    status_figure,
    status_table,
    usable_finding,
)
from valuelex.report.wording import NONE, count, number, plain_settings, shorten

NAME, TITLE = "administer", "The projective test: the completions"
OURS = "How stems were put to pretrained and to chat models is not in the paper: both frames are our own."
EXAMPLES = 4


def section(evidence: Evidence) -> Section:
    """Turn the table `completions` into the section."""
    table = evidence.table("completions")
    if table is None:
        return Section(NAME, TITLE, absent=evidence.absent(NAME))
    warnings = evidence.warnings(NAME)
    if table.empty:
        return Section(NAME, TITLE, ["No stem was completed."], warnings=warnings)
    counts = status_counts(table, evidence.model_ids)
    findings = [_size(table), usable_finding(counts, "completion")]
    findings += [f for f in (remark_finding(table, "completions"),) if f]
    blocks: list[Block] = [
        status_figure("administer-status", counts, "completions"),
        status_table("administer-rates", counts, "completions"),
    ]
    reasons = reasons_table("administer-reasons", table, evidence.model_ids)
    blocks += [reasons] if reasons else []
    blocks.append(Details("Some completions and what the judges made of them", (_examples(evidence, table),)))
    settings = [] if evidence.given(NAME) else plain_settings(evidence.file.administration)
    return Section(NAME, TITLE, findings, blocks, settings, OURS, warnings=warnings)


def _size(table: pd.DataFrame) -> str:
    models, items = table["model_id"].nunique(), table["item_id"].nunique()
    return f"{count(models, 'model')} completed {count(items, 'stem')}: {count(len(table), 'completion')} in all."


def _examples(evidence: Evidence, table: pd.DataFrame) -> Table:
    instrument, judgements = evidence.table("instrument"), evidence.table("judgements")
    stems = (
        {}
        if instrument is None
        else dict(zip(instrument["item_id"].astype(str), instrument["stem"].astype(str), strict=True))
    )
    scored: dict[str, list[str]] = {}
    for row in records(judgements) if judgements is not None else []:
        if row["applicable"] and row["score"] is not None:
            scored.setdefault(row["completion_id"], []).append(f"{row['dimension']} {number(row['score'], 1)}")
    rows: list[list[str]] = []
    for model in evidence.model_ids:
        mine = table[table["model_id"] == model].sort_values(["item_id", "sample_index"])
        at = sorted({round(i * (len(mine) - 1) / max(1, EXAMPLES - 1)) for i in range(EXAMPLES)}) if len(mine) else []
        for row in records(mine.iloc[at]):
            verdict = "; ".join(scored.get(row["completion_id"], [])) or (
                "nothing applicable" if judgements is not None else NONE
            )
            text = shorten(row["text"] or "", 300)
            rows.append([model, stems.get(row["item_id"], row["item_id"]), text, row["status"], verdict])
    heads = (
        Column("model", code=True),
        Column("stem", wide=True),
        Column("completion", wide=True),
        Column("status"),
        Column("scores, 0–6", wide=True),
    )
    note = "Evenly spaced in the order of items; nobody chose them. All are in completions.csv and judgements.csv."
    return Table("administer-examples", "Completions", heads, [list(r) for r in rows], note)
