"""The section `taxonomy`: whether the words have structure, which, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from valuelex.report import edits, figures, naming
from valuelex.report.content import Block, Bullets, Details, Figure, Section, Table, Tree
from valuelex.report.evidence import Evidence, records
from valuelex.report.pairs import cluster_numbers_table, co_assignment, levels_sentence
from valuelex.report.structure import (
    adequacy_table,
    agreement_table,
    controls_table,
    factor_correlations_table,
    intrinsic_table,
    loadings_table,
    retention_table,
    stability_table,
)
from valuelex.report.word_tree import dendrogram
from valuelex.report.wording import count, listed, number, p_phrase, plain_settings
from valuelex.report.wordmap import word_map

NAME, TITLE = "taxonomy", "Whether the values have a structure, and which"
OURS = (
    "The paper names factor analysis and clustering of embeddings; matrix, extraction, rotation, the number of factors "
    "and clusters, and how the two are reconciled are our own."
)


def section(evidence: Evidence) -> Section:
    """Turn adequacy.json, taxonomy.json and the tables beside them into the section."""
    adequacy, taxonomy = evidence.document("adequacy"), evidence.document("taxonomy")
    assignments = evidence.table("assignments")
    if adequacy is None or taxonomy is None or assignments is None:
        return Section(NAME, TITLE, absent=evidence.absent(NAME))
    given = bool(evidence.given(NAME))
    findings = [] if given else [verdict(adequacy)]
    findings.append(interpretation(taxonomy))
    findings += naming.naming_findings(evidence) + edits.edit_findings(evidence)
    findings += [str(caveat) for caveat in taxonomy.get("caveats") or []]
    structures = taxonomy.get("structures") or {}
    if structures.get("verdict"):
        findings.append(str(structures["verdict"]))
    findings += _trust(evidence.table("stability"))
    pairs = evidence.table("word_pairs")
    if pairs is not None and (said := levels_sentence(pairs)):
        findings.append(said)
    blocks: list[Block] = [*_pictures(assignments, evidence.table("eigenvalues"), adequacy)]
    tree = evidence.table("word_tree")
    if tree is not None and (drawn := dendrogram(tree, assignments)):
        blocks.append(drawn)
    if pairs is not None and (heat := co_assignment(pairs, assignments)):
        blocks.append(heat)
    if taxonomy["dimensions"]:
        blocks.append(_tree(taxonomy))
        blocks += edits.edits_blocks(evidence) + naming.naming_blocks(evidence)
    if taxonomy.get("unassigned"):
        blocks.append(_unassigned(taxonomy, assignments))
    if not given:
        blocks.append(adequacy_table(adequacy))
    blocks += _tables(evidence, assignments)
    if adequacy.get("notes"):
        blocks.append(Bullets("Notes on the factor analysis", tuple(str(n) for n in adequacy["notes"])))
    decisions = taxonomy.get("method", {}).get("decisions") or []
    if decisions:
        blocks.append(
            Details("How factors and clusters were joined, decision by decision", (Bullets("", tuple(decisions)),))
        )
    settings = plain_settings(evidence.file.taxonomy) + [
        (key, str(value)) for key, value in taxonomy.get("method", {}).items() if key == "n_clusters"
    ]
    return Section(
        NAME,
        TITLE,
        findings,
        blocks,
        [] if given else settings,
        OURS,
        warnings=evidence.warnings(NAME) + edits.edit_warnings(evidence),
    )


def verdict(adequacy: dict[str, Any]) -> str:
    """Say whether the words can be factored, with the figures that decide it."""
    used, people = adequacy.get("n_words_used"), adequacy.get("n_respondents")
    cases, unit = (adequacy["n_contexts"], "context") if adequacy.get("n_contexts") else (people, "respondent")
    who = f" ({count(used, 'word')} over {count(cases, unit)})" if used is not None and cases is not None else ""
    if not adequacy["factorable"]:
        reasons = " ".join(str(r) for r in adequacy["reasons"]) or "No reason is recorded."
        return f"The words cannot be factored{who}. {reasons}"
    parts = []
    if adequacy.get("kmo") is not None:
        parts.append(f"KMO {number(adequacy['kmo'])}")
    bartlett = adequacy.get("bartlett")
    if bartlett:
        parts.append(f"Bartlett’s χ²({bartlett['df']:g}) = {number(bartlett['chi2'], 1)}, {p_phrase(bartlett['p'])}")
    above = adequacy.get("n_factors_above_permuted")
    if above is not None:
        parts.append(f"{count(above, 'eigenvalue')} above those of permuted data")
    kept = adequacy.get("n_factors")
    if kept:
        parts.append(f"{count(kept, 'factor')} kept ({adequacy.get('n_factors_rule', 'by rule')})")
    return f"The words can be factored{who}: {_with_last(parts)}."


def _with_last(parts: list[str]) -> str:
    """Figures, a semicolon, and what follows from them."""
    return "; ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def interpretation(taxonomy: dict[str, Any]) -> str:
    """Say what the taxonomy is and whether it may be interpreted."""
    dimensions = taxonomy["dimensions"]
    if not dimensions:
        return " ".join(["There is no taxonomy.", *(str(r) for r in taxonomy["reasons"])])
    subs = sum(len(d["subdimensions"]) for d in dimensions)
    size = f"{count(len(dimensions), 'dimension')} ({listed(str(d['name']) for d in dimensions)})"
    size += f" with {count(subs, 'subdimension')}" if subs else ""
    reasons = " ".join(str(r) for r in taxonomy["reasons"])
    if taxonomy.get("basis") == "given":
        return f"The taxonomy was given: {size}."
    if taxonomy["interpretable"]:
        return f"The taxonomy has {size}; no check speaks against interpreting it."
    return f"The taxonomy has {size}, and should not be interpreted as the models’ own values. {reasons}"


def _trust(stability: pd.DataFrame | None) -> list[str]:
    if stability is None or stability.empty:
        return []
    found = []
    for kind, name, what in (
        ("cluster", "cluster of meaning", "mean Jaccard similarity"),
        ("dimension", "dimension", "mean Jaccard similarity"),
        ("dimension", "dimension", "mean Tucker congruence"),
    ):
        mine = stability[
            (stability["kind"] == kind) & stability["statistic"].str.startswith(what.removeprefix("mean "))
        ]
        rows = [r for r in records(_most_cautious(mine)) if r["mean"] is not None]
        if not rows:
            continue
        low, high = min(rows, key=lambda r: r["mean"]), max(rows, key=lambda r: r["mean"])
        which = f"the {_several(len(rows), name)}" if len(rows) > 1 else f"the {name}"
        text = f"Under resampling, {what} of {which} with the solution is {_spread(low)}"
        found.append(
            f"{text} ({low['name']})."
            if low is high
            else f"{text} ({low['name']}) to {_spread(high)} ({high['name']})."
        )
    return found


def _several(n: int, name: str) -> str:
    return f"{n} clusters of meaning" if name == "cluster of meaning" else count(n, name)


def _most_cautious(rows: pd.DataFrame) -> pd.DataFrame:
    """Of several ways of resampling the last but the leaving out of families: whole units, as alike as they are."""
    resampled = rows[rows["statistic"].str.contains(" resampled")]
    return resampled[resampled["statistic"] == resampled["statistic"].iloc[-1]] if len(resampled) else resampled


def _spread(row: dict[str, Any]) -> str:
    if row["ci_low"] is None or row["ci_high"] is None:
        return number(row["mean"])
    return f"{number(row['mean'])} [{number(row['ci_low'])}, {number(row['ci_high'])}]"


def _pictures(assignments: pd.DataFrame, eigenvalues: pd.DataFrame | None, adequacy: dict[str, Any]) -> list[Figure]:
    found = []
    rows = [r for r in records(assignments) if r["x"] is not None and r["y"] is not None]
    if rows:
        groups = list(dict.fromkeys(r["dimension"] or "no dimension" for r in rows))
        parts = [f"{g}: {count(sum((r['dimension'] or 'no dimension') == g for r in rows), 'word')}" for g in groups]
        found.append(
            Figure(
                "taxonomy-map",
                "Word map",
                f"Scatter of {count(len(rows), 'word')}; words near in meaning lie near each other. {listed(parts)}.",
                word_map(rows),
                "Colour: dimension; symbol: subdimension; size: respondents that named the word. Both axes come from "
                "the word embeddings alone; they have no unit. Names stand where there is room, the most named words "
                "first.",
            )
        )
    if eigenvalues is not None and not eigenvalues.empty:
        table = records(eigenvalues.sort_values("index"))
        above = adequacy.get("n_factors_above_permuted")
        said = (
            f"{count(above, 'eigenvalue')} of the data above the reference line"
            if above is not None
            else "with a reference"
        )
        found.append(
            Figure(
                "taxonomy-scree",
                "Eigenvalues of the data and of permuted data",
                f"Falling line of {count(len(table), 'eigenvalue')}, largest {number(table[0]['observed'])}; {said}.",
                figures.scree([r["observed"] for r in table], [r["reference"] for r in table]),
                "Reference: what chance and the likeness of a model's configurations give, from data sets whose columns were "
                "permuted independently, within and between models; percentile and number of data sets stand with the "
                "retention criteria.",
            )
        )
    return found


def _tree(taxonomy: dict[str, Any]) -> Tree:
    return Tree("The taxonomy: dimensions, subdimensions, words (most central first)", edits.branches(taxonomy))


def _unassigned(taxonomy: dict[str, Any], assignments: pd.DataFrame) -> Block:
    """The words without a dimension, by the reason why."""
    why = {
        str(r["word"]): str(r.get("placed_by") or "unassigned").removeprefix("unassigned: ")
        for r in records(assignments)
    }
    reasons: dict[str, list[str]] = {}
    for word in taxonomy["unassigned"]:
        reasons.setdefault(why.get(str(word), "unassigned"), []).append(str(word))
    lines = tuple(
        f"{reason} ({count(len(words), 'word')}): {', '.join(words)}" for reason, words in sorted(reasons.items())
    )
    title = f"{count(len(taxonomy['unassigned']), 'word')} without a dimension"
    return Details(title, (Bullets("", lines),))


def _tables(evidence: Evidence, assignments: pd.DataFrame) -> list[Block]:
    found: list[Block] = []
    retention, loadings = evidence.table("retention"), evidence.table("loadings")
    if retention is not None and not retention.empty:
        found.append(retention_table(retention))
    if loadings is not None and not loadings.empty:
        found.append(loadings_table(loadings, assignments, evidence.file.taxonomy.salient))
        correlations = evidence.table("factor_correlations")
        if correlations is not None and len(correlations) > 1:
            found.append(factor_correlations_table(correlations))
    for name, made in _MORE:
        table = evidence.table(name)
        if table is not None and not table.empty:
            found.append(made(table))
    return found


_MORE: tuple[tuple[str, Callable[[pd.DataFrame], Table]], ...] = (
    ("intrinsic", intrinsic_table),
    ("cluster_numbers", cluster_numbers_table),
    ("stability", stability_table),
    ("structure_agreement", agreement_table),
    ("controls", controls_table),
)
"""Tables that are shown as they are, in their order."""
