"""Step 4: extraction of k factors from R (p x p). Array core only; `efa` is the labelled front.

Symbols follow the papers: R correlations, Psi uniquenesses (p), L = Lambda pattern (p x k).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Evaluation = tuple[float, FloatArray, FloatArray]  # objective, gradient, approximate Hessian

METHODS = ("minres", "ml", "paf", "pca")
UPPER_BOUND = 1.0
SUBSET_FROM = 80  # from about this p on, computing k eigenpairs alone is faster than all of them


@dataclass(frozen=True, eq=False)
class Extraction:
    """An unrotated solution and how it was reached.

    `objective` is the ML discrepancy (ml), half the sum of squared residuals (minres, paf), or NaN (pca).
    `gradient` is the largest absolute projected gradient (paf: last change of a communality).
    `heywood` marks variables whose uniqueness ended at the lower bound.
    """

    loadings: FloatArray
    uniquenesses: FloatArray
    objective: float
    iterations: int
    gradient: float
    converged: bool
    heywood: NDArray[np.bool_]


def extract(
    R: FloatArray,
    k: int,
    method: str = "minres",
    *,
    lower_bound: float = 0.005,
    tolerance: float = 1e-9,
    max_iter: int = 1000,
    start: FloatArray | None = None,
) -> Extraction:
    """Extract k factors.

    Parameters
    ----------
    R : array, p x p
        Correlations; positive definite for "ml".
    k : int
        Number of factors, 1 to p.
    method : {"minres", "ml", "paf", "pca"}
        minres = unweighted least squares in Psi (Harman & Jones, 1966; Joreskog, 1977), ml = maximum likelihood in
        log Psi (Joreskog, 1967; Lawley & Maxwell, 1971), paf = iterated principal axis from SMC, pca = components.
    lower_bound : float
        Smallest uniqueness allowed (the Heywood bound).
    tolerance : float
        Largest projected gradient (minres, ml) or change of a communality (paf) at which to stop.
    max_iter : int
        Most iterations.
    start : array, p, optional
        Starting uniquenesses; default Joreskog's (1 - k/2p) / diag(R^-1).
    """
    if method == "pca":
        return _components(R, k)
    psi = _start(R, k) if start is None else start
    if method == "paf":
        return _principal_axis(R, k, lower_bound, tolerance, max_iter, start)
    if method == "ml":
        log_determinant = float(np.linalg.slogdet(R)[1])
        theta, run = _projected_newton(
            lambda t: _ml(R, log_determinant, k, t),
            np.log(np.clip(psi, lower_bound, UPPER_BOUND)),
            (np.log(lower_bound), np.log(UPPER_BOUND)),
            tolerance,
            max_iter,
        )
        psi = np.exp(theta)
        values, vectors = _top(R / np.sqrt(np.outer(psi, psi)), k)
        L = np.sqrt(psi)[:, None] * vectors * np.sqrt(np.maximum(values - 1, 0))
    else:
        psi, run = _projected_newton(
            lambda t: _uls(R, k, t),
            np.clip(psi, lower_bound, UPPER_BOUND),
            (lower_bound, UPPER_BOUND),
            tolerance,
            max_iter,
        )
        values, vectors = _top(R - np.diag(psi), k)
        L = vectors * np.sqrt(np.maximum(values, 0))
    objective, iterations, gradient = run
    return Extraction(
        L, psi, objective, iterations, gradient, gradient <= 10 * tolerance, psi <= lower_bound * (1 + 1e-6)
    )


def _uls(R: FloatArray, k: int, psi: FloatArray) -> Evaluation:
    # f = 1/2 sum_{j>k} lambda_j^2 of R - Psi; only the top k eigenpairs are needed (Joreskog, 1977, sec. 3).
    S = R - np.diag(psi)
    values, V = _top(S, k)
    positive = np.maximum(values, 0)
    f = 0.5 * (float(np.sum(S * S)) - float(np.sum(positive**2)))
    gradient = -(np.diag(S) - (V**2) @ positive)
    return f, gradient, (np.eye(R.shape[0]) - V @ V.T) ** 2


def _ml(R: FloatArray, log_determinant: float, k: int, theta: FloatArray) -> Evaluation:
    # f = sum_{j>k} (lambda_j - ln lambda_j - 1) of Psi^-1/2 R Psi^-1/2, in theta = ln Psi (Lawley & Maxwell, ch. 4).
    psi = np.exp(theta)
    S = R / np.sqrt(np.outer(psi, psi))
    values, V = _top(S, k)
    large = np.maximum(values, 1.0)
    everything = float(np.sum(np.diag(S))) - (log_determinant - float(np.sum(theta))) - R.shape[0]
    f = everything - float(np.sum(large - np.log(large) - 1))
    gradient = 1 - np.diag(S) - (V**2) @ (1 - large)
    return f, gradient, (np.eye(R.shape[0]) - V @ V.T) ** 2


def _projected_newton(
    evaluate: Callable[[FloatArray], Evaluation],
    x: FloatArray,
    bounds: tuple[float, float],
    tolerance: float,
    max_iter: int,
) -> tuple[FloatArray, tuple[float, int, float]]:
    """Minimise within a box by Newton steps on the free variables, with projection and Armijo backtracking.

    Bertsekas (1982). Returns x and (objective, iterations, largest projected gradient).
    """
    f, g, H = evaluate(x)
    size = np.inf
    for iteration in range(max_iter):
        free = _free(x, g, bounds)
        size = _size(x, g, bounds)
        if size <= tolerance:
            return x, (f, iteration, size)
        block = H[np.ix_(free, free)]
        # The approximate Hessian may be singular (Schur square of a projection): a small ridge keeps the step finite.
        block[np.diag_indices_from(block)] += 1e-8
        step = np.zeros_like(x)
        step[free] = -np.linalg.solve(block, g[free])
        for direction in (step, np.where(free, -g, 0.0)):
            accepted = _backtrack(evaluate, x, f, g, direction, bounds)
            if accepted is not None:
                break
        if accepted is None:
            return x, (f, iteration, size)
        x, (f, g, H) = accepted
    return x, (f, max_iter, _size(x, g, bounds))


def _backtrack(
    evaluate: Callable[[FloatArray], Evaluation],
    x: FloatArray,
    f: float,
    g: FloatArray,
    direction: FloatArray,
    bounds: tuple[float, float],
) -> tuple[FloatArray, Evaluation] | None:
    scale = 1.0
    before = _size(x, g, bounds)
    for _ in range(30):
        trial = np.clip(x + scale * direction, *bounds)
        found = evaluate(trial)
        expected = float(g @ (trial - x))
        # Near the minimum differences of f drown in rounding; there a smaller gradient is what counts.
        rounding = 1e-13 * (1 + abs(f))
        if np.isfinite(found[0]) and (
            found[0] <= f + 1e-4 * expected
            or (found[0] <= f + rounding and _size(trial, found[1], bounds) < 0.9 * before)
        ):
            return trial, found
        scale /= 2
    return None


def _free(x: FloatArray, g: FloatArray, bounds: tuple[float, float]) -> NDArray[np.bool_]:
    """Variables that are not held at a bound by their gradient."""
    return np.asarray(~(((x <= bounds[0]) & (g > 0)) | ((x >= bounds[1]) & (g < 0))))


def _size(x: FloatArray, g: FloatArray, bounds: tuple[float, float]) -> float:
    """Largest projected gradient."""
    return float(np.abs(g[_free(x, g, bounds)]).max(initial=0.0))


def _principal_axis(
    R: FloatArray, k: int, lower_bound: float, tolerance: float, max_iter: int, start: FloatArray | None
) -> Extraction:
    h2 = 1 - (_start(R, 0) if start is None else start)
    change = np.inf
    iteration = 0
    reduced = R.copy()
    for iteration in range(1, max_iter + 1):  # noqa: B007 - the count is part of the result
        np.fill_diagonal(reduced, h2)
        values, V = _top(reduced, k)
        new = np.clip((V**2) @ np.maximum(values, 0), 0.0, 1 - lower_bound)
        change = float(np.abs(new - h2).max())
        h2 = new
        if change <= tolerance:
            break
    np.fill_diagonal(reduced, h2)
    values, V = _top(reduced, k)
    L = V * np.sqrt(np.maximum(values, 0))
    psi = 1 - h2
    residual = R - L @ L.T - np.diag(psi)
    return Extraction(
        L,
        psi,
        0.5 * float(np.sum(residual**2)),
        iteration,
        change,
        change <= tolerance,
        psi <= lower_bound * (1 + 1e-6),
    )


def _components(R: FloatArray, k: int) -> Extraction:
    values, V = _top(R, k)
    L = V * np.sqrt(np.maximum(values, 0))
    psi = np.maximum(1 - np.sum(L**2, axis=1), 0.0)
    return Extraction(L, psi, np.nan, 1, 0.0, True, np.zeros(R.shape[0], dtype=bool))


def _start(R: FloatArray, k: int) -> FloatArray:
    p = R.shape[0]
    values = np.linalg.eigvalsh(R)
    if values[0] > values[-1] * 1e-10:
        return np.asarray((1 - 0.5 * k / p) / np.diag(np.linalg.inv(R)))
    # Singular R has no SMC; the largest correlation is the customary communality then (Harman, 1976).
    return np.asarray(1 - np.minimum(np.abs(R - np.eye(p)).max(axis=0), 0.95))


def _top(S: FloatArray, k: int) -> tuple[FloatArray, FloatArray]:
    """Largest k eigenvalues, descending, and their vectors."""
    p = S.shape[0]
    if p > SUBSET_FROM and k < p // 2:
        from scipy.linalg import eigh

        values, vectors = eigh(S, subset_by_index=(p - k, p - 1), driver="evr", check_finite=False)
    else:
        values, vectors = np.linalg.eigh(S)
    return np.asarray(values[::-1][:k]), np.asarray(vectors[:, ::-1][:, :k])
