"""Regression of estimates that lie in clusters and carry a known error: REML, with Kenward and Roger's small-sample tests.

Pupils in schools, trials in laboratories: y ~ N(X b, S + s2_unit I + s2_cluster Z Z' + s2_slope D Z Z' D), S the sampling
covariance of y, D a covariate whose effect may differ between clusters. It is the second stage of a mixed model whose first
stage has objects as fixed effects, and a multilevel meta-regression's model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]
LEAST_SLOPES = 3
"""Clusters in which a covariate must vary for its effects to be told to differ between them."""
LEAST_GAIN = 0.2
"""What a slope's component must add to twice the restricted log-likelihood to stay. Found by simulation
(docs/validation.md): with 0, equal effects are rejected too seldom; with .455, differing ones too often."""
EDGE = 1e-3
"""Least pivot of V, of its mean variance: clusters whose means agree too well would drive their component to a singular V."""
METHOD = "mixed model of estimates with known error, REML; Kenward-Roger standard errors and degrees of freedom"


@dataclass(frozen=True, eq=False)
class NestedRegressionResult(Result):
    """What a nested regression says of its contrasts.

    Attributes
    ----------
    contrasts : DataFrame
        Indexed by contrast: estimate, se (Kenward-Roger), df, t, p (two-sided), ci_low, ci_high.
    components : dict
        cluster, slope and unit: variances, NaN where there is none. `cluster` may be negative (clusters whose members differ
        more than members of different ones), as it must be for tests to keep their level; `slope` is at least 0. `share`:
        cluster's share of cluster and unit, 0-1, a negative one taken as 0.
    weights : DataFrame
        contrasts x units: each estimate is the weighted sum of y.
    covariance : array, k x k
        V at the maximum, negative components as 0: what y was weighed by.
    settings : dict
    """

    contrasts: pd.DataFrame
    components: dict[str, float]
    weights: pd.DataFrame
    covariance: FloatArray
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per contrast."""
        return self.contrasts.copy()

    def _headline(self) -> str:
        return (
            f"Regression of {self.settings['n_units']} units in {self.settings['n_clusters']} clusters; "
            f"clusters' share of the variance {self.components['share']:.2f}"
        )


