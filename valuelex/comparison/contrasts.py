"""Every contrast on every dimension: estimates, tests adjusted for their number, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.comparison.inference import THESE, models_like_these, these_models
from valuelex.comparison.questions import Question, questions
from valuelex.comparison.scored import Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.tables import frame


def contrasts(scored: Scored, facts: pd.DataFrame, settings: ComparisonSettings, *, seed: int = 0) -> pd.DataFrame:
    """Return the table `comparisons`.

    Each contrast stands twice. *These models*: models fixed, stems (and judges, where taken as sampled) random; it says whether
    just these models differ on stems like these. *Models like these*: models and families are samples too; it says whether the
    covariate goes with the scores, and needs families in which to see it. p values are adjusted within each scope and measure,
    by Holm (any false one) and by Benjamini and Hochberg (share of false ones); contrasts that weigh the models in the same
    proportions (with two models, all of them) count once.

    Parameters
    ----------
    scored : Scored
        Scores as levels.
    facts : DataFrame
        What `covariates.join` gives.
    settings : ComparisonSettings
    seed : int
        Of the resamples.
    """
    asked = questions(facts, settings)
    measures = {"level": scored, "profile": scored.ipsatised() if len(scored.dimensions) > 1 else None}
    rows: list[dict[str, Any]] = []
    for measure in settings.measures:
        scores = measures[measure]
        if scores is None:
            continue
        for number, question in enumerate(asked):
            for place, dimension in enumerate(scores.dimensions):
                own = int(np.random.SeedSequence([seed, number, place]).generate_state(1)[0])
                for row in (
                    these_models(question, scores, dimension, settings),
                    models_like_these(question, scores, dimension, facts[settings.cluster], settings, own),
                ):
                    rows.append({"measure": measure, **row})
    same = _same_questions(asked, scored)
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["measure"], row["scope"]), []).append(row)
    for members in groups.values():
        _adjust(members, same, settings)
    return frame("comparisons", rows)


def _adjust(rows: list[dict[str, Any]], same: dict[str, str], settings: ComparisonSettings) -> None:
    """Adjust the p values of one family of tests and give each row its verdict."""
    counted = [row for row in rows if same[row["contrast"]] == row["contrast"] or row["scope"] != THESE]
    told: dict[tuple[str, str], tuple[float | None, ...]] = {}
    adjusted = (
        pm.holm([row["p"] for row in counted]),
        pm.benjamini_hochberg([row["p"] for row in counted]),
        pm.holm([row["p_equivalence"] for row in counted]),
    )
    for row, *values in zip(counted, *adjusted, strict=True):
        told[row["contrast"], row["dimension"]] = tuple(values)
    for row in rows:
        first = same[row["contrast"]] if row["scope"] == THESE else row["contrast"]
        if first != row["contrast"]:
            row["method"] += f"; the same models set apart as in '{first}', so one question, counted once by Holm"
        row["p_adjusted"], row["p_bh"], equivalence = told[first, row["dimension"]]
        row["p_equivalence_adjusted"] = equivalence
        if row["verdict"] is None:
            row["verdict"] = _verdict(row, settings)


def _same_questions(asked: Sequence[Question], scored: Scored) -> dict[str, str]:
    """Name of each question -> the first one that weighs the models in the same proportions, sign aside."""
    seen: list[tuple[str, np.ndarray]] = []
    out: dict[str, str] = {}
    for question in asked:
        out[question.name] = question.name
        if question.refused:
            continue
        weights = question.weights(question.models)
        full = pd.Series(0.0, index=scored.models)
        full[list(question.models)] = weights
        vector = full.to_numpy()
        for name, other in seen:
            if abs(vector @ other) > (1 - 1e-9) * np.linalg.norm(vector) * np.linalg.norm(other):
                out[question.name] = name
                break
        else:
            seen.append((question.name, vector))
    return out


def _verdict(row: dict[str, Any], settings: ComparisonSettings) -> str:
    """What tests and interval say together: a difference and equivalence each need their own adjusted p."""
    alpha, smallest = 1 - settings.confidence, settings.smallest_effect
    word = _plain_verdict(row, alpha, smallest)
    low, high, p = row["boot_low"], row["boot_high"], row["boot_p"]
    if p is None or word == "undecided":
        return word
    # The mixed model borrows strength from assuming that families differ in level alone; where that carries the answer, say so.
    agrees = (
        p < alpha if "differs" in word else low is not None and high is not None and -smallest < low and high < smallest
    )
    return word if agrees else f"{word}, by the mixed model; not confirmed by the bootstrap over families"


def _plain_verdict(row: dict[str, Any], alpha: float, smallest: float) -> str:
    differs = row["p_adjusted"] is not None and row["p_adjusted"] < alpha
    equivalent = row["p_equivalence_adjusted"] is not None and row["p_equivalence_adjusted"] < alpha
    if differs and equivalent:
        return f"differs by less than {smallest:g}"
    if equivalent:
        return f"equivalent within {smallest:g}"
    if not differs:
        return "undecided"
    if row["ci_low"] > smallest or row["ci_high"] < -smallest:
        return f"differs by more than {smallest:g}"
    return f"differs, perhaps by less than {smallest:g}"
