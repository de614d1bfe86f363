"""Places of models with their uncertainty: rank intervals and tied sets in place of a ranking, and a weighted total."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.comparison.scored import Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.errors import DataError
from valuelex.tables import frame

FloatArray = NDArray[np.float64]
TOTAL = "total"


def with_total(scored: Scored, weights: Mapping[str, float]) -> Scored:
    """The scores with one more dimension: their mean in these proportions (all the same where none are given).

    Raises
    ------
    DataError
        Weights of dimensions that there are none of, or a dimension that is called total.
    """
    unknown = sorted(set(weights) - set(scored.dimensions))
    if unknown:
        raise DataError(
            f"comparison.weights names {', '.join(unknown)}, which is no dimension.",
            f"The dimensions are: {', '.join(scored.dimensions)}.",
        )
    if TOTAL in scored.dimensions:
        raise DataError(
            f"A dimension is called '{TOTAL}'.", "Give it another name; the total over dimensions has this one."
        )
    given = np.array([weights.get(d, 0.0) if weights else 1.0 for d in scored.dimensions])
    matrix = pd.DataFrame(np.eye(len(given)), index=scored.dimensions, columns=scored.dimensions)
    return scored.mapped(matrix.assign(**{TOTAL: given / given.sum()}))


def ranks(scored: Scored, settings: ComparisonSettings, *, seed: int = 0) -> pd.DataFrame:
    """Return the table `ranks`: one row per model and dimension, the weighted total among them.

    Two models are *tied* on a dimension where their difference on the same stems is not told from 0, its p held against the
    smallest one over all pairs of equal models of the dimension (single step, Westfall & Young, 1993): with the confidence
    asked for no pair of equal models is called different. A rank interval goes from one plus the models that are told to be
    better to the number of models less those told to be worse; all intervals of a dimension hold together (Mohamad, Goeman &
    van Zwet, 2022).

    Models without score errors have ranks and no intervals.
    """
    whole = with_total(scored, settings.weights)
    rows: list[dict[str, Any]] = []
    for place, dimension in enumerate(whole.dimensions):
        values = whole.estimate[dimension].dropna().sort_values(ascending=False)
        models = [str(m) for m in values.index]
        error = dimension not in whole.unknown and len(models) > 1
        better = _told_apart(whole, dimension, models, settings, seed + place) if error else None
        for rank, model in enumerate(models, start=1):
            row: dict[str, Any] = {"model_id": model, "dimension": dimension, "score": float(values[model])}
            row |= dict.fromkeys(("se", "ci_low", "ci_high", "rank_low", "rank_high", "tied"))
            row |= {"rank": rank, "n_models": len(models), "method": whole.methods[dimension]}
            if better is not None:
                i = rank - 1
                limits = whole.interval(whole.models.index(model), place, settings.confidence)
                row |= dict(zip(("se", "ci_low", "ci_high"), limits, strict=True))
                row["rank_low"] = 1 + int(better[:, i].sum())
                row["rank_high"] = len(models) - int(better[i].sum())
                tied = [m for j, m in enumerate(models) if j != i and not better[i, j] and not better[j, i]]
                row["tied"] = ", ".join(tied) or None
            rows.append(row)
    return frame("ranks", rows)


def _told_apart(
    scored: Scored, dimension: str, models: list[str], settings: ComparisonSettings, seed: int
) -> NDArray[np.bool_]:
    """[i, j]: whether model i is told to be better than j."""
    places = [scored.models.index(m) for m in models]
    column = scored.dimensions.index(dimension)
    part = scored.sources[:, places, column]
    values = scored.estimate[dimension].to_numpy(dtype=np.float64)[places]
    low, high = np.triu_indices(len(models), 1)
    differences = part[:, low] - part[:, high]
    se = np.sqrt((differences**2).sum(axis=0))
    # Copies of one model differ by rounding alone.
    rounding = 1e-9 * max(float(np.abs(values).max(initial=0.0)), 1e-300)
    known = se > rounding
    # Multiplying every stem's part by a random sign and size redraws the error of all pairs at once, with its correlations.
    # Pairs with fewer stems have longer tails: p values are compared with the smallest p of a draw (Westfall & Young, 1993).
    from scipy.special import chdtri, stdtr

    rng = np.random.default_rng(seed)
    df = np.minimum(np.minimum(scored.df[places, column][low], scored.df[places, column][high]), 1e6)
    noise = rng.standard_normal((settings.bootstrap, len(part))) @ differences[:, known] / se[known]
    spread = chdtri(df[known][None, :], rng.random(settings.bootstrap)[:, None]) / df[known]
    smallest = 2 * stdtr(df[known], -np.abs(noise) / np.sqrt(spread)).min(axis=1) if known.any() else np.zeros(1)
    critical = float(np.quantile(smallest, 1 - settings.confidence))
    gap = values[low] - values[high]
    told = np.where(known, 2 * stdtr(df, -np.abs(gap) / np.where(known, se, 1.0)) < critical, np.abs(gap) > rounding)
    better = np.zeros((len(models), len(models)), dtype=bool)
    better[low, high] = told & (gap > 0)
    better[high, low] = told & (gap < 0)
    return better
