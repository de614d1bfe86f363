"""Traits that are mean squares: of a profile, of its distance from the others', of what changes from form to form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from valuelex.comparison.scales import read_scores
from valuelex.comparison.scored import FloatArray, Scored
from valuelex.errors import DataError

ANY = (-float("inf"), float("inf"))


def mean_square(name: str, about: str, values: Scored, factor: float = 1.0) -> Scored:
    """Mean over dimensions of each model's squared values, less what their error adds, times a factor; may be negative.

    Its error: by the derivative, less what the values' own error adds to that, and the variance of the error's own square
    (normal scores), which is all there is where the values are 0.

    Parameters
    ----------
    name, about : str
        The trait's name and how it came about.
    values : Scored
        Complete: every model has every dimension.
    factor : float
    """
    p, U = values.estimate.to_numpy(dtype=np.float64), values.sources
    n, d = p.shape
    flat = U.reshape(len(U), -1)
    sigma = (flat.T @ flat).reshape(n, d, n, d)
    value = (p**2).mean(axis=1) - np.einsum("mdmd->m", sigma) / d
    slope = 2 * np.einsum("rmd,md->rm", U, p) / d
    # Models share the error of stems that are easy on one dimension, so they share its square too.
    square = 2 * np.einsum("mdne,mdne->mn", sigma, sigma) / d**2
    roots, vectors = np.linalg.eigh(square)
    # Values hold error too, and their slope with it: 4 tr(Sigma^2) of it, on average, is none.
    steep = (slope**2).sum(axis=0)
    excess = 2 * np.diag(square)
    slope = slope * np.sqrt(np.maximum(steep - excess, 0.0) / np.where(steep > 0, steep, 1.0))
    shared = (vectors * np.sqrt(np.maximum(roots, 0.0))).T
    estimate = pd.Series(factor * value, index=pd.Index(values.models), name=name).to_frame()
    sources = factor * np.concatenate([slope, shared])[:, :, None]
    df = values.df.min(axis=1, keepdims=True)
    return Scored(estimate, sources, values.stems, df, float("inf"), frozenset(), {name: about})


def profile_variance(scored: Scored) -> Scored | None:
    """Variance of each model's scores over dimensions."""
    profile = _profile(scored)
    about = "variance of a model's scores over dimensions, error's part taken off"
    return None if profile is None else mean_square("profile_variance", about, profile)


def distinctness(scored: Scored) -> Scored | None:
    """How far each model's profile is from the mean profile of all models."""
    away = _from_mean_profile(scored)
    about = "mean square of a profile's distance from the mean profile of all models, error's part taken off"
    return None if away is None else mean_square("distinctness", about, away)


def distinct_p(scored: Scored) -> dict[str, float]:
    """p of each model's profile being no other than the mean one (Hotelling's T squared); empty where it cannot be had."""
    away = _from_mean_profile(scored)
    return {} if away is None else _hotelling(away)


def _from_mean_profile(scored: Scored) -> Scored | None:
    profile = _profile(scored)
    return None if profile is None or len(profile.models) < 3 else _around_mean(profile)


def form_variance(table: pd.DataFrame) -> Scored | None:
    """Variance of a model's scores from one form of the test to the other, what both forms do to all models left out.

    Parameters
    ----------
    table : DataFrame
        The table `item_scores`; the first two forms count.
    """
    known = table.dropna(subset=["item_id", "form"])
    names = sorted(set(known["form"].astype(str)))[:2]
    if len(names) < 2:
        return None
    try:
        first, second = (read_scores(known[known["form"].astype(str) == name], scale=ANY) for name in names)
    except DataError:
        return None
    dimensions = [d for d in first.dimensions if d in second.dimensions]
    both = (one.mapped(_chosen(one, dimensions)) for one in (first, second))
    a, b = (one.of([str(m) for m in one.estimate.dropna().index]) for one in both)
    models = [m for m in a.models if m in b.models]
    if len(models) < 2 or not dimensions or a.unknown or b.unknown:
        return None
    a, b = a.of(models), b.of(models)
    difference = replace(
        a,
        estimate=a.estimate - b.estimate,
        # Forms have stems of their own: their errors are independent.
        sources=np.concatenate([a.sources, -b.sources]),
        stems=len(a.sources) + len(b.sources),
        df=np.minimum(a.df, b.df),
    )
    which = f"forms {names[0]} and {names[1]}"
    about = f"half the mean squared difference of {which}, their mean over models and error's part taken off"
    return mean_square("form_variance", about, _around_mean(difference), 0.5)


def _chosen(scored: Scored, dimensions: list[str]) -> pd.DataFrame:
    return pd.DataFrame(np.eye(len(scored.dimensions)), index=scored.dimensions, columns=scored.dimensions)[dimensions]


def _profile(scored: Scored) -> Scored | None:
    whole = scored.of([str(m) for m in scored.estimate.dropna().index])
    return whole.ipsatised() if len(whole.dimensions) > 1 and whole.models and whole.error_known else None


def _around_mean(scored: Scored) -> Scored:
    return replace(
        scored,
        estimate=scored.estimate - scored.estimate.mean(),
        sources=scored.sources - scored.sources.mean(axis=1, keepdims=True),
    )


def _hotelling(away: Scored) -> dict[str, float]:
    """p of a profile that is no other than the mean one, by model; stems' degrees of freedom stand behind its covariance."""
    from scipy.stats import chi2, f

    out: dict[str, float] = {}
    for i, model in enumerate(away.models):
        U = away.sources[:, i]
        p: FloatArray = away.estimate.to_numpy(dtype=np.float64)[i]
        roots, vectors = np.linalg.eigh(U.T @ U)
        kept = roots > 1e-9 * max(float(roots.max()), 1e-300)
        rank, df = int(kept.sum()), float(away.df[i].min())
        if not rank or df <= rank:
            continue
        T = float((((vectors[:, kept].T @ p) ** 2) / roots[kept]).sum())
        tail = chi2.sf(T, rank) if not np.isfinite(df) else f.sf(T * (df - rank + 1) / (df * rank), rank, df - rank + 1)
        out[model] = float(tail)
    return out
