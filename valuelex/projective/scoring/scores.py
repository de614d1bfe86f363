"""Scores of models: plain means over stems, and mixed-model estimates with stems, valences and judges taken out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.projective.scoring.ratings import COUNTS_AS, item_means
from valuelex.projective.scoring.settings import ScoringSettings
from valuelex.tables import frame


def long_ratings(rated: pd.DataFrame, instrument: pd.DataFrame) -> pd.DataFrame:
    """Return judges' scores under the names of a design: model, stem, sample, judge, valence, form, level, dimension, score."""
    of_item = instrument.set_index("item_id")[["valence", "form"]]
    table = rated.rename(
        columns={"model_id": "model", "item_id": "stem", "sample_index": "sample", "judge_id": "judge"}
    ).join(of_item, on="stem")
    names = ["model", "stem", "sample", "judge", "valence", "form", "level", "dimension", "score"]
    return table[names].astype({"sample": int})


def item_scores(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the table `item_scores`: what `long_ratings` gives, under the names of the other tables."""
    names = {"model": "model_id", "stem": "item_id", "sample": "sample_index", "judge": "judge_id"}
    return frame("item_scores", ratings.dropna(subset=["score"]).rename(columns=names).assign(se=None))


def model_scores(
    rated: pd.DataFrame,
    scored: pd.DataFrame,
    instrument: pd.DataFrame,
    settings: ScoringSettings,
    *,
    confidence: float,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables `scores` and `score_effects`.

    The plain mean is over stems: its error is that of other stems in the same proportions of valences (t, and studentised
    bootstrap), for these judges. The adjusted score is the mixed model's, at the instrument's mix of valences and, with
    judges fixed, at the mean of these judges.
    """
    means = item_means(scored)
    valence = instrument.set_index("item_id")["valence"]
    ratings = long_ratings(rated, instrument)
    rows: list[dict[str, Any]] = []
    effects: list[dict[str, Any]] = []
    for (level, dimension), group in scored.groupby(["level", "dimension"], sort=True):
        mine = ratings[(ratings["level"] == level) & (ratings["dimension"] == dimension)]
        adjusted, note, taken_out = _adjusted(mine, instrument, settings, confidence)
        effects += [{"level": level, "dimension": dimension, **row} for row in taken_out]
        here = means[(means["level"] == level) & (means["dimension"] == dimension)]
        for model, completions in group.groupby("model_id", sort=True):
            values = here[here["model_id"] == model]
            one = pm.mean_interval(
                values["score"].to_numpy(dtype=float),
                _strata(valence.reindex(values["item_id"])),
                level=confidence,
                bootstrap=settings.bootstrap,
                seed=int(np.random.SeedSequence([seed, len(rows)]).generate_state(1)[0]),
            )
            judged, applicable = int(completions["judged"].sum()), int(completions["applicable"].sum())
            rows.append(
                {
                    "model_id": model,
                    "level": level,
                    "dimension": dimension,
                    "mean": one.mean,
                    "se": one.se,
                    "ci_low": one.ci_low,
                    "ci_high": one.ci_high,
                    "n": applicable if COUNTS_AS[settings.not_applicable] is None else judged,
                    "n_items": one.n,
                    "applicable_share": applicable / judged if judged else None,
                    "boot_low": one.boot_low,
                    "boot_high": one.boot_high,
                    **adjusted.get(str(model), dict.fromkeys(_ADJUSTED)),
                    "note": note,
                }
            )
    return frame("scores", rows), frame("score_effects", effects)


_ADJUSTED = {
    "adjusted": "estimate",
    "adjusted_se": "se",
    "adjusted_df": "df",
    "adjusted_low": "ci_low",
    "adjusted_high": "ci_high",
    "predicted": "shrunken",
}


def _strata(valences: pd.Series) -> Sequence[object]:
    return valences.astype(object).where(valences.notna(), "unknown").tolist()


def _adjusted(
    ratings: pd.DataFrame, instrument: pd.DataFrame, settings: ScoringSettings, confidence: float
) -> tuple[dict[str, dict[str, Any]], str | None, list[dict[str, Any]]]:
    """Adjusted scores by model, why there are none, and what was taken out."""
    there = ratings.dropna(subset=["score"])
    if there.empty:
        return {}, "no score", []
    if there["stem"].nunique() < 2:
        return {}, "no adjusted score: one stem alone says nothing of others.", []
    effects, fixed = pm.crossed_effects(there, sampled_raters=settings.judges == "random")
    # The mix of valences is the instrument's, whatever share of each was found applicable.
    mix = instrument[instrument["item_id"].isin(there["stem"])]["valence"].value_counts()
    weights: dict[str, dict[Any, float] | None] = {
        name: {str(v): float(n) for v, n in mix.items()} if name == "valence" else None for name in fixed
    }
    try:
        found = pm.mixed_scores(
            there.astype({"valence": object}), effects, object="model", fixed=weights, level=confidence
        )
    except ValuelexError as error:
        return {}, f"no adjusted score: {error.what}", []
    adjusted = {
        str(model): {name: float(row[of]) for name, of in _ADJUSTED.items()}
        for model, row in found.scores.to_dict("index").items()
    }
    taken_out = [
        {
            "source": row["covariate"],
            "name": str(row["level"]),
            "estimate": row["estimate"],
            "se": row["se"],
            "share": None,
        }
        for row in found.covariates.to_dict("records")
    ]
    taken_out += [
        {"source": "variance", "name": str(name), "estimate": row["estimate"], "se": row["se"], "share": row["share"]}
        for name, row in found.components.to_dict("index").items()
        if np.isfinite(row["estimate"])
    ]
    return adjusted, None, taken_out
