"""`polyserial`: the labelled front for continuous against ordinal columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics.correlation.ordinal_input import (
    MISSING,
    as_table,
    check_columns,
    check_counts,
    threshold_frame,
    warn_of,
)
from valuelex.psychometrics.correlation.polyserial import polyserial_core
from valuelex.psychometrics.results import Result


@dataclass(frozen=True, eq=False)
class PolyserialResult(Result):
    """Polyserial correlations (continuous x ordinal); `thresholds` and `at_bound` as in `PolychoricResult`."""

    correlations: pd.DataFrame
    thresholds: pd.DataFrame
    n_obs: int
    at_bound: tuple[tuple[str, str], ...]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """The correlations."""
        return self.correlations

    def _headline(self) -> str:
        c, o = self.correlations.shape
        return f"Polyserial correlations of {c} continuous with {o} ordinal column(s), {self.n_obs} cases."


def polyserial(continuous: object, ordinal: object, *, missing: str = "listwise") -> PolyserialResult:
    """Polyserial correlations of continuous with ordinal columns: two-step ML (Olsson, Drasgow & Dorans, 1982).

    An ordinal column of two categories gives the biserial correlation.

    Parameters
    ----------
    continuous : DataFrame, Series or array, n x c
    ordinal : DataFrame, Series or array, n x o
        Same rows as `continuous`.
    missing : {"listwise", "pairwise"}
        As in `polychoric`; listwise takes rows complete in both.

    Raises
    ------
    DataError
        Different rows, non-numeric or constant columns, more than 20 categories, too few rows.
    """
    checks.choice(missing, MISSING, "missing")
    left, right = checks.as_frame(as_table(continuous), "continuous"), checks.as_frame(as_table(ordinal), "ordinal")
    labelled = isinstance(continuous, (pd.DataFrame, pd.Series)) and isinstance(ordinal, (pd.DataFrame, pd.Series))
    if len(left) != len(right) or (labelled and not left.index.equals(right.index)):
        raise DataError("continuous and ordinal do not have the same rows.", "Align them, e.g. from one DataFrame.")
    both = left.to_numpy(), right.to_numpy()
    complete = ~np.isnan(np.hstack(both)).any(axis=1)
    Y, X = (values[complete] if missing == "listwise" else values for values in both)
    check_columns(Y, list(left.columns), np.zeros(Y.shape[1], dtype=bool))
    check_columns(X, list(right.columns), np.ones(X.shape[1], dtype=bool))
    counts = (~np.isnan(Y)).astype(int).T @ (~np.isnan(X)).astype(int)
    check_counts(counts, list(left.columns), list(right.columns))
    core = polyserial_core(Y, X)
    bound = tuple((str(left.columns[i]), str(right.columns[j])) for i, j in core.at_bound)
    warn_of(bound, core.converged)
    settings = {
        "method": "polyserial",
        "missing": missing,
        "n_obs": int(counts.min()),
        "n_rows": len(left),
        "iterations": core.iterations,
        "converged": core.converged,
    }
    return PolyserialResult(
        pd.DataFrame(core.R, index=left.columns, columns=right.columns),
        threshold_frame(dict(zip(map(str, right.columns), core.thresholds, strict=True))),
        int(counts.min()),
        bound,
        settings,
    )
