"""Score tests: by how much chi-square would fall if one more parameter were free (Sorbom, 1989)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.psychometrics.confirmatory.estimate import Likelihood
from valuelex.psychometrics.confirmatory.ordinal import WeightedLeastSquares
from valuelex.psychometrics.confirmatory.structure import Cells, Structure
from valuelex.psychometrics.confirmatory.syntax import Statement

FloatArray = NDArray[np.float64]
Candidate = tuple[str, str, str, str, int, int]  # lhs, op, rhs, matrix, i, j


def modification_indices(
    objective: Likelihood | WeightedLeastSquares, theta: FloatArray, labels: Sequence[str]
) -> pd.DataFrame:
    """One row per fixed parameter and group: lhs, op, rhs, group, mi, epc, pvalue; largest first.

    Candidates are loadings and residual covariances that the model leaves out, and what it fixes. mi is approximately the
    fall of chi-square (df 1), epc the value that the parameter would move to (less its fixed value). Parameters that
    cannot be identified are left out.
    """
    structure = objective.structure
    candidates = [_fixed(structure, g) for g in range(structure.n_groups)]
    rows = _score_tests(objective, theta, candidates)
    frame = pd.DataFrame(
        [(*c[:3], labels[g], mi, epc) for (g, c), mi, epc in rows], columns=["lhs", "op", "rhs", "group", "mi", "epc"]
    )
    return _ranked(frame)


def equality_tests(
    objective: Likelihood | WeightedLeastSquares, theta: FloatArray, labels: Sequence[str]
) -> pd.DataFrame:
    """One row per parameter that several groups share, and group: what freeing it in that group would bring.

    Columns lhs, op, rhs, group, mi, epc, pvalue. With two groups, freeing either is the same.
    """
    structure = objective.structure
    groups_of: dict[int, set[int]] = {}
    for p, k in zip(structure.table, structure.index, strict=True):
        if k >= 0:
            groups_of.setdefault(k, set()).add(p.group)
    shared = {k for k, groups in groups_of.items() if len(groups) > 1}
    candidates: list[list[Candidate]] = [[] for _ in range(structure.n_groups)]
    for p, k in zip(structure.table, structure.index, strict=True):
        if k in shared:
            candidates[p.group].append((p.lhs, p.op, p.rhs, p.matrix, p.i, p.j))
    rows = _score_tests(objective, theta, candidates)
    frame = pd.DataFrame(
        [(*c[:3], labels[g], mi, epc) for (g, c), mi, epc in rows], columns=["lhs", "op", "rhs", "group", "mi", "epc"]
    )
    return _ranked(frame)


def _score_tests(
    objective: Likelihood | WeightedLeastSquares, theta: FloatArray, candidates: Sequence[Sequence[Candidate]]
) -> list[tuple[tuple[int, Candidate], float, float]]:
    cells = [Cells.of([(matrix, i, j, -1) for *_, matrix, i, j in group]) for group in candidates]
    g, H = objective.cell_scores(theta, cells)
    q = theta.size
    explained = np.linalg.solve(H[:q, :q], H[:q, q:])
    left = np.diag(H[q:, q:]) - np.sum(H[:q, q:] * explained, axis=0)
    # The score of a free parameter is 0 at the estimate, but for a parameter shared by groups its parts are not.
    score = g[q:] - explained.T @ g[:q]
    usable = left > 1e-8 * np.maximum(np.diag(H[q:, q:]), 1e-300)
    every = [(k, candidate) for k, group in enumerate(candidates) for candidate in group]
    return [(every[c], float(score[c] ** 2 / left[c]), float(score[c] / left[c])) for c in np.flatnonzero(usable)]


def _fixed(structure: Structure, g: int) -> list[Candidate]:
    """Parameters of group g that are fixed, and those that the model does not mention."""
    rows = [p for p in structure.table if p.group == g]
    known = {Statement(p.lhs, p.op, p.rhs).key() for p in rows}
    found: list[Candidate] = [
        (p.lhs, p.op, p.rhs, p.matrix, p.i, p.j) for p in rows if not p.free and not p.derived and p.op != "~*~"
    ]
    measuring = {p.j for p in rows if p.matrix == "lambda"}
    for j, factor in enumerate(structure.factors):
        for i, name in enumerate(structure.observed):
            if j in measuring and (factor, "=~", name) not in known:
                found.append((factor, "=~", name, "lambda", i, j))
    for i, a in enumerate(structure.observed):
        for j, b in enumerate(structure.observed[:i]):
            if Statement(b, "~~", a).key() not in known:
                found.append((b, "~~", a, "theta", i, j))
    for i, a in enumerate(structure.factors):
        for j, b in enumerate(structure.factors[:i]):
            if Statement(b, "~~", a).key() not in known:
                found.append((b, "~~", a, "psi", i, j))
    return found


def _ranked(frame: pd.DataFrame) -> pd.DataFrame:
    from scipy.special import chdtrc

    frame["pvalue"] = chdtrc(1, frame["mi"].to_numpy(dtype=np.float64))
    return frame.sort_values("mi", ascending=False, kind="stable", ignore_index=True)
