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
)

NAME, TITLE = "compare", "What differs between models?"
OURS = "How the paper tests differences is not public; units, intervals and smallest effect are our own."
ALPHA = 0.05
SCOPES = ("models like these", "these models")
OPENING = {
    "models like these": "Whether the covariates go with scores in models like these (models and families sampled)",
    "these models": "Whether just these models differ (models fixed, stems sampled)",
}


def section(evidence: Evidence) -> Section:
    """Turn the tables of the step into the section."""
    scores, comparisons = evidence.table("scores"), evidence.table("comparisons")
    if comparisons is None:
        return Section(NAME, TITLE, absent=evidence.absent(NAME))
    settings = plain_settings(evidence.file.comparison)
    known = scores[scores["mean"].notna()] if scores is not None else comparisons.iloc[:0].assign(model_id="")
    smallest = evidence.file.comparison.smallest_effect
    contrasts = records(comparisons)
    findings = _contrast_findings(contrasts, known)
    blocks: list[Block] = []
    for scope in SCOPES:
        mine = [row for row in contrasts if row["scope"] == scope]
        told = [row for row in mine if row["ci_low"] is not None]
        if told:
            blocks.append(_contrast_figure(told, smallest, scope))
        if mine:
            blocks.append(_contrast_table(mine, smallest, scope))
    if contrasts:
        blocks.append(Details("How each contrast was computed", (_methods(contrasts),)))
    return Section(NAME, TITLE, findings, blocks, settings, OURS, warnings=evidence.warnings(NAME))


def _contrast_findings(contrasts: list[dict[str, Any]], known: pd.DataFrame) -> list[str]:
    models = known["model_id"].nunique()
    if not contrasts or models == 1:
        why = (
            "no model has scores"
            if models == 0
            else "one model alone has scores"
            if models == 1
            else "none of the asked-for contrasts can be formed from what is known of them"
        )
        return [f"Nothing was compared: {why}."]
    found = []
    for scope in SCOPES:
        found += _scope_findings([row for row in contrasts if row["scope"] == scope], scope)
    if known["model_id"].nunique() == 2 and len({row["contrast"] for row in contrasts}) > 1:
        found.append(
            "With two models there is one difference between them: the contrasts show it in different units, and "
            "cannot say which of the things that set the two apart is behind it."
        )
    return found


def _scope_findings(rows: list[dict[str, Any]], scope: str) -> list[str]:
    """What the contrasts of one scope say, the clearest first named."""
    tested = [row for row in rows if row["p"] is not None]
    untold = Counter(row["verdict"] for row in rows if row["p"] is None and row["verdict"])
    found = []
    if tested:
        verdicts = Counter(row["verdict"] or "no verdict" for row in tested)
        parts = [f"{n} “{verdict}”" for verdict, n in sorted(verdicts.items(), key=lambda i: (-i[1], i[0]))]
        found.append(f"{OPENING[scope]}: of {count(len(tested), 'contrast')}, {listed(parts)}.")
        first = min(tested, key=lambda r: (r["p"], r["contrast"], r["dimension"]))
        found.append(
            f"The clearest is “{first['contrast']}” on {first['dimension']} ({first['measure']}): "
            f"{number(first['estimate'])} points {interval(first['ci_low'], first['ci_high'])}, Holm-adjusted p "
            f"{_signed(first['p_adjusted'])}; {first['verdict']}."
        )
    if untold:
        parts = [f"{why} ({n})" for why, n in sorted(untold.items(), key=lambda i: (-i[1], i[0]))]
        opening = "Not answered" if tested else f"{OPENING[scope]}: nothing can be said"
        found.append(f"{opening}: {listed(parts, 4)}.")
    return found


def _signed(p: Any) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _contrast_figure(rows: list[dict[str, Any]], smallest: float, scope: str) -> Figure:
    names = list(dict.fromkeys((r["contrast"], r["measure"]) for r in rows))
    scales = list(dict.fromkeys(r["dimension"] for r in rows))
    cells = {(r["contrast"], r["measure"], r["dimension"]): (r["estimate"], r["ci_low"], r["ci_high"]) for r in rows}
    series = [
        figures.Series(f"{n}, {m}", [cells.get((n, m, s), (None, None, None)) for s in scales], k)
        for k, (n, m) in enumerate(names)
    ]
    said = [
        f"{r['contrast']} on {r['dimension']} ({r['measure']}) {number(r['estimate'])} "
        f"{interval(r['ci_low'], r['ci_high'])}"
        for r in rows
    ]
    return Figure(
        f"compare-contrasts-{scope.split()[0]}",
        f"Contrasts: {scope}",
        f"Points with intervals around zero; differences within {smallest:g} points are shaded. {listed(said, 10)}.",
        figures.dots(scales, series, "difference in score points, or points per tenfold size or year", band=smallest),
        f"Shaded: the smallest effect of interest, −{smallest:g} to {smallest:g}.",
    )


def _contrast_table(contrasts: list[dict[str, Any]], smallest: float, scope: str) -> Table:
    rows: list[list[str | Cell]] = []
    for r in contrasts:
        clear = r["p_adjusted"] is not None and r["p_adjusted"] < ALPHA
        rows.append(
            [
                r["contrast"],
                r["dimension"],
                r["measure"],
                number(r["estimate"]),
                interval(r["ci_low"], r["ci_high"]),
                p_value(r["p"]),
                Cell(p_value(r["p_adjusted"]), strong=clear),
                p_value(r["boot_p"]),
                p_value(r["permutation_p"]),
                number(r["detectable"]),
                r["verdict"] or NONE,
            ]
        )
    heads = (
        Column("contrast", wide=True),
        Column("dimension"),
        Column("measure"),
        Column("estimate", number=True),
        Column("interval", number=True),
        Column("p", number=True),
        Column("p, Holm", number=True),
        Column("p, bootstrap", number=True),
        Column("p, permuted", number=True),
        Column("detectable", number=True),
        Column("verdict", wide=True),
    )
    if scope == "these models":
        return _table_of(scope, (*heads[:7], heads[10]), [[*row[:7], row[10]] for row in rows], smallest)
    return _table_of(scope, heads, rows, smallest)


def _table_of(scope: str, heads: tuple[Column, ...], rows: list[list[str | Cell]], smallest: float) -> Table:
    reach = (
        "Models are fixed: nothing here reaches to other models."
        if scope == "these models"
        else "Models are a sample of families: bootstrap over families, permutation within them; detectable: the effect "
        "found with a power of .80."
    )
    note = (
        f"p adjusted by Holm over the contrasts of a measure, below {ALPHA:g} in bold. Verdict: against the smallest effect "
        f"of interest, {smallest:g} points, by two one-sided tests. {reach}"
    )
    return Table(f"compare-contrasts-{scope.split()[0]}-table", f"Contrasts: {scope}", heads, rows, note)


def _methods(contrasts: list[dict[str, Any]]) -> Table:
    rows: list[list[str | Cell]] = [
        [r["contrast"], r["dimension"], r["scope"], r["method"]] for r in contrasts if r["measure"] == "level"
    ]
    heads = (Column("contrast"), Column("dimension"), Column("scope"), Column("method", wide=True))
    return Table("compare-methods", "Methods", heads, rows, "Profiles are compared by the same methods as levels.")
