"""The section `elicit`: who was asked what, and what came back."""

from __future__ import annotations

import pandas as pd

from valuelex.report.content import Block, Column, Details, Section, Table
from valuelex.report.evidence import Evidence, records, texts
from valuelex.report.prompts import prompt_blocks
from valuelex.report.rates import (
    reasons_table,
    remark_finding,
    status_counts,
    status_figure,
    status_table,
    usable_finding,
)
from valuelex.report.survey import design_blocks, quality_blocks, stop_finding
from valuelex.report.wording import NONE, count, number, plain_settings, shorten, whole

NAME, TITLE = "elicit", "Who was asked what"
OURS = (
    "The paper gives three of its fifteen prompts and two example configurations. The other twelve prompts, the grid "
    "of temperature, top_p and context, and the frame for pretrained models are our own."
)
EXAMPLES = 3


def section(evidence: Evidence) -> Section:
    """Turn the table `responses` into the section."""
    table = evidence.table("responses")
    warnings = evidence.warnings(NAME)
    if table is None:
        return Section(NAME, TITLE, absent=evidence.absent(NAME))
    if table.empty:
        return Section(NAME, TITLE, ["No answer was recorded."], warnings=warnings)
    counts = status_counts(table, evidence.model_ids)
    findings = [_asked(table), usable_finding(counts, "answer")]
    noticed, quality = quality_blocks(evidence)
    findings += [f for f in (remark_finding(table, "answers"), *noticed, stop_finding(evidence, table)) if f]
    blocks: list[Block] = [
        status_figure("elicit-status", counts, "answers"),
        status_table("elicit-rates", counts, "answers"),
        *quality,
        _design(table, evidence.model_ids),
        *design_blocks(evidence, table),
    ]
    reasons = reasons_table("elicit-reasons", table, evidence.model_ids)
    blocks += [reasons] if reasons else []
    blocks.append(Details("Prompts, exactly as the models saw them", prompt_blocks(evidence)))
    blocks.append(Details("Some answers, as they came", (_examples(table, evidence.model_ids),)))
    settings = plain_settings(evidence.file.respondents) + plain_settings(evidence.file.elicitation)
    if evidence.given(NAME):
        settings = []
    return Section(NAME, TITLE, findings, blocks, settings, OURS, warnings=warnings)


def _asked(table: pd.DataFrame) -> str:
    people, prompts = table["respondent_id"].nunique(), table["prompt_id"].nunique()
    models = table["model_id"].nunique()
    return (
        f"{count(people, 'respondent')}, that is, {count(people, 'configuration')} of {count(models, 'model')}, gave "
        f"{count(len(table), 'answer')} to {count(prompts, 'prompt')}."
    )


def _design(table: pd.DataFrame, models: list[str]) -> Table:
    rows: list[list[str]] = []
    for model in models:
        mine = table[table["model_id"] == model]
        if mine.empty:
            continue
        rows.append(
            [
                model,
                ", ".join(sorted({*texts(mine["mode"]), *texts(mine["elicitation"])})),
                _levels(mine["temperature"]),
                _levels(mine["top_p"]),
                _contexts(mine["persona"]),
                whole(mine["respondent_id"].nunique()),
                whole(mine["prompt_id"].nunique()),
                whole(len(mine)),
            ]
        )
    heads = (
        Column("model", code=True, look="model"),
        Column("frame"),
        Column("temp.", number=True),
        Column("top_p", number=True),
        Column("contexts", wide=True),
        Column("respondents", number=True),
        Column("prompts", number=True),
        Column("answers", number=True),
    )
    note = (
        "A respondent is one configuration: model, temperature, top_p and context. Respondents of one model are nested "
        "in it; they are not independent subjects. Frame: chat (a message to answer) or completion (a text to "
        "continue); open (free answer), closed (declared vocabulary) or logprob (every word of the vocabulary scored)."
    )
    return Table("elicit-design", "The respondents", heads, [list(row) for row in rows], note)


def _levels(values: pd.Series) -> str:
    return ", ".join(f"{v:g}" for v in sorted({float(v) for v in values.dropna()})) or NONE


def _contexts(values: pd.Series) -> str:
    named = sorted(set(texts(values)))
    return ", ".join((["none"] if values.isna().any() else []) + named)


def _examples(table: pd.DataFrame, models: list[str]) -> Table:
    rows: list[list[str]] = []
    for model in models:
        mine = table[table["model_id"] == model]
        # Evenly spread over the table's order, so that no one picked them.
        at = sorted({round(i * (len(mine) - 1) / max(1, EXAMPLES - 1)) for i in range(EXAMPLES)}) if len(mine) else []
        for row in records(mine.iloc[at]):
            settings = f"{number(row['temperature'], 1)}, {row['persona'] or 'none'}"
            rows.append([model, settings, row["prompt_id"], row["status"], shorten(row["text"] or "", 400)])
    heads = (
        Column("model", code=True, look="model"),
        Column("temperature, context"),
        Column("prompt", code=True),
        Column("status"),
        Column("answer", wide=True),
    )
    note = (
        "First, middle and last answer of each model in the table's order; nobody chose them. All are in responses.csv."
    )
    return Table("elicit-examples", "Answers", heads, [list(row) for row in rows], note)
