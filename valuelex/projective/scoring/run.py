"""The step: judgements -> scores of models, and what is known of the test as a test."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.projective.scoring.ratings import completion_scores, judge_scores, parents
from valuelex.projective.scoring.reliability import reliability
from valuelex.projective.scoring.scores import model_scores
from valuelex.projective.scoring.settings import ScoringSettings


def score(
    judgements: pd.DataFrame,
    completions: pd.DataFrame,
    instrument: pd.DataFrame,
    settings: ScoringSettings,
    *,
    confidence: float = 0.95,
) -> dict[str, pd.DataFrame | dict[str, Any]]:
    """Return the tables `completion_scores` and `scores` and the document `reliability`.

    Parameters
    ----------
    judgements, completions, instrument : DataFrame
        The tables of those names; the instrument says which subdimension belongs to which dimension.
    settings : ScoringSettings
    confidence : float
        Coverage of all intervals, 0-1.
    """
    dimension_of = parents(instrument)
    rated = judge_scores(judgements, completions, dimension_of, not_applicable=settings.not_applicable)
    scored = completion_scores(rated, dimension_of)
    return {
        "completion_scores": scored,
        "scores": model_scores(scored, confidence=confidence),
        "reliability": reliability(scored, judgements),
    }
