"""The step: scores of models and what is known of the models -> contrasts, profiles, places, and what became of the claims."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from valuelex.comparison import covariates
from valuelex.comparison.composition import composition, halo
from valuelex.comparison.contrasts import contrasts
from valuelex.comparison.ranks import ranks
from valuelex.comparison.scored import read_scores
from valuelex.comparison.settings import ComparisonSettings
from valuelex.tables import empty

TABLES = ("comparisons", "covariates", "ranks", "profiles", "profile_pairs", "model_clusters")


def run(
    scores: pd.DataFrame,
    *,
    facts: pd.DataFrame,
    settings: ComparisonSettings,
    sampled_judges: bool = False,
    folder: Path | None = None,
    seed: int = 0,
) -> dict[str, pd.DataFrame | dict[str, Any]]:
    """Return the tables of the step and the document `comparison`.

    Parameters
    ----------
    scores : DataFrame
        The table `item_scores`.
    facts : DataFrame
        What the study says of its models, indexed by model_id; the registry fills what it does not say.
    settings : ComparisonSettings
    sampled_judges : bool
        Whether scores are to generalise to other judges (scoring.judges).
    folder : Path, optional
        Where `settings.covariates` lies.
    seed : int

    Raises
    ------
    DataError
        Scores outside their scale, or that contradict one another.
    """
    if scores.empty:
        return {name: empty(name) for name in TABLES} | {"comparison": {"reason": "There are no scores."}}
    finest = read_scores(scores, scale=settings.scale, sampled_judges=sampled_judges)
    scored = finest.grouped(settings.dimensions) if settings.dimensions else finest
    file = None if settings.covariates is None else (folder or Path()) / settings.covariates
    known = covariates.join(scored.models, facts, file)
    of_contrasts, of_ranks, of_profiles = (int(s) for s in np.random.SeedSequence(seed).generate_state(3))
    tables, document = composition(scored, known["family"], settings, seed=of_profiles)
    if settings.dimensions:
        document["halo_of_scales"] = halo(finest)
    return {
        "comparisons": contrasts(scored, known, settings, seed=of_contrasts),
        "covariates": covariates.table(known),
        "ranks": ranks(scored, settings, seed=of_ranks),
        **tables,
        "comparison": {"scores": scored.methods, **document},
    }
