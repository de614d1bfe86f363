"""Starting values: one principal axis per factor, in the metric that the model fixes. Array core."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from valuelex.psychometrics.confirmatory.structure import Structure

FloatArray = NDArray[np.float64]


def starting_values(
    structure: Structure,
    means: Sequence[FloatArray],
    covariances: Sequence[FloatArray],
    thresholds: Sequence[FloatArray] = (),
) -> FloatArray:
    """Start theta (q) from means (p) and covariances (p x p) of each group; start() in the model goes first.

    A factor's loadings start as those of a single factor of its indicators; residual variances as what these leave, not
    below a twentieth; factor covariances at 0. Parameters shared by groups start at the average.
    """
    total, count = np.zeros(structure.q), np.zeros(structure.q)
    for g, (mean, S) in enumerate(zip(means, covariances, strict=True)):
        loading, variance, residual = _by_factor(structure, g, S)
        for p, k in zip(structure.table, structure.index, strict=True):
            if p.group != g or not p.free:
                continue
            if p.start is not None:
                value = p.start
            elif p.matrix == "lambda":
                value = loading[p.i, p.j]
            elif p.matrix == "beta":
                value = np.sqrt(variance[p.i] / variance[p.j]) * (0.6 if variance[p.j] == 1.0 else 1.0)
            elif p.matrix == "psi":
                value = variance[p.i] if p.i == p.j else 0.0
            elif p.matrix == "theta":
                value = (1.0 if structure.ordered else residual[p.i]) if p.i == p.j else 0.0
            elif p.matrix == "nu":
                value = 0.0 if structure.ordered else mean[p.i]
            elif p.matrix == "tau":
                value = thresholds[g][p.i]
            else:
                value = 1.0 if p.matrix == "delta" else 0.0
            total[k] += value
            count[k] += 1
    return np.asarray(total / np.maximum(count, 1))


def _by_factor(structure: Structure, g: int, S: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    p, m = S.shape[0], len(structure.factors)
    sd = np.sqrt(np.diag(S))
    R = S / np.outer(sd, sd)
    L, variance, explained = np.zeros((p, m)), np.ones(m), np.zeros(p)
    rows = [q for q in structure.table if q.group == g]
    for j in range(m):
        own = [q for q in rows if q.matrix == "lambda" and q.j == j]
        items = np.array([q.i for q in own], dtype=np.int64)
        if items.size == 0:
            continue
        axis = _axis(R[np.ix_(items, items)])
        axis = axis if axis[0] >= 0 else -axis  # the direction of a factor is that of its first indicator
        column = axis * sd[items]
        explained[items] = np.maximum(explained[items], axis**2)
        fixed = [(at, q.value) for at, q in enumerate(own) if not q.free and q.value != 0]
        held = [q.value for q in rows if q.matrix == "psi" and q.i == q.j == j and not q.free]
        if fixed:
            at, value = fixed[0]
            unit = column[at] / value if abs(column[at]) > 0.05 * sd[items[at]] else 0.05 * sd[items[at]]
            L[items, j], variance[j] = column / unit, unit**2
        elif held and held[0] > 0:
            L[items, j], variance[j] = column / np.sqrt(held[0]), held[0]
        else:
            L[items, j] = column
    # A factor that others explain keeps half of its variance; what measures factors has the other half.
    for q in rows:
        if q.matrix == "beta":
            above = [r.value for r in rows if r.matrix == "psi" and r.i == r.j == q.j and not r.free]
            variance[q.j] = above[0] if above else (variance[q.i] / 2 if not q.free else variance[q.j])
    for j in {q.i for q in rows if q.matrix == "beta"}:
        variance[j] = max(variance[j] / 2, 1e-3)
    return L, variance, np.asarray(np.diag(S) * np.maximum(1 - explained, 0.05))


def _axis(R: FloatArray) -> FloatArray:
    """Loadings of one principal factor, the diagonal replaced by each variable's largest correlation."""
    if R.shape[0] == 1:
        return np.ones(1)
    reduced = R - np.eye(R.shape[0])
    np.fill_diagonal(reduced, np.abs(reduced).max(axis=0))
    values, vectors = np.linalg.eigh(reduced)
    axis = vectors[:, -1] * np.sqrt(max(float(values[-1]), 1e-3))
    return np.asarray(np.clip(axis, -0.95, 0.95))
