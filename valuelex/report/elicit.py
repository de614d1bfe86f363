"""The section `elicit`: who was asked what, and what came back."""

from __future__ import annotations

import pandas as pd

from valuelex.elicitation import Prompt, Respondent, Wording, load_prompts, respondents
from valuelex.elicitation.prompts import completion_text, messages, prompts_for
from valuelex.errors import ValuelexError
from valuelex.models.seeds import call_seed
from valuelex.report.content import Block, Column, Details, Listing, Note, Section, Table
from valuelex.report.evidence import Evidence, records, texts
from valuelex.report.rates import (
    reasons_table,
    remark_finding,
    status_counts,
    status_figure,
    status_table,
    usable_finding,
)
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
    findings += [f for f in (remark_finding(table, "answers"),) if f]
    blocks: list[Block] = [
        status_figure("elicit-status", counts, "answers"),
        status_table("elicit-rates", counts, "answers"),
        _design(table, evidence.model_ids),
    ]
    reasons = reasons_table("elicit-reasons", table, evidence.model_ids)
    blocks += [reasons] if reasons else []
    blocks.append(Details("Prompts, exactly as the models saw them", _prompts(evidence)))
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
        Column("model", code=True),
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
        "continue); open (free answer) or closed (declared vocabulary)."
    )
    return Table("elicit-design", "The respondents", heads, [list(row) for row in rows], note)


def _levels(values: pd.Series) -> str:
    return ", ".join(f"{v:g}" for v in sorted({float(v) for v in values.dropna()})) or NONE


def _contexts(values: pd.Series) -> str:
    named = sorted(set(texts(values)))
    return ", ".join((["none"] if values.isna().any() else []) + named)


def _prompts(evidence: Evidence) -> tuple[Block, ...]:
    if evidence.given(NAME):
        return (Note("The answers were given with the study; how they were asked for is not known here."),)
    try:
        prompts = load_prompts(evidence.file.elicitation.prompts, evidence.study.folder)
        people = respondents(evidence.models, evidence.file.respondents, seed=call_seed(evidence.file.seed, NAME))
    except ValuelexError as error:
        return (Note(f"The prompts cannot be read any more: {error.what}"),)
    blocks: list[Block] = []
    for mode in ("chat", "completion"):
        mine = [p for p in people if p.model.mode == mode]
        if not mine:
            continue
        plain = Respondent(mine[0].model, mine[0].temperature, mine[0].top_p, None)
        rows: list[list[str]] = [[p.id, _seen(plain, p)] for p in prompts_for(plain, prompts)]
        names = ", ".join(dict.fromkeys(p.model.id for p in mine))
        caption = f"{'Chat' if mode == 'chat' else 'Completion'} frame, seen by {names}"
        note = (
            "Sent as the user's message."
            if mode == "chat"
            else "The model continues this text; its first line is the answer."
        )
        heads = (Column("prompt", code=True), Column("text", wide=True))
        blocks.append(Table(f"elicit-prompts-{mode}", caption, heads, [list(row) for row in rows], note))
    if any(p.persona for p in people):
        blocks.append(_personas(people))
        with_one = next(p for p in people if p.persona)
        first = prompts_for(with_one, prompts)[0]
        blocks.append(Listing(f"With a context ({with_one.id}), prompt {first.id}", _seen(with_one, first)))
    return tuple(blocks)


def _seen(respondent: Respondent, prompt: Prompt) -> str:
    if respondent.model.mode == "completion":
        return completion_text(respondent, Wording(prompt))
    chat = messages(respondent, Wording(prompt))
    return chat[0][1] if len(chat) == 1 else "\n".join(f"{role}: {text}" for role, text in chat)


def _personas(people: list[Respondent]) -> Table:
    held = {p.persona.id: p.persona for p in people if p.persona}
    rows: list[list[str]] = [[p.id, p.text, p.completion or p.text] for p in held.values()]
    heads = (
        Column("context", code=True),
        Column("chat: system message", wide=True),
        Column("completion: opening", wide=True),
    )
    note = "A respondent without a context gets neither. In the completion frame the prompt follows on the same line."
    return Table("elicit-contexts", "The contexts", heads, [list(row) for row in rows], note)


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
        Column("model", code=True),
        Column("temperature, context"),
        Column("prompt", code=True),
        Column("status"),
        Column("answer", wide=True),
    )
    note = (
        "First, middle and last answer of each model in the table's order; nobody chose them. All are in responses.csv."
    )
    return Table("elicit-examples", "Answers", heads, [list(row) for row in rows], note)
