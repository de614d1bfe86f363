"""All input checks of the package: data in, clean arrays out, or a named error that says what to do.

The algorithms in the other modules assume what is checked here: finite float64 arrays, unique names, no constant
column, a symmetric correlation matrix with a unit diagonal.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import correlation as corr

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CORRELATIONS = ("pearson", "spearman")
MISSING = ("listwise", "pairwise")
SYMMETRY_TOLERANCE = 1e-8
DUPLICATE_TOLERANCE = 1e-10


class PsychometricsWarning(UserWarning):
    """The analysis ran, but something about the data or the settings limits what its numbers mean."""


def warn(message: str) -> None:
    """Warn as `PsychometricsWarning`, pointing at the caller's caller."""
    warnings.warn(message, PsychometricsWarning, stacklevel=3)


@dataclass(frozen=True, eq=False)
class Input:
    """Checked input: correlations R (p x p) of `names` from n_obs cases; X (n x p) and its row positions if raw."""

    R: FloatArray
    names: list[str]
    n_obs: int
    X: FloatArray | None
    rows: IntArray | None
    n_rows: int | None
    settings: dict[str, Any]


def choice(value: object, allowed: Sequence[str], name: str) -> str:
    """Return `value` if it is one of `allowed`, else raise a SettingError that lists them."""
    if value not in allowed:
        raise SettingError(f"{name}={value!r} is not known.", f"Use one of: {', '.join(allowed)}.")
    return str(value)


def integer(value: object, name: str, *, low: int, high: int | None = None) -> int:
    """Return `value` as an int between `low` and `high`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise SettingError(f"{name}={value!r} is not a whole number.", f"Give {name} as an integer.")
    if value < low or (high is not None and value > high):
        bound = f"at least {low}" if high is None else f"between {low} and {high}"
        raise SettingError(f"{name}={value} is out of range.", f"Give {name} as an integer of {bound}.")
    return int(value)


def number(value: object, name: str, *, low: float, high: float) -> float:
    """Return `value` as a float strictly between `low` and `high`."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise SettingError(f"{name}={value!r} is not a number.", f"Give {name} between {low:g} and {high:g}.")
    if not low < float(value) < high:
        raise SettingError(f"{name}={value} is out of range.", f"Give {name} between {low:g} and {high:g}.")
    return float(value)


def resolve_seed(seed: int | None) -> int:
    """Return the seed, or a fresh one when None, so that every result can say which seed made it."""
    if seed is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> np.uint64(1))
    return integer(seed, "seed", low=0)


def as_frame(data: object, what: str = "data") -> pd.DataFrame:
    """Return `data` as a float64 frame with unique string names; NaN allowed, infinity not."""
    if isinstance(data, pd.DataFrame):
        frame = data
        names = [str(column) for column in frame.columns]
    else:
        try:
            array = np.asarray(data)
        except (ValueError, TypeError) as error:
            raise DataError(f"{what} cannot be read as a table.", "Give a DataFrame or a 2-D array.") from error
        if array.ndim != 2:
            raise DataError(f"{what} has {array.ndim} dimension(s), not 2.", "Give a cases x variables table.")
        frame = pd.DataFrame(array)
        names = [f"V{j + 1}" for j in range(frame.shape[1])]
    if frame.shape[0] == 0 or frame.shape[1] == 0:
        raise DataError(f"{what} is empty ({frame.shape[0]} x {frame.shape[1]}).", "Give a cases x variables table.")
    doubled = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if doubled:
        raise DataError(f"Column names occur twice: {_list(doubled)}.", "Rename them so that each is unique.")
    columns: list[FloatArray] = []
    wrong: list[str] = []
    for position, name in enumerate(names):
        column = frame.iloc[:, position]
        try:
            if isinstance(column.dtype, pd.CategoricalDtype):
                raise TypeError
            columns.append(np.asarray(pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)))
        except (TypeError, ValueError):
            wrong.append(name)
    if wrong:
        raise DataError(f"Columns are not numeric: {_list(wrong)}.", "Drop them or code them as numbers.")
    values = np.column_stack(columns)
    infinite = [name for name, bad in zip(names, np.atleast_1d(np.isinf(values).any(axis=0)), strict=True) if bad]
    if infinite:
        raise DataError(f"Columns hold infinite values: {_list(infinite)}.", "Replace them, or set them missing.")
    return pd.DataFrame(values, columns=names, index=frame.index)


