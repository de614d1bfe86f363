"""Checks of arguments: a clean value out, or a named error that says what to do. `intake` checks whole data sets."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError

FloatArray = NDArray[np.float64]

CORRELATIONS = ("pearson", "spearman", "polychoric", "tetrachoric", "mixed")
ORDINAL = ("polychoric", "tetrachoric", "mixed")
MISSING = ("listwise", "pairwise", "fiml")
SMOOTHING = ("clip", "higham")
SYMMETRY_TOLERANCE = 1e-8
DUPLICATE_TOLERANCE = 1e-10
MOST_CATEGORIES = 20
"""A column with more distinct values is no rating scale: polychorics of it would be slow and mean little."""


class PsychometricsWarning(UserWarning):
    """The analysis ran, but something about the data or the settings limits what its numbers mean."""


def warn(message: str) -> None:
    """Warn as `PsychometricsWarning`, pointing at the caller's caller."""
    warnings.warn(message, PsychometricsWarning, stacklevel=3)


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
        raise DataError(f"Column names occur twice: {listed(doubled)}.", "Rename them so that each is unique.")
    values = _numbers(frame, names)
    if np.isinf(values).any():
        infinite = [name for name, bad in zip(names, np.atleast_1d(np.isinf(values).any(axis=0)), strict=True) if bad]
        raise DataError(f"Columns hold infinite values: {listed(infinite)}.", "Replace them, or set them missing.")
    if frame is data and list(frame.columns) == names and (frame.dtypes == np.float64).all():
        return frame  # nothing to convert; results never write to their input
    return pd.DataFrame(values, columns=names, index=frame.index)


def _numbers(frame: pd.DataFrame, names: Sequence[str]) -> FloatArray:
    if all(isinstance(dtype, np.dtype) and dtype.kind in "fiub" for dtype in frame.dtypes):
        return frame.to_numpy(dtype=np.float64)
    columns: list[FloatArray] = []
    wrong: list[str] = []
    for position, name in enumerate(names):
        column = frame.iloc[:, position]
        try:
            if isinstance(column.dtype, pd.CategoricalDtype):
                if not column.dtype.ordered:
                    raise TypeError
                codes = column.cat.codes.to_numpy(dtype=np.float64) + 1
                columns.append(np.where(codes > 0, codes, np.nan))
                continue
            columns.append(np.asarray(pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)))
        except (TypeError, ValueError):
            wrong.append(name)
    if wrong:
        raise DataError(
            f"Columns are not numeric: {listed(wrong)}.",
            "Drop them, code them as numbers, or make them ordered categories.",
        )
    return np.column_stack(columns)


def n_factors(value: object, p: int, method: str) -> int:
    """Check the number of factors; common-factor models must leave no negative degrees of freedom."""
    k = integer(value, "n_factors", low=1)
    most = p if method == "pca" else most_factors(p)
    if most < 1:
        raise SettingError(
            f"{p} variables cannot carry a common factor; three are the least.", "Add variables, or use method='pca'."
        )
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
    value = getattr(value, "loadings", value)  # a result of efa or rotate
    if isinstance(value, pd.DataFrame):
        frame = as_frame(value, name).copy()
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


def listed(names: Sequence[str], most: int = 8) -> str:
    """The first `most` names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
