"""What the survey was, and what kind of answers it got: design, answers and tokens spent, rates of labels."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.elicitation import load_prompts
from valuelex.errors import ValuelexError
from valuelex.report import figures
from valuelex.report.content import Block, Column, Details, Figure, Table
from valuelex.report.evidence import Evidence, records, texts
from valuelex.report.wording import NONE, count, is_missing, listed, number, percent, percent_interval, whole

MODES = {"open": "open", "closed": "closed", "logprob": "log-probability"}
"""The modes of asking, as readers call them."""

MOST_SERIES = 8
"""Models that one picture shows; a table has them all."""


def modes_of(table: pd.DataFrame | None) -> list[str]:
    """Return the modes of asking that a table holds, open first."""
    if table is None or table.empty:
        return []
    there = set(texts(table["elicitation"]))
    return [mode for mode in MODES if mode in there]


def spread(low: Any, high: Any) -> str:
    """Return `` (95 % interval 1.0 to 2.0)`` in percent, or nothing where there is none."""
    if is_missing(low) or is_missing(high):
        return ""
    return f" (95 % interval {number(100 * float(low), 1)} to {number(100 * float(high), 1)})"


# ---- the design ----


def design_blocks(evidence: Evidence, table: pd.DataFrame) -> list[Block]:
    """Return what was crossed with what, and how many answers and tokens each model gave for it."""
    return [*_factors(evidence, table), _spent(evidence, table)]


def _factors(evidence: Evidence, table: pd.DataFrame) -> list[Block]:
    if evidence.given("elicit"):
        return []
    who, how = evidence.file.respondents, evidence.file.elicitation
    cells = len(who.temperature) * len(who.top_p) * max(1, len(who.personas)) * len(who.languages)
    full = cells * table["model_id"].nunique()
    asked = table.loc[table["elicitation"] != "logprob", "respondent_id"].nunique()
    prompts = max(_prompts(evidence), table["prompt_id"].nunique())
    rows = [
        ["modes of asking", listed(MODES[mode] for mode in modes_of(table))],
        [
            "respondents",
            f"a balanced fraction: {asked:,} of {full:,} combinations of model and setting"
            if who.total is not None
            else "every model with every setting",
        ],
        [
            "prompts",
            f"a balanced fraction: {how.prompts_per_respondent} of {prompts} for each respondent"
            if how.prompts_per_respondent is not None
            else f"every respondent was asked every one of {count(prompts, 'prompt')}",
        ],
        ["languages", listed(sorted(set(texts(table["language"]))))],
        ["orders", _orders(table)],
        ["examples shown", _example_sets(table, how.few_shot_design)],
        [
            "samples",
            f"{how.samples} of each respondent, prompt, order and example set"
            + (", at most" if _rule(evidence) else ""),
        ],
        ["stopping rule", _rule(evidence) or "none: all samples were drawn"],
    ]
    heads = (Column("factor"), Column("levels", wide=True))
    note = (
        "The section lexicon says how much of the differences each factor makes; factors that coincide in a fraction "
        "cannot be told apart there."
    )
    return [Table("elicit-factors", "The design of the survey", heads, [list(row) for row in rows], note)]


def _prompts(evidence: Evidence) -> int:
    """How many prompts the study's set holds; 0 where it cannot be read any more."""
    try:
        return len({p.id for p in load_prompts(evidence.file.elicitation.prompts, evidence.study.folder)})
    except ValuelexError:
        return 0


def _orders(table: pd.DataFrame) -> str:
    levels = sorted({int(order) for order in table["order"].dropna()})
    if levels in ([], [0]):
        return "one: as written"
    return f"{len(levels)}: as written, and reordered (parts of the prompt turned round, examples rotated)"


def _example_sets(table: pd.DataFrame, design: str) -> str:
    sets = sorted(set(texts(table["examples"])))
    if not sets:
        return "none"
    how = "every cell with every set" if design == "cross" else "one set a call, in turn"
    return f"{listed(sets)} ({how}; models that continue a text only)"