def looks_like_correlations(values: FloatArray) -> bool:
    """Return whether `values` is square and symmetric with a unit diagonal."""
    return (
        values.shape[0] == values.shape[1]
        and values.shape[0] > 1
        and bool(np.isfinite(values).all())
        and np.allclose(values, values.T, atol=SYMMETRY_TOLERANCE)
        and np.allclose(np.diag(values), 1.0, atol=SYMMETRY_TOLERANCE)
    )


def correlation_matrix(data: object) -> tuple[FloatArray, list[str]]:
    """Check that `data` is a correlation matrix; return it exactly symmetric, with its names."""
    frame = as_frame(data, "The correlation matrix")
    R = frame.to_numpy()
    p = R.shape[1]
    if R.shape[0] != p:
        raise DataError(
            f"n_obs says that data is a correlation matrix, but it is {R.shape[0]} x {p}.",
            "Leave n_obs out to analyse raw data, or give a square matrix.",
        )
    if np.isnan(R).any():
        raise DataError("The correlation matrix has missing cells.", "Estimate them, or give the raw data.")
    if not np.allclose(R, R.T, atol=SYMMETRY_TOLERANCE):
        i, j = divmod(int(np.argmax(np.abs(R - R.T))), p)
        raise DataError(
            f"The correlation matrix is not symmetric: {frame.columns[i]} x {frame.columns[j]} is {R[i, j]:.6g} "
            f"one way and {R[j, i]:.6g} the other.",
            "Check its source; fill both triangles with the same values.",
        )
    if not np.allclose(np.diag(R), 1.0, atol=SYMMETRY_TOLERANCE):
        raise DataError(
            "The diagonal of the correlation matrix is not 1.",
            "If it is a covariance matrix, divide each cell by both standard deviations.",
        )
    if np.abs(R).max() > 1 + SYMMETRY_TOLERANCE:
        raise DataError("The correlation matrix has cells outside [-1, 1].", "Check its source.")
    labels = [str(label) for label in frame.index]
    if isinstance(data, pd.DataFrame) and not isinstance(data.index, pd.RangeIndex) and labels != list(frame.columns):
        raise DataError(
            "Row names of the correlation matrix differ from its column names.",
            "Order rows and columns alike, with the same names.",
        )
    R = (R + R.T) / 2
    np.fill_diagonal(R, 1.0)
    return R, list(frame.columns)


def prepare(
    data: object,
    *,
    n_obs: int | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    need_n: bool = True,
) -> Input:
    """Turn raw data, or a correlation matrix with n_obs, into a checked `Input`.

    With `need_n` false, a correlation matrix may come without n_obs (n_obs is then 0).
    """
    choice(correlation, CORRELATIONS, "correlation")
    choice(missing, MISSING, "missing")
    if n_obs is None:
        values = as_frame(data).to_numpy()
        if looks_like_correlations(values):
            if need_n:
                raise DataError(
                    "data looks like a correlation matrix, but n_obs is not given.",
                    "Give n_obs, the number of cases behind it.",
                )
            R, names = correlation_matrix(data)
            return Input(R, names, 0, None, None, None, {"input": "correlation matrix", "n_obs": None})
        return _prepare_raw(data, correlation, missing)
    n = integer(n_obs, "n_obs", low=3)
    R, names = correlation_matrix(data)
    _enough_variables(names)
    return Input(R, names, n, None, None, None, {"input": "correlation matrix", "n_obs": n})


