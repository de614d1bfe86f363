"""Does the structure come back in other cases? Split halves and k folds, compared by Tucker's congruence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import alignment, checks, extraction
from valuelex.psychometrics import correlation as corr
from valuelex.psychometrics.exploratory.bootstrap import ALIGNED, model_settings, resampled_correlations
from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.resampling import replicate
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.rotation import rotate as rotating

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

EQUAL, FAIR = 0.95, 0.85  # Lorenzo-Seva & ten Berge (2006)


@dataclass(frozen=True, eq=False)
class ReplicationResult(Result):
    """Tucker congruences of solutions from parts of the data.

    `frame` has one row per factor: mean, sd, ci_low, ci_high (percentiles), minimum, verdict. `congruences` is one row
    per comparison, one column per factor. `n_failed` counts parts that could not be factored.
    """

    frame: pd.DataFrame
    congruences: pd.DataFrame
    n_failed: int
    settings: dict[str, Any] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """One row per factor."""
        return self.frame.copy()

    def _headline(self) -> str:
        return (
            f"{self.settings['kind']}: mean congruence {self.frame['mean'].min():.3f} to {self.frame['mean'].max():.3f}"
        )


def split_half(
    result: EFAResult, n_splits: int = 100, *, level: float = 0.95, seed: int | None = None
) -> ReplicationResult:
    """Factor random halves of the cases apart, and compare them with each other (Everett, 1983).

    Both halves are matched to the solution of all cases first, so that a column means the same factor in every split.

    Parameters
    ----------
    result : EFAResult
        A solution of raw data; the halves are factored with its settings.
    n_splits : int
        Random splits.
    level : float
        Coverage of the percentile interval over splits, 0-1. It describes the splits, and is no confidence interval.
    seed : int, optional
        Stored with the result.

    Raises
    ------
    DataError
        The model was fitted to a matrix, or a half has no more cases than variables.
    """
    n_splits = checks.integer(n_splits, "n_splits", low=1)
    return _replicate(result, "split half", n_splits, 2, level, seed)


def k_fold(
    result: EFAResult, k: int = 5, *, repeats: int = 10, level: float = 0.95, seed: int | None = None
) -> ReplicationResult:
    """Leave out one of k random parts of the cases at a time, and compare the held-out part with the rest.

    Parameters
    ----------
    result, level, seed
        As in `split_half`.
    k : int
        Parts, at least 2; a part needs more cases than variables.
    repeats : int
        Random partitions.

    Raises
    ------
    DataError
        The model was fitted to a matrix, or a part has no more cases than variables.

    Notes
    -----
    Congruence as in Lorenzo-Seva & ten Berge (2006): .85-.94 fair, .95 and more equal.
    """
    k = checks.integer(k, "k", low=2)
    repeats = checks.integer(repeats, "repeats", low=1)
    return _replicate(result, f"{k}-fold", repeats, k, level, seed)


def _replicate(result: EFAResult, kind: str, n: int, folds: int, level: float, seed: int | None) -> ReplicationResult:
    if not isinstance(result, EFAResult):
        raise DataError(
            f"{type(result).__name__} is not a solution.", "Give the result of efa(): split_half(efa(data, k))."
        )
    level = checks.number(level, "level", low=0, high=1)
    seed = checks.resolve_seed(seed)
    X = result.source.X
    if X is None:
        raise DataError("A correlation matrix cannot be split.", "Fit the model to raw data.")
    if X.shape[0] // folds <= X.shape[1] and result.settings["method"] != "pca":
        raise DataError(
            f"A part of {X.shape[0] // folds} cases has no more cases than variables ({X.shape[1]}).",
            "Use fewer parts, fewer variables, or .bootstrap().",
        )
    found = replicate(_compare, n, seed, X, folds, result.settings, result.spec, result.loadings.to_numpy(), size=5)
    rows = [row for part in found for row in part]
    good = np.array([row for row in rows if row is not None]).reshape(-1, result.n_factors)
    if good.shape[0] == 0:
        raise DataError("No part of the data could be factored.", "Use fewer parts, or fewer factors.")
    tail = 100 * (1 - level) / 2
    mean = good.mean(axis=0)
    frame = pd.DataFrame(
        {
            "mean": mean,
            "sd": good.std(axis=0, ddof=1) if good.shape[0] > 1 else np.nan,
            "ci_low": np.percentile(good, tail, axis=0),
            "ci_high": np.percentile(good, 100 - tail, axis=0),
            "minimum": good.min(axis=0),
            "verdict": np.where(mean >= EQUAL, "equal", np.where(mean >= FAIR, "fair", "not replicated")),
        },
        index=result.loadings.columns,
    )
    congruences = pd.DataFrame(good, columns=result.loadings.columns)
    settings = {
        **model_settings(result.settings),
        "kind": kind,
        "n": n,
        "parts": folds,
        "level": level,
        "aligned": ALIGNED,
        "seed": seed,
    }
    return ReplicationResult(frame, congruences, len(rows) - good.shape[0], settings)


def _compare(
    streams: Sequence[np.random.SeedSequence],
    X: FloatArray,
    folds: int,
    s: dict[str, Any],
    spec: rotating.Spec,
    L0: FloatArray,
) -> list[list[FloatArray | None]]:
    out: list[list[FloatArray | None]] = []
    for stream in streams:
        rng = np.random.default_rng(stream)
        parts = np.array_split(rng.permutation(X.shape[0]), folds)
        pairs = (
            [(parts[0], parts[1])]
            if folds == 2
            else [(part, np.setdiff1d(np.arange(X.shape[0]), part)) for part in parts]
        )
        row: list[FloatArray | None] = []
        for one, other in pairs:
            solutions = [_solve(X[rows], s, spec, L0, rng) for rows in (one, other)]
            if solutions[0] is None or solutions[1] is None:
                row.append(None)
            else:
                row.append(np.diag(alignment.congruence_core(solutions[0], solutions[1])).copy())
        out.append(row)
    return out


def _solve(
    X: FloatArray, s: dict[str, Any], spec: rotating.Spec, L0: FloatArray, rng: np.random.Generator
) -> FloatArray | None:
    if corr.constant_columns(X).any():
        return None
    R, weights = resampled_correlations(X, s["correlation"], s["missing"], s["method"])
    if R is None or (s["method"] in ("ml", "image") and np.linalg.eigvalsh(R)[0] < 1e-10):
        return None
    options = {name: s[name] for name in ("lower_bound", "tolerance", "max_iter")}
    found = extraction.extract(R, L0.shape[1], s["method"], weights=weights, **options)
    L = rotating.rotate_core(found.loadings, spec, rng).loadings
    order, signs = alignment.match(L, L0)
    return np.asarray(L[:, order] * signs)
