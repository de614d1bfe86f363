"""Profiles of models: scores with the halo taken out, how far models are apart in them, and who goes with whom."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.comparison.scored import Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.psychometrics.reliability.coefficient_alpha import alpha_core
from valuelex.semantics.cluster import by_size
from valuelex.semantics.partition import cut, tree_of
from valuelex.semantics.stability import jaccard
from valuelex.tables import empty, frame

FloatArray = NDArray[np.float64]
MOST_CLUSTERS = 8
NULLS = 199
FOR_HALO = 10
"""Models from which on the general factor's loadings are estimated; with fewer, every dimension is taken to load the same."""


def composition(
    scored: Scored, families: pd.Series, settings: ComparisonSettings, *, seed: int = 0
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Return the tables `profiles`, `profile_pairs` and `model_clusters`, and what is to be said of them as a document.

    Parameters
    ----------
    scored : Scored
        Scores as levels.
    families : Series
        Family by model; empty where unknown.
    settings : ComparisonSettings
    seed : int
    """
    tables = {"profiles": profiles(scored, settings)}
    whole = scored.of([str(m) for m in scored.estimate.dropna().index])
    if len(whole.dimensions) < 2 or len(whole.models) < 2:
        why = "Profiles need two dimensions and two models with scores on all of them."
        return tables | {name: empty(name) for name in ("profile_pairs", "model_clusters")}, {"reason": why}
    profile = whole.ipsatised()
    pairing, grouping, mixing = (int(s) for s in np.random.SeedSequence(seed).generate_state(3))
    pairs = _pairs(profile, families, settings, pairing)
    clusters, told = _clusters(profile, settings, grouping)
    document = {"halo": halo(whole), "clusters": told, "families": _families(profile, families, settings, mixing)}
    return tables | {"profile_pairs": pairs, "model_clusters": clusters}, document


def profiles(scored: Scored, settings: ComparisonSettings) -> pd.DataFrame:
    """Return the table `profiles`: level and profile of every model on every dimension."""
    many = len(scored.dimensions) > 1
    profile = scored.ipsatised() if many else scored
    beyond = _beyond_halo(scored)
    rows = []
    for i, model in enumerate(scored.models):
        for k, dimension in enumerate(scored.dimensions):
            row: dict[str, Any] = {"model_id": model, "dimension": dimension, "beyond_halo": beyond[i, k]}
            for name, source in (("level", scored), ("profile", profile if many else None)):
                values = dict.fromkeys((name, f"{name}_se", f"{name}_low", f"{name}_high"))
                if source is not None and not np.isnan(source.value(i, k)):
                    values[name] = source.value(i, k)
                    if dimension not in source.unknown:
                        limits = source.interval(i, k, settings.confidence)
                        values |= dict(zip((f"{name}_se", f"{name}_low", f"{name}_high"), limits, strict=True))
                row |= values
            rows.append(row | {"method": scored.methods[dimension]})
    table = pd.DataFrame(rows)
    return frame("profiles", table.astype(object).where(table.notna(), None))


def halo(scored: Scored) -> dict[str, Any]:
    """How much of the differences between models is one general factor: eigenvalues of the correlations, alpha, loadings."""
    values = scored.estimate.dropna().to_numpy(dtype=np.float64)
    n, d = values.shape
    if n < 4 or (values.std(axis=0) == 0).any():
        return {"reason": f"{n} models with scores on all dimensions are too few for correlations between dimensions."}
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(values, rowvar=False))[::-1]
    return {
        "n_models": n,
        "n_dimensions": d,
        "eigenvalues": [float(e) for e in eigenvalues],
        "first_share": float(eigenvalues[0] / d),
        "alpha": alpha_core(np.cov(values, rowvar=False)),
        "method": "eigenvalues of the correlations of dimensions over models; alpha from their covariances",
    }


def _beyond_halo(scored: Scored) -> FloatArray:
    """Scores less what the general factor predicts of them, around the dimensions' own means less the mean of all."""
    values = scored.estimate.to_numpy(dtype=np.float64)
    there = ~np.isnan(values).any(axis=1)
    out = np.full(values.shape, np.nan)
    if there.sum() < 2 or values.shape[1] < 2:
        return out
    y = values[there]
    means = y.mean(axis=0)
    away = y - means
    d = y.shape[1]
    loading = np.full(d, d**-0.5)
    if len(y) >= FOR_HALO:
        loading = np.linalg.svd(away, full_matrices=False)[2][0]
    out[there] = means - means.mean() + away - np.outer(away @ loading, loading)
    return out


def _pairs(profile: Scored, families: pd.Series, settings: ComparisonSettings, seed: int) -> pd.DataFrame:
    """Root mean square difference of two profiles, with what error alone adds to its square taken off."""
    values = profile.estimate.to_numpy(dtype=np.float64)
    low, high = np.triu_indices(len(values), 1)
    squared, noise = _squared(values, profile.sources, low, high)
    interval = None
    if profile.error_known:
        drawn = profile.draws(settings.bootstrap, seed)
        again = ((drawn[:, low] - drawn[:, high]) ** 2).mean(axis=2)
        tail = (1 - settings.confidence) / 2
        # A draw adds its own error to that of the scores: the expectation of its square is larger by the noise twice.
        interval = np.sqrt(np.maximum(np.quantile(again, [tail, 1 - tail], axis=0) - 2 * noise, 0.0))
    correlation = _correlations(values)
    rows = []
    for p, (i, j) in enumerate(zip(low, high, strict=True)):
        a, b = profile.models[i], profile.models[j]
        of = families.get(a), families.get(b)
        rows.append(
            {
                "model_id": a,
                "other_id": b,
                "same_family": None if pd.isna(of[0]) or pd.isna(of[1]) else bool(of[0] == of[1]),
                "distance": float(np.sqrt(max(squared[p] - noise[p], 0.0))),
                "ci_low": None if interval is None else float(interval[0, p]),
                "ci_high": None if interval is None else float(interval[1, p]),
                "correlation": None if correlation is None else float(correlation[i, j]),
                "method": "root mean square difference of profiles, error's part of it taken off"
                if profile.error_known
                else "root mean square difference of profiles, error unknown and in it",
            }
        )
    return frame("profile_pairs", rows)


def _squared(
    values: FloatArray, sources: FloatArray, low: NDArray[np.int64], high: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    squared = ((values[low] - values[high]) ** 2).mean(axis=1)
    noise = np.zeros(len(low))
    for k in range(values.shape[1]):
        part = sources[:, :, k]
        noise += ((part[:, low] - part[:, high]) ** 2).sum(axis=0) / values.shape[1]
    return squared, noise


def _correlations(values: FloatArray) -> FloatArray | None:
    """Correlations of profiles around the mean profile; with three dimensions two numbers would be correlated."""
    away = values - values.mean(axis=0)
    if values.shape[1] < 4 or len(values) < 3 or (away.std(axis=1) == 0).any():
        return None
    return np.asarray(np.corrcoef(away))


def _clusters(profile: Scored, settings: ComparisonSettings, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Average linkage on profiles: the number of groups with the best silhouette, held against profiles without groups."""
    values = profile.estimate.to_numpy(dtype=np.float64)
    n = len(values)
    if n < 4:
        return empty("model_clusters"), {"reason": f"{n} models are too few for groups."}
    first, second = (int(s) for s in np.random.SeedSequence(seed).generate_state(2))
    k, width, labels = _grouped(values)
    rng = np.random.default_rng(first)
    mean, spread = values.mean(axis=0), np.cov(values, rowvar=False)
    none = [_grouped(rng.multivariate_normal(mean, spread, n, method="svd"))[1] for _ in range(NULLS)]
    p = (1 + sum(one >= width for one in none)) / (NULLS + 1)
    stable = np.full(k, np.nan)
    if profile.error_known:
        again = [jaccard(labels, _cut(one, k), k) for one in profile.draws(min(settings.bootstrap, 200), second)]
        stable = np.nanmean(again, axis=0)
    order, links = _drawn(values)
    rows = [
        {
            "model_id": model,
            "cluster": int(labels[i]) + 1,
            "stability": None if np.isnan(stable[labels[i]]) else float(stable[labels[i]]),
            "place": order.index(i) + 1,
            "method": "average linkage on profiles; stability: mean Jaccard similarity over draws of the scores' error",
        }
        for i, model in enumerate(profile.models)
    ]
    told = {
        "n": k,
        "silhouette": width,
        "p": p,
        "links": links,
        "method": f"average linkage; silhouette against {NULLS} normal samples without groups",
    }
    return frame("model_clusters", rows), told


def _grouped(values: FloatArray) -> tuple[int, float, NDArray[np.int64]]:
    from sklearn.metrics import silhouette_score

    best: tuple[int, float, NDArray[np.int64]] | None = None
    tree = tree_of(_distances(values), "average")
    for k in range(2, min(MOST_CLUSTERS, len(values) - 1) + 1):
        labels = by_size(cut(tree, k))
        width = silhouette_score(values, labels)
        if best is None or width > best[1] + 1e-12:
            best = (k, float(width), labels)
    assert best is not None
    return best


def _cut(values: FloatArray, k: int) -> NDArray[np.int64]:
    return by_size(cut(tree_of(_distances(values), "average"), k))


def _distances(values: FloatArray) -> FloatArray:
    squares = ((values[:, None] - values[None, :]) ** 2).mean(axis=2)
    return np.asarray(np.sqrt(squares))


def _drawn(values: FloatArray) -> tuple[list[int], list[dict[str, list[float]]]]:
    """The order along the dendrogram, and its links: four places (1, 2, ...) and heights each, from one branch to the other."""
    from scipy.cluster.hierarchy import dendrogram

    drawn = dendrogram(tree_of(_distances(values), "average"), no_plot=True)
    # scipy sets its leaves at 5, 15, 25, ...
    links = [
        {"places": [(place + 5) / 10 for place in places], "heights": [float(height) for height in heights]}
        for places, heights in zip(drawn["icoord"], drawn["dcoord"], strict=True)
    ]
    return [int(i) for i in drawn["leaves"]], links


def _families(profile: Scored, families: pd.Series, settings: ComparisonSettings, seed: int) -> dict[str, Any]:
    """Whether models of one family are closer in profile than models of different ones, by permutation of the families."""
    of = families.reindex(profile.models)
    known = of.notna().to_numpy()
    names = of[known].astype(str).to_numpy()
    values = profile.estimate.to_numpy(dtype=np.float64)[known]
    low, high = np.triu_indices(len(names), 1)
    squared, noise = _squared(values, profile.sources[:, known], low, high)
    same = names[low] == names[high]
    if same.sum() < 2 or (~same).sum() < 2:
        return {"reason": "Too few models of one family, or of different ones."}
    gap = squared - noise

    def ratio(same: NDArray[np.bool_]) -> float:
        return float(gap[~same].mean() - gap[same].mean())

    rng = np.random.default_rng(seed)
    observed = ratio(same)
    shuffled = [rng.permutation(names) for _ in range(settings.bootstrap)]
    p = (1 + sum(ratio(one[low] == one[high]) >= observed for one in shuffled)) / (settings.bootstrap + 1)
    return {
        "within": float(np.sqrt(max(gap[same].mean(), 0.0))),
        "between": float(np.sqrt(max(gap[~same].mean(), 0.0))),
        "share": float(observed / gap[~same].mean()) if gap[~same].mean() > 0 else None,
        "p": p,
        "n_models": int(known.sum()),
        "n_families": len(set(names)),
        "method": "mean squared profile difference within against between families; p by permutation of families among models",
    }
