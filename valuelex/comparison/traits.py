"""What a model has as a whole: the spread of its profile, how steadily it answers, how many values it names."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.comparison.scored import FloatArray, Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.comparison.squares import distinctness, form_variance, profile_variance
from valuelex.tables import frame

SAMPLES, DIVERSITY = "sample_variance", "diversity"
ABOUT = {
    SAMPLES: "variance of the scores of samples of one completion, mean over stems",
    DIVERSITY: "effective number of value words (Hill number of order 1), rarefied to as many answers of every model",
}
FEWEST_ANSWERS = 10
"""Answers with a value word from which on a model's diversity is estimated."""


def traits(
    scored: Scored, table: pd.DataFrame, words: pd.DataFrame | None = None, *, seed: int = 0
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
    seed : int
        Of the division of many answers into groups.
    """
    distinct = distinctness(scored)
    found = {
        "profile_variance": profile_variance(scored),
        "distinctness": None if distinct is None else distinct[0],
        SAMPLES: sample_variance(table),
        "form_variance": form_variance(table),
        DIVERSITY: None if words is None else diversity(words, seed=seed),
    }
    # A model may have named words and have no scores; what is known of it is not at hand here.
    known = {
        name: trait.of([m for m in trait.models if m in scored.models])
        for name, trait in found.items()
        if trait is not None
    }
    return {name: trait for name, trait in known.items() if trait.models}


def table_of(found: Mapping[str, Scored], scored: Scored, settings: ComparisonSettings) -> pd.DataFrame:
    """Return the table `traits`; `scored` are the levels, for the test of distinctness."""
    from scipy.special import stdtrit

    distinct = distinctness(scored)
    p_of = {} if distinct is None else distinct[1].dropna().to_dict()
    rows = []
    for name, trait in found.items():
        for place, model in enumerate(trait.models):
            weights = np.zeros((len(trait.models), 1))
            weights[place] = 1.0
            se, df = trait.error(weights)
            half = float(stdtrit(min(df, 1e8), 0.5 + settings.confidence / 2)) * se
            value = trait.value(place, 0)
            row = {"model_id": model, "trait": name, "estimate": value, "se": se, "method": trait.methods[name]}
            row |= {"ci_low": value - half, "ci_high": value + half}
            rows.append(row | {"p": p_of.get(model) if name == "distinctness" else None})
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
    nothing = np.zeros((0, by_stem.shape[1]))
    return _one(SAMPLES, by_stem.mean(), slope, len(by_stem), float(n.min() - 1), nothing)


def diversity(words: pd.DataFrame, *, seed: int = 0) -> Scored | None:
    """Effective number of value words that each model names, in as many answers as the model with fewest has.

    Parameters
    ----------
    words : DataFrame
        The table `words`; words that were kept count, each once an answer. Models with fewer than ten such
        answers are left out.
    seed : int
    """
    kept = words[words["kept"].fillna(False).astype(bool) & words["word"].notna()]
    tables = {
        str(model): pd.crosstab(rows["response_id"].astype(str), rows["word"].astype(str)).clip(upper=1)
        for model, rows in kept.groupby("model_id", sort=True)
    }
    tables = {model: units for model, units in tables.items() if len(units) >= FEWEST_ANSWERS}
    if not tables:
        return None
    size = min(len(units) for units in tables.values())
    found = [pm.hill_numbers(units.to_numpy(), orders=[1], size=size, seed=seed) for units in tables.values()]
    groups = [len(one.influence) for one in found]
    rows = np.zeros((sum(groups), len(found)))
    start = 0
    for place, one in enumerate(found):
        rows[start : start + groups[place], place] = one.influence.to_numpy()[:, 0]
        start += groups[place]
    value = pd.Series([float(one.numbers["expected"].iloc[0]) for one in found], index=list(tables))
    return _one(DIVERSITY, value, rows, len(rows), float(min(groups) - 1), np.zeros((0, len(found))))


def _one(name: str, value: pd.Series, stems: FloatArray, n_stems: int, df: float, rest: FloatArray) -> Scored:
    estimate = value.rename(name).to_frame()
    estimate.index = estimate.index.astype(str)
    sources = np.concatenate([stems, rest])[:, :, None]
    return Scored(estimate, sources, n_stems, df, float("inf"), bool(sources.any()), {name: ABOUT[name]})
