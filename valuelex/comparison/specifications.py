"""Every other defensible way to put the same contrast: what is held equal, what counts as a cluster, level or profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import Any

import pandas as pd

from valuelex.comparison.covariates import COVARIATES
from valuelex.comparison.inference import models_like_these
from valuelex.comparison.questions import questions
from valuelex.comparison.scored import Scored
from valuelex.comparison.settings import ComparisonSettings, Covariate
from valuelex.tables import frame

HELD: tuple[Covariate, ...] = ("parameters", "training", "release_date", "open_weights")
"""Covariates that a contrast may be held equal on."""
CLUSTERS = ("family", "developer")
KEPT = ("contrast", "dimension", "estimate", "se", "ci_low", "ci_high", "p", "n_models", "n_families")


def specifications(readings: Mapping[str, Scored], facts: pd.DataFrame, settings: ComparisonSettings) -> pd.DataFrame:
    """Return the table `specifications`: each contrast in models like these, by choices that could as well have been made.

    Choices: which of the other covariates are held equal (none, each, all that vary), whether families or developers are
    the clusters, the measure, and what ratings are taken as. Estimates that cannot be formed are left out. Nothing is
    adjusted for their number: the picture shows how far the answer hangs on choices, and is no test.

    Parameters
    ----------
    readings : mapping of str -> Scored
        linear or ordinal -> scores as levels.
    facts : DataFrame
        What `covariates.join` gives.
    settings : ComparisonSettings
        Of it the contrasts, and which analysis is the study's own.
    """
    rows: list[dict[str, Any]] = []
    own = (tuple(sorted(settings.adjust_for)), settings.cluster, settings.scores)
    for held in _held(facts, settings):
        asked = settings.model_copy(update={"adjust_for": list(held)})
        for cluster, (kind, measure, scored) in product(_clusters(facts), _measured(readings)):
            choice = {
                "measure": measure,
                "scores": kind,
                "held_equal": ", ".join(held) or "nothing",
                "cluster": cluster,
                "own": (tuple(sorted(held)), cluster, kind) == own,
            }
            for question in questions(facts, asked):
                if question.groups is not None or question.refused or (held and question.covariate in held):
                    continue
                for dimension in scored.dimensions:
                    row = models_like_these(question, scored, dimension, facts[cluster], settings, None)
                    if row["ci_low"] is not None:
                        rows.append({name: row[name] for name in KEPT} | choice)
    return frame("specifications", rows)


def _measured(readings: Mapping[str, Scored]) -> list[tuple[str, str, Scored]]:
    """Every reading as levels, and as profiles where it has any."""
    levels = [(kind, "level", scored) for kind, scored in readings.items()]
    return levels + [(kind, "profile", one.ipsatised()) for kind, _, one in levels if len(one.dimensions) > 1]


def _held(facts: pd.DataFrame, settings: ComparisonSettings) -> Iterator[tuple[Covariate, ...]]:
    """Sets of covariates to hold equal: none, each of those that vary, all of them, and the study's own choice."""
    varied = [name for name in HELD if facts[name].nunique() > 1]
    seen: set[tuple[Covariate, ...]] = set()
    for chosen in ((), *combinations(varied, 1), tuple(varied), tuple(settings.adjust_for)):
        key = tuple(name for name in (*HELD, *COVARIATES) if name in chosen)
        if key not in seen:
            seen.add(key)
            yield chosen


def _clusters(facts: pd.DataFrame) -> list[str]:
    """Family and developer, the latter where it draws other lines."""
    same = pd.crosstab(facts["family"].fillna("?"), facts["developer"].fillna("?"))
    alike = bool(((same > 0).sum(axis=0) <= 1).all() and ((same > 0).sum(axis=1) <= 1).all())
    return [CLUSTERS[0]] if alike or facts["developer"].isna().all() else list(CLUSTERS)
