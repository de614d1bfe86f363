"""Scores of objects from ratings that are ordered categories and no measured points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.mixed.design import Weights, check_rank, fixed_columns, random_effects, read_rows
from valuelex.psychometrics.ordinal.categories import FloatArray, Link, expected
from valuelex.psychometrics.ordinal.clusters import by_cluster
from valuelex.psychometrics.ordinal.fitting import BOUND, FittedOrdinal, at_an_end, categories_of, fit_ordinal
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.threads import one_thread

METHOD = "cumulative link mixed model, Laplace approximation of the likelihood, observed information"


@dataclass(frozen=True, eq=False)
class OrdinalScoresResult(Result):
    """Scores of the objects on the latent scale.

    Attributes
    ----------
    scores : DataFrame
        Indexed by object: estimate (units of the link's latent scale; mean over objects 0), se, ci_low, ci_high (normal);
        expected (mean rating, averaged over the random effects); n (ratings behind it); note. An object whose ratings are
        all in the highest (lowest) category has an infinite estimate and no error.
    covariance : DataFrame
        Sampling covariance of the finite estimates.
    thresholds : DataFrame
        above (the category below the threshold), estimate, se.
    components : DataFrame
        Indexed by effect: levels, estimate (variance), note.
    covariates : DataFrame
        Effects of the fixed covariates: covariate, level, estimate, se.
    influence, across
        With `clusters`: as in `MixedScoresResult`, on the latent scale.
    settings : dict
        link, n_scores, categories, loglik, evaluations, points_per_unit (by how many points mean
        ratings rise with a latent unit, mean over objects).
    """

    scores: pd.DataFrame
    covariance: pd.DataFrame
    thresholds: pd.DataFrame
    components: pd.DataFrame
    covariates: pd.DataFrame
    settings: dict[str, Any]
    influence: pd.DataFrame | None = None
    across: dict[str, pd.DataFrame] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """One row per object."""
        return self.scores.copy()

    def _headline(self) -> str:
        return f"Ordinal scores of {len(self.scores)} objects from {self.settings['n_scores']} ratings"


@one_thread
def ordinal_scores(
    ratings: pd.DataFrame,
    effects: Mapping[str, Sequence[str]],
    *,
    object: str = "person",
    score: str = "score",
    fixed: Weights | Sequence[str] = (),
    clusters: str | None = None,
    link: Link = "logit",
    level: float = 0.95,
) -> OrdinalScoresResult:
    """Estimate the score of each object from ordered categories, with crossed random effects and covariates taken out.

    P(rating <= k) = F(threshold k - object - covariates - random effects): the cumulative link mixed model (McCullagh, 1980;
    Hedeker & Gibbons, 1994) as R's ordinal::clmm fits it, by Laplace's approximation. Objects are fixed, as in
    `mixed_scores`; thresholds are free, so that nothing is assumed of the distances between categories, and objects near an
    end of the scale are not drawn together by it.

    Parameters
    ----------
    ratings, effects, object, score, fixed, clusters, level
        As for `mixed_scores`; the values of `score` are categories in their numerical order, at most 20 of them.
    link : {"logit", "probit"}
        Distribution of the latent rating around its mean.

    Raises
    ------
    DataError
        Bad columns, one object, ratings of one category or of too many, objects that no covariate level connects, no
        convergence.
    SettingError
        Effects of unknown factors, an unknown link, or weights that lack a level.
    """
    level = checks.number(level, "level", low=0, high=1)
    checks.choice(link, ("logit", "probit"), "link")
    weights: Weights = dict.fromkeys(fixed) if not isinstance(fixed, Mapping) else fixed
    named = dict.fromkeys(factor for names in effects.values() for factor in names)
    values, factors = read_rows(ratings, score, [object, *weights, *named, *([clusters] if clusters else [])])
    n_of = factors[object].value_counts().sort_index()
    ends = at_an_end(values, factors[object])
    if len(n_of) - len(ends) < 2:
        raise DataError(
            f"Of {len(n_of)} objects {len(ends)} have all their ratings at one end of the scale.",
            "Give ratings of two objects or more that use the scale.",
        )
    kept = ~factors[object].isin(list(ends)).to_numpy()
    values, factors = values[kept], factors[kept]
    categories, y = categories_of(values)
    code, names = pd.factorize(factors[object], sort=True)
    objects = pd.Index(names, name=object)
    covariates, told = fixed_columns(factors, weights)
    k = len(names)
    # Objects sum to 0, since the thresholds stand for the constant.
    coding = np.vstack([np.eye(k - 1), -np.ones(k - 1)])
    X = np.hstack([coding[code], covariates])
    check_rank(np.hstack([X, np.ones((len(X), 1))]))
    known = random_effects(factors, effects, object)
    found = fit_ordinal(y, X, known, link)
    first = found.problem.k
    contrasts = np.zeros((k + len(told), found.parameters.size))
    contrasts[:k, first : first + k - 1] = coding
    for i, (_, _, coefficients) in enumerate(told):
        contrasts[k + i, first + k - 1 : first + X.shape[1]] = coefficients
    estimate = contrasts @ found.parameters
    covariance = contrasts @ found.covariance @ contrasts.T
    se = np.sqrt(np.diag(covariance))
    means, rise = _on_the_scale(found, estimate[:k], categories)
    scores = _scores(
        pd.DataFrame({"estimate": estimate[:k], "se": se[:k], "expected": means}, index=objects), n_of, level
    )
    for name, (end, value) in ends.items():
        scores.loc[name, ["estimate", "expected", "note"]] = (
            end,
            value,
            f"all ratings are {value:g}: no finite estimate",
        )
    thresholds, thresholds_se = found.thresholds()
    settings = {
        "method": METHOD,
        "link": link,
        "object": object,
        "fixed": list(weights),
        "random": list(effects),
        "n_scores": values.size,
        "categories": [float(c) for c in categories],
        "loglik": found.loglik,
        "evaluations": found.evaluations,
        "points_per_unit": rise,
        "level": level,
    }
    of_clusters: tuple[Any, ...] = ()
    if clusters:
        of_clusters = by_cluster(found.problem, found.parameters, contrasts[:k], factors[clusters], objects)
        settings["cluster_constants"] = of_clusters[2]
    columns = {"covariate": [name for name, _, _ in told], "level": [one for _, one, _ in told]}
    return OrdinalScoresResult(
        scores,
        pd.DataFrame(covariance[:k, :k], index=objects, columns=objects),
        pd.DataFrame({"above": categories[:-1], "estimate": thresholds, "se": thresholds_se}),
        _components(found, known.levels),
        pd.DataFrame({**columns, "estimate": estimate[k:], "se": se[k:]}),
        settings,
        *of_clusters[:2],
    )


def _scores(known: pd.DataFrame, n: pd.Series, level: float) -> pd.DataFrame:
    """All objects with their intervals; those without a finite estimate have none yet."""
    from scipy.special import ndtri

    half = float(ndtri(0.5 + level / 2)) * known["se"]
    known = known.assign(ci_low=known["estimate"] - half, ci_high=known["estimate"] + half)
    all_of_them = known[["estimate", "se", "ci_low", "ci_high", "expected"]].reindex(n.index)
    return all_of_them.assign(n=n, note="")


def _on_the_scale(found: FittedOrdinal, estimate: FloatArray, categories: FloatArray) -> tuple[FloatArray, float]:
    """Mean ratings of objects, and by how much these rise with one unit of the latent scale, on average."""
    problem, step = found.problem, 1e-3
    spread = float(np.sqrt((problem.sd(found.parameters) ** 2).sum()))
    low, here, high = (
        expected(estimate + move, problem.thresholds(found.parameters), categories, spread, problem.link)
        for move in (-step, 0.0, step)
    )
    return here, float((high - low).mean() / (2 * step))


def _components(found: FittedOrdinal, levels: Mapping[str, int]) -> pd.DataFrame:
    """Indexed by effect: levels, estimate, note."""
    sd = found.problem.sd(found.parameters)
    variance = dict(zip(found.problem.layout.names, sd**2, strict=True))
    zero = {name: 0.0 for name, note in found.notes.items() if note == BOUND}
    index = pd.Index(list(levels), name="effect")
    return pd.DataFrame(
        {"levels": list(levels.values()), "estimate": [(variance | zero).get(name, np.nan) for name in levels]},
        index=index,
    ).assign(note=[found.notes[name] for name in levels])