def _prepare_raw(data: object, correlation: str, missing: str) -> Input:
    frame = as_frame(data)
    names = list(frame.columns)
    _enough_variables(names)
    X = frame.to_numpy()
    n_rows = X.shape[0]
    complete = ~np.isnan(X).any(axis=1)
    empty = [name for name, bad in zip(names, np.isnan(X).all(axis=0), strict=True) if bad]
    if empty:
        raise DataError(f"Columns have no value at all: {_list(empty)}.", "Drop them.")
    if missing == "listwise" or complete.all():
        rows = np.flatnonzero(complete)
        if rows.size < 3:
            raise DataError(
                f"Only {rows.size} of {n_rows} rows are complete; at least 3 are needed.",
                "Drop the columns with most missing values, or use missing='pairwise'.",
            )
        X = X[rows]
    else:
        rows = np.arange(n_rows)
    constant = [name for name, flat in zip(names, corr.constant_columns(X), strict=True) if flat]
    if constant:
        raise DataError(
            f"Columns do not vary{' among the complete rows' if rows.size < n_rows else ''}: {_list(constant)}.",
            "Drop them: a constant has no correlation.",
        )
    R = corr.matrix(X, correlation)
    n_used = int(rows.size)
    settings: dict[str, Any] = {
        "input": "raw data",
        "correlation": correlation,
        "missing": missing,
        "n_rows": n_rows,
    }
    if np.isnan(X).any():
        counts = corr.pairwise_counts(X)
        n_used = int(counts.min())
        if n_used < 3 or np.isnan(R).any():
            i, j = np.unravel_index(np.argmin(counts if n_used < 3 else np.where(np.isnan(R), -1, 1)), R.shape)
            raise DataError(
                f"{names[i]} and {names[j]} share too few cases ({counts[i, j]}) for a correlation.",
                "Drop one of them.",
            )
        R, smallest = corr.repair(R)
        settings |= {
            "n_obs_rule": "smallest pairwise n",
            "repaired": smallest is not None,
            "smallest_eigenvalue_before_repair": smallest,
        }
        warn(
            f"Pairwise deletion: correlations rest on {n_used} to {int(counts.max())} cases; "
            f"n_obs is taken as the smallest, {n_used}."
            + (
                f" The matrix was not positive definite (smallest eigenvalue {smallest:.4f}) and was repaired by "
                "clipping eigenvalues."
                if smallest is not None
                else ""
            )
        )
    settings["n_obs"] = n_used
    return Input(R, names, n_used, X, rows.astype(np.int64), n_rows, settings)


def n_factors(value: object, p: int, method: str) -> int:
    """Check the number of factors; common-factor models must leave no negative degrees of freedom."""
    k = integer(value, "n_factors", low=1)
    most = p if method == "pca" else most_factors(p)
    if k > most:
        what = "components" if method == "pca" else "factors"
        raise SettingError(
            f"n_factors={k} is too large: {p} variables can carry at most {most} {what}.",
            f"Ask for {most} or fewer, or add variables.",
        )
    return k


def most_factors(p: int) -> int:
    """Return the largest k with ((p - k)^2 - (p + k)) / 2 >= 0 (Lawley & Maxwell, 1971, eq. 2.9)."""
    return max((k for k in range(p) if (p - k) ** 2 - (p + k) >= 0), default=0)


def loadings(value: object, name: str = "loadings") -> pd.DataFrame:
    """Return a variables x factors frame of finite numbers; arrays get the names V1.. and F1..."""
    if isinstance(value, pd.DataFrame):
        frame = as_frame(value, name)
        frame.index = pd.Index([str(label) for label in value.index])
    else:
        array = np.asarray(value, dtype=object)
        frame = as_frame(array[:, None] if array.ndim == 1 else array, name)
        frame.columns = pd.Index([f"F{j + 1}" for j in range(frame.shape[1])])
        frame.index = pd.Index([f"V{i + 1}" for i in range(frame.shape[0])])
    if frame.isna().to_numpy().any():
        raise DataError(f"{name} has missing cells.", "Give a complete variables x factors matrix.")
    if frame.shape[1] > frame.shape[0]:
        raise DataError(
            f"{name} has more factors ({frame.shape[1]}) than variables ({frame.shape[0]}).",
            "Give variables in rows, factors in columns.",
        )
    return frame


def _enough_variables(names: Sequence[str]) -> None:
    if len(names) < 2:
        raise DataError(f"Only {len(names)} variable ({_list(names)}).", "Give at least two columns.")


def _list(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
