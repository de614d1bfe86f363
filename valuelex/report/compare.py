"""The section `compare`: what differs between models."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from valuelex.report import figures
from valuelex.report.content import Block, Cell, Column, Details, Figure, Section, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.wording import (
    NONE,
    count,
    interval,
    listed,
    number,
    p_value,
    plain_settings,
    spelled,
)

NAME, TITLE = "compare", "What differs between models?"
OURS = "How the paper tests differences is not public; units, intervals and smallest effect are our own."
ALPHA = 0.05


def section(evidence: Evidence) -> Section:
    """Turn the table `comparisons` into the section."""
    scores, comparisons = evidence.table("scores"), evidence.table("comparisons")
    if comparisons is None:
        return Section(NAME, TITLE, absent=evidence.absent(NAME))
    settings = plain_settings(evidence.file.comparison)
    known = scores[scores["mean"].notna()] if scores is not None else comparisons.iloc[:0].assign(model_id="")
    smallest = evidence.file.comparison.smallest_effect
    contrasts = records(comparisons)
    findings = _contrast_findings(contrasts, known)
    blocks: list[Block] = []
    if any(row["estimate"] is not None for row in contrasts):
        blocks.append(_contrast_figure(contrasts, smallest))
    if contrasts:
        blocks += [
            _contrast_table(contrasts, smallest),
            Details("How each contrast was computed", (_methods(contrasts),)),
        ]
    return Section(NAME, TITLE, findings, blocks, settings, OURS, warnings=evidence.warnings(NAME))


def _contrast_findings(contrasts: list[dict[str, Any]], known: pd.DataFrame) -> list[str]:
    if not contrasts:
        models = known["model_id"].nunique()
        why = (
            "no model has scores"
            if models == 0
            else "one model alone has scores"
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
