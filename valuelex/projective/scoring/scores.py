"""Scores of models: means over stems, with stems as the units that were sampled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from valuelex.projective.scoring.ratings import item_means
from valuelex.tables import empty, frame


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
