"""`cfa`: from syntax and data to a fitted confirmatory model. Data, parameters, estimates, tests, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.confirmatory import inference, measures
from valuelex.psychometrics.confirmatory.data import Groups, grouped
from valuelex.psychometrics.confirmatory.estimate import Likelihood, minimise, unidentified
from valuelex.psychometrics.confirmatory.ordinal import WeightedLeastSquares, ordinal_sample
from valuelex.psychometrics.confirmatory.result import CFAResult, Estimation, improper
from valuelex.psychometrics.confirmatory.standardise import standardised, standardised_covariance, values
from valuelex.psychometrics.confirmatory.starts import starting_values
from valuelex.psychometrics.confirmatory.structure import Structure
from valuelex.psychometrics.confirmatory.syntax import Model, parse
from valuelex.psychometrics.confirmatory.table import PARAMETERIZATIONS, Options, Parameter, parameters
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

ESTIMATORS = ("ml", "mlr", "wlsmv")


@one_thread
def cfa(
    model: str | Model,
    data: object,
    *,
    group: str | None = None,
    estimator: str = "ml",
    missing: str = "listwise",
    ordered: Sequence[str] | bool | None = None,
    std_lv: bool = False,
    orthogonal: bool = False,
    meanstructure: bool | None = None,
    group_equal: Sequence[str] = (),
    group_partial: Sequence[str] = (),
    parameterization: str = "delta",
    n_obs: int | None = None,
    level: float = 0.95,
    max_iter: int = 500,
) -> CFAResult:
    """Confirmatory factor analysis.

    Parameters
    ----------
    model : str
        lavaan syntax, e.g. "visual =~ x1 + x2 + x3"; see `confirmatory.syntax` for what is read. In several groups one
        label or value holds for all of them, c() gives one per group.
    data : DataFrame or array
        Raw data with the model's variables as columns (NaN is missing), or, with n_obs, their covariance or correlation
        matrix (divisor n - 1).
    group : str, optional
        Column of the groups, for a model in each; groups stand in order of appearance.
    estimator : {"ml", "mlr", "wlsmv"}
        Maximum likelihood; the same with Huber-White standard errors and the Yuan-Bentler test; diagonally weighted least
        squares for ordered items, with robust standard errors and the scaled and shifted test.
    missing : {"listwise", "fiml", "pairwise"}
        "fiml" uses all observed cells (ml, mlr; missing at random), "pairwise" all cases of a pair of items (wlsmv).
    ordered : sequence of str or True, optional
        Ordered items, all of the model's; needs estimator="wlsmv", which implies it.
    std_lv : bool
        Fix factor variances to 1 instead of first loadings.
    orthogonal : bool
        No factor covariances but those in the model.
    meanstructure : bool, optional
        Model the means; always with several groups, FIML, ordered items, or if the model has intercepts.
    group_equal : sequence of str
        What groups share: "loadings", "intercepts", "means", "thresholds", "residuals", "residual.covariances",
        "lv.variances", "lv.covariances". Equal intercepts or thresholds free the latent means of the later groups.
    group_partial : sequence of str
        Parameters to leave free all the same, e.g. ("x3 ~ 1", "visual =~ x2").
    parameterization : {"delta", "theta"}
        Of ordered items: scales, or residual variances, as parameters.
    n_obs : int, optional
        Number of cases behind a matrix.
    level : float
        Of the confidence intervals.
    max_iter : int
        Most iterations.

    Returns
    -------
    CFAResult

    Raises
    ------
    SettingError
        Syntax that cannot be read, options that do not go together.
    DataError
        Missing or constant columns, groups that are too small or lack a category, a model with more parameters than
        moments or one that is not identified (the parameters are named).

    Warns
    -----
    PsychometricsWarning
        No convergence, negative variances, factor correlations beyond 1, dropped rows.
    """
    estimator = checks.choice(estimator, ESTIMATORS, "estimator")
    checks.choice(parameterization, PARAMETERIZATIONS, "parameterization")
    level = checks.number(level, "level", low=0, high=1)
    max_iter = checks.integer(max_iter, "max_iter", low=1)
    read = model if isinstance(model, Model) else parse(model)
    _ordered(read, ordered, estimator)
    ready = grouped(read, data, group=group, estimator=estimator, missing=missing, n_obs=n_obs)
    said = any(s.op == "~1" for s in read.statements)
    means = ready.incomplete or len(ready.labels) > 1 or said if meanstructure is None else meanstructure
    if not means and (said or ready.incomplete or len(ready.labels) > 1):
        raise SettingError(
            "meanstructure=False does not go with several groups, missing='fiml' or intercepts in the model.",
            "Leave it out.",
        )
    if means and ready.from_matrix:
        raise SettingError("A matrix has no means.", "Give raw data, or leave the mean structure out.")
    options = Options(
        std_lv, orthogonal, means, _texts(group_equal, "group_equal"), _texts(group_partial, "group_partial"),
        parameterization,
    )  # fmt: skip
    if (options.group_equal or options.group_partial) and len(ready.labels) == 1:
        raise SettingError("group_equal and group_partial need groups.", "Give group=, the column of the groups.")
    table = parameters(read, len(ready.labels), options, ready.thresholds)
    structure = Structure(
        table,
        read.observed,
        read.factors,
        owner=ready.owner,
        parameterization=parameterization,
    )
    settings: dict[str, Any] = {
        "estimator": estimator,
        "missing": missing,
        "group": group,
        "std_lv": std_lv,
        "orthogonal": orthogonal,
        "meanstructure": structure.means,
        "group_equal": options.group_equal or None,
        "group_partial": options.group_partial or None,
        "parameterization": parameterization if structure.ordered else None,
        "level": level,
        "max_iter": max_iter,
        **ready.settings,
    }
    return _fitted(read, structure, ready, settings)


def _fitted(read: Model, structure: Structure, ready: Groups, settings: dict[str, Any]) -> CFAResult:
    objective: Likelihood | WeightedLeastSquares
    if structure.ordered:
        samples = [ordinal_sample(X) for X in ready.arrays]
        objective = WeightedLeastSquares(structure, samples)
        available = sum(s.moments.size for s in samples)
        cuts = [s.moments[: s.owner.size] for s in samples]
        start = starting_values(structure, [np.zeros(len(s.R)) for s in samples], [s.R for s in samples], cuts)
        settings["pairs_with_empty_cells"] = sum(s.pairs_with_empty_cells for s in samples)
    else:
        objective = Likelihood(structure, ready.samples)
        available = inference.moments(objective)
        start = starting_values(structure, [s.mean for s in ready.samples], [s.covariance for s in ready.samples])
    if structure.q > available:
        raise DataError(
            f"The model has {structure.q} parameters, but there are only {available} moments to estimate them from.",
            "Fix some parameters, or drop a factor.",
        )
    fit = minimise(objective, start, max_iter=settings["max_iter"])
    lost = unidentified(objective.information(fit.theta), structure.names)
    if lost:
        shown = ", ".join(lost[:8]) + (f" and {len(lost) - 8} more" if len(lost) > 8 else "")
        raise DataError(
            f"The model is not identified: the data do not determine {shown}.",
            "Fix one of them, give a factor more indicators, or make parameters equal.",
        )
    try:
        estimation = _tested(objective, fit.theta, settings["estimator"], (fit.decrement, fit.iterations))
    except np.linalg.LinAlgError as error:
        raise DataError(
            "The observed information is singular: the estimates have no standard errors.",
            "Simplify the model, or gather more cases.",
        ) from error
    settings |= {"iterations": fit.iterations, "decrement": fit.decrement}
    return _labelled(read, ready, estimation, fit.converged, settings)


def _tested(
    objective: Likelihood | WeightedLeastSquares, theta: FloatArray, estimator: str, run: tuple[float, int]
) -> Estimation:
    if isinstance(objective, WeightedLeastSquares):
        test, null = inference.weighted_test(objective, theta)
        covariance = inference.weighted_covariance(objective, theta)
        return Estimation(objective, theta, covariance, test, null, np.nan, *run)
    robust = estimator == "mlr"
    covariance, trace = inference.likelihood_covariance(objective, theta, robust=robust)
    test = inference.likelihood_test(objective, theta, robust=robust, trace=trace)
    alone, at = inference.independence(objective.structure, objective.samples)
    baseline = Likelihood(alone, objective.samples)
    null_trace = inference.likelihood_covariance(baseline, at, robust=True)[1] if robust else np.nan
    null = inference.likelihood_test(baseline, at, robust=robust, trace=null_trace)
    return Estimation(objective, theta, covariance, test, null, trace, *run)


def _labelled(read: Model, ready: Groups, e: Estimation, converged: bool, settings: dict[str, Any]) -> CFAResult:
    structure = e.objective.structure
    groups = structure.matrices(e.theta)
    std = standardised(structure, e.theta)
    std_se = np.sqrt(np.maximum(np.diag(standardised_covariance(structure, e.theta, e.covariance)), 0.0))
    se_free = np.sqrt(np.maximum(np.diag(e.covariance), 0.0))
    se = np.array([se_free[k] if k >= 0 else 0.0 for k in structure.index])
    est = values(structure, e.theta)
    head = pd.DataFrame(
        [(p.lhs, p.op, p.rhs, ready.labels[p.group], p.label) for p in structure.table],
        columns=["lhs", "op", "rhs", "group", "label"],
    )
    estimates = head.assign(est=est, **_wald(est, se, settings["level"]), std=std)
    # A standardised value that cannot move has no standard error, only rounding errors of one.
    std_se = np.where(std_se < 1e-9, 0.0, std_se)
    standardized = head.drop(columns="label").assign(std=std, **_wald(std, std_se, settings["level"]))
    fit = measures.fit_measures(
        e.test,
        e.null,
        n=ready.measured_n,
        n_groups=len(ready.labels),
        npar=structure.q,
        complete=all(sample.complete for sample in ready.samples),
    )
    fit["n_obs"] = sum(ready.sizes)
    if isinstance(e.objective, Likelihood):
        fit |= measures.likelihood_measures(e.objective, e.theta)
    else:
        fit |= measures.weighted_measures(e.objective, e.theta)
    fit["convention"] = measures.CONVENTION
    heywood = improper(groups, structure.observed, structure.factors, ready.labels)
    if not converged:
        checks.warn("The estimation did not converge; estimates and tests cannot be trusted. Simplify the model.")
    if heywood:
        checks.warn(f"Outside their range: {', '.join(heywood)}. The model or the sample is not fit for these factors.")
    return CFAResult(
        estimates=estimates,
        standardized=standardized,
        fit=fit,
        loadings=_stack([_loadings(structure.table, std, structure, g) for g in range(len(groups))], ready.labels),
        phi=_stack([_correlations(m.phi, structure.factors) for m in groups], ready.labels),
        residuals=_stack(_residuals(e, ready), ready.labels),
        heywood=heywood,
        converged=converged,
        settings=settings,
        model=read,
        groups=ready.labels,
        estimation=e,
    )


def _wald(estimate: FloatArray, se: FloatArray, level: float) -> dict[str, FloatArray]:
    from scipy.special import ndtr, ndtri

    z = np.divide(estimate, se, out=np.full_like(estimate, np.nan), where=se > 0)
    width = float(ndtri(0.5 + level / 2)) * se
    return {"se": se, "z": z, "pvalue": 2 * ndtr(-np.abs(z)), "ci_low": estimate - width, "ci_high": estimate + width}


def _loadings(table: Sequence[Parameter], std: FloatArray, structure: Structure, g: int) -> pd.DataFrame:
    L = np.zeros((len(structure.observed), len(structure.factors)))
    for p, value in zip(table, std, strict=True):
        if p.group == g and p.matrix == "lambda":
            L[p.i, p.j] = value
    return pd.DataFrame(L, index=structure.observed, columns=structure.factors)


def _correlations(S: FloatArray, names: Sequence[str]) -> pd.DataFrame:
    sd = np.sqrt(np.where(np.diag(S) > 0, np.diag(S), np.nan))
    return pd.DataFrame(S / np.outer(sd, sd), index=list(names), columns=list(names))


def _residuals(e: Estimation, ready: Groups) -> list[pd.DataFrame]:
    names = e.objective.structure.observed
    out = []
    for k, group in enumerate(e.objective.structure.matrices(e.theta)):
        if isinstance(e.objective, Likelihood):
            observed = _correlations(e.objective.samples[k].covariance, names)
        else:
            observed = pd.DataFrame(e.objective.samples[k].R, index=names, columns=names)
        out.append(observed - _correlations(group.sigma, names))
    return out


def _stack(frames: Sequence[pd.DataFrame], labels: Sequence[str]) -> pd.DataFrame:
    if len(frames) == 1:
        return frames[0]
    return pd.concat(dict(zip(labels, frames, strict=True)), names=["group", "variable"])


def _ordered(read: Model, ordered: Sequence[str] | bool | None, estimator: str) -> None:
    if ordered is None or ordered is False:
        return
    if estimator != "wlsmv":
        raise SettingError("ordered= goes with weighted least squares.", "Add estimator='wlsmv'.")
    left_out = [name for name in read.observed if ordered is not True and name not in ordered]
    if left_out:
        raise SettingError(
            f"Not all variables are ordered: {', '.join(left_out[:8])}.",
            "Mixed models are not supported: name all items in ordered=, or use estimator='mlr'.",
        )


def _texts(value: Sequence[str] | str, name: str) -> tuple[str, ...]:
    found = (value,) if isinstance(value, str) else tuple(value)
    if any(not isinstance(text, str) for text in found):
        raise SettingError(f"{name} must hold text.", f"Give {name}=('loadings',), for instance.")
    return found
