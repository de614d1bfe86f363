"""The head of the page: which study, which models, how much was asked, and what it can and cannot show."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from valuelex.report import limits
from valuelex.report.content import Column, Table
from valuelex.report.edits import edits_in_short
from valuelex.report.evidence import Evidence
from valuelex.report.frozen import frozen_warnings
from valuelex.report.wording import NONE, count, is_missing, listed, percent, size, whole


@dataclass(frozen=True)
class Fact:
    """One number of the overview."""

    value: str
    name: str
    remark: str = ""


@dataclass(frozen=True)
class Overview:
    """What stands above the sections."""

    title: str
    summary: str
    facts: list[Fact]
    can: list[str]
    cannot: list[str]
    models: Table
    warnings: list[str]


def overview(evidence: Evidence) -> Overview:
    """Return the head of the page."""
    ids = evidence.model_ids
    who = (
        f"{count(len(ids), 'language model')} ({listed(ids, 6)})" if ids else "models that the given tables do not name"
    )
    return Overview(
        evidence.file.name,
        f"A valuelex study of {who}.",
        _facts(evidence),
        limits.can(evidence),
        limits.cannot(evidence),
        _models(evidence),
        _warnings(evidence),
    )


def _warnings(evidence: Evidence) -> list[str]:
    stale = [stage for stage, state in evidence.states.items() if state == "stale" and stage != "report"]
    missing = [stage for stage in evidence.wanted if evidence.states.get(stage) == "missing"]
    found = []
    if stale:
        found.append(
            f"Settings, inputs or code have changed since these steps were run: {listed(stale)}. What stands here is "
            "from the earlier run."
        )
    if missing:
        found.append(f"The chain has not been run to its end; still to come: {listed(missing)}.")
    return [*_no_structure(evidence), *frozen_warnings(evidence), *found, *edits_in_short(evidence)]


def _no_structure(evidence: Evidence) -> list[str]:
    """The verdict comes first where it is against the taxonomy: names of dimensions further down would be believed."""
    taxonomy = evidence.document("taxonomy")
    if taxonomy is None or evidence.given("taxonomy") or taxonomy["interpretable"]:
        return []
    reasons = [str(reason) for reason in taxonomy.get("reasons") or []]
    return [" ".join(["No interpretable structure was found.", *reasons[:1], "See the section taxonomy."])]


def _facts(evidence: Evidence) -> list[Fact]:
    found = [Fact(whole(len(evidence.model_ids)), "models")]
    responses, words = evidence.table("responses"), evidence.table("words")
    people = responses if responses is not None else words
    if people is not None:
        found.append(Fact(whole(people["respondent_id"].nunique()), "respondents", "configurations of the models"))
    found += _usable(responses, "answers")
    lexicon = evidence.table("lexicon")
    if lexicon is not None:
        found.append(Fact(whole(len(lexicon)), "value words"))
    adequacy, taxonomy = evidence.document("adequacy"), evidence.document("taxonomy")
    if adequacy is not None and not evidence.given("taxonomy"):
        remark = count(adequacy["n_factors"], "factor") if adequacy.get("n_factors") else "no factor analysis"
        found.append(Fact("yes" if adequacy["factorable"] else "no", "factorable", remark))
    if taxonomy is not None and not evidence.given("taxonomy"):
        size_ = count(len(taxonomy["dimensions"]), "dimension") + (", edited by hand" if taxonomy.get("edited") else "")
        found.append(Fact("yes" if taxonomy["interpretable"] else "no", "interpretable", size_))
    instrument = evidence.table("instrument")
    if instrument is not None:
        found.append(Fact(whole(len(instrument)), "stems"))
    found += _usable(evidence.table("completions"), "completions")
    comparisons = evidence.table("comparisons")
    if comparisons is not None and not comparisons.empty:
        tested = comparisons["p_adjusted"].dropna()
        clear = int((tested < 0.05).sum())
        found.append(Fact(f"{clear} of {len(tested)}", "contrasts", "with Holm-adjusted p below 0.05"))
    plan = evidence.standing
    if plan is not None:
        deviate = count(len(plan.deviations), "deviation") if plan.deviations else "no deviation"
        yes, when = "yes", "before the first answer"
        if plan.frozen.content["given"]:
            when = "tables were given: whether seen before is not known"
        if plan.frozen.answers:
            yes, when = "late", "after the first answer"
        found.append(Fact(yes, "frozen plan", f"{plan.frozen.when[:10]}, {when}; {deviate}"))
    return found


def _usable(table: pd.DataFrame | None, name: str) -> list[Fact]:
    if table is None:
        return []
    if table.empty:
        return [Fact("0", name)]
    return [Fact(whole(len(table)), name, f"{percent((table['status'] == 'ok').mean())} usable")]


def _models(evidence: Evidence) -> Table:
    entries = {model.id: model for model in evidence.models}
    rows: list[list[str]] = []
    for name in evidence.model_ids:
        model = entries.get(name)
        if model is None:
            rows.append([name, *([NONE] * 8)])
            continue
        entry = model.entry
        rows.append(
            [
                name,
                entry.family or NONE,
                entry.developer or NONE,
                NONE if is_missing(entry.parameters) else size(entry.parameters),
                entry.training or NONE,
                model.mode,
                NONE if entry.release_date is None else entry.release_date.isoformat(),
                NONE if entry.open_weights is None else "open" if entry.open_weights else "closed",
                entry.licence or NONE,
            ]
        )
    heads = (
        Column("model", code=True, look="model"),
        Column("family"),
        Column("developer"),
        Column("parameters", number=True),
        Column("training"),
        Column("frame"),
        Column("released"),
        Column("weights"),
        Column("licence"),
    )
    note = (
        "From the registry and the study file; a dash is unknown. Frame: chat answers a question, completion continues "
        "a text."
    )
    return Table("models", "The models", heads, [list(r) for r in rows], note)
