"""The semidefinite program behind the greatest lower bound. Array core.

Of a covariance matrix C (p x p) as much variance as possible is called error, psi (p), such that what remains can be a
covariance matrix:

    maximise sum(psi)   subject to   S = C - diag(psi) positive semidefinite, psi >= 0;
    minimise tr(C Y)    subject to   Y positive semidefinite, diag(Y) >= 1   (its dual).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

GAP = 1e-8  # duality gap to stop at, relative to the trace of C
STEPS = 60
TO_THE_BOUNDARY = 0.95  # share of the longest step that keeps all four variables positive
CENTRE = 0.1  # complementarity aimed at, relative to the present one


@dataclass(frozen=True, eq=False)
class TraceMinimum:
    """Error variances psi (s x p) and multipliers Y (s x p x p) of a stack, both feasible; `gap` (s) between the two.

    The true optimum lies between sum(psi) and sum(psi) + gap.
    """

    psi: FloatArray
    Y: FloatArray
    gap: FloatArray


def trace_minimum(C: FloatArray) -> TraceMinimum:
    """Solve the program for each of a stack C (s x p x p) of positive definite matrices.

    A feasible primal-dual interior point method in the direction of Helmberg, Rendl, Vanderbei & Wolkowicz (1996), who
    made it for programs with a bound on the diagonal: S Y = mu I and psi z = mu, z = diag(Y) - 1, are linearised, which
    leaves one p x p system in the step of psi. All matrices take their steps together, about 12 for a gap of 1e-8.
    """
    s, p, _ = C.shape
    diagonal = np.arange(p)
    scale = np.diagonal(C, axis1=1, axis2=2).mean(axis=1)
    C = C / scale[:, None, None]
    psi = np.repeat(np.linalg.eigvalsh(C)[:, :1] / 2, p, axis=1)
    Y = np.broadcast_to(2 * np.eye(p), C.shape).copy()
    z = np.ones((s, p))
    gap = np.full(s, np.inf)
    alive = np.arange(s)
    for _ in range(STEPS):
        c, x, y, slack = C[alive], psi[alive], Y[alive], z[alive]
        S = c.copy()
        S[:, diagonal, diagonal] -= x
        gap[alive] = np.einsum("sij,sij->s", c, y) - x.sum(axis=1)
        going = gap[alive] > GAP * p
        alive, x, y, slack, S = alive[going], x[going], y[going], slack[going], S[going]
        if alive.size == 0:
            break
        mu = CENTRE * (np.einsum("sij,sij->s", S, y) + np.sum(x * slack, axis=1)) / (2 * p)
        # Of the triangular roots the inverse comes out symmetric and definite, however near S is to its boundary.
        root_S, root_Y = _inverse_root(S), _inverse_root(y)
        inverse = root_S.transpose(0, 2, 1) @ root_S
        K = inverse * y
        K[:, diagonal, diagonal] += slack / x
        target = mu[:, None] / x + 1 - mu[:, None] * inverse[:, diagonal, diagonal]
        dx = np.linalg.solve(K, target[:, :, None])[:, :, 0]
        turned = (inverse * dx[:, None, :]) @ y
        dy = mu[:, None, None] * inverse - y + (turned + turned.transpose(0, 2, 1)) / 2
        dz = dy[:, diagonal, diagonal] + y[:, diagonal, diagonal] - 1 - slack
        dS = np.zeros_like(S)
        dS[:, diagonal, diagonal] = -dx
        primal = TO_THE_BOUNDARY * np.minimum(_longest(root_S, dS), _longest_positive(x, dx))
        dual = TO_THE_BOUNDARY * np.minimum(_longest(root_Y, dy), _longest_positive(slack, dz))
        psi[alive] = x + np.minimum(primal, 1.0)[:, None] * dx
        step = np.minimum(dual, 1.0)
        Y[alive] = y + step[:, None, None] * dy
        z[alive] = Y[alive][:, diagonal, diagonal] - 1
    return TraceMinimum(psi * scale[:, None], Y, gap * scale)


def _inverse_root(S: FloatArray) -> FloatArray:
    """L^-1 (s x p x p) of S = L L'."""
    return np.asarray(np.linalg.inv(np.linalg.cholesky(S)))


def _longest(root: FloatArray, D: FloatArray) -> FloatArray:
    """The largest step (s) for which S + step D stays positive semidefinite, `root` being the inverse root of S."""
    smallest = np.linalg.eigvalsh(root @ D @ root.transpose(0, 2, 1))[:, 0]
    return np.where(smallest < 0, -1 / np.minimum(smallest, -1e-300), np.inf)


def _longest_positive(x: FloatArray, d: FloatArray) -> FloatArray:
    return np.min(np.where(d < 0, -x / np.minimum(d, -1e-300), np.inf), axis=1)
