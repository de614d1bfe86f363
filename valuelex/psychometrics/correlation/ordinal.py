"""The labelled fronts for ordered categories: polychoric, tetrachoric and mixed correlations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.correlation.ordinal_input import (
    MISSING,
    MOST_CATEGORIES,
    check_columns,
    check_counts,
    threshold_frame,
    warn_of,
)
from valuelex.psychometrics.correlation.polyserial import MAX_CATEGORIES, Mixed, mixed_core, ordinal_columns
from valuelex.psychometrics.correlation.product_moment import pairwise_counts
from valuelex.psychometrics.correlation.smoothing import METHODS, Smoothing
from valuelex.psychometrics.correlation.smoothing import smooth as _smooth
from valuelex.psychometrics.results import Result

SMOOTHINGS = (*METHODS, "none")


@dataclass(frozen=True, eq=False)
class PolychoricResult(Result):
    """Correlations of the normal variables that are thought to lie behind ordered categories.

    Attributes
    ----------
    correlations : DataFrame, p x p
        After smoothing, if any was needed.
    thresholds : DataFrame, ordinal columns x cuts
        Standard normal quantiles; NaN beyond a column's number of categories.
    n_obs : int
        Cases; with pairwise deletion the smallest number that any pair shares.
    empty_cells : int
        Ordinal pairs whose two-way table has an empty cell.
    at_bound : tuple of name pairs
        Pairs whose likelihood rises to a perfect correlation; set to .9999 with its sign.
    smoothing : Smoothing, optional
        What was done to a matrix that was not positive definite; None if smoothing was switched off.
    ordinal : tuple of str
        The columns treated as categories.
    """

    correlations: pd.DataFrame
    thresholds: pd.DataFrame
    n_obs: int
    empty_cells: int
    at_bound: tuple[tuple[str, str], ...]
    smoothing: Smoothing | None
    ordinal: tuple[str, ...]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """The correlations."""
        return self.correlations

    def _headline(self) -> str:
        kind = {"polychoric": "Polychoric", "tetrachoric": "Tetrachoric"}.get(self.settings["method"], "Mixed")
        parts = [f"{kind} correlations of {len(self.correlations)} columns, {self.n_obs} cases."]
        if self.empty_cells:
            parts.append(f"{self.empty_cells} pair(s) with an empty cell.")
        if self.at_bound:
            parts.append(f"{len(self.at_bound)} pair(s) at the bound.")
        if self.smoothing is not None and self.smoothing.smoothed:
            parts.append(
                f"Smoothed ({self.smoothing.method}, smallest eigenvalue {self.smoothing.smallest_before:.4f})."
            )
        return " ".join(parts)


def polychoric(
    data: object,
    *,
    missing: str = "listwise",
    correct: float = 0.0,
    keep_margins: bool = False,
    smooth: str = "clip",
) -> PolychoricResult:
    """Polychoric correlations of the columns of `data`: two-step ML (Olsson, 1979).

    Parameters
    ----------
    data : DataFrame or array, n cases x p columns
        Ordered categories as numbers (2 to 20 per column); only their order counts. NaN is missing.
    missing : {"listwise", "pairwise"}
        Listwise keeps complete rows. Pairwise takes each pair's complete rows, but thresholds from all observed values
        of a column (lavaan's and psych's convention).
    correct : float, 0 or more
        What an empty cell of a pair's table counts. 0 is lavaan's rule beyond two categories.
    keep_margins : bool
        With one empty cell in a 2 x 2 table, keep its margins when `correct` fills it (lavaan's rule with .5).
    smooth : {"clip", "higham", "none"}
        How a matrix that is not positive definite is repaired; see `correlation.smooth`.

    Returns
    -------
    PolychoricResult

    Raises
    ------
    DataError
        Non-numeric or constant columns, more than 20 categories, too few rows, a pair without a common case.
    SettingError
        Unknown missing or smoothing rule, negative `correct`.

    Examples
    --------
    >>> import numpy as np
    >>> table = np.repeat([[0, 0], [1, 1], [0, 1], [1, 0]], [40, 40, 10, 10], axis=0)
    >>> round(float(polychoric(table).correlations.loc["V1", "V2"]), 4)
    0.809
    """
    return _ordinal("polychoric", data, missing=missing, correct=correct, keep_margins=keep_margins, smoothing=smooth)


def tetrachoric(
    data: object,
    *,
    missing: str = "listwise",
    correct: float = 0.0,
    keep_margins: bool = False,
    smooth: str = "clip",
) -> PolychoricResult:
    """Polychoric correlations of columns with two categories each; arguments and result as in `polychoric`.

    ``correct=0.5, keep_margins=True`` treats a table with one empty cell as lavaan does.

    Raises
    ------
    DataError
        A column has more than two categories, or what `polychoric` raises.
    """
    return _ordinal("tetrachoric", data, missing=missing, correct=correct, keep_margins=keep_margins, smoothing=smooth)


def mixed_correlations(
    data: object,
    ordinal: Sequence[str] | None = None,
    *,
    max_categories: int = MAX_CATEGORIES,
    missing: str = "listwise",
    correct: float = 0.0,
    keep_margins: bool = False,
    smooth: str = "clip",
) -> PolychoricResult:
    """Correlate continuous and ordinal columns, each pair by its kinds: Pearson, polyserial or polychoric.

    Parameters
    ----------
    data : DataFrame or array, n cases x p columns
        Numeric; NaN is missing.
    ordinal : sequence of str, optional
        Names of the ordinal columns. Without it, a column of whole numbers with at most `max_categories` different
        ones is ordinal.
    max_categories : int
        For that rule, 2 to 20.
    missing, correct, keep_margins, smooth
        As in `polychoric`. A pair of continuous columns uses its own cases' moments, as Pearson's r does.

    Raises
    ------
    SettingError
        `ordinal` names a column that is not there.
    DataError
        What `polychoric` raises.
    """
    frame = checks.as_frame(data)
    if ordinal is None:
        checks.integer(max_categories, "max_categories", low=2, high=MOST_CATEGORIES)
        mask = ordinal_columns(frame.to_numpy(), max_categories)
        rule = f"whole numbers, at most {max_categories} different"
    else:
        wanted = [ordinal] if isinstance(ordinal, str) else [str(name) for name in ordinal]
        unknown = [name for name in wanted if name not in frame.columns]
        if unknown:
            raise SettingError(f"ordinal names no column of data: {', '.join(unknown)}.", "Check the spelling.")
        mask = np.isin(np.array(frame.columns, dtype=object), wanted)
        rule = "given"
    return _ordinal(
        "mixed", frame, mask, missing=missing, correct=correct, keep_margins=keep_margins, smoothing=smooth, rule=rule
    )


def _ordinal(
    method: str,
    data: object,
    mask: NDArray[np.bool_] | None = None,
    *,
    missing: str,
    correct: float,
    keep_margins: bool,
    smoothing: str,
    rule: str | None = None,
) -> PolychoricResult:
    checks.choice(missing, MISSING, "missing")
    checks.choice(smoothing, SMOOTHINGS, "smooth")
    correct = 0.0 if correct == 0 else checks.number(correct, "correct", low=0, high=10)
    frame = checks.as_frame(data)
    names = [str(name) for name in frame.columns]
    if len(names) < 2:
        raise DataError(f"Only {len(names)} variable ({names[0]}).", "Give at least two columns.")
    X = frame.to_numpy()
    if missing == "listwise":
        X = X[~np.isnan(X).any(axis=1)]
    ordinal = np.ones(len(names), dtype=bool) if mask is None else mask
    check_columns(X, names, ordinal, most=2 if method == "tetrachoric" else MOST_CATEGORIES)
    counts = pairwise_counts(X)
    check_counts(counts, names, names)
    core: Mixed = mixed_core(X, ordinal, correct=correct, keep_margins=keep_margins)
    if np.isnan(core.R).any():
        i, j = np.argwhere(np.isnan(core.R))[0]
        raise DataError(f"{names[i]} and {names[j]} do not vary among their common cases.", "Drop one of them.")
    done = None if smoothing == "none" else _smooth(core.R, smoothing)
    R = core.R if done is None else done.R
    bound = tuple((names[i], names[j]) for i, j in np.sort(core.at_bound, axis=1))
    warn_of(bound, core.converged)
    if done is not None and done.smoothed:
        checks.warn(
            f"The {method} matrix was not positive definite (smallest eigenvalue {done.smallest_before:.4f}) and was "
            f"smoothed by {done.method}; its largest change is {done.largest_change:.3f}."
        )
    n_obs = int(counts.min())
    settings: dict[str, Any] = {
        "method": method,
        "missing": missing,
        "correct": correct,
        "keep_margins": keep_margins,
        "smooth": smoothing,
        "smoothed": done is not None and done.smoothed,
        "smoothing_floor": None if done is None else done.floor,
        "ordinal_rule": rule,
        "n_obs": n_obs,
        "n_obs_rule": "smallest pairwise n" if missing == "pairwise" else None,
        "n_rows": len(frame),
        "iterations": core.iterations,
        "converged": core.converged,
    }
    cuts = {name: tau for name, tau in zip(names, core.thresholds, strict=True) if tau is not None}
    return PolychoricResult(
        correlations=pd.DataFrame(R, index=names, columns=names),
        thresholds=threshold_frame(cuts),
        n_obs=n_obs,
        empty_cells=core.empty_cells,
        at_bound=bound,
        smoothing=done,
        ordinal=tuple(cuts),
        settings=settings,
    )
