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
from valuelex.report.wording import NONE, count, listed, number, percent, plain_settings, shorten

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
    findings += [f for f in (remark_finding(table, "completions"), _persona(table)) if f]
    blocks: list[Block] = [
        status_figure("administer-status", counts, "completions"),
        status_table("administer-rates", counts, "completions"),
    ]
    reasons = reasons_table("administer-reasons", table, evidence.model_ids)
    blocks += [reasons] if reasons else []
    blocks += [Details("Where models speak as persons", (_persons(evidence, table),))] if _persona(table) else []
    blocks.append(Details("Some completions and what the judges made of them", (_examples(evidence, table),)))
    settings = [] if evidence.given(NAME) else plain_settings(evidence.file.administration)
    return Section(NAME, TITLE, findings, blocks, settings, OURS, warnings=warnings)


def _size(table: pd.DataFrame) -> str:
    models, items = table["model_id"].nunique(), table["item_id"].nunique()
    return f"{count(models, 'model')} completed {count(items, 'stem')}: {count(len(table), 'completion')} in all."


def _human(table: pd.DataFrame) -> pd.DataFrame:
    found: pd.DataFrame = table[table["human"].notna()] if "human" in table.columns else table.iloc[:0]
    return found


def _persona(table: pd.DataFrame) -> str:
    """Say in how many completions the model claims to be human: these tell what it takes a person to be."""
    found = _human(table)
    if found.empty:
        return ""
    treated = (found["status"] == "ok").sum()
    what = (
        "all were scored" if treated == len(found) else "none was scored" if not treated else f"{treated} were scored"
    )
    return (
        f"In {count(len(found), 'completion')} ({percent(len(found) / len(table))}) the model speaks as a person with a body, "
        f"a family or a past, such as “{found['human'].iloc[0]}”; {what}."
    )


def _persons(evidence: Evidence, table: pd.DataFrame) -> Table:
    rows: list[list[str]] = []
    for model in evidence.model_ids:
        mine = table[table["model_id"] == model]
        found = _human(mine)
        if len(mine):
            phrases = listed(f"“{p}” {n}" for p, n in found["human"].str.lower().value_counts().head(5).items())
            rows.append([model, str(len(mine)), str(len(found)), percent(len(found) / len(mine)), phrases or NONE])
    heads = (
        Column("model", code=True, look="model"),
        Column("completions", number=True),
        Column("as a person", number=True),
        Column("share", number=True),
        Column("most frequent phrases", wide=True),
    )
    note = "Found by English rules: what they do not know passes. Each is marked in completions.csv, column human."
    return Table("administer-persons", "Human persona leakage", heads, [list(r) for r in rows], note)


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
        Column("model", code=True, look="model"),
        Column("stem", wide=True),
        Column("completion", wide=True),
        Column("status"),
        Column("scores, 0–6", wide=True),
    )
    note = "Evenly spaced in the order of items; nobody chose them. All are in completions.csv and judgements.csv."
    return Table("administer-examples", "Completions", heads, [list(r) for r in rows], note)
