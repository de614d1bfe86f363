"""Data of a confirmatory model, group by group: all checks of columns, groups, categories and matrices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.confirmatory.likelihood import Sample, sample_of, sample_of_moments
from valuelex.psychometrics.confirmatory.syntax import Model

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MISSING = ("listwise", "fiml", "pairwise")


@dataclass(frozen=True, eq=False)
class Groups:
    """Checked data: one array (n_g x p) and, for likelihoods, one sample per group; thresholds of ordered items."""

    labels: tuple[str, ...]
    arrays: list[FloatArray]
    samples: list[Sample]
    sizes: list[int]
    settings: dict[str, Any]
    thresholds: dict[str, int] | None = None
    from_matrix: bool = False
    incomplete: bool = field(default=False)

    @property
    def owner(self) -> IntArray | None:
        """Item of each threshold."""
        if self.thresholds is None:
            return None
        return np.repeat(np.arange(len(self.thresholds)), list(self.thresholds.values()))

    @property
    def measured_n(self) -> int:
        """n of the fit measures: lavaan takes one from each group's for ordered items."""
        return sum(self.sizes) - (0 if self.thresholds is None else len(self.sizes))


def grouped(
    model: Model, data: object, *, group: str | None, estimator: str, missing: str, n_obs: int | None
) -> Groups:
    """Cut data into groups and check them; see `cfa` for the arguments and errors."""
    checks.choice(missing, MISSING, "missing")
    if missing == "fiml" and estimator == "wlsmv":
        raise SettingError("missing='fiml' assumes normal variables.", "Use missing='pairwise' for ordered items.")
    if missing == "pairwise" and estimator != "wlsmv":
        raise SettingError("missing='pairwise' is for ordered items.", "Use missing='fiml'.")
    if n_obs is not None:
        return _matrix(model, data, group, estimator, n_obs)
    frame = data if isinstance(data, pd.DataFrame) else checks.as_frame(data)
    names = [str(column) for column in frame.columns]
    needed = [*model.observed, *([group] if group is not None else [])]
    absent = [name for name in needed if name not in names]
    if absent:
        raise DataError(
            f"Columns of the model are not in the data: {', '.join(absent[:8])}.",
            "Check the spelling in the model; factors stand on the left of =~.",
        )
    looks_like = intake.looks_like_correlations(frame.to_numpy()) if _numeric(frame) else False
    if looks_like:
        raise DataError("data looks like a correlation matrix, but n_obs is not given.", "Give n_obs.")
    frame = frame.set_axis(names, axis=1)
    doubled = [name for name in needed if names.count(name) > 1]
    if doubled:
        raise DataError(f"Column names occur twice: {', '.join(doubled)}.", "Rename them so that each is unique.")
    values = checks.as_frame(frame[model.observed]).to_numpy()
    labels, membership = _membership(frame, group)
    gaps = np.isnan(values)
    keep = ~gaps.any(axis=1) if missing == "listwise" else ~gaps.all(axis=1)
    settings: dict[str, Any] = {
        "input": "raw data",
        "n_rows": len(frame),
        "n_obs": int((keep & (membership >= 0)).sum()),
    }
    arrays = [values[keep & (membership == g)] for g in range(len(labels))]
    _checked(arrays, labels, model.observed)
    sizes = [len(X) for X in arrays]
    if len(labels) > 1:
        settings["group_sizes"] = dict(zip(labels, sizes, strict=True))
    if estimator == "wlsmv":
        thresholds = _categories(arrays, labels, model.observed)
        return Groups(labels, arrays, [], sizes, settings, thresholds)
    samples = [_sample(X, label, model.observed) for X, label in zip(arrays, labels, strict=True)]
    return Groups(labels, arrays, samples, sizes, settings, incomplete=missing == "fiml")


