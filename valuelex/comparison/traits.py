"""What a model has as a whole: the spread of its profile, how steadily it answers, how many values it names."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from valuelex.comparison.naming import named
from valuelex.comparison.scored import FloatArray, Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.comparison.squares import distinctness, form_variance, profile_variance
from valuelex.tables import frame

SAMPLES = "sample_variance"
ABOUT = "variance of the scores of samples of one completion, mean over stems"


def traits(
    scored: Scored,
    table: pd.DataFrame,
    words: pd.DataFrame | None = None,
    responses: pd.DataFrame | None = None,
    *,
    seed: int = 0,
) -> dict[str, Scored]:
    """Return the traits that these scores allow, each as scores of one dimension, so that every question can be put to it.

    Parameters
    ----------
    scored : Scored
        Scores as levels.
    table : DataFrame
        The table `item_scores` that they come from.
    words : DataFrame, optional
        The table `words`, where the study elicited words.
    responses : DataFrame, optional
        The table `responses`, for the prompts of the answers.
    seed : int
        Of the division of many answers into groups.
    """
    found = {
        "profile_variance": profile_variance(scored),
        "distinctness": distinctness(scored),
        SAMPLES: sample_variance(table),
        "form_variance": form_variance(table),
        **({} if words is None else named(words, responses, seed=seed)),
    }
    # A model may have named words and have no scores; what is known of it is not at hand here.
    known = {
        name: trait.of([m for m in trait.models if m in scored.models])
        for name, trait in found.items()
        if trait is not None
    }
    return {name: trait for name, trait in known.items() if trait.models}


def table_of(found: Mapping[str, Scored], distinct: Mapping[str, float], settings: ComparisonSettings) -> pd.DataFrame:
    """Return the table `traits`; `distinct` is the p of each model's profile being no other than the mean one."""
    rows = []
    for name, trait in found.items():
        for place, model in enumerate(trait.models):
            se, low, high = trait.interval(place, 0, settings.confidence)
            row = {
                "model_id": model,
                "trait": name,
                "estimate": trait.value(place, 0),
                "se": se,
                "ci_low": low,
                "ci_high": high,
            }
            rows.append(
                row | {"p": distinct.get(model) if name == "distinctness" else None, "method": trait.methods[name]}
            )
    return frame("traits", rows)


def sample_variance(table: pd.DataFrame) -> Scored | None:
    """Variance over samples of the same completion by the same judge, averaged over judges, dimensions and stems."""
    keys = ["model_id", "item_id", "dimension", "judge_id"]
    known = table.dropna(subset=["item_id"])
    if known.empty:
        return None
    cells = known.assign(score=known["score"].astype(float)).groupby(keys)["score"].var(ddof=1).dropna()
    if cells.empty:
        return None
    by_stem = cells.groupby(["item_id", "model_id"]).mean().unstack()
    n = by_stem.notna().sum()
    by_stem = by_stem.loc[:, n > 1]
    if by_stem.empty:
        return None
    n = by_stem.notna().sum()
    slope = ((by_stem - by_stem.mean()) / n * np.sqrt(n / (n - 1))).fillna(0.0).to_numpy()
    return _one(SAMPLES, by_stem.mean(), slope, n - 1)


def _one(name: str, value: pd.Series, rows: FloatArray, df: pd.Series) -> Scored:
    estimate = value.rename(name).to_frame()
    estimate.index = estimate.index.astype(str)
    degrees = df.to_numpy(dtype=np.float64)[:, None]
    return Scored(estimate, rows[:, :, None], len(rows), degrees, float("inf"), frozenset(), {name: ABOUT})
