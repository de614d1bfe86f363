"""The section `compare`: the models' scores with their intervals, and what differs between models."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from valuelex.report import figures
from valuelex.report.content import Block, Cell, Column, Details, Figure, Note, Section, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.judge import agreement_rows, validity, validity_sentence
from valuelex.report.wording import (
    NONE,
    count,
    interval,
    listed,
    number,
    p_value,
    percent,
    plain_settings,
    spelled,
    whole,
)

NAME, TITLE = "compare", "Scores, and what differs between models"
OURS = "How the paper aggregates scores and tests differences is not public; units, intervals and smallest effect are our own."
LEVELS = (("dimension", "dimensions"), ("subdimension", "subdimensions"))
ALPHA = 0.05


def section(evidence: Evidence) -> Section:
    """Turn the tables `scores` and `comparisons` and reliability.json into the section."""
    scores, comparisons = evidence.table("scores"), evidence.table("comparisons")
    if scores is None:
        return Section(NAME, TITLE, absent=evidence.absent(NAME))
    warnings = evidence.warnings(NAME)
    settings = plain_settings(evidence.file.comparison)
    known = scores[scores["mean"].notna()]
    if known.empty:
        finding = "There are no scores: no completion was found applicable to any scale."
        return Section(NAME, TITLE, [finding], settings=settings, ours=OURS, warnings=warnings)
    smallest = evidence.file.comparison.smallest_effect
    contrasts = records(comparisons) if comparisons is not None else []
    findings = [_means(known), *_contrast_findings(contrasts, known)]
    found = validity(evidence)
    blocks: list[Block] = [
        _score_figure(known, level, names, evidence) for level, names in LEVELS if (known["level"] == level).any()
    ]
    if any(row["estimate"] is not None for row in contrasts):
        blocks.append(_contrast_figure(contrasts, smallest))
    if found:
        blocks.append(Note(str(found.get("note") or validity_sentence(found))))
    blocks += [_score_table(scores, level, names) for level, names in LEVELS if (scores["level"] == level).any()]
    if contrasts:
        blocks += [
            _contrast_table(contrasts, smallest),
            Details("How each contrast was computed", (_methods(contrasts),)),
        ]
    reliability = evidence.document("reliability")
    if reliability:
        blocks.append(_reliability_table(reliability))
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


def _contrast_findings(contrasts: list[dict[str, Any]], known: pd.DataFrame) -> list[str]:
    if not contrasts:
        models = known["model_id"].nunique()
        why = (
            "one model alone has scores"
            if models == 1
            else "none of the asked-for contrasts can be formed from what is known of them"
        )
        return [f"Nothing was compared: {why}."]
    verdicts = Counter(row["verdict"] or "no verdict" for row in contrasts)
    sure = sum(row["p_adjusted"] is not None and row["p_adjusted"] < ALPHA for row in contrasts)
    parts = [
        f"{n} with the verdict “{verdict}”" for verdict, n in sorted(verdicts.items(), key=lambda i: (-i[1], i[0]))
    ]
    clear = "None has" if not sure else "One has" if sure == 1 else f"{spelled(sure)} have"
    found = [f"{count(len(contrasts), 'contrast')}: {listed(parts)}. {clear} a Holm-adjusted p below {ALPHA:g}."]
    tested = [row for row in contrasts if row["p"] is not None]
    if tested:
        first = min(tested, key=lambda r: (r["p"], r["contrast"], r["dimension"]))
        found.append(
            f"The clearest is “{first['contrast']}” on {first['dimension']}: {number(first['estimate'])} points "
            f"{interval(first['ci_low'], first['ci_high'])}, Holm-adjusted p {_signed(first['p_adjusted'])}; "
            f"{first['verdict']}."
        )
    if known["model_id"].nunique() == 2 and len({row["contrast"] for row in contrasts}) > 1:
        found.append(
            "With two models there is one difference between them: the contrasts show it in different units, and "
            "cannot say which of the things that set the two apart is behind it."
        )
    return found


def _signed(p: Any) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


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
        f"compare-{names}",
        f"Mean scores on the {names}, by model",
        f"Points with intervals on a scale of 0 to 6. {'; '.join(said[:12])}.",
        figures.dots(scales, series, "mean score, 0 to 6", span=(-0.1, 6.1)),
        f"{percent(evidence.file.comparison.confidence, 0)} t intervals with stems as the sampled units. Not a "
        "ranking: intervals that overlap widely are ties.",
    )


def _contrast_figure(contrasts: list[dict[str, Any]], smallest: float) -> Figure:
    rows = [r for r in contrasts if r["estimate"] is not None]
    names = list(dict.fromkeys(r["contrast"] for r in rows))
    scales = list(dict.fromkeys(r["dimension"] for r in rows))
    cells = {(r["contrast"], r["dimension"]): (r["estimate"], r["ci_low"], r["ci_high"]) for r in rows}
    series = [
        figures.Series(n, [cells.get((n, s), (None, None, None)) for s in scales], k) for k, n in enumerate(names)
    ]
    said = [
        f"{r['contrast']} on {r['dimension']} {number(r['estimate'])} {interval(r['ci_low'], r['ci_high'])}"
        for r in rows
    ]
    return Figure(
        "compare-contrasts",
        "Contrasts between models",
        f"Points with intervals around zero; differences within {smallest:g} points are shaded. {listed(said, 10)}.",
        figures.dots(scales, series, "difference in score points, or points per tenfold size", band=smallest),
        f"Shaded: the smallest effect of interest, −{smallest:g} to {smallest:g}.",
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
    return Table(f"compare-scores-{names}", f"Scores on the {names}", heads, rows, note)


def _contrast_table(contrasts: list[dict[str, Any]], smallest: float) -> Table:
    rows: list[list[str | Cell]] = []
    for r in contrasts:
        clear = r["p_adjusted"] is not None and r["p_adjusted"] < ALPHA
        rows.append(
            [
                r["contrast"],
                r["dimension"],
                number(r["estimate"]),
                interval(r["ci_low"], r["ci_high"]),
                p_value(r["p"]),
                Cell(p_value(r["p_adjusted"]), strong=clear),
                r["verdict"] or NONE,
            ]
        )
    heads = (
        Column("contrast", wide=True),
        Column("dimension"),
        Column("estimate", number=True),
        Column("interval", number=True),
        Column("p", number=True),
        Column("p, Holm", number=True),
        Column("verdict", wide=True),
    )
    note = (
        f"How each was computed stands below. p adjusted by Holm over the whole table, below {ALPHA:g} in bold. "
        f"Verdict: the interval against the smallest effect of interest, {smallest:g} points. Models are fixed: nothing "
        "here reaches to other models."
    )
    return Table("compare-contrasts-table", "Contrasts", heads, rows, note)


def _methods(contrasts: list[dict[str, Any]]) -> Table:
    rows: list[list[str | Cell]] = [[r["contrast"], r["dimension"], r["method"]] for r in contrasts]
    heads = (Column("contrast"), Column("dimension"), Column("method", wide=True))
    note = (
        "Every contrast is computed within each stem that all its models answered, and averaged over stems. The "
        "interval takes stems as sampled and models as fixed."
    )
    return Table("compare-methods", "Methods", heads, rows, note)


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
    return Table("compare-reliability", "Reliability", heads, rows, note)
