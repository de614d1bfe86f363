"""What a model has as a whole, beside its score on each dimension: how its profile spreads, how steadily it answers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from valuelex.comparison.scored import FloatArray, Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.tables import frame

PROFILE, SAMPLES = "profile_variance", "sample_variance"
ABOUT = {
    PROFILE: "variance of a model's scores over dimensions, error's part taken off",
    SAMPLES: "variance of the scores of samples of one completion, mean over stems",
}


def traits(scored: Scored, table: pd.DataFrame) -> dict[str, Scored]:
    """Return the traits that these scores allow, each as scores of one dimension, so that every question can be put to it.

    Parameters
    ----------
    scored : Scored
        Scores as levels.
    table : DataFrame
        The table `item_scores` that they come from.
    """
    found = {PROFILE: profile_variance(scored), SAMPLES: sample_variance(table)}
    return {name: trait for name, trait in found.items() if trait is not None}


def table_of(found: Mapping[str, Scored], settings: ComparisonSettings) -> pd.DataFrame:
    """Return the table `traits`."""
    from scipy.special import stdtrit

    rows = []
    for name, trait in found.items():
        for place, model in enumerate(trait.models):
            weights = np.zeros((len(trait.models), 1))
            weights[place] = 1.0
            se, df = trait.error(weights)
            half = float(stdtrit(min(df, 1e8), 0.5 + settings.confidence / 2)) * se
            value = trait.value(place, 0)
            row = {"model_id": model, "trait": name, "estimate": value, "se": se, "method": trait.methods[name]}
            rows.append(row | {"ci_low": value - half, "ci_high": value + half})
    return frame("traits", rows)


def profile_variance(scored: Scored) -> Scored | None:
    """Mean square of each model's profile, less what the error of its scores adds; may be negative where there is no profile.

    Its error: by the derivative, and the variance of the error's own square (normal scores), which is all there is where the
    profile is flat.
    """
    whole = scored.of([str(m) for m in scored.estimate.dropna().index])
    d = len(whole.dimensions)
    if d < 2 or not whole.models or not whole.error_known:
        return None
    profile = whole.ipsatised()
    p, U = profile.estimate.to_numpy(dtype=np.float64), profile.sources
    flat = U.reshape(len(U), -1)
    n = len(whole.models)
    sigma = (flat.T @ flat).reshape(n, d, n, d)
    value = (p**2).mean(axis=1) - np.einsum("mdmd->m", sigma) / d
    slope = 2 * np.einsum("rmd,md->rm", U, p) / d
    # Models share the error of stems that are easy on one dimension, so they share its square too.
    square = 2 * np.einsum("mdne,mdne->mn", sigma, sigma) / d**2
    values, vectors = np.linalg.eigh(square)
    shared = (vectors * np.sqrt(np.maximum(values, 0.0))).T
    return _one(PROFILE, pd.Series(value, index=whole.models), slope, whole.stems, whole.df, shared)


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


def _one(name: str, value: pd.Series, stems: FloatArray, n_stems: int, df: float, rest: FloatArray) -> Scored:
    estimate = value.rename(name).to_frame()
    estimate.index = estimate.index.astype(str)
    sources = np.concatenate([stems, rest])[:, :, None]
    return Scored(estimate, sources, n_stems, df, float("inf"), True, {name: ABOUT[name]})
