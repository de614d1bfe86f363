"""Step 8: resampling of a factor solution. Cases, or clusters of cases, are drawn with replacement."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import alignment, checks, extraction
from valuelex.psychometrics import correlation as corr
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.rotation import projection
from valuelex.psychometrics.rotation import rotate as rotating
from valuelex.psychometrics.rotation.weighting import row_weights

if TYPE_CHECKING:
    from valuelex.psychometrics.exploratory.result import EFAResult

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ROTATION_STEPS = 500


@dataclass(frozen=True, eq=False)
class BootstrapResult(Result):
    """Sampling uncertainty of loadings.

    `frame` has one row per loading: variable, factor, loading, se, ci_low, ci_high, n_valid. `congruence` has one
    row per factor: mean, ci_low (5th percentile) and minimum of Tucker's congruence with the original. `replicates` is
    B x p x k.
    """

    frame: pd.DataFrame
    congruence: pd.DataFrame
    n_failed: int
    settings: dict[str, Any]
    replicates: FloatArray = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Columns variable, factor, loading, se, ci_low, ci_high, n_valid."""
        return self.frame.copy()

    def _headline(self) -> str:
        return f"Bootstrap: {self.replicates.shape[0]} resamples, {self.n_failed} failed"


def bootstrap(
    result: EFAResult, n: int, seed: int | None, *, clusters: Sequence[Any] | None, level: float
) -> BootstrapResult:
    """Resample, refit, rotate and align; see `EFAResult.bootstrap`.

    Each unrotated solution is turned to the original one (Procrustes) and rotated from the original's rotation, so that
    a resample stays in the original's minimum; then its factors are permuted and reflected (Zhang, 2014; Ichikawa &
    Konishi, 1995). A column that does not vary in a resample (a rare word, say) is left out there: its loadings rest on
    `n_valid` resamples. A resample with too few varying columns, or that ML cannot fit, is counted in `n_failed`.
    """
    n = checks.integer(n, "n", low=2)
    level = checks.number(level, "level", low=0, high=1)
    seed = checks.resolve_seed(seed)
    ready, s = result.source, result.settings
    if ready.X is None or ready.rows is None:
        raise DataError("A correlation matrix cannot be resampled.", "Fit the model to raw data.")
    groups = None if clusters is None else cluster_rows(clusters, ready.rows, int(ready.n_rows or 0))
    A0 = result.unrotated.to_numpy()
    psi = np.asarray(result.uniquenesses, dtype=np.float64)
    absent = []
    unrotated = []
    n_failed = 0
    for stream in np.random.SeedSequence(seed).spawn(n):
        X = ready.X[draw(ready.X.shape[0], groups, np.random.default_rng(stream))]
        varies = np.asarray(~np.isnan(X).all(axis=0))
        varies[varies] = ~corr.constant_columns(X[:, varies])
        few = result.n_factors > (varies.sum() if s["method"] == "pca" else checks.most_factors(int(varies.sum())))
        R = None if few else resampled_correlations(X[:, varies], s["correlation"])
        if R is None or (s["method"] == "ml" and np.linalg.eigvalsh(R)[0] < 1e-10):
            n_failed += 1
            continue
        found = extraction.extract(
            R,
            result.n_factors,
            s["method"],
            lower_bound=s["lower_bound"],
            # Far below sampling error; the full tolerance would double the time.
            tolerance=max(s["tolerance"], 1e-6),
            max_iter=s["max_iter"],
            start=psi[varies],
        )
        A = np.zeros_like(A0)
        A[varies] = found.loadings @ alignment.procrustes(found.loadings, A0[varies])
        unrotated.append(A)
        absent.append(~varies)
    if len(unrotated) < 2:
        raise DataError(
            f"{n_failed} of {n} resamples could not be factored.",
            "Drop columns that hardly vary, or use method='minres'.",
        )
    L0 = result.loadings.to_numpy()
    replicates = rotate_like(np.array(unrotated), result)
    congruences = np.empty((len(unrotated), result.n_factors))
    for b, L in enumerate(replicates):
        order, signs = alignment.match(L, L0)
        replicates[b] = L[:, order] * signs
        congruences[b] = np.diag(alignment.congruence_core(replicates[b], L0))
    # A column without variation in a resample has no loading there; zeros kept it out of the rotation's way.
    replicates[np.array(absent)] = np.nan
    n_valid = np.sum(~np.isnan(replicates), axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column valid in fewer than two resamples has NaN
        se = np.nanstd(replicates, axis=0, ddof=1)
        tail = 100 * (1 - level) / 2
        low, high = np.nanpercentile(replicates, [tail, 100 - tail], axis=0)
    p, k = L0.shape
    frame = pd.DataFrame(
        {
            "variable": np.repeat(list(result.loadings.index), k),
            "factor": np.tile(list(result.loadings.columns), p),
            "loading": L0.ravel(),
            "se": se.ravel(),
            "ci_low": low.ravel(),
            "ci_high": high.ravel(),
            "n_valid": n_valid.ravel(),
        }
    )
    congruence = pd.DataFrame(
        {
            "mean": congruences.mean(axis=0),
            "ci_low": np.percentile(congruences, 5, axis=0),
            "minimum": congruences.min(axis=0),
        },
        index=result.loadings.columns,
    )
    settings = {
        "n": n,
        "seed": seed,
        "level": level,
        "resampled": "cases" if groups is None else f"{len(groups)} clusters",
        "interval": "percentile",
    }
    return BootstrapResult(frame, congruence, n_failed, settings, replicates)


def rotate_like(stack: FloatArray, result: EFAResult) -> FloatArray:
    """Rotate a stack of unrotated loadings (B x p x k), each from the rotation of `result`, in one batch."""
    spec, T0 = result.spec, result.rotation_matrix
    if stack.shape[2] == 1 or spec.method == "none":
        return stack.copy()
    rule = "kaiser" if spec.normalize == "varimax" else spec.normalize
    normal = stack / np.array([row_weights(A, rule) for A in stack])[:, :, None]
    if spec.method == "promax":
        # T0 is oblique here; the nearest orthogonal matrix starts the varimax step.
        U, _, V = np.linalg.svd(T0)
        starts = np.repeat((U @ V)[None], stack.shape[0], axis=0)
    else:
        starts = np.repeat(T0[None], stack.shape[0], axis=0)
    oblique = spec.oblique and spec.method != "promax"
    criterion = spec.criterion(*stack.shape[1:])
    T, _, _ = projection.gradient_projection(normal, starts, criterion, oblique, spec.tolerance, ROTATION_STEPS)
    if spec.method == "promax":
        base = stack if spec.normalize == "varimax" else normal
        T = np.array([rotating.promax_step(V, t, spec.power) for V, t in zip(base, T, strict=True)])
    return projection.turn(stack, T, spec.oblique)


def cluster_rows(clusters: Sequence[Any], rows: IntArray, n_rows: int) -> list[IntArray]:
    """Positions among the used rows of each cluster's cases."""
    labels = pd.Series(list(clusters))
    if labels.size != n_rows:
        raise DataError(
            f"clusters has {labels.size} labels, the data {n_rows} rows.", "Give one label for each row of the data."
        )
    if labels.isna().any():
        raise DataError("clusters has missing labels.", "Give every row a label.")
    codes = pd.factorize(labels.iloc[rows])[0]
    groups = [np.flatnonzero(codes == code).astype(np.int64) for code in range(int(codes.max()) + 1)]
    if len(groups) < 3:
        raise DataError(f"There are only {len(groups)} clusters.", "Resample cases, or give at least 3 clusters.")
    return groups


def draw(n: int, groups: list[IntArray] | None, rng: np.random.Generator) -> IntArray:
    """Row positions of one resample."""
    if groups is None:
        return rng.integers(0, n, n)
    return np.concatenate([groups[g] for g in rng.integers(0, len(groups), len(groups))])


def resampled_correlations(X: FloatArray, method: str) -> FloatArray | None:
    """Correlations of a resample, or None if a column does not vary or a pair shares no cases."""
    if np.isnan(X).all(axis=0).any() or corr.constant_columns(X).any():
        return None
    R = corr.matrix(X, method)
    if np.isnan(R).any():
        return None
    return corr.repair(R)[0] if np.isnan(X).any() else R