@one_thread
def nested_regression(
    y: ArrayLike,
    X: pd.DataFrame,
    clusters: ArrayLike | None = None,
    *,
    error: ArrayLike | None = None,
    contrasts: pd.DataFrame | None = None,
    slope: ArrayLike | None = None,
    level: float = 0.95,
) -> NestedRegressionResult:
    """Estimate contrasts of regression coefficients where units lie in clusters and y is itself an estimate.

    Parameters
    ----------
    y : array, k
        One estimate a unit.
    X : DataFrame, k x p
        Columns of the fixed effects, of full rank, the constant among them.
    clusters : array, k, optional
        Cluster of each unit. None, or a cluster for every unit: units are independent.
    error : array, k x k or k, optional
        Sampling covariance (or variances) of y; taken as known. Default: 0, it then is part of the variance of units.
    contrasts : DataFrame, c x p, optional
        Weights of the coefficients. Default: every coefficient.
    slope : array, k, optional
        A covariate whose effect may differ from cluster to cluster (random slope, uncorrelated with the clusters' levels, so
        its origin matters: centre it). Left out where fewer than three clusters have units that differ on it.
    level : float
        Coverage of the intervals, 0-1.

    Notes
    -----
    Standard errors and degrees of freedom: Kenward & Roger (1997, eqs. 2-4 and section 3; for one contrast their degrees of
    freedom are Satterthwaite's). The cluster's component is not held at 0 or more: held at 0 with its uncertainty, tests of
    covariates that are constant within few clusters reject .001 to .03 of true hypotheses in place of .05; dropped, too many.
    Where it is negative, y is weighed as if it were 0 (else members of large clusters get wild weights), and the error is
    the one that these weights have under the components as estimated. The slope's component is dropped where it would be
    negative or adds less than `LEAST_GAIN` to the likelihood. See docs/validation.md for the rates.

    Raises
    ------
    DataError
        Fewer units than coefficients and one to spare, columns that cannot be told apart, shapes that do not match, or an
        error that is no covariance matrix.
    """
    level = checks.number(level, "level", low=0, high=1)
    values = np.asarray(y, dtype=np.float64).ravel()
    design = np.asarray(X, dtype=np.float64)
    k, p = design.shape
    S = _error(error, k)
    if values.size != k or not np.isfinite(values).all() or not np.isfinite(design).all():
        raise DataError(f"y has {values.size} finite values and X {k} rows.", "Give one number a unit, none missing.")
    if np.linalg.matrix_rank(design) < p:
        raise DataError("The columns of X cannot be told apart.", "Leave one of them out.")
    if k <= p:
        raise DataError(f"{k} units leave no degree of freedom for {p} coefficients.", "Give more units.")
    code = np.arange(k) if clusters is None else pd.factorize(np.asarray(clusters, dtype=object))[0]
    if code.size != k or (code < 0).any():
        raise DataError("clusters does not name one cluster for every unit.", "Fill the gaps.")
    C = pd.DataFrame(np.eye(p), index=X.columns, columns=X.columns) if contrasts is None else contrasts
    if list(C.columns) != list(X.columns):
        raise DataError("contrasts and X have other columns.", "Weigh every coefficient, 0 where it plays no part.")
    parts = _parts(code, slope, design)
    matrices = list(parts.values())
    theta, V = _maximise(values, design, S, matrices)
    told = "slope" in parts
    if told:
        same = matrices[:-1]
        fewer = _maximise(values, design, S, same)
        gain = 2 * (_loglik(values, design, S, matrices, theta) - _loglik(values, design, S, same, fewer[0]))
        if theta[-1] < 0 or gain <= LEAST_GAIN:
            del parts["slope"]
            matrices, (theta, V) = same, fewer
    found = _inference(values, design, V, matrices, C.to_numpy(dtype=np.float64))
    working = V
    if (theta < 0).any():
        found, working = _held(values, design, S, theta, matrices, C.to_numpy(dtype=np.float64))
    table = _table(found, C.index, level)
    components = {"cluster": float("nan"), "slope": 0.0 if told else float("nan"), "share": float("nan")}
    components |= dict(zip(parts, map(float, theta), strict=True))
    unit, separable = components["unit"], "cluster" in parts
    positive = max(components["cluster"], 0.0) if separable else 0.0
    if separable and positive + unit > 0:
        components["share"] = positive / (positive + unit)
    settings = {
        "method": METHOD,
        "n_units": k,
        "n_clusters": int(code.max()) + 1,
        "clusters_told_apart": separable,
        "slopes_told_apart": told,
        "level": level,
    }
    return NestedRegressionResult(table, components, pd.DataFrame(found[3], index=C.index), working, settings)


def _parts(code: NDArray[Any], slope: ArrayLike | None, X: FloatArray) -> dict[str, FloatArray]:
    """What the variance of y is made of, as far as the design can tell it apart, k x k each.

    With one member in every cluster, or one cluster alone, what lies between clusters cannot be told from units or the
    constant.
    """
    k = len(X)
    parts = {"unit": np.eye(k)}
    together = (code[:, None] == code[None, :]).astype(np.float64)
    if _separable(together, list(parts.values()), X):
        parts["cluster"] = together
    if slope is None:
        return parts
    x = np.asarray(slope, dtype=np.float64).ravel()
    if x.size != k or not np.isfinite(x).all():
        raise DataError(f"slope has {x.size} values and X {k} rows.", "Give one finite number a unit.")
    varied = int((pd.Series(x).groupby(code).nunique() > 1).sum())
    apart = together * np.outer(x, x)
    if varied >= LEAST_SLOPES and _separable(apart, list(parts.values()), X):
        parts["slope"] = apart
    return parts