def _rule(evidence: Evidence) -> str:
    rule, modes = evidence.file.elicitation.stop_when, evidence.file.elicitation.modes
    if rule.coverage is None:
        return ""
    of = "the estimate" if rule.bound == "estimate" else "the lower end of its 95 % interval"
    kind = MODES["open" if "open" in modes else "closed"]
    who = "each model for itself" if rule.by == "model" else "all models together"
    least = count(rule.min_samples, "sample")
    return f"coverage of {percent(rule.coverage)} in {kind} answers reached by {of}, {who}, after at least {least}"


def stop_finding(evidence: Evidence, table: pd.DataFrame) -> str:
    """Say which models the stopping rule ended early; nothing where there was no rule."""
    rule, most = evidence.file.elicitation.stop_when, evidence.file.elicitation.samples
    if rule.coverage is None or evidence.given("elicit"):
        return ""
    drawn = _drawn(table)
    early = {model: n for model, n in drawn.items() if n < most}
    said = f"Sampling was to end where {percent(rule.coverage)} of further value words would be known ones"
    if not early:
        return f"{said}: no model got there before its last of {count(most, 'sample')}."
    parts = [f"{model} ended after {n} of {most}" for model, n in early.items()]
    rest = len(drawn) - len(early)
    return f"{said}: {listed(parts, 8)}" + (f"; {count(rest, 'model')} drew all {most}." if rest else ".")


def _drawn(table: pd.DataFrame) -> dict[str, int]:
    """Model -> samples drawn. Log-probability mode samples nothing."""
    sampled = table[table["elicitation"] != "logprob"]
    return {
        str(model): int(last) + 1
        for model, last in sampled.groupby("model_id", sort=False)["sample_index"].max().items()
    }


def _spent(evidence: Evidence, table: pd.DataFrame) -> Table:
    most = None if evidence.given("elicit") else evidence.file.elicitation.samples
    rows: list[list[str]] = []
    total_in, total_out = table["n_tokens_in"].sum(), table["n_tokens_out"].sum()
    for model in evidence.model_ids:
        for mode in MODES:
            mine = table[(table["model_id"] == model) & (table["elicitation"] == mode)]
            if mine.empty:
                continue
            drawn = int(mine["sample_index"].max()) + 1
            samples = NONE if mode == "logprob" else f"{drawn} of {most}" if most else str(drawn)
            n_in, n_out = mine["n_tokens_in"], mine["n_tokens_out"]
            rows.append(
                [
                    model,
                    MODES[mode],
                    samples,
                    whole(len(mine)),
                    whole(n_in.sum()) if n_in.notna().any() else NONE,
                    whole(n_out.sum()) if n_out.notna().any() else NONE,
                    number(n_out.sum() / len(mine), 1) if n_out.notna().any() else NONE,
                ]
            )
    heads = (
        Column("model", code=True, look="model"),
        Column("mode"),
        Column("samples drawn", number=True),
        Column("answers", number=True),
        Column("tokens in", number=True),
        Column("tokens out", number=True),
        Column("out per answer", number=True),
    )
    note = (
        f"In all {whole(total_in)} tokens in and {whole(total_out)} out, as the endpoints counted them. Samples drawn: of the "
        "most that the study allows. Log-probability mode samples nothing: an answer there is one frame under which every "
        "word was scored, and the calls under the neutral frame come on top."
    )
    return Table("elicit-spent", "Answers and tokens, by model and mode", heads, [list(row) for row in rows], note)


# ---- the answers ----


def quality_blocks(evidence: Evidence) -> tuple[list[str], list[Block]]:
    """Return a sentence, a picture and a table of what was noticed about the answers; nothing where nothing was."""
    table = evidence.table("quality")
    if table is None or table.empty:
        return [], []
    mode = modes_of(table)[0] if modes_of(table) else str(table["elicitation"].iloc[0])
    main = table[table["elicitation"] == mode]
    wide = _rates_table(table, evidence.model_ids)
    blocks: list[Block] = [_rates_figure(main, mode, evidence.model_ids)]
    blocks.append(wide if len(wide.rows) <= 24 else Details(wide.caption, (wide,)))
    return [_quality_finding(main, mode, evidence.model_ids)], blocks


