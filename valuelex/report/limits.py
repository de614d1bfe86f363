"""What the study can and cannot show, worked out from its models, its judges and its taxonomy."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd

from valuelex.report.evidence import Evidence
from valuelex.report.judge import validity, validity_sentence
from valuelex.report.wording import count, is_missing, listed, number, percent, size, spelled

TINY = 1e9
"""Below so many parameters a model of today is called tiny here."""

FEW = 10
"""With fewer models than this, a difference between groups of models is a difference between these models."""

_APART = ("family", "developer")
_FRAMES = {"chat": "a question to answer", "completion": "a text to continue"}


def can(evidence: Evidence) -> list[str]:
    """Return what the tables do answer."""
    models = len(evidence.model_ids)
    these = (
        "this one model"
        if models == 1
        else f"these {models} models"
        if models
        else "the models behind the given tables"
    )
    found = []
    if evidence.table("responses") is not None or evidence.table("words") is not None:
        found.append(
            f"Which words {these} named when asked in these ways, and how often the answers could be used at all."
        )
    if evidence.document("adequacy") is not None and not evidence.given("taxonomy"):
        found.append("Whether these words hang together more than chance allows, and how steady what was found is.")
    if evidence.table("scores") is not None:
        found.append(
            f"How {these} complete stems like these, as its judges read them"
            + (
                ", and whether they differ from one another by more than the choice of stems explains."
                if models > 1
                else "."
            )
        )
    return found


def cannot(evidence: Evidence) -> list[str]:
    """Return the limits, the frankest first."""
    found = [*_models(evidence), *_confounded(evidence.facts), *_nested(evidence), *_judges(evidence)]
    taxonomy = evidence.document("taxonomy")
    if taxonomy is not None and not taxonomy["interpretable"]:
        found.append(
            "The taxonomy should not be read as a structure of values. "
            + " ".join(str(reason) for reason in taxonomy["reasons"])
        )
    if evidence.file.inputs:
        names = listed(sorted(evidence.file.inputs))
        found.append(f"It starts from given tables ({names}): how these came about cannot be checked here.")
    return found


def _models(evidence: Evidence) -> list[str]:
    ids, facts = evidence.model_ids, evidence.facts
    if not ids:
        return ["No model is named: nothing is known of who answered."]
    found = []
    families = facts["family"].dropna().nunique()
    of = f" of {count(families, 'family', 'families')}" if families else ""
    if len(ids) == 1:
        found.append(
            f"One model alone ({ids[0]}) was studied: nothing can be compared between models; what varies are its settings."
        )
    elif len(ids) < FEW:
        found.append(
            f"{spelled(len(ids))} models{of} do not stand for language models at large: what is said below holds for "
            "these models, asked in these ways, and for no others. It neither supports nor refutes claims about model "
            "size, training or alignment."
        )
    else:
        found.append(
            f"{len(ids):,} models{of} are a sample of convenience; models of one family are not independent of one another."
        )
    sizes = facts["parameters"].dropna()
    if len(sizes) == len(ids) and sizes.max() < TINY:
        # The models' names go with their sizes: the reader should not have to look them up.
        told = listed(f"{model}: {size(value)} parameters" for model, value in sizes.items())
        who = "This model is" if len(ids) == 1 else "Both models are" if len(ids) == 2 else "All models are"
        found.append(
            f"{who} tiny ({told}); models in everyday use have tens to thousands of times as many. "
            f"{_yield(evidence)}The study shows that the chain works from prompt to comparison; it does not show what "
            "language models value."
        )
    return found


def _yield(evidence: Evidence) -> str:
    words = evidence.table("words")
    if words is None or words.empty:
        return ""
    kept = int(words["kept"].fillna(False).astype(bool).sum())
    share = percent(kept / len(words), 0)
    return f"Of the {len(words):,} words and phrases in their answers, {share} could be read as values. "


def _confounded(facts: pd.DataFrame) -> list[str]:
    """Name what differs together with training, so that the two cannot be told apart."""
    groups = {str(level): rows for level, rows in facts.dropna(subset=["training"]).groupby("training", sort=True)}
    found = []
    for low, high in itertools.combinations(sorted(groups), 2):
        a, b = groups[low]["parameters"].dropna(), groups[high]["parameters"].dropna()
        if a.empty or b.empty or not (a.max() < b.min() or b.max() < a.min()):
            continue
        (large, big), (small, little) = ((low, a), (high, b)) if a.min() > b.max() else ((high, b), (low, a))
        if len(big) == len(little) == 1:
            found.append(
                f"Size and training cannot be told apart: the only {large} model ({big.index[0]}, {size(big.iloc[0])} "
                f"parameters) is also the larger one, the only {small} model ({little.index[0]}, "
                f"{size(little.iloc[0])}) the smaller one."
            )
        else:
            found.append(
                f"Size and training cannot be told apart between {large} and {small} models: every {large} model is "
                f"larger than every {small} one."
            )
    modes = {level: set(rows["mode"].dropna()) for level, rows in groups.items()}
    if (
        len(groups) > 1
        and all(len(m) == 1 for m in modes.values())
        and len({next(iter(m)) for m in modes.values()}) == len(modes)
    ):
        told = listed(f"{level} models got {_FRAMES[next(iter(m))]}" for level, m in modes.items())
        found.append(f"The frame goes with the training: {told}. A difference may be one of frames.")
    if len(facts) == 2:
        apart = [name for name in _APART if facts[name].notna().all() and facts[name].nunique() == 2]
        if apart:
            found.append(f"The two models also differ in {listed(apart)}: any of these may be behind any difference.")
    return found


def _nested(evidence: Evidence) -> list[str]:
    table = evidence.table("responses")
    table = evidence.table("words") if table is None else table
    if table is None or table.empty:
        return []
    people, models = table["respondent_id"].nunique(), table["model_id"].nunique()
    if people <= models:
        return []
    return [
        f"The {people:,} respondents are configurations of {count(models, 'model')}, not {people:,} independent "
        "subjects: p values and fit indices that take them as such are too optimistic."
    ]


def _judges(evidence: Evidence) -> list[str]:
    table = evidence.table("judgements")
    if table is None or table.empty:
        return []
    names = sorted(set(table["judge_id"].astype(str)))
    found: dict[str, Any] | None = validity(evidence)
    parts = []
    if len(names) == 1:
        parts.append(f"One judge alone ({names[0]}) scored the completions: whether another would agree is not known.")
    else:
        icc = ((evidence.document("reliability") or {}).get("judges") or {}).get("icc_2_1")
        known = "could not be computed" if is_missing(icc) else f"is {number(icc)}"
        parts.append(f"{spelled(len(names))} judges scored the completions; their agreement, ICC(2,1), {known}.")
    if found:
        parts.append(validity_sentence(found))
    return [" ".join(parts)]
