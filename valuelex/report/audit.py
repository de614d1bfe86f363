"""Parts of the section `lexicon`: who judged what is a value, where the words fall in value theories, languages, overrides."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.report.content import Block, Cell, Column, Details, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.wording import NONE, count, interval, listed, number, percent, whole

SYSTEMS = {
    "schwartz": "Schwartz’s ten values",
    "moral-foundations": "the moral foundations",
    "valuelex-dimensions": "the published ValueLex dimensions",
    "schwartz-19": "Schwartz’s nineteen refined values",
    "valuelex": "the published ValueLex subdimensions",
}
"""In the order in which they are shown; the study's own systems come after."""

OPEN = ("schwartz", "moral-foundations", "valuelex-dimensions")
EXAMPLES = 5


def audit_blocks(evidence: Evidence) -> tuple[list[str], list[Block]]:
    """Return the findings and blocks that the tables `filter_agreement`, `crosswalk`, `languages` and `overrides` give."""
    findings: list[str] = []
    blocks: list[Block] = []
    agreement = evidence.table("filter_agreement")
    if agreement is not None and not agreement.empty:
        findings += _judges_finding(agreement)
        blocks.append(_judges_table(agreement))
    crosswalk, lexicon = evidence.table("crosswalk"), evidence.table("lexicon")
    if crosswalk is not None and lexicon is not None and not crosswalk.empty and not lexicon.empty:
        found = {str(system): rows for system, rows in shares(crosswalk, lexicon).groupby("system", sort=False)}
        order = [*(s for s in SYSTEMS if s in found), *(s for s in found if s not in SYSTEMS)]
        if "schwartz" in found:
            findings.append(_theory_finding(found["schwartz"]))
        tables = {system: _theory_table(system, found[system]) for system in order}
        blocks += [tables[s] for s in order if s in OPEN]
        blocks += [Details(tables[s].caption, (tables[s],)) for s in order if s not in OPEN]
    languages, overrides = evidence.table("languages"), evidence.table("overrides")
    if languages is not None and (len(languages) > 1 or languages["n_set_aside"].fillna(0).sum() > 0):
        blocks.append(_languages_table(languages))
    if overrides is not None and not overrides.empty:
        table = _overrides_table(overrides)
        blocks.append(Details(table.caption, (table,)))
    return findings, blocks


def shares(crosswalk: pd.DataFrame, lexicon: pd.DataFrame) -> pd.DataFrame:
    """Return system, category, n_words, share (of mentions), examples; a word counts where its confidence is largest.

    A mention is a respondent that named a word. Of equally confident categories a word counts for each in equal parts.
    """
    named = lexicon.set_index(lexicon["word"].astype(str))["n_respondents"].astype(float)
    rows = crosswalk[crosswalk["word"].astype(str).isin(named.index)].copy()
    top = rows.groupby(["system", "word"])["confidence"].transform("max")
    rows = rows[rows["confidence"] >= top - 1e-9]
    rows["part"] = 1.0 / rows.groupby(["system", "word"])["category"].transform("size")
    rows["mentions"] = rows["part"] * rows["word"].astype(str).map(named)
    out = []
    for (system, category), group in rows.groupby(["system", "category"], sort=True):
        total = rows.loc[rows["system"] == system, "mentions"].sum()
        first = group.sort_values(["mentions", "word"], ascending=[False, True])["word"].astype(str).head(EXAMPLES)
        out.append(
            {
                "system": system,
                "category": category,
                "n_words": group["word"].nunique(),
                "share": group["mentions"].sum() / total if total > 0 else float("nan"),
                "examples": ", ".join(first),
            }
        )
    return pd.DataFrame(out).sort_values(["system", "share", "category"], ascending=[True, False, True])


def _judges_finding(agreement: pd.DataFrame) -> list[str]:
    pairs = [r for r in records(agreement) if r["kappa"] is not None and r["observed"] is not None]
    return [
        f"Whether a word is a value: {r['judges'].replace(' x ', ' and ')} agree on {percent(r['observed'])} of "
        f"{count(r['n_words'], 'word type')} (kappa {number(r['kappa'])}, 95 % interval "
        f"{interval(r['kappa_low'], r['kappa_high'])})."
        for r in pairs
    ]


def _judges_table(agreement: pd.DataFrame) -> Table:
    rows: list[list[str | Cell]] = [
        [
            r["judges"].replace(" x ", " and "),
            whole(r["n_words"]),
            percent(r["observed"]) if r["observed"] is not None else NONE,
            _with_interval(r, "kappa"),
            _with_interval(r, "alpha"),
            r["method"] or "",
        ]
        for r in records(agreement)
    ]
    heads = (
        Column("judges"),
        Column("word types", number=True),
        Column("agree", number=True),
        Column("Cohen’s kappa", number=True),
        Column("Krippendorff’s alpha", number=True),
        Column("method", wide=True),
    )
    note = (
        "Judges of what is a value: the value lexicon, an embedding classifier, and a language model where the study names "
        "one. What each says of each word is in value_filter.csv."
    )
    return Table("lexicon-judges", "Is it a value? How far the judges agree", heads, rows, note)


def _with_interval(row: dict[str, Any], name: str) -> str:
    if row[name] is None:
        return NONE
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return number(row[name]) if low is None else f"{number(row[name])} [{number(low)}, {number(high)}]"


def _theory_finding(rows: pd.DataFrame) -> str:
    top = [f"{r['category']} ({percent(r['share'])})" for r in records(rows.head(3))]
    return f"By Schwartz’s ten values, most mentions fall under {listed(top)}."


def _theory_table(system: str, rows: pd.DataFrame) -> Table:
    cells: list[list[str | Cell]] = [
        [r["category"], whole(r["n_words"]), percent(r["share"]), r["examples"]] for r in records(rows)
    ]
    heads = (
        Column("category"),
        Column("words", number=True),
        Column("mentions", number=True),
        Column("such as", wide=True),
    )
    note = (
        "A word counts under the category of its largest confidence, in equal parts where several are equal. Mentions: "
        "respondents that named a word. By hand for the words of the value lexicon, by embedding for others; every confidence "
        "is in crosswalk.csv."
    )
    return Table(f"lexicon-crosswalk-{system}", f"The words under {SYSTEMS.get(system, system)}", heads, cells, note)


def _languages_table(languages: pd.DataFrame) -> Table:
    columns = ("n_answers", "n_pieces", "n_kept", "n_translated", "n_set_aside")
    rows: list[list[str | Cell]] = [[r["language"], *(whole(r[c]) for c in columns)] for r in records(languages)]
    heads = (
        Column("language", code=True),
        *(Column(title, number=True) for title in ("answers", "pieces read", "values", "translated", "no English")),
    )
    note = "Pieces that no declared translation knows and that are not English are set aside and counted."
    return Table("lexicon-languages", "Languages of the answers", heads, rows, note)


def _overrides_table(overrides: pd.DataFrame) -> Table:
    rows: list[list[str | Cell]] = [
        [r["form"], r["word"] or "set aside", whole(r["n_words"]), r["reason"] or NONE] for r in records(overrides)
    ]
    heads = (Column("form"), Column("counts as"), Column("times used", number=True), Column("reason", wide=True))
    return Table(
        "lexicon-overrides", f"The study's own overrides ({len(rows)})", heads, rows, "As in the override file."
    )
