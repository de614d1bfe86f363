"""Newton's method in a box, for the uniquenesses: minres and ML, and what else has gradient and Hessian in p values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Evaluation = tuple[float, FloatArray, FloatArray]  # objective, gradient, approximate Hessian

STALLED = 10  # steps without a smaller gradient


def projected_newton(
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
    size, smallest, stalled = np.inf, np.inf, 0
    for iteration in range(max_iter):
        free = _free(x, g, bounds)
        size = _size(x, g, bounds)
        # Rounding can keep the gradient a little above the tolerance: then more steps are a random walk.
        stalled = 0 if size < 0.9 * smallest else stalled + 1
        smallest = min(size, smallest)
        if size <= tolerance or (stalled >= STALLED and size <= 1e3 * tolerance):
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
        rounding = 1e-11 * (1 + abs(f))
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
