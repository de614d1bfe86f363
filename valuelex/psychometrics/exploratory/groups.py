"""The same analysis in several groups: one solution each, turned to a common one, and how far they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import alignment, checks
from valuelex.psychometrics.exploratory.efa import efa
from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.rotation import rotate as rotating
from valuelex.psychometrics.rotation.projection import turn

FloatArray = NDArray[np.float64]

SWEEPS = 200
TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class GroupsResult(Result):
    """Solutions of several groups in one position.

    `loadings` has one row per variable and group (index levels group, variable), `consensus` is the common pattern the
    groups were turned to, `congruence` one row per pair of groups with Tucker's coefficient per factor, `phi` the
    factor correlations of that position, and `results` each group's own `EFAResult` (before alignment).
    """

    loadings: pd.DataFrame
    consensus: pd.DataFrame
    congruence: pd.DataFrame
    phi: pd.DataFrame
    results: dict[str, EFAResult]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per pair of groups, one column per factor."""
        return self.congruence.copy()

    def differences(self, least: float = 0.2) -> pd.DataFrame:
        """Loadings that differ between groups by `least` or more: variable, factor, and one column per group."""
        wide = pd.DataFrame({name: self.loadings.loc[name].stack() for name in self.results})
        wide.index.names = ["variable", "factor"]
        gap = pd.Series(np.ptp(wide.to_numpy(), axis=1), index=wide.index)
        return wide.assign(range=gap)[gap >= least].sort_values("range", ascending=False).reset_index()

    def _headline(self) -> str:
        values = self.congruence.drop(columns=["group", "with"]).to_numpy()
        return f"{len(self.results)} groups; congruences {np.nanmin(values):.3f} to {np.nanmax(values):.3f}"


def compare_groups(
    data: pd.DataFrame, n_factors: int, *, group: str, target: object = None, seed: int | None = None, **options: Any
) -> GroupsResult:
    """Factor each group apart and turn all solutions to a common one.

    Unrotated group solutions go to their consensus by generalised orthogonal Procrustes rotation (Gower, 1975; ten
    Berge, 1977), the consensus is rotated as asked, and the groups follow: differences that only come from rotation
    vanish, differences of structure stay. With `target` (p x k), groups are turned to that instead.

    Parameters
    ----------
    data : DataFrame
        Variables and the column `group`.
    n_factors : int
        Factors in every group.
    group : str
        Name of the column that tells groups apart.
    target : array, p x k, optional
        A published pattern to turn each group to (orthogonal Procrustes).
    seed : int, optional
        Of the rotation starts.
    **options
        Further arguments of `efa`.

    Raises
    ------
    DataError
        No such column, fewer than two groups, or a group that cannot be factored (it is named).
    """
    if not isinstance(data, pd.DataFrame) or group not in data.columns:
        raise DataError(f"data has no column {group!r}.", "Give a DataFrame and the name of its grouping column.")
    seed = checks.resolve_seed(seed)
    if options.get("correlation") in checks.ORDINAL:
        _same_categories(data, group)
    results: dict[str, EFAResult] = {}
    for label, part in data.groupby(group, observed=True, sort=True):
        try:
            results[str(label)] = efa(part.drop(columns=group), n_factors, seed=seed, **options)
        except DataError as error:
            raise DataError(f"Group {label!r} (n = {len(part)}): {error.what}", error.remedy) from error
    if len(results) < 2:
        raise DataError(f"{group!r} has {len(results)} group(s).", "At least two groups are needed.")
    first = next(iter(results.values()))
    unrotated = [one.unrotated.to_numpy() for one in results.values()]
    if target is None:
        turned, consensus = _consensus(unrotated)
        found = rotating.ordered(rotating.rotate_core(consensus, first.spec, np.random.default_rng(seed)), first.spec)
        T, oblique, common = found.T, first.spec.oblique, found.loadings
        loadings = [turn(A, T[None], oblique)[0] for A in turned]
        phi = found.phi
    else:
        common = checks.loadings(target, "target").to_numpy()
        if common.shape != first.loadings.shape:
            raise DataError(
                f"target is {common.shape[0]} x {common.shape[1]}, the solutions {first.loadings.shape}.",
                "Give one row per variable, one column per factor.",
            )
        loadings = [A @ alignment.procrustes_core(A, common) for A in unrotated]
        phi = np.eye(n_factors)
    names, factors, groups = first.loadings.index, first.loadings.columns, list(results)
    stacked = pd.concat(
        {name: pd.DataFrame(L, index=names, columns=factors) for name, L in zip(groups, loadings, strict=True)},
        names=["group", "variable"],
    )
    rows = []
    for a in range(len(groups)):
        for b in range(a):
            pairs = np.diag(alignment.congruence_core(loadings[b], loadings[a]))
            rows.append({"group": groups[b], "with": groups[a], **dict(zip(factors, pairs, strict=True))})
    settings = {
        **first.settings,
        "group": group,
        "n_rows": len(data),
        "n_obs": {name: one.source.n_obs for name, one in results.items()},
        "aligned_to": "consensus" if target is None else "target",
        "seed": seed,
    }
    return GroupsResult(
        stacked,
        pd.DataFrame(common, index=names, columns=factors),
        pd.DataFrame(rows),
        pd.DataFrame(phi, index=factors, columns=factors),
        results,
        settings,
    )


def _same_categories(data: pd.DataFrame, group: str) -> None:
    """Refuse a column of categories of which a group lacks one: its thresholds would mean something else there."""
    for name in data.columns.drop(group):
        categories = data[name].dropna().unique()
        if len(categories) > checks.MOST_CATEGORIES:
            continue
        for label, part in data.groupby(group, observed=True):
            absent = sorted(set(categories) - set(part[name].dropna()))
            if absent:
                raise DataError(
                    f"Category {absent[0]!s} of column {name} does not occur in group {label}.",
                    "Merge it with its neighbour in all groups, or use correlation='pearson'.",
                )


def _consensus(loadings: list[FloatArray]) -> tuple[list[FloatArray], FloatArray]:
    """Group loadings in their common orthogonal position, and their mean."""
    turned = list(loadings)
    mean = turned[0]
    before = np.inf
    for _ in range(SWEEPS):
        turned = [A @ alignment.procrustes_core(A, mean) for A in turned]
        mean = np.mean(turned, axis=0)
        loss = sum(float(np.sum((A - mean) ** 2)) for A in turned)
        if before - loss <= TOLERANCE * max(loss, 1e-300):
            break
        before = loss
    return turned, np.asarray(mean)
