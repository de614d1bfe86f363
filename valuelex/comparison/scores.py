"""Scores of models: means over stems, with stems as the units that were sampled."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.tables import empty, frame


def completion_scores(
    judgements: pd.DataFrame, completions: pd.DataFrame, dimension_of: Mapping[str, str]
) -> pd.DataFrame:
    """Return one score per completion and scale, at both levels.

    Judges are averaged within a completion first, then subdimensions within their dimension: a completion counts once.

    Parameters
    ----------
    judgements, completions : DataFrame
        The tables of those names.
    dimension_of : mapping
        Finest scale -> dimension; a scale that has no dimension above it maps to itself.

    Returns
    -------
    DataFrame
        Columns completion_id, model_id, item_id, sample_index, level, dimension, score (float), judged and applicable counts.
    """
    unknown = sorted(set(judgements["completion_id"]) - set(completions["completion_id"]))
    if unknown:
        raise DataError(
            f"{len(unknown)} completion_id of the judgements are not among the completions, such as '{unknown[0]}'.",
            "Correct the ids, or give the completions that these judgements belong to.",
        )
    joined = judgements.merge(completions[["completion_id", "model_id", "item_id", "sample_index"]], on="completion_id")
    joined["applicable"] = joined["applicable"].fillna(False).astype(bool) & joined["score"].notna()
    joined["score"] = joined["score"].astype(float).where(joined["applicable"])
    keys = ["completion_id", "model_id", "item_id", "sample_index"]
    counts = {"score": ("score", "mean"), "applicable": ("applicable", "sum"), "judged": ("applicable", "size")}
    fine = joined.groupby([*keys, "dimension"], sort=True).agg(**counts).reset_index()
    upper = fine["dimension"].map(lambda name: dimension_of.get(name, name))
    has_levels = bool((upper != fine["dimension"]).any())
    coarse = fine.assign(dimension=upper).groupby([*keys, "dimension"], sort=True)
    dimensions = coarse.agg(
        score=("score", "mean"), applicable=("applicable", "sum"), judged=("judged", "sum")
    ).reset_index()
    parts = [dimensions.assign(level="dimension")]
    if has_levels:
        parts.append(fine.assign(level="subdimension"))
    return pd.concat(parts, ignore_index=True)


def item_means(scored: pd.DataFrame) -> pd.DataFrame:
    """Return the mean score of each model on each stem: samples of the same stem are repetitions, not further stems."""
    return (
        scored.groupby(["level", "dimension", "model_id", "item_id"], sort=True)["score"].mean().dropna().reset_index()
    )


def model_scores(scored: pd.DataFrame, *, confidence: float) -> pd.DataFrame:
    """Return the table `scores`: the mean over stems, its standard error, and a t interval with stems as units.

    With one stem there is a mean and no interval; with none, neither.
    """
    from scipy.stats import t

    if scored.empty:
        return empty("scores")
    means = item_means(scored)
    rows = []
    for (level, dimension, model), group in scored.groupby(["level", "dimension", "model_id"], sort=True):
        mine = (means["level"] == level) & (means["dimension"] == dimension) & (means["model_id"] == model)
        values = means.loc[mine, "score"].to_numpy(dtype=float)
        k = len(values)
        mean = float(values.mean()) if k else None
        se = float(values.std(ddof=1) / np.sqrt(k)) if k > 1 else None
        half = float(t.ppf((1 + confidence) / 2, k - 1)) * se if se is not None else None
        judged = int(group["judged"].sum())
        rows.append(
            {
                "model_id": model,
                "level": level,
                "dimension": dimension,
                "mean": mean,
                "se": se,
                "ci_low": mean - half if mean is not None and half is not None else None,
                "ci_high": mean + half if mean is not None and half is not None else None,
                "n": int(group["applicable"].sum()),
                "n_items": k,
                "applicable_share": int(group["applicable"].sum()) / judged if judged else None,
            }
        )
    return frame("scores", rows)