def _error(error: ArrayLike | None, k: int) -> FloatArray:
    if error is None:
        return np.zeros((k, k))
    S = np.asarray(error, dtype=np.float64)
    S = np.diag(S) if S.ndim == 1 else S
    if S.shape != (k, k) or not np.isfinite(S).all() or not np.allclose(S, S.T, atol=1e-10 * max(1.0, np.abs(S).max())):
        raise DataError(
            f"error is no symmetric {k} x {k} matrix of numbers.", "Give the covariance of y, or variances."
        )
    if np.linalg.eigvalsh(S).min() < -1e-8 * max(float(np.trace(S)), 1e-12):
        raise DataError("error has negative eigenvalues, so it is no covariance matrix.", "Give the covariance of y.")
    return S


def _separable(part: FloatArray, others: list[FloatArray], X: FloatArray) -> bool:
    """Whether residuals carry information on a component beside the others."""
    Q = np.eye(len(X)) - X @ np.linalg.pinv(X)
    known = np.stack([(Q @ other @ Q).ravel() for other in others], axis=1)
    own = (Q @ part @ Q).ravel()
    if float((known[:, 0] ** 2).sum()) < 1e-9 or float(own @ own) < 1e-9:
        return False
    rest = own - known @ np.linalg.lstsq(known, own, rcond=None)[0]
    return float(rest @ rest) > 1e-6 * float(own @ own)


