"""The step: scores of models and what is known of the models -> contrasts, profiles, places, and what became of the claims."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from valuelex.comparison import covariates
from valuelex.comparison.biases import bias_shares, profile_shares
from valuelex.comparison.claims.document import load_claims
from valuelex.comparison.claims.evaluate import Evidence, evaluate
from valuelex.comparison.composition import composition, halo
from valuelex.comparison.contrasts import contrasts
from valuelex.comparison.power import power_table
from valuelex.comparison.ranks import ranks
from valuelex.comparison.reference import read_reference, reference_similarity
from valuelex.comparison.scales import read_scores
from valuelex.comparison.scored import Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.comparison.specifications import specifications
from valuelex.comparison.squares import distinct_p
from valuelex.comparison.traits import table_of, traits
from valuelex.tables import empty

TABLES = (
    "comparisons",
    "covariates",
    "ranks",
    "profiles",
    "profile_pairs",
    "model_clusters",
    "traits",
    "claims",
    "bias_shares",
    "profile_shares",
    "power",
    "reference_similarity",
    "specifications",
)


def run(
    scores: pd.DataFrame,
    *,
    facts: pd.DataFrame,
    settings: ComparisonSettings,
    sampled_judges: bool = False,
    folder: Path | None = None,
    taxonomy: Mapping[str, Any] | None = None,
    adequacy: Mapping[str, Any] | None = None,
    model_scores: pd.DataFrame | None = None,
    words: pd.DataFrame | None = None,
    responses: pd.DataFrame | None = None,
    instrument: str = "",
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
        Where the files that the settings name lie.
    taxonomy, adequacy : mapping, optional
        Documents of the study's own taxonomy, for claims of its structure.
    model_scores : DataFrame, optional
        The table `scores`, for claims of what is applicable.
    words : DataFrame, optional
        The table `words`, for the diversity of what models name.
    responses : DataFrame, optional
        The table `responses`, for how much of that hangs on the prompt.
    instrument : str
        The taxonomy that the test was made for.
    seed : int

    Raises
    ------
    DataError
        Scores outside their scale, or that contradict one another.
    """
    if scores.empty:
        return {name: empty(name) for name in TABLES} | {"comparison": {"reason": "There are no scores."}}
    finest = read_scores(scores, scale=settings.scale, sampled_judges=sampled_judges, kind=settings.scores)
    scored = finest.grouped(settings.dimensions) if settings.dimensions else finest
    readings: dict[str, Scored] = {settings.scores: scored}
    if settings.scores == "ordinal":
        linear = read_scores(scores, scale=settings.scale, sampled_judges=sampled_judges)
        readings["linear"] = linear.grouped(settings.dimensions) if settings.dimensions else linear
    file = None if settings.covariates is None else (folder or Path()) / settings.covariates
    known = covariates.join(scored.models, facts, file)
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(7)]
    tables, document = composition(scored, known[settings.cluster], settings, seed=seeds[0])
    if settings.dimensions:
        document["halo_of_scales"] = halo(finest)
    found = traits(scored, scores, words, responses, seed=seeds[5])
    people = empty("reference_similarity")
    if settings.reference is not None:
        known_people = read_reference((folder or Path()) / settings.reference)
        people = reference_similarity(scored, known_people, settings, seed=seeds[6])
    claimed = empty("claims")
    if settings.claims is not None:
        evidence = Evidence(scored, found, known, known[settings.cluster], taxonomy, adequacy, model_scores, instrument)
        claimed = evaluate(load_claims(settings.claims, folder or Path()), evidence, settings, seed=seeds[1])
    return {
        "comparisons": contrasts(scored, known, settings, seed=seeds[2]),
        "covariates": covariates.table(known),
        "ranks": ranks(scored, settings, seed=seeds[3]),
        **tables,
        "traits": table_of(found, distinct_p(scored), settings),
        "claims": claimed,
        "bias_shares": bias_shares(scores, settings),
        "profile_shares": profile_shares(scores, settings),
        "power": power_table(scored, known[settings.cluster], settings, seed=seeds[4]),
        "reference_similarity": people,
        "specifications": specifications(readings, known, settings),
        "comparison": {"scores": scored.methods, **document},
    }
