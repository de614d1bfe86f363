"""Step 4: extraction of k factors from R (p x p). Array core only; `efa` is the labelled front.

Symbols follow the papers: R correlations, Psi uniquenesses (p), L = Lambda pattern (p x k).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.extraction import classical
from valuelex.psychometrics.extraction.eigen import starting_uniquenesses, top
from valuelex.psychometrics.extraction.newton import Evaluation, projected_newton
from valuelex.psychometrics.extraction.solution import Extraction, at_bound
from valuelex.psychometrics.extraction.stack import extract_stack
from valuelex.psychometrics.extraction.weighted import diagonally_weighted
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

METHODS = ("minres", "ml", "paf", "dwls", "alpha", "image", "pca")
UPPER_BOUND = 1.0
HEYWOOD_STARTS = 30
WEIGHTED_STEPS = 500  # dwls needs some twenty; at a bound it may creep for ever


@one_thread
def extract(
    R: FloatArray,
    k: int,
    method: str = "minres",
    *,
    lower_bound: float = 0.005,
    tolerance: float = 1e-9,
    max_iter: int = 1000,
    start: FloatArray | None = None,
    stop: str = "max",
    weights: FloatArray | None = None,
) -> Extraction:
    """Extract k factors.

    Parameters
    ----------
    R : array, p x p
        Correlations; positive definite for "ml" and "image".
    k : int
        Number of factors, 1 to p.
    method : {"minres", "ml", "paf", "dwls", "alpha", "image", "pca"}
        minres = unweighted least squares in Psi (Harman & Jones, 1966; Joreskog, 1977), ml = maximum likelihood in
        log Psi (Joreskog, 1967; Lawley & Maxwell, 1971); the others as in `classical` and `weighted`.
    lower_bound : float
        Smallest uniqueness allowed (the Heywood bound).
    tolerance : float
        Largest projected gradient (minres, ml, dwls) or change of communalities (paf, alpha) at which to stop.
    max_iter : int
        Most iterations.
    start : array, p, optional
        Starting uniquenesses (minres, ml, paf); default Joreskog's (1 - k/2p) / diag(R^-1).
    stop : {"max", "sum"}
        Principal axis: what must not move by more than the tolerance, any communality or their sum.
    weights : array, p x p, optional
        dwls: one over the sampling variance of each correlation.

    Notes
    -----
    A Heywood case under minres or ml is tried again from 30 random starts (of a fixed stream), and the best kept.
    """
    if method == "pca":
        return classical.components(R, k)
    if method == "image":
        return classical.image_factors(R, k)
    if method == "alpha":
        return classical.alpha_factors(R, k, lower_bound=lower_bound, tolerance=tolerance, max_iter=max_iter)
    if method == "paf":
        return classical.principal_axis(
            R, k, lower_bound=lower_bound, tolerance=tolerance, max_iter=max_iter, stop=stop, start=start
        )
    found = _from(R, k, method, start, lower_bound, tolerance, max_iter, weights)
    if found.heywood.any() and start is None and method in ("minres", "ml"):
        # At the bound there are often several minima, and the usual start need not lead to the best.
        rng = np.random.default_rng(0)
        many = rng.uniform(0.05, 0.95, (HEYWOOD_STARTS, R.shape[0]))
        stack = np.broadcast_to(R, (HEYWOOD_STARTS, *R.shape))
        _, psi, _ = extract_stack(stack, k, method, many, lower_bound=lower_bound, tolerance=1e-5)
        log_det = float(np.linalg.slogdet(R)[1])
        values = [_ml(R, log_det, k, np.log(x))[0] if method == "ml" else _uls(R, k, x)[0] for x in psi]
        again = _from(R, k, method, psi[int(np.argmin(values))], lower_bound, tolerance, max_iter, weights)
        if again.objective < found.objective - 1e-10:
            return again
    return found


def _from(
    R: FloatArray,
    k: int,
    method: str,
    start: FloatArray | None,
    lower_bound: float,
    tolerance: float,
    max_iter: int,
    weights: FloatArray | None,
) -> Extraction:
    psi = np.clip(starting_uniquenesses(R, k) if start is None else start, lower_bound, UPPER_BOUND)
    if method == "ml":
        log_determinant = float(np.linalg.slogdet(R)[1])
        theta, run = projected_newton(
            lambda t: _ml(R, log_determinant, k, t),
            np.log(psi),
            (np.log(lower_bound), np.log(UPPER_BOUND)),
            tolerance,
            max_iter,
        )
        psi = np.exp(theta)
        values, vectors = top(R / np.sqrt(np.outer(psi, psi)), k)
        L = np.sqrt(psi)[:, None] * vectors * np.sqrt(np.maximum(values - 1, 0))
    else:
        # Weighted least squares starts from the unweighted solution, which need not be exact.
        enough = tolerance if method == "minres" else max(tolerance, 1e-5)
        psi, run = projected_newton(lambda t: _uls(R, k, t), psi, (lower_bound, UPPER_BOUND), enough, max_iter)
        values, vectors = top(R - np.diag(psi), k)
        L = vectors * np.sqrt(np.maximum(values, 0))
        if method == "dwls":
            W = np.ones_like(R) if weights is None else weights
            steps = min(max_iter, WEIGHTED_STEPS)
            return diagonally_weighted(R, W, L, lower_bound=lower_bound, tolerance=tolerance, max_iter=steps)
    objective, iterations, gradient = run
    return Extraction(L, psi, objective, iterations, gradient, gradient <= 100 * tolerance, at_bound(psi, lower_bound))


def _uls(R: FloatArray, k: int, psi: FloatArray) -> Evaluation:
    # f = 1/2 sum_{j>k} lambda_j^2 of R - Psi; only the top k eigenpairs are needed (Joreskog, 1977, sec. 3).
    S = R - np.diag(psi)
    values, V = top(S, k)
    positive = np.maximum(values, 0)
    f = 0.5 * (float(np.sum(S * S)) - float(np.sum(positive**2)))
    gradient = -(np.diag(S) - (V**2) @ positive)
    return f, gradient, (np.eye(R.shape[0]) - V @ V.T) ** 2


def _ml(R: FloatArray, log_determinant: float, k: int, theta: FloatArray) -> Evaluation:
    # f = sum_{j>k} (lambda_j - ln lambda_j - 1) of Psi^-1/2 R Psi^-1/2, in theta = ln Psi (Lawley & Maxwell, ch. 4).
    psi = np.exp(theta)
    S = R / np.sqrt(np.outer(psi, psi))
    values, V = top(S, k)
    large = np.maximum(values, 1.0)
    everything = float(np.sum(np.diag(S))) - (log_determinant - float(np.sum(theta))) - R.shape[0]
    f = everything - float(np.sum(large - np.log(large) - 1))
    gradient = 1 - np.diag(S) - (V**2) @ (1 - large)
    return f, gradient, (np.eye(R.shape[0]) - V @ V.T) ** 2
