"""The step: judgements -> scores of models, contrasts between them, and what is known of their reliability."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.comparison.contrasts import compare
from valuelex.comparison.reliability import reliability
from valuelex.comparison.scores import completion_scores, model_scores
from valuelex.comparison.settings import ComparisonSettings


def run(
    judgements: pd.DataFrame,
    completions: pd.DataFrame,
    instrument: pd.DataFrame,
    *,
    facts: pd.DataFrame,
    settings: ComparisonSettings,
) -> dict[str, pd.DataFrame | dict[str, Any]]:
    """Return the tables `scores` and `comparisons` and the document `reliability`.

    Parameters
    ----------
    judgements, completions, instrument : DataFrame
        The tables of those names; the instrument says which subdimension belongs to which dimension.
    facts : DataFrame
        The registry's facts, one row per model, indexed by model_id. Models that it lacks have no covariates.
    """
    known = instrument.dropna(subset=["subdimension"])
    dimension_of = dict(zip(known["subdimension"].astype(str), known["dimension"].astype(str), strict=True))
    scored = completion_scores(judgements, completions, dimension_of)
    facts = facts.reindex(sorted(set(facts.index) | set(completions["model_id"])))
    return {
        "scores": model_scores(scored, confidence=settings.confidence),
        "comparisons": compare(scored, facts, settings),
        "reliability": reliability(scored, judgements),
    }
