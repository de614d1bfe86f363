"""All input checks of the package: data in, clean arrays out, or a named error that says what to do.

The algorithms in the other modules assume what is checked here: finite float64 arrays, unique names, no constant
column, a symmetric correlation matrix with a unit diagonal.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import correlation as corr

if TYPE_CHECKING:
    from valuelex.psychometrics.correlation.expectation import Moments
    from valuelex.psychometrics.correlation.polychoric import Polychoric
    from valuelex.psychometrics.correlation.polyserial import Mixed

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

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


@dataclass(frozen=True, eq=False)
class Input:
    """Checked input: correlations R (p x p) of `names` from n_obs cases; X (n x p) and its row positions if raw.

    `spread` holds the standard deviations behind a covariance matrix or FIML moments, `estimate` the polychoric or mixed
    estimation with its thresholds, `moments` the EM means and covariances of missing="fiml".
    """

    R: FloatArray
    names: list[str]
    n_obs: int
    X: FloatArray | None
    rows: IntArray | None
    n_rows: int | None
    settings: dict[str, Any]
    spread: FloatArray | None = None
    estimate: Polychoric | Mixed | None = None
    moments: Moments | None = None


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
    values = _numbers(frame, names)
    if np.isinf(values).any():
        infinite = [name for name, bad in zip(names, np.atleast_1d(np.isinf(values).any(axis=0)), strict=True) if bad]
        raise DataError(f"Columns hold infinite values: {_list(infinite)}.", "Replace them, or set them missing.")
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
                raise TypeError
            columns.append(np.asarray(pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)))
        except (TypeError, ValueError):
            wrong.append(name)
    if wrong:
        raise DataError(f"Columns are not numeric: {_list(wrong)}.", "Drop them or code them as numbers.")
    return np.column_stack(columns)


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
    R, spread, names = _symmetric(data)
    if spread is not None:
        raise DataError(
            "The diagonal of the correlation matrix is not 1.",
            "If it is a covariance matrix, divide each cell by both standard deviations.",
        )
    return R, names


def _symmetric(data: object) -> tuple[FloatArray, FloatArray | None, list[str]]:
    """Correlations, the standard deviations if `data` holds covariances, and names."""
    frame = as_frame(data, "The correlation matrix")
    R = frame.to_numpy()
    p = R.shape[1]
    if R.shape[0] != p:
        raise DataError(
            f"n_obs says that data is a correlation or covariance matrix, but it is {R.shape[0]} x {p}.",
            "Leave n_obs out to analyse raw data, or give a square matrix.",
        )
    if np.isnan(R).any():
        bad = [name for name, gap in zip(frame.columns, np.isnan(R).any(axis=0), strict=True) if gap]
        raise DataError(
            f"The correlation matrix has missing cells (columns {_list(bad)}).", "Estimate them, or give the raw data."
        )
    labels = [str(label) for label in frame.index]
    if isinstance(data, pd.DataFrame) and not isinstance(data.index, pd.RangeIndex) and labels != list(frame.columns):
        raise DataError(
            "Row names of the correlation matrix differ from its column names.",
            "Order rows and columns alike, with the same names.",
        )
    scale = max(1.0, float(np.abs(R).max()))
    if not np.allclose(R, R.T, atol=SYMMETRY_TOLERANCE * scale):
        i, j = divmod(int(np.argmax(np.abs(R - R.T))), p)
        raise DataError(
            f"The correlation matrix is not symmetric: {frame.columns[i]} x {frame.columns[j]} is {R[i, j]:.6g} "
            f"one way and {R[j, i]:.6g} the other.",
            "Check its source; fill both triangles with the same values.",
        )
    R = (R + R.T) / 2
    diagonal = np.diag(R).copy()
    spread: FloatArray | None = None
    if not np.allclose(diagonal, 1.0, atol=SYMMETRY_TOLERANCE):
        if (diagonal <= 0).any():
            bad = [name for name, wrong in zip(frame.columns, diagonal <= 0, strict=True) if wrong]
            raise DataError(
                f"The diagonal of the matrix is neither 1 nor a variance: it is not positive for {_list(bad)}.",
                "Give correlations (diagonal 1) or covariances (variances on the diagonal).",
            )
        spread = np.sqrt(diagonal)
        R = R / np.outer(spread, spread)
    if np.abs(R).max() > 1 + SYMMETRY_TOLERANCE:
        i, j = divmod(int(np.argmax(np.abs(R - np.eye(p)))), p)
        raise DataError(
            f"The correlation matrix has cells outside [-1, 1]: {frame.columns[i]} x {frame.columns[j]} is {R[i, j]:.4g}.",
            "Check its source.",
        )
    np.fill_diagonal(R, 1.0)
    return R, spread, list(frame.columns)


def prepare(
    data: object,
    *,
    n_obs: int | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    need_n: bool = True,
    definite: bool = False,
    smooth: str | None = None,
) -> Input:
    """Turn raw data, or a correlation or covariance matrix with n_obs, into a checked `Input`.

    With `need_n` false, a correlation matrix may come without n_obs (n_obs is then 0). Matrices estimated here (pairwise,
    polychoric) are smoothed if indefinite, by `smooth` ("clip" unless told); a given one only if `smooth` says how, and
    with `definite` it is otherwise refused.
    """
    choice(correlation, CORRELATIONS, "correlation")
    choice(missing, MISSING, "missing")
    if smooth is not None:
        choice(smooth, SMOOTHING, "smooth")
    if n_obs is None:
        frame = as_frame(data)
        if not looks_like_correlations(frame.to_numpy()):
            return _prepare_raw(frame, correlation, missing, smooth or "clip")
        if need_n:
            raise DataError(
                "data looks like a correlation matrix, but n_obs is not given.",
                "Give n_obs, the number of cases behind it.",
            )
    n = 0 if n_obs is None else integer(n_obs, "n_obs", low=3)
    R, spread, names = _symmetric(data)
    if n:
        _enough_variables(names)
    settings: dict[str, Any] = {
        "input": "correlation matrix" if spread is None else "covariance matrix",
        "n_obs": n_obs,
    }
    values, vectors = np.linalg.eigh(R)
    if values[0] < -SYMMETRY_TOLERANCE and smooth is not None:
        R = _smoothed(R, smooth, settings)
    elif values[0] < -SYMMETRY_TOLERANCE and definite:
        worst = [names[i] for i in np.argsort(-np.abs(vectors[:, 0]))[:3]]
        raise DataError(
            f"The correlation matrix is not positive definite: its smallest eigenvalue is {values[0]:.4f}; "
            f"{_list(worst)} contribute most.",
            "Check these variables, or give smooth='clip' or 'higham' to use the nearest proper matrix.",
        )
    return Input(R, names, n, None, None, None, settings, spread)


def _prepare_raw(frame: pd.DataFrame, correlation: str, missing: str, smooth: str) -> Input:
    names = list(frame.columns)
    _enough_variables(names)
    X = frame.to_numpy()
    n_rows = X.shape[0]
    gaps = np.isnan(X)
    complete = ~gaps.any(axis=1)
    empty = [name for name, bad in zip(names, gaps.all(axis=0), strict=True) if bad]
    if empty:
        raise DataError(f"Columns have no value at all: {_list(empty)}.", "Drop them.")
    if missing == "listwise" or complete.all():
        rows = np.flatnonzero(complete)
        if rows.size < 3:
            raise DataError(
                f"Only {rows.size} of {n_rows} rows are complete; at least 3 are needed.",
                "Drop the columns with most missing values, or use missing='pairwise' or 'fiml'.",
            )
        X = X[rows]
    else:
        rows = np.flatnonzero(~gaps.all(axis=1))
        X = X[rows]
    constant = [name for name, flat in zip(names, corr.constant_columns(X), strict=True) if flat]
    if constant:
        raise DataError(
            f"Columns do not vary{' among the complete rows' if rows.size < n_rows else ''}: {_list(constant)}.",
            "Drop them: a constant has no correlation.",
        )
    settings: dict[str, Any] = {
        "input": "raw data",
        "correlation": correlation,
        "missing": missing,
        "n_rows": n_rows,
        "n_obs": int(rows.size),
    }
    incomplete = bool(np.isnan(X).any())
    if missing == "fiml" and incomplete:
        return _full_information(X, rows, n_rows, names, correlation, settings)
    R, estimate = _correlations(X, names, correlation, settings)
    n_used = int(rows.size)
    counts = corr.pairwise_counts(X) if incomplete else np.full(R.shape, n_used)
    if incomplete:
        n_used = int(counts.min())
    if n_used < 3 or np.isnan(R).any():
        i, j = np.unravel_index(np.argmin(counts if n_used < 3 else np.where(np.isnan(R), -1, 1)), R.shape)
        raise DataError(
            f"{names[i]} and {names[j]} share too few cases ({counts[i, j]}) for a correlation.",
            "Drop one of them.",
        )
    if incomplete or correlation in ORDINAL:
        R = _smoothed(R, smooth, settings)
    repaired = ""
    if settings.get("repaired"):
        repaired = (
            f" The matrix was not positive definite (smallest eigenvalue "
            f"{settings['smallest_eigenvalue_before_repair']:.4f}) and was repaired ({smooth}); the largest change of a "
            f"correlation is {settings['largest_change_by_repair']:.4f}."
        )
    if incomplete:
        settings["n_obs_rule"] = "smallest pairwise n"
        warn(
            f"Pairwise deletion: correlations rest on {n_used} to {int(counts.max())} cases; "
            f"n_obs is taken as the smallest, {n_used}.{repaired}"
        )
    elif repaired:
        warn(f"{correlation} correlations:{repaired}")
    settings["n_obs"] = n_used
    return Input(R, names, n_used, X, rows.astype(np.int64), n_rows, settings, None, estimate)


def _correlations(
    X: FloatArray, names: list[str], correlation: str, settings: dict[str, Any]
) -> tuple[FloatArray, Polychoric | Mixed | None]:
    if correlation not in ORDINAL:
        return corr.matrix(X, correlation), None
    from valuelex.psychometrics.correlation import contingency, polychoric, polyserial

    if correlation == "mixed":
        ordinal = polyserial.ordinal_columns(X)
        settings["ordinal_columns"] = [name for name, is_one in zip(names, ordinal, strict=True) if is_one]
        mixed = polyserial.mixed_core(X, ordinal)
        settings["pairs_with_empty_cells"] = mixed.empty_cells
        return mixed.R, mixed
    sizes = np.array([values.size for values in contingency.categorise(X).values])
    most, kind = (2, "two categories") if correlation == "tetrachoric" else (MOST_CATEGORIES, "ordinal")
    many = [f"{name} ({size})" for name, size in zip(names, sizes, strict=True) if size > most]
    if many:
        raise DataError(
            f"{correlation} correlations need columns that are {kind}; these have more categories: {_list(many)}.",
            "Use correlation='mixed' (or 'polychoric' for ordered categories), or leave the columns out.",
        )
    found = polychoric.polychoric_core(X)
    settings["pairs_with_empty_cells"] = found.empty_cells
    if found.at_bound.size:
        pairs = [f"{names[i]} x {names[j]}" for i, j in found.at_bound[:4]]
        warn(
            f"{len(found.at_bound)} pairs have a table that fits a correlation of 1 in size, and were set to .9999: "
            f"{_list(pairs)}. Merge sparse categories or drop one of each pair."
        )
    return found.R, found


def _smoothed(R: FloatArray, method: str, settings: dict[str, Any]) -> FloatArray:
    from valuelex.psychometrics.correlation.smoothing import smooth

    found = smooth(R, method)
    settings |= {
        "repaired": found.smoothed,
        "smallest_eigenvalue_before_repair": found.smallest_before if found.smoothed else None,
    }
    if found.smoothed:
        settings |= {"repair": method, "largest_change_by_repair": found.largest_change}
    return found.R


def _full_information(
    X: FloatArray, rows: IntArray, n_rows: int, names: list[str], correlation: str, settings: dict[str, Any]
) -> Input:
    from valuelex.psychometrics.correlation.expectation import em_moments

    if correlation != "pearson":
        raise SettingError(
            f"missing='fiml' assumes normal variables and does not go with correlation='{correlation}'.",
            "Use correlation='pearson', or missing='pairwise'.",
        )
    if X.shape[0] <= X.shape[1]:
        raise DataError(
            f"There are no more cases ({X.shape[0]}) than variables ({X.shape[1]}).",
            "Full information needs more cases than variables; use missing='pairwise', or drop variables.",
        )
    moments = em_moments(X)
    spread = np.sqrt(np.diag(moments.covariance))
    R = moments.covariance / np.outer(spread, spread)
    np.fill_diagonal(R, 1.0)
    settings |= {"moments": "EM, maximum likelihood", "em_iterations": moments.iterations}
    if not moments.converged:
        warn("The EM moments of the incomplete data did not converge; some pairs share very few cases.")
    return Input(R, names, X.shape[0], X, rows.astype(np.int64), n_rows, settings, spread, None, moments)


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