def _quality_finding(main: pd.DataFrame, mode: str, models: list[str]) -> str:
    parts = []
    for model in models:
        rows = [row for row in records(main[main["model_id"] == model]) if row["k"]]
        if rows:
            top = max(rows, key=lambda row: (row["rate"], str(row["label"])))
            parts.append(f"{model} {top['label']}, {percent(top['rate'])}{spread(top['ci_low'], top['ci_high'])}")
    if not parts:
        return f"Nothing was noticed about any {MODES.get(mode, mode)} answer."
    clean = len(set(main["model_id"].astype(str))) - len(parts)
    rest = f"; nothing in the answers of {count(clean, 'other model')}" if clean else ""
    return f"What was noticed most often about {MODES.get(mode, mode)} answers: {listed(parts, 8)}{rest}."


def _rates_figure(main: pd.DataFrame, mode: str, models: list[str]) -> Figure:
    labels = list(dict.fromkeys(texts(main["label"])))
    there = [model for model in models if (main["model_id"] == model).any()]
    worst = main.groupby("model_id")["rate"].sum().to_dict()
    shown = set(sorted(there, key=lambda model: -float(worst[model]))[:MOST_SERIES])
    series = []
    for k, model in enumerate([model for model in there if model in shown]):
        held = {str(row["label"]): row for row in records(main[main["model_id"] == model])}
        values = [_in_percent(held.get(name)) for name in labels]
        series.append(figures.Series(model, values, k))
    said = [
        f"{name} {listed([f'{one.name} {number(one.values[i][0], 1)} %' for one in series], 8)}"
        for i, name in enumerate(labels)
    ]
    left = len(there) - len(series)
    note = f"The {len(series)} models with the most labels; {left} more stand in the table." if left else ""
    return Figure(
        "elicit-quality",
        f"What was noticed about {MODES.get(mode, mode)} answers, by model",
        f"Points with 95 % intervals, one line for each label. {'; '.join(said)}.",
        figures.dots(labels, series, "% of the model's answers", span=(-2, 102)),
        note,
    )


def _in_percent(row: dict[str, Any] | None) -> tuple[float | None, float | None, float | None]:
    if row is None:
        return None, None, None
    value, low, high = (
        None if is_missing(row[key]) else 100 * float(row[key]) for key in ("rate", "ci_low", "ci_high")
    )
    return value, low, high


def _rates_table(table: pd.DataFrame, models: list[str]) -> Table:
    labels = list(dict.fromkeys(texts(table["label"])))
    rows: list[list[str]] = []
    for model in models:
        for mode in modes_of(table):
            mine = table[(table["model_id"] == model) & (table["elicitation"] == mode)]
            held = {str(row["label"]): row for row in records(mine)}
            if not held:
                continue
            cells = [_rate(held.get(name)) for name in labels]
            rows.append([model, MODES[mode], whole(mine["n"].max()), *cells])
    heads = (
        Column("model", code=True, look="model"),
        Column("mode"),
        Column("answers", number=True),
        *(Column(f"{name}, %", number=True) for name in labels),
    )
    method = texts(table["method"])
    note = (
        "Rates in percent with 95 % intervals. An answer can have several labels; labels that no answer earned are left out. "
        f"Interval: {method[0] if method else 'not said'}. Which label makes an answer unusable stands with its status."
    )
    return Table("elicit-labels", "Rates of labels, by model and mode", heads, [list(row) for row in rows], note)


def _rate(row: dict[str, Any] | None) -> str:
    if row is None or is_missing(row["rate"]):
        return NONE
    return f"{number(100 * float(row['rate']), 1)} {percent_interval(row['ci_low'], row['ci_high'])}"
