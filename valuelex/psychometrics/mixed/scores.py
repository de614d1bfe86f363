"""Scores of objects from a mixed model: what other sources add is taken out, and the error says what was sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.mixed.blocks import FloatArray
from valuelex.psychometrics.mixed.design import Fitted, Weights, fit_effects, fixed_columns, read_rows
from valuelex.psychometrics.mixed.influence import constants
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.threads import one_thread

ALONE = "settled by one cluster"
METHOD = "linear mixed model, REML by average information; Satterthwaite degrees of freedom"


@dataclass(frozen=True, eq=False)
class MixedScoresResult(Result):
    """Scores of the objects.

    Attributes
    ----------
    scores : DataFrame
        Indexed by object: estimate (best linear unbiased), se, df (Satterthwaite), ci_low, ci_high; shrunken (empirical best
        linear unbiased prediction, objects taken as sampled) and shrunken_se; n (scores behind it).
    covariance : DataFrame
        Sampling covariance of the estimates: differences between objects have smaller errors than the objects, since what is
        common to all (hard items) cancels.
    components : DataFrame
        Indexed by effect: levels, estimate, se, share, note.
    covariates : DataFrame
        Effects of the fixed covariates: covariate, level, estimate, se, df.
    influence : DataFrame or None
        With `clusters`: cluster x object; the sum of squares over clusters is the sampling covariance of the estimates,
        whatever goes on inside clusters (bias-reduced linearisation); effects that cut across clusters are not in it. Its
        degrees of freedom are the clusters less `settings["cluster_constants"]`, what is fixed from cluster to cluster.
    across : dict of str -> DataFrame
        With `clusters`: for each random effect that cuts across clusters, level x object, scaled in the same way; and under
        "settled by one cluster" the model's error of objects that one cluster alone has scored.
    coefficients : dict
        universe (variance of true scores), relative and absolute (error variances, mean over objects), generalizability,
        dependability.
    settings : dict
    """

    scores: pd.DataFrame
    covariance: pd.DataFrame
    components: pd.DataFrame
    covariates: pd.DataFrame
    coefficients: dict[str, float]
    settings: dict[str, Any]
    influence: pd.DataFrame | None = None
    across: dict[str, pd.DataFrame] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """One row per object."""
        return self.scores.copy()

    def _headline(self) -> str:
        return f"Mixed-model scores of {len(self.scores)} objects; generalizability {self.coefficients['generalizability']:.3f}"


@one_thread
def mixed_scores(
    ratings: pd.DataFrame,
    effects: Mapping[str, Sequence[str]],
    *,
    object: str = "person",
    score: str = "score",
    fixed: Weights | Sequence[str] = (),
    clusters: str | None = None,
    level: float = 0.95,
) -> MixedScoresResult:
    """Estimate the score of each object with crossed random effects and fixed covariates taken out.

    Objects are fixed, so that no score is pulled to the mean; `shrunken` is what it would be if they were sampled (given the
    same components). An interval holds for other levels of every random effect, and for these levels of the fixed ones. Missing
    scores are taken as missing at random given object, covariates and effects.

    Parameters
    ----------
    ratings : DataFrame
        Long: one row a score. Rows without a score are left out.
    effects : mapping of str -> sequence of str
        Name of each random effect -> the factors whose combinations are its levels: {"item": ["item"], "person x item":
        ["person", "item"], ...}. What these data cannot tell apart gets a note and no component.
    object : str
        Column of the objects.
    score : str
    fixed : mapping or sequence of str
        Covariates (categories) whose effects are taken out: scores refer to the mean over a covariate's levels, weighted
        equally (None) or as given.
    clusters : str, optional
        A factor whose levels are sampled (items): the result then has `influence`.
    level : float
        Coverage of the intervals, 0-1.

    Raises
    ------
    DataError
        Bad columns, one object, objects that no covariate level connects, no convergence.
    SettingError
        Effects of unknown factors, or weights that lack a level.
    """
    level = checks.number(level, "level", low=0, high=1)
    weights: Weights = dict.fromkeys(fixed) if not isinstance(fixed, Mapping) else fixed
    named = dict.fromkeys(factor for names in effects.values() for factor in names)
    values, factors = read_rows(ratings, score, [object, *weights, *named, *([clusters] if clusters else [])])
    code, names = pd.factorize(factors[object], sort=True)
    k = len(names)
    if k < 2:
        raise DataError("There is one object alone.", "Give scores of two or more, or its plain mean.")
    covariates, rows = fixed_columns(factors, weights)
    X = np.hstack([np.eye(k)[code], covariates])
    fitted = fit_effects(values, X, factors, effects, taken=object, by=clusters)
    blocks, at = fitted.blocks, fitted.fit.at
    p = blocks.p
    contrasts = np.zeros((k + len(rows), p))
    contrasts[:k, :k] = np.eye(k)
    for i, (_, _, coefficients) in enumerate(rows):
        contrasts[k + i, k:] = coefficients
    estimate = contrasts @ at.solution[:p]
    covariance = contrasts @ at.M[:p, :p] @ contrasts.T
    variance = np.diag(covariance)
    slope = at.sensitivity(blocks, contrasts)
    uncertainty = np.einsum("ck,kl,cl->c", slope, fitted.fit.covariance, slope)
    df = np.where(uncertainty > 0, 2 * variance**2 / np.where(uncertainty > 0, uncertainty, 1.0), np.inf)
    from scipy.special import stdtrit

    se = np.sqrt(variance)
    half = stdtrit(np.minimum(df, 1e8), 0.5 + level / 2) * se
    between, shrunken, shrunken_se = _shrink(estimate[:k], covariance[:k, :k])
    scores = pd.DataFrame(
        {
            "estimate": estimate[:k],
            "se": se[:k],
            "df": df[:k],
            "ci_low": (estimate - half)[:k],
            "ci_high": (estimate + half)[:k],
            "shrunken": shrunken,
            "shrunken_se": shrunken_se,
            "n": np.bincount(code, minlength=k),
        },
        index=pd.Index(names, name=object),
    )
    told = pd.DataFrame(
        {
            "covariate": [name for name, _, _ in rows],
            "level": [one for _, one, _ in rows],
            "estimate": estimate[k:],
            "se": se[k:],
            "df": df[k:],
        }
    )
    settings = {
        "method": METHOD,
        "object": object,
        "fixed": list(weights),
        "random": list(effects),
        "n_scores": values.size,
        "iterations": fitted.fit.iterations,
        "loglik": float(at.loglik),
        "level": level,
    }
    by_cluster: tuple[Any, ...] = ()
    if clusters:
        by_cluster = _by_cluster(fitted, contrasts[:k], factors, clusters, scores.index)
        settings["cluster_constants"] = by_cluster[2]
    return MixedScoresResult(
        scores,
        pd.DataFrame(covariance[:k, :k], index=scores.index, columns=scores.index),
        fitted.components(),
        told,
        _coefficients(between, covariance[:k, :k]),
        settings,
        *by_cluster[:2],
    )


def _by_cluster(
    fitted: Fitted, contrasts: FloatArray, factors: pd.DataFrame, clusters: str, objects: pd.Index
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], int]:
    names = pd.Index(sorted(factors[clusters].unique()), name=clusters)
    blocks, at = fitted.blocks, fitted.fit.at
    X = blocks.A[blocks.there][:, : blocks.p]
    lost = constants(X, np.nonzero(blocks.there)[0])
    influence, alone = at.influence(blocks, contrasts)
    across = {ALONE: pd.DataFrame(alone, columns=objects)} if len(alone) else {}
    for k, name in enumerate(blocks.names):
        if name in blocks.outer:
            loading = at.loadings_on(blocks, name, contrasts) * np.sqrt(fitted.fit.theta[k])
            across[name] = pd.DataFrame(loading, columns=objects)
    return pd.DataFrame(influence, index=names, columns=objects), across, lost


def _coefficients(between: float, covariance: FloatArray) -> dict[str, float]:
    k = len(covariance)
    absolute = float(np.trace(covariance)) / k
    # Half the mean squared error of a difference between two objects.
    relative = absolute - float(covariance.sum() - np.trace(covariance)) / (k * (k - 1))
    return {
        "universe": between,
        "relative": relative,
        "absolute": absolute,
        "generalizability": between / (between + relative) if between + relative > 0 else 0.0,
        "dependability": between / (between + absolute) if between + absolute > 0 else 0.0,
    }


def _shrink(estimate: FloatArray, covariance: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Variance of true scores by REML from the estimates and their sampling covariance, predictions, and their errors."""
    from scipy.optimize import minimize_scalar

    k = estimate.size
    one = np.ones(k)

    def parts(between: float) -> tuple[FloatArray, float, float]:
        H = np.asarray(np.linalg.inv(covariance + between * np.eye(k)), dtype=np.float64)
        weight = float(one @ H @ one)
        return H, weight, float(one @ H @ estimate) / weight

    def deviance(log_between: float) -> float:
        H, weight, mean = parts(float(np.exp(log_between)))
        rest = estimate - mean
        return float(-np.linalg.slogdet(H)[1] + np.log(weight) + rest @ H @ rest)

    top = float(np.var(estimate, ddof=1)) + 1e-12
    found = minimize_scalar(
        deviance, bounds=(np.log(top * 1e-8), np.log(top * 10)), method="bounded", options={"xatol": 1e-9}
    )
    between = float(np.exp(found.x))
    if between < top * 1e-6:
        between = 0.0
    H, weight, mean = parts(between)
    shrunken = mean + between * H @ (estimate - mean)
    away = one - between * H @ one
    error = between - between**2 * np.diag(H) + away**2 / weight
    return between, shrunken, np.sqrt(np.maximum(error, 0.0))