def _matrix(model: Model, data: object, group: str | None, estimator: str, n_obs: int) -> Groups:
    if group is not None or estimator != "ml":
        raise SettingError(
            f"{'Groups' if group is not None else 'estimator=' + repr(estimator)} needs raw data, not a matrix.",
            "Leave n_obs out and give raw data, or use estimator='ml' without groups.",
        )
    n = checks.integer(n_obs, "n_obs", low=3)
    ready = intake.prepare(data, n_obs=n, definite=True)
    absent = [name for name in model.observed if name not in ready.names]
    if absent:
        raise DataError(f"Variables of the model are not in the matrix: {', '.join(absent[:8])}.", "Check the names.")
    at = [ready.names.index(name) for name in model.observed]
    sd = np.ones(len(ready.names)) if ready.spread is None else ready.spread
    S = (ready.R * np.outer(sd, sd))[np.ix_(at, at)]
    if np.linalg.eigvalsh(ready.R[np.ix_(at, at)])[0] < 1e-10:
        raise DataError("The matrix is not positive definite.", "Drop variables that are sums of others.")
    sample = sample_of_moments(S * (n - 1) / n, n)
    return Groups(("all",), [], [sample], [n], {**ready.settings, "divisor": "n - 1 taken, n used"}, from_matrix=True)


def _numeric(frame: pd.DataFrame) -> bool:
    return all(isinstance(dtype, np.dtype) and dtype.kind in "fiu" for dtype in frame.dtypes)


def _membership(frame: pd.DataFrame, group: str | None) -> tuple[tuple[str, ...], IntArray]:
    """Labels in order of appearance and the group of each row (-1: missing)."""
    if group is None:
        return ("all",), np.zeros(len(frame), dtype=np.int64)
    codes, found = pd.factorize(frame[group])
    if len(found) < 2:
        raise DataError(f"Column {group} holds fewer than two groups.", "Leave group out, or name another column.")
    return tuple(_label(value) for value in found), codes.astype(np.int64)


def _label(value: object) -> str:
    whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[call-overload]


def _checked(arrays: list[FloatArray], labels: tuple[str, ...], names: list[str]) -> None:
    for X, label in zip(arrays, labels, strict=True):
        where = f" in group {label}" if len(labels) > 1 else ""
        if X.shape[0] <= X.shape[1]:
            raise DataError(
                f"There are only {X.shape[0]} usable cases{where} for {X.shape[1]} variables.",
                "Gather more cases, join groups, or use missing='fiml' if gaps are the cause.",
            )
        flat = [n for n, column in zip(names, X.T, strict=True) if _range(column) == 0]
        if flat:
            raise DataError(f"Columns do not vary{where}: {', '.join(flat[:8])}.", "Leave them out of the model.")


def _range(column: FloatArray) -> float:
    seen = column[~np.isnan(column)]
    return float(np.ptp(seen)) if seen.size else 0.0


def _sample(X: FloatArray, label: str, names: list[str]) -> Sample:
    scale = np.nanstd(X, axis=0)
    try:
        found = sample_of(X)
    except np.linalg.LinAlgError as error:
        raise DataError(
            f"Too few observed cells{f' in group {label}' if label != 'all' else ''} for the means and covariances.",
            "Gather more cases, or drop the variables with most missing values.",
        ) from error
    R = found.covariance / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(R)
    if values[0] < 1e-10:
        worst = [names[i] for i in np.argsort(-np.abs(vectors[:, 0]))[:3]]
        raise DataError(
            f"The covariances{f' of group {label}' if label != 'all' else ''} are singular; {', '.join(worst)} contribute "
            "most.",
            "Drop variables that are sums or copies of others.",
        )
    return found


def _categories(arrays: list[FloatArray], labels: tuple[str, ...], names: list[str]) -> dict[str, int]:
    """Thresholds per item, the same in all groups."""
    out = {}
    for j, name in enumerate(names):
        seen = [np.unique(X[:, j][~np.isnan(X[:, j])]) for X in arrays]
        every = np.unique(np.concatenate(seen))
        if every.size > checks.MOST_CATEGORIES:
            raise DataError(
                f"Column {name} has {every.size} different values: it is no ordered item.", "Use estimator='mlr'."
            )
        for found, label in zip(seen, labels, strict=True):
            unseen = np.setdiff1d(every, found)
            if unseen.size:
                raise DataError(
                    f"Category {unseen[0]:g} of column {name} does not occur in group {label}.",
                    "Merge it with its neighbour in all groups, or leave the item or the group out.",
                )
        out[name] = int(every.size) - 1
    return out
