"""The section `compare`: what differs between models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from valuelex.report.compare_figures import (
    MOST_SERIES,
    forest,
    profile_dots,
    profile_map,
    profile_parts,
    sizes,
    slopes,
    specification_curves,
)
from valuelex.report.compare_tables import (
    bias_table,
    claims_table,
    missing_table,
    people_table,
    power_table,
    profile_table,
    ranks_table,
    traits_table,
)
from valuelex.report.content import Block, Cell, Column, Details, Section, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.wording import (
    NONE,
    count,
    interval,
    listed,
    number,
    p_phrase,
    p_value,
    percent,
    plain_settings,
)
from valuelex.tables import empty

NAME, TITLE = "compare", "What differs between models?"
OURS = "How the paper tests differences is not public; units, intervals and smallest effect are our own."
ALPHA = 0.05
SCOPES = ("models like these", "these models")
OPENING = {
    "models like these": "In models like these (models and families sampled)",
    "these models": "Among just these models (models fixed, stems sampled)",
}


def section(evidence: Evidence) -> Section:
    """Turn the tables of the step into the section."""
    comparisons = evidence.table("comparisons")
    if comparisons is None:
        return Section(NAME, TITLE, absent=evidence.absent(NAME))
    settings = plain_settings(evidence.file.comparison)
    smallest = evidence.file.comparison.smallest_effect
    contrasts = records(comparisons)
    ranks = _or_empty(evidence, "ranks")
    models = sorted(set(ranks["model_id"]))
    document = evidence.document("comparison") or {}
    groups = _said_of_groups(document.get("clusters") or {})
    findings = [
        *_contrast_findings(contrasts, models),
        *([groups] if groups else []),
        *_halo_findings(document, _or_empty(evidence, "bias_shares")),
    ]
    claims = _or_empty(evidence, "claims")
    findings += _claim_findings(claims)
    blocks: list[Block] = _pictures(evidence, contrasts, smallest)
    blocks += [claims_table(claims)] if len(claims) else []
    for scope in SCOPES:
        mine = [row for row in contrasts if row["scope"] == scope]
        blocks += [_contrast_table(mine, smallest, scope)] if mine else []
    blocks += _details(evidence, contrasts, ranks)
    return Section(NAME, TITLE, findings, blocks, settings, OURS, warnings=evidence.warnings(NAME))


def _or_empty(evidence: Evidence, name: str) -> pd.DataFrame:
    """A table of this step; results of an earlier version lack some."""
    found = evidence.table(name)
    return empty(name) if found is None else found


def _pictures(evidence: Evidence, contrasts: list[dict[str, Any]], smallest: float) -> list[Block]:
    profiles, covariates = _or_empty(evidence, "profiles"), _or_empty(evidence, "covariates")
    clusters, tree = (
        _or_empty(evidence, "model_clusters"),
        (evidence.document("comparison") or {}).get("clusters") or {},
    )
    models = list(dict.fromkeys(profiles["model_id"].astype(str)))
    with_base = covariates.dropna(subset=["base"])
    pairs = dict(zip(with_base["model_id"].astype(str), with_base["base"].astype(str), strict=True))
    made = [
        *(forest(contrasts, smallest, scope, measure) for scope in SCOPES for measure in ("level", "profile")),
        profile_dots(profiles, models) if len(models) <= MOST_SERIES else None,
        profile_map(profiles, clusters, tree.get("links") or [], _said_of_groups(tree)),
        sizes(profiles, covariates),
        slopes(profiles, pairs),
    ]
    return [figure for figure in made if figure is not None]


def _details(evidence: Evidence, contrasts: list[dict[str, Any]], ranks: pd.DataFrame) -> list[Block]:
    profiles, covariates = _or_empty(evidence, "profiles"), _or_empty(evidence, "covariates")
    out: list[Block] = []
    if len(ranks):
        dimensions = [d for d in dict.fromkeys(ranks["dimension"].astype(str)) if d != "total"]
        out.append(ranks_table(ranks, "total"))
        out.append(Details("Places on each dimension", tuple(ranks_table(ranks, d) for d in dimensions)))
    shares = _or_empty(evidence, "bias_shares")
    if len(shares):
        out.append(bias_table(shares))
    if len(profiles):
        parts = profile_parts(_or_empty(evidence, "profile_shares"))
        shown = (profile_table(profiles),) if parts is None else (profile_table(profiles), parts)
        out.append(Details("Levels and profiles of every model", shown))
    traits = _or_empty(evidence, "traits")
    out += [Details("How distinct, steady and diverse models are", (traits_table(traits),))] if len(traits) else []
    people = _or_empty(evidence, "reference_similarity")
    out += [Details("Models beside people", (people_table(people),))] if len(people) else []
    curves = specification_curves(_or_empty(evidence, "specifications"))
    out += [Details("How far the answers hang on choices", tuple(curves))] if curves else []
    power = _or_empty(evidence, "power")
    out += [Details("What a study of more models could find", (power_table(power),))] if len(power) else []
    missing = missing_table(covariates)
    out += [Details("What is not known of the models", (missing,))] if missing is not None else []
    return out + ([Details("How each contrast was computed", (_methods(contrasts),))] if contrasts else [])


def _halo_findings(document: Mapping[str, Any], shares: pd.DataFrame) -> list[str]:
    found = []
    halo = document.get("halo_of_scales") or document.get("halo") or {}
    if "first_share" in halo and halo["first_share"] > 0.5:
        found.append(
            f"One general factor carries {percent(halo['first_share'], 0)} of the differences between "
            f"{halo['n_models']} models on {halo['n_dimensions']} scales (first eigenvalue "
            f"{number(halo['eigenvalues'][0])}, alpha {number(halo['alpha'])}): a level says much the same on every scale, "
            "so read profiles beside it."
        )
    part = shares.set_index("source")["share"].dropna().astype(float)
    if {"model x dimension", "model"} <= set(part.index):
        bias = float(part.reindex(["model", "model x valence"]).fillna(0.0).sum())
        found.append(
            f"Of the differences between single judgements {percent(part['model x dimension'])} set a model's dimensions apart "
            f"from other models', and {percent(bias)} raise or lower all that a model says (halo, acquiescence, valence)."
        )
    families = document.get("families") or {}
    if "p" in families:
        closer = "are closer in profile than" if families["p"] < ALPHA else "are not told to be closer in profile than"
        found.append(
            f"Models of one family {closer} models of different ones ({number(families['within'])} against "
            f"{number(families['between'])} points per dimension, {p_phrase(families['p'])} by permutation)."
        )
    return found


def _said_of_groups(groups: Mapping[str, Any]) -> str:
    """Whether the groups of models are more than what any profiles would fall into; empty where there are none."""
    if "p" not in groups:
        return ""
    if groups["p"] < ALPHA:
        said = f"Profiles fall into {count(groups['n'], 'group')}, further apart than those of profiles without groups"
    else:
        said = f"No groups of profiles can be told: the {groups['n']} that fit best are no further apart than chance makes them"
    return f"{said} (silhouette {number(groups['silhouette'])}, {p_phrase(groups['p'])} by simulation)."


def _claim_findings(claims: pd.DataFrame) -> list[str]:
    if claims.empty:
        return []
    by = {verdict: list(rows["claim"].astype(str)) for verdict, rows in claims.groupby("verdict")}
    order = ("supported", "contradicted", "undecided", "not testable")
    parts = [f"{verdict} {listed(by[verdict])}" for verdict in order if verdict in by]
    return [f"Of the paper’s {len(claims)} claims this study leaves {'; '.join(parts)}."]


def _contrast_findings(contrasts: list[dict[str, Any]], models: list[str]) -> list[str]:
    if len(models) < 2 or not contrasts:
        few = "no model has scores" if not models else "one model alone has scores"
        return [f"Nothing was compared: {few if len(models) < 2 else 'no contrast was asked for'}."]
    found = []
    for scope in SCOPES:
        found += _scope_findings([row for row in contrasts if row["scope"] == scope], scope)
    if len(models) == 2 and len({row["contrast"] for row in contrasts}) > 1:
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
        found.append(f"{OPENING[scope]}, of {count(len(tested), 'contrast')}: {listed(parts)}.")
        first = min(tested, key=lambda r: (r["p"], r["contrast"], r["dimension"]))
        found.append(
            f"The clearest is “{first['contrast']}” on {first['dimension']} ({first['measure']}): "
            f"{number(first['estimate'])} points {interval(first['ci_low'], first['ci_high'])}, Holm-adjusted p "
            f"{_signed(first['p_adjusted'])}; {first['verdict']}."
        )
    if untold:
        whys = sorted(untold.items(), key=lambda i: (-i[1], i[0]))
        parts = [f"{why.removeprefix('cannot be learned: ')} ({count(n, 'contrast')})" for why, n in whys]
        opening = "Not answered" if tested else f"{OPENING[scope]} nothing can be said"
        found.append(f"{opening}: {listed(parts, 4)}.")
    return found


def _signed(p: Any) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _gathered(contrasts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Contrasts that have no number, for one reason on every dimension and measure, as one row."""
    out: list[dict[str, Any]] = []
    places: dict[tuple[str, str], int] = {}
    for row in contrasts:
        key = (row["contrast"], row["verdict"] or "")
        if row["estimate"] is not None:
            out.append(row)
        elif key in places:
            held = out[places[key]]
            held |= {name: "all" for name in ("dimension", "measure") if held[name] != row[name]}
        else:
            places[key] = len(out)
            out.append(dict(row))
    return out


def _contrast_table(contrasts: list[dict[str, Any]], smallest: float, scope: str) -> Table:
    rows: list[list[str | Cell]] = []
    for r in _gathered(contrasts):
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
