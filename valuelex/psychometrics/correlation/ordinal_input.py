"""What the fronts for ordered categories share: checks of columns, labelled thresholds, warnings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.correlation.product_moment import constant_columns

FloatArray = NDArray[np.float64]

# Two-step estimates have no full-information form.
MISSING = ("listwise", "pairwise")
# Beyond this a column is a measurement rather than a rating, and its table is mostly empty.
MOST_CATEGORIES = 20


def as_table(data: object) -> object:
    """Turn a Series into a one-column frame, leave the rest."""
    return data.to_frame(data.name if data.name is not None else "V1") if isinstance(data, pd.Series) else data


def check_columns(X: FloatArray, names: list[str], ordinal: NDArray[np.bool_], most: int = MOST_CATEGORIES) -> None:
    """Refuse too few rows, and columns that are empty, constant, or (where `ordinal`) of more than `most` categories."""
    if len(X) < 3:
        raise DataError(
            f"Only {len(X)} rows are complete; at least 3 are needed.",
            "Drop the columns with most missing values, or use missing='pairwise'.",
        )
    empty = [name for name, bad in zip(names, np.atleast_1d(np.isnan(X).all(axis=0)), strict=True) if bad]
    if empty:
        raise DataError(f"Columns have no value at all: {', '.join(empty)}.", "Drop them.")
    constant = [name for name, flat in zip(names, constant_columns(X), strict=True) if flat]
    if constant:
        raise DataError(f"Columns do not vary: {', '.join(constant)}.", "Drop them: a constant has no correlation.")
    many = []
    for j in np.flatnonzero(ordinal):
        size = len(np.unique(X[~np.isnan(X[:, j]), j]))
        if size > most:
            many.append(f"{names[j]} ({size})")
    if many and most == 2:
        raise DataError(
            f"Columns have more than two categories: {', '.join(many)}.",
            "Use polychoric(), or code them as two categories.",
        )
    if many:
        raise DataError(
            f"Columns have more than {most} categories: {', '.join(many)}.",
            "Treat them as continuous (mixed_correlations, or correlate), or join categories.",
        )


def check_counts(counts: NDArray[np.int64], rows: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse pairs of rows x columns that share fewer than three cases."""
    if counts.min() < 3:
        i, j = divmod(int(np.argmin(counts)), counts.shape[1])
        raise DataError(f"{rows[i]} and {columns[j]} share too few cases ({counts[i, j]}).", "Drop one of them.")


def threshold_frame(thresholds: dict[str, FloatArray]) -> pd.DataFrame:
    """Thresholds as a frame: columns of the data in rows, NaN beyond their number of cuts."""
    widest = max((len(tau) for tau in thresholds.values()), default=0)
    rows = [np.pad(tau, (0, widest - len(tau)), constant_values=np.nan) for tau in thresholds.values()]
    columns = [f"t{k + 1}" for k in range(widest)]
    return pd.DataFrame(np.array(rows).reshape(len(rows), widest), index=list(thresholds), columns=columns)


def warn_of(bound: tuple[tuple[str, str], ...], converged: bool) -> None:
    """Warn of pairs at the bound and of a search that did not end."""
    if bound:
        shown = "; ".join(f"{a} x {b}" for a, b in bound[:5]) + (
            f" and {len(bound) - 5} more" if len(bound) > 5 else ""
        )
        checks.warn(
            f"The likelihood rises to a perfect correlation and was stopped at .9999: {shown}. "
            "Join sparse categories, or give correct=0.5."
        )
    if not converged:
        checks.warn("Some correlations did not converge within 100 steps; look for categories with very few cases.")
