"""The step: judgements -> scores of models, and what is known of the test as a test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from valuelex.projective.judging.plan import check_items
from valuelex.projective.scoring.generalizability import dimension_pairs, g_studies
from valuelex.projective.scoring.items import item_analysis
from valuelex.projective.scoring.multitrait import multitrait, places, word_shares
from valuelex.projective.scoring.ratings import completion_scores, judge_scores, parents
from valuelex.projective.scoring.reliability import reliability
from valuelex.projective.scoring.scores import item_scores, long_ratings, model_scores
from valuelex.projective.scoring.settings import ScoringSettings
from valuelex.projective.scoring.short_form import short_forms
from valuelex.projective.scoring.structure import dimension_structure


def score(
    judgements: pd.DataFrame,
    completions: pd.DataFrame,
    instrument: pd.DataFrame,
    settings: ScoringSettings,
    *,
    confidence: float = 0.95,
    seed: int = 0,
    words: pd.DataFrame | None = None,
    assignments: pd.DataFrame | None = None,
    crosswalk: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame | dict[str, Any]]:
    """Return every table of the step and the document `reliability`.

    Parameters
    ----------
    judgements, completions, instrument : DataFrame
        The tables of those names; the instrument says which subdimension belongs to which dimension.
    settings : ScoringSettings
    confidence : float
        Coverage of all intervals, 0-1.
    seed : int
        Of the resamples.
    words, assignments, crosswalk : DataFrame, optional
        The tables of those names, where the study elicited words: another method beside the test.

    Raises
    ------
    DataError
        If a judgement's completion is not among the completions, or a judged completion's item not in the instrument.
    """
    check_items(completions[completions["completion_id"].isin(judgements["completion_id"])], instrument)
    dimension_of = parents(instrument)
    rated = judge_scores(judgements, completions, dimension_of, not_applicable=settings.not_applicable)
    scored = completion_scores(rated, dimension_of)
    boot, chosen, structured, crossed = (int(s) for s in np.random.SeedSequence(seed).generate_state(4))
    scores, effects = model_scores(rated, scored, instrument, settings, confidence=confidence, seed=boot)
    ratings = long_ratings(rated, instrument)
    studies, generalizability = g_studies(ratings, settings)
    pairs = dimension_pairs(scored, level=confidence)
    structure, verdict = dimension_structure(
        scored, pairs, dimension_of, draws=settings.bootstrap, level=confidence, seed=structured
    )
    upper = ratings[ratings["level"] == "dimension"]
    place_of = places(assignments, crosswalk, set(upper["dimension"].astype(str))) if words is not None else {}
    shares = word_shares(words, place_of) if words is not None and place_of else None
    crosswise, validity = multitrait(upper, shares, draws=settings.bootstrap, level=confidence, seed=crossed)
    if words is None:
        validity["words"] = "The study has no elicited words."
    elif shares is None:
        validity["words"] = "The words were not sorted under the dimensions of the test."
    shorter, worth = short_forms(scored, instrument, size=settings.short_form, seed=chosen)
    document = reliability(scored, judgements, instrument)
    for name, scale in document["scales"].items():
        scale["generalizability"] = generalizability.get(name)
        if name in worth:
            scale["short_form"] = worth[name]
    document |= {
        "not_applicable": settings.not_applicable,
        "judges_taken_as": settings.judges,
        "structure": verdict,
        "multitrait": validity,
    }
    return {
        "completion_scores": scored,
        "item_scores": item_scores(ratings),
        "scores": scores,
        "score_effects": effects,
        "items": item_analysis(scored, instrument),
        **studies,
        "dimension_pairs": pairs,
        "dimension_structure": structure,
        "multitrait": crosswise,
        "short_form": shorter,
        "reliability": document,
    }
