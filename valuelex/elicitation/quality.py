"""How often answers of each kind came back: a rate per model and label, with an interval that knows who was asked again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from valuelex.models.answers import LABELS
from valuelex.tables import frame

METHOD = (
    "Wilson score interval on the effective number of answers: n over the design effect of asking each respondent "
    "several times (ratio of the linearised to the binomial variance, at least 1; Korn and Graubard, 1998)"
)


def quality_table(responses: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Return the table `quality`: one row per model, mode and label that occurs anywhere, those at zero included.

    Parameters
    ----------
    responses : DataFrame
        The table of that name, its column `labels` filled.
    level : float
        Coverage of the intervals.
    """
    held = responses["labels"].fillna("").astype(str).str.split("|")
    there = [label for label in LABELS if held.map(lambda labels, label=label: label in labels).any()]
    rows: list[dict[str, Any]] = []
    for (model, mode), group in responses.groupby(["model_id", "elicitation"], sort=False):
        mine = held.loc[group.index]
        respondents = group["respondent_id"].astype(str).to_numpy()
        for label in there:
            hits = mine.map(lambda labels, label=label: label in labels).to_numpy(dtype=bool)
            n, k = len(hits), int(hits.sum())
            effective = effective_n(hits, respondents)
            low, high = _wilson(k / n, effective, level)
            rows.append(
                {
                    "model_id": model,
                    "elicitation": mode,
                    "label": label,
                    "n": n,
                    "k": k,
                    "rate": k / n,
                    "ci_low": low,
                    "ci_high": high,
                    "n_effective": effective,
                    "method": METHOD,
                }
            )
    return frame("quality", rows)


def effective_n(hits: np.ndarray, clusters: np.ndarray) -> float:
    """Return n over the design effect of a rate in clusters; n itself where the rate is 0 or 1, or there is one cluster.

    Parameters
    ----------
    hits : ndarray of bool, shape (n,)
    clusters : ndarray, shape (n,)
        Who answered.
    """
    n, rate = len(hits), float(hits.mean())
    names, codes = np.unique(clusters, return_inverse=True)
    if rate in (0.0, 1.0) or len(names) < 2:
        return float(n)
    residuals = np.bincount(codes, weights=hits - rate, minlength=len(names))
    variance = len(names) / (len(names) - 1) * float(residuals @ residuals) / n**2
    return float(n / max(1.0, variance / (rate * (1 - rate) / n)))


def _wilson(rate: float, n: float, level: float) -> tuple[float, float]:
    z = float(ndtri(0.5 + level / 2))
    middle, half = rate + z * z / (2 * n), z * float(np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)))
    # At the ends of the scale the interval ends there too, exactly and not but for rounding.
    low = 0.0 if rate == 0.0 else max(0.0, (middle - half) / (1 + z * z / n))
    return low, 1.0 if rate == 1.0 else min(1.0, (middle + half) / (1 + z * z / n))
