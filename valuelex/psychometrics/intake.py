"""Data in, clean arrays out: raw data, correlation or covariance matrices, or a named error that says what to do.

The algorithms in the other modules assume what is checked here: finite float64 arrays, unique names, no constant
column, a symmetric correlation matrix with a unit diagonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics import correlation as corr

if TYPE_CHECKING:
    from valuelex.psychometrics.correlation.expectation import Moments
    from valuelex.psychometrics.correlation.polychoric import Polychoric
    from valuelex.psychometrics.correlation.polyserial import Mixed

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


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


def looks_like_correlations(values: FloatArray) -> bool:
    """Return whether `values` is square and symmetric with a unit diagonal."""
    return (
        values.shape[0] == values.shape[1]
        and values.shape[0] > 1
        and bool(np.isfinite(values).all())
        and np.allclose(values, values.T, atol=checks.SYMMETRY_TOLERANCE)
        and np.allclose(np.diag(values), 1.0, atol=checks.SYMMETRY_TOLERANCE)
    )


def looks_like_covariances(frame: pd.DataFrame) -> bool:
    """Return whether the frame is square and symmetric with positive variances other than 1, and alike named."""
    values = frame.to_numpy()
    return (
        values.shape[0] == values.shape[1] > 2
        and not looks_like_correlations(values)
        and bool(np.isfinite(values).all() and (np.diag(values) > 0).all())
        and np.allclose(values, values.T, rtol=1e-10)
        and (isinstance(frame.index, pd.RangeIndex) or [str(x) for x in frame.index] == list(frame.columns))
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
    frame = checks.as_frame(data, "The correlation matrix")
    R = frame.to_numpy()
    p = R.shape[1]
    if R.shape[0] != p:
        raise DataError(
            f"n_obs says that data is a correlation or covariance matrix, but it is {R.shape[0]} x {p}.",
            "Leave n_obs out to analyse raw data, or give a square matrix.",
        )
    empty = np.isnan(R)
    if empty.any() and not np.isnan(np.diag(R)).any() and not (empty & empty.T).any():
        R = np.where(empty, R.T, R)  # one triangle, as matrices are printed
    if np.isnan(R).any():
        bad = [name for name, gap in zip(frame.columns, np.isnan(R).any(axis=0), strict=True) if gap]
        raise DataError(
            f"The correlation matrix has missing cells (columns {checks.listed(bad)}).",
            "Estimate them, or give the raw data.",
        )
    labels = [str(label) for label in frame.index]
    if isinstance(data, pd.DataFrame) and not isinstance(data.index, pd.RangeIndex) and labels != list(frame.columns):
        raise DataError(
            "Row names of the correlation matrix differ from its column names.",
            "Order rows and columns alike, with the same names.",
        )
    scale = max(1.0, float(np.abs(R).max()))
    if not np.allclose(R, R.T, atol=checks.SYMMETRY_TOLERANCE * scale):
        i, j = divmod(int(np.argmax(np.abs(R - R.T))), p)
        raise DataError(
            f"The correlation matrix is not symmetric: {frame.columns[i]} x {frame.columns[j]} is {R[i, j]:.6g} "
            f"one way and {R[j, i]:.6g} the other.",
            "Check its source; fill both triangles with the same values.",
        )
    R = (R + R.T) / 2
    diagonal = np.diag(R).copy()
    spread: FloatArray | None = None
    if not np.allclose(diagonal, 1.0, atol=checks.SYMMETRY_TOLERANCE):
        if (diagonal <= 0).any():
            bad = [name for name, wrong in zip(frame.columns, diagonal <= 0, strict=True) if wrong]
            raise DataError(
                f"The diagonal of the matrix is neither 1 nor a variance: it is not positive for {checks.listed(bad)}.",
                "Give correlations (diagonal 1) or covariances (variances on the diagonal).",
            )
        spread = np.sqrt(diagonal)
        R = R / np.outer(spread, spread)
    if np.abs(R).max() > 1 + checks.SYMMETRY_TOLERANCE:
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
    checks.choice(correlation, checks.CORRELATIONS, "correlation")
    checks.choice(missing, checks.MISSING, "missing")
    if smooth is not None:
        checks.choice(smooth, checks.SMOOTHING, "smooth")
    if n_obs is None:
        frame = checks.as_frame(data)
        if need_n and looks_like_covariances(frame):
            raise DataError(
                "data looks like a covariance matrix, but n_obs is not given.",
                "Give n_obs, the number of cases behind it.",
            )
        if not looks_like_correlations(frame.to_numpy()):
            return _prepare_raw(frame, correlation, missing, smooth or "clip")
        if need_n:
            raise DataError(
                "data looks like a correlation matrix, but n_obs is not given.",
                "Give n_obs, the number of cases behind it.",
            )
    n = 0 if n_obs is None else checks.integer(n_obs, "n_obs", low=3)
    R, spread, names = _symmetric(data)
    if n:
        _enough_variables(names)
    settings: dict[str, Any] = {
        "input": "correlation matrix" if spread is None else "covariance matrix",
        "n_obs": n_obs,
    }
    values, vectors = np.linalg.eigh(R)
    if values[0] < -checks.SYMMETRY_TOLERANCE and smooth is not None:
        R = _smoothed(R, smooth, settings)
    elif values[0] < -checks.SYMMETRY_TOLERANCE and definite:
        worst = [names[i] for i in np.argsort(-np.abs(vectors[:, 0]))[:3]]
        raise DataError(
            f"The correlation matrix is not positive definite: its smallest eigenvalue is {values[0]:.4f}; "
            f"{checks.listed(worst)} contribute most.",
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
        raise DataError(f"Columns have no value at all: {checks.listed(empty)}.", "Drop them.")
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
            f"Columns do not vary{' among the complete rows' if rows.size < n_rows else ''}: {checks.listed(constant)}.",
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
    if incomplete or correlation in checks.ORDINAL:
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
        checks.warn(
            f"Pairwise deletion: correlations rest on {n_used} to {int(counts.max())} cases; "
            f"n_obs is taken as the smallest, {n_used}.{repaired}"
        )
    elif repaired:
        checks.warn(f"{correlation} correlations:{repaired}")
    settings["n_obs"] = n_used
    return Input(R, names, n_used, X, rows.astype(np.int64), n_rows, settings, None, estimate)


def _correlations(
    X: FloatArray, names: list[str], correlation: str, settings: dict[str, Any]
) -> tuple[FloatArray, Polychoric | Mixed | None]:
    if correlation not in checks.ORDINAL:
        return corr.matrix(X, correlation), None
    from valuelex.psychometrics.correlation import contingency, polychoric, polyserial

    if correlation == "mixed":
        ordinal = polyserial.ordinal_columns(X)
        settings["ordinal_columns"] = [name for name, is_one in zip(names, ordinal, strict=True) if is_one]
        mixed = polyserial.mixed_core(X, ordinal)
        settings["pairs_with_empty_cells"] = mixed.empty_cells
        return mixed.R, mixed
    sizes = np.array([values.size for values in contingency.categorise(X).values])
    most, kind = (2, "two categories") if correlation == "tetrachoric" else (checks.MOST_CATEGORIES, "ordinal")
    many = [f"{name} ({size})" for name, size in zip(names, sizes, strict=True) if size > most]
    if many:
        raise DataError(
            f"{correlation} correlations need columns that are {kind}; these have more categories: {checks.listed(many)}.",
            "Use correlation='mixed' (or 'polychoric' for ordered categories), or leave the columns out.",
        )
    found = polychoric.polychoric_core(X)
    settings["pairs_with_empty_cells"] = found.empty_cells
    if found.at_bound.size:
        pairs = [f"{names[i]} x {names[j]}" for i, j in found.at_bound[:4]]
        checks.warn(
            f"{len(found.at_bound)} pairs have a table that fits a correlation of 1 in size, and were set to .9999: "
            f"{checks.listed(pairs)}. Merge sparse categories or drop one of each pair."
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
    R = np.nan_to_num(corr.matrix(X))
    first, second = np.nonzero(np.triu(np.abs(R) > 1 - 1e-6, 1))
    same = [f"{names[i]} = {names[j]}" for i, j in zip(first, second, strict=True)]
    moments = None
    if not same:
        try:
            moments = em_moments(X)
        except np.linalg.LinAlgError:
            same = ["some combination of columns is constant"]
    if moments is None:
        raise DataError(
            f"Full information needs columns that do not determine one another; these do: {checks.listed(same)}.",
            "Drop duplicate columns, or use missing='pairwise'.",
        )
    spread = np.sqrt(np.diag(moments.covariance))
    R = moments.covariance / np.outer(spread, spread)
    np.fill_diagonal(R, 1.0)
    settings |= {"moments": "EM, maximum likelihood", "em_iterations": moments.iterations}
    if not moments.converged:
        checks.warn("The EM moments of the incomplete data did not converge; some pairs share very few cases.")
    return Input(R, names, X.shape[0], X, rows.astype(np.int64), n_rows, settings, spread, None, moments)


def _enough_variables(names: Sequence[str]) -> None:
    if len(names) < 2:
        raise DataError(f"Only {len(names)} variable ({checks.listed(names)}).", "Give at least two columns.")