def _maximise(y: FloatArray, X: FloatArray, S: FloatArray, parts: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Components at the maximum of the restricted likelihood (the unit's at least 0), and V there."""
    k, p = X.shape
    rest = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    scale = float(rest @ rest) / (k - p)
    if not scale > 1e-14 * max(float(y @ y) / k, 1e-300):
        raise DataError("y does not vary beyond its fixed effects.", "There is nothing to test against.")
    bound = np.array([1e-6 * scale, *([-np.inf] * (len(parts) - 1))])
    theta = np.array([max(scale - float(np.trace(S)) / k, 0.1 * scale), *([0.0] * (len(parts) - 1))])
    now = _evaluate(y, X, S, parts, theta)
    if now is None:  # pragma: no cover - S is a covariance matrix and the unit's part is positive
        raise DataError("error is no covariance matrix.", "Give the covariance of y.")
    for _ in range(200):
        loglik, gradient, information = now
        free = (theta > np.where(bound > 0, 1.01 * bound, bound)) | (gradient > 0)
        index = np.ix_(free, free)
        step = np.zeros_like(theta)
        told = information[index]
        ridge = 1e-10 * float(np.trace(told)) * np.eye(len(told))
        step[free] = np.linalg.solve(told + ridge, gradient[free]) if free.any() else 0.0
        size, found, trial = 1.0, None, theta
        for _ in range(40):
            trial = theta + size * step
            trial = np.maximum(trial, bound)
            found = _evaluate(y, X, S, parts, trial)
            if found is not None and found[0] >= loglik - 1e-12 * abs(loglik):
                break
            size, found = size / 2, None
        if found is None:
            break
        moved = float(np.abs(trial - theta).max())
        theta, now = trial, found
        if moved < 1e-9 * scale:
            break
    return theta, _covariance(S, parts, theta)


def _loglik(y: FloatArray, X: FloatArray, S: FloatArray, parts: list[FloatArray], theta: FloatArray) -> float:
    found = _evaluate(y, X, S, parts, theta)
    return -np.inf if found is None else found[0]


def _covariance(S: FloatArray, parts: list[FloatArray], theta: FloatArray) -> FloatArray:
    V = S.copy()
    for value, part in zip(theta, parts, strict=True):
        V += value * part
    return V


def _evaluate(
    y: FloatArray, X: FloatArray, S: FloatArray, parts: list[FloatArray], theta: FloatArray
) -> tuple[float, FloatArray, FloatArray] | None:
    """Restricted log-likelihood, its gradient and expected information; None where V is not positive definite, or hardly."""
    V = _covariance(S, parts, theta)
    try:
        L = np.linalg.cholesky(V)
    except np.linalg.LinAlgError:
        return None
    if float((np.diag(L) ** 2).min()) < EDGE * float(np.diag(V).mean()):
        return None
    W = np.linalg.inv(V)
    XWX = X.T @ W @ X
    sign, logdet = np.linalg.slogdet(XWX)
    if sign <= 0:
        return None
    P = W - W @ X @ np.linalg.solve(XWX, X.T @ W)
    Py = P @ y
    loglik = -0.5 * (2 * float(np.log(np.diag(L)).sum()) + float(logdet) + float(y @ Py))
    PV = [P @ part for part in parts]
    gradient = np.array([-0.5 * (np.trace(one) - Py @ part @ Py) for one, part in zip(PV, parts, strict=True)])
    information = np.array([[0.5 * float(np.sum(a * b.T)) for b in PV] for a in PV])
    return loglik, gradient, information


def _inference(
    y: FloatArray, X: FloatArray, V: FloatArray, parts: list[FloatArray], C: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Estimates, Kenward-Roger standard errors, degrees of freedom, and weights of y, for each contrast."""
    W = np.linalg.inv(V)
    phi = np.linalg.inv(X.T @ W @ X)
    WX = W @ X
    P = W - WX @ phi @ WX.T
    information = np.array([[0.5 * float(np.sum((P @ a) * (P @ b).T)) for b in parts] for a in parts])
    uncertain = np.linalg.pinv(information, hermitian=True)
    first = [WX.T @ part @ WX for part in parts]
    correction = np.zeros_like(phi)
    for i, a in enumerate(parts):
        for j, b in enumerate(parts):
            second = WX.T @ a @ W @ b @ WX
            correction += uncertain[i, j] * (second - first[i] @ phi @ first[j])
    adjusted = phi + 2 * phi @ correction @ phi
    weights = C @ phi @ WX.T
    variance = np.einsum("cp,pq,cq->c", C, adjusted, C)
    plain = np.einsum("cp,pq,cq->c", C, phi, C)
    slope = np.stack([np.einsum("cp,pq,cq->c", C @ phi, one, C @ phi) for one in first], axis=1)
    spread = np.einsum("ci,ij,cj->c", slope, uncertain, slope)
    df = np.where(spread > 0, 2 * plain**2 / np.where(spread > 0, spread, 1.0), np.inf)
    # The correction is of the second order: where it would undo the variance, it is beyond its use.
    return weights @ y, np.sqrt(np.maximum(variance, plain)), df, weights


def _held(
    y: FloatArray, X: FloatArray, S: FloatArray, theta: FloatArray, parts: list[FloatArray], C: FloatArray
) -> tuple[tuple[FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]:
    """The same with weights as if negative components were 0, their error under V as estimated, and the V of the weights."""
    V = _covariance(S, parts, theta)
    _, flat = _maximise(y, X, S, [part for part, value in zip(parts, theta, strict=True) if value >= 0])
    W = np.linalg.inv(flat)
    weights = C @ np.linalg.inv(X.T @ W @ X) @ X.T @ W
    U = np.linalg.inv(V)
    P = U - U @ X @ np.linalg.solve(X.T @ U @ X, X.T @ U)
    information = np.array([[0.5 * float(np.sum((P @ a) * (P @ b).T)) for b in parts] for a in parts])
    uncertain = np.linalg.pinv(information, hermitian=True)
    variance = np.einsum("ck,kl,cl->c", weights, V, weights)
    slope = np.stack([np.einsum("ck,kl,cl->c", weights, part, weights) for part in parts], axis=1)
    spread = np.einsum("ci,ij,cj->c", slope, uncertain, slope)
    df = np.where(spread > 0, 2 * variance**2 / np.where(spread > 0, spread, 1.0), np.inf)
    return (weights @ y, np.sqrt(variance), df, weights), flat


def _table(found: tuple[FloatArray, FloatArray, FloatArray, FloatArray], names: pd.Index, level: float) -> pd.DataFrame:
    from scipy.special import stdtr, stdtrit

    estimate, se, df, _ = found
    bounded = np.clip(df, 1.0, 1e8)
    t = np.divide(estimate, se, out=np.zeros_like(estimate), where=se > 0)
    half = stdtrit(bounded, 0.5 + level / 2) * se
    return pd.DataFrame(
        {
            "estimate": estimate,
            "se": se,
            "df": bounded,
            "t": t,
            "p": 2 * stdtr(bounded, -np.abs(t)),
            "ci_low": estimate - half,
            "ci_high": estimate + half,
        },
        index=names,
    )
