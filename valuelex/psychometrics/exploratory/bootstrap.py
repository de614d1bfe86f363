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
from valuelex.psychometrics.extraction.stack import extract_stack
from valuelex.psychometrics.resampling import replicate
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.rotation.resampled import rotate_stack
from valuelex.psychometrics.threads import one_thread

if TYPE_CHECKING:
    from valuelex.psychometrics.exploratory.result import EFAResult

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PRODUCTS_UP_TO = 60  # columns; beyond, the products of all pairs of columns take more memory than they save time
STACK = 100  # resamples worked on together
ALIGNED = "permuted and reflected by the largest sum of absolute congruences"
CONSTANT = 1e-10  # variance, on the scale of the whole sample's, below which a column does not vary


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

    def plot(self) -> Any:
        """Draw a dot and an interval per loading, as a plotly figure."""
        from valuelex.psychometrics.handover.pictures import figure, intervals

        return figure(intervals(self))

    def _headline(self) -> str:
        return f"Bootstrap: {self.replicates.shape[0]} resamples, {self.n_failed} failed"


@one_thread
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
    if s["method"] in ("pca", "image", "alpha", "paf"):
        psi = np.clip(psi, s["lower_bound"], 1.0)
    unrotated = [A for A in replicate(refits, n, seed, ready.X, groups, s, psi, A0, size=STACK) if A is not None]
    n_failed = n - len(unrotated)
    if len(unrotated) < 2:
        raise DataError(
            f"{n_failed} of {n} resamples could not be factored.",
            "Drop columns that hardly vary, or use method='minres'.",
        )
    L0 = result.loadings.to_numpy()
    stack = np.array(unrotated)
    # A column without variation in a resample has no loading there; zeros keep it out of the rotation's way.
    absent = np.isnan(stack)
    replicates, _ = rotate_stack(np.where(absent, 0.0, stack), result.rotation_matrix, result.spec)
    congruences = np.empty((len(unrotated), result.n_factors))
    for b, L in enumerate(replicates):
        order, signs = alignment.match(L, L0)
        replicates[b] = L[:, order] * signs
        congruences[b] = np.diag(alignment.congruence_core(replicates[b], L0))
    replicates[absent] = np.nan
    n_valid = np.sum(~np.isnan(replicates), axis=0)
    tail = 100 * (1 - level) / 2
    if absent.any():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a column valid in fewer than two resamples has NaN
            se = np.nanstd(replicates, axis=0, ddof=1)
            low, high = np.nanpercentile(replicates, [tail, 100 - tail], axis=0)
    else:
        se = replicates.std(axis=0, ddof=1)
        low, high = np.percentile(replicates, [tail, 100 - tail], axis=0)
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
        **model_settings(s),
        "n": n,
        "seed": seed,
        "level": level,
        "resampled": "cases" if groups is None else f"{len(groups)} clusters",
        "interval": "percentile",
        "aligned": f"Procrustes to the unrotated original, then {ALIGNED}",
    }
    return BootstrapResult(frame, congruence, n_failed, settings, replicates)


def model_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """What a table about a solution says of the solution itself."""
    keys = (
        "method",
        "rotation",
        "correlation",
        "missing",
        "n_obs",
        "n_factors",
        "n_starts",
        "normalize",
        "lower_bound",
    )
    return {key: settings[key] for key in keys if key in settings}


def refits(
    streams: Sequence[np.random.SeedSequence],
    X: FloatArray,
    groups: list[IntArray] | None,
    s: dict[str, Any],
    psi: FloatArray,
    A0: FloatArray,
) -> list[FloatArray | None]:
    """Unrotated loadings (p x k) of one resample per stream, turned to A0; NaN rows for columns that do not vary.

    None where the resample cannot be factored. `s` are the settings of the original, `psi` its uniquenesses.
    """
    draws = [draw(X.shape[0], groups, np.random.default_rng(stream)) for stream in streams]
    p, k = A0.shape
    whole: list[FloatArray | None] = [None] * len(draws)
    if s["correlation"] == "pearson" and s["method"] != "dwls" and p <= PRODUCTS_UP_TO and not np.isnan(X).any():
        whole = _weighted_correlations(X, draws)
    # Far below sampling error; the full tolerance would double the time.
    tolerance = max(s["tolerance"], 1e-6)
    together = _together(whole, k, s, psi, tolerance)
    out: list[FloatArray | None] = []
    for b, (rows, ready) in enumerate(zip(draws, whole, strict=True)):
        if b in together:
            out.append(together[b] @ alignment.procrustes_core(together[b], A0))
            continue
        varies = np.ones(p, dtype=bool)
        R = ready
        weights = None
        if R is None:
            part = X[rows]
            varies = np.asarray(~np.isnan(part).all(axis=0))
            varies[varies] = ~corr.constant_columns(part[:, varies])
            few = k > (varies.sum() if s["method"] == "pca" else checks.most_factors(int(varies.sum())))
            if not few:
                R, weights = resampled_correlations(part[:, varies], s["correlation"], s["missing"], s["method"])
        if R is None or (s["method"] in ("ml", "image") and np.linalg.eigvalsh(R)[0] < 1e-10):
            out.append(None)
            continue
        found = extraction.extract(
            R,
            k,
            s["method"],
            lower_bound=s["lower_bound"],
            tolerance=tolerance,
            max_iter=s["max_iter"],
            start=psi[varies],
            weights=weights,
        )
        A = np.full_like(A0, np.nan)
        A[varies] = found.loadings @ alignment.procrustes_core(found.loadings, A0[varies])
        out.append(A)
    return out


def _together(
    matrices: Sequence[FloatArray | None], k: int, s: dict[str, Any], psi: FloatArray, tolerance: float
) -> dict[int, FloatArray]:
    """Loadings by position of those resamples that minres or ML can take as one stack."""
    where = [b for b, R in enumerate(matrices) if R is not None]
    if s["method"] not in ("minres", "ml") or not where:
        return {}
    stack = np.array([matrices[b] for b in where])
    if s["method"] == "ml" and np.linalg.eigvalsh(stack)[:, 0].min() < 1e-10:
        return {}
    L, _, done = extract_stack(stack, k, s["method"], psi, lower_bound=s["lower_bound"], tolerance=tolerance)
    return {b: L[i] for i, b in enumerate(where) if done[i]}


def _weighted_correlations(X: FloatArray, draws: Sequence[IntArray]) -> list[FloatArray | None]:
    """Pearson correlations of all resamples by one product of their case weights with the products of columns.

    None where a column does not vary: it needs the slower way.
    """
    n, p = X.shape
    Z = corr.standardize(X)
    lower = np.tril_indices(p)
    counts = np.array([np.bincount(rows, minlength=n) for rows in draws], dtype=np.float64)
    totals = counts.sum(axis=1, keepdims=True)
    means = counts @ Z / totals
    moments = counts @ (Z[:, lower[0]] * Z[:, lower[1]]) / totals - means[:, lower[0]] * means[:, lower[1]]
    S = np.zeros((len(draws), p, p))
    S[:, lower[0], lower[1]] = moments
    S[:, lower[1], lower[0]] = moments
    variances = np.diagonal(S, axis1=1, axis2=2)
    scale = np.sqrt(np.where(variances > CONSTANT, variances, np.nan))
    R = S / (scale[:, :, None] * scale[:, None, :])
    R[:, np.arange(p), np.arange(p)] = 1.0
    fine = np.flatnonzero((variances > CONSTANT).all(axis=1))
    out: list[FloatArray | None] = [None] * len(draws)
    for b in fine:
        out[b] = R[b]
    return out


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


def resampled_correlations(
    X: FloatArray, correlation: str, missing: str = "listwise", method: str = "minres"
) -> tuple[FloatArray | None, FloatArray | None]:
    """Correlations of a resample, None if a column does not vary or a pair shares no cases; and weights for dwls."""
    if np.isnan(X).all(axis=0).any() or corr.constant_columns(X).any():
        return None, None
    incomplete = bool(np.isnan(X).any())
    if incomplete and missing == "fiml":
        from valuelex.psychometrics.correlation.expectation import em_moments

        try:
            S = em_moments(X).covariance
        except np.linalg.LinAlgError:  # in this resample some columns determine others
            return None, None
        spread = np.sqrt(np.diag(S))
        return S / np.outer(spread, spread), None
    weights = None
    if correlation in checks.ORDINAL:
        from valuelex.psychometrics.correlation import asymptotic, polychoric, polyserial

        if correlation == "mixed":
            R = polyserial.mixed_core(X, polyserial.ordinal_columns(X)).R
        else:
            estimate = polychoric.polychoric_core(X)
            R = estimate.R
            if method == "dwls":
                p = X.shape[1]
                weights = np.zeros((p, p))
                variances = asymptotic.asymptotic_covariance(X, estimate, diagonal=True)
                weights[np.tril_indices(p, -1)] = 1 / np.maximum(variances, 1e-12)
                weights += weights.T
    else:
        R = corr.matrix(X, correlation)
        if method == "dwls":
            from valuelex.psychometrics.correlation.asymptotic import asymptotic_covariance_pearson

            p = X.shape[1]
            weights = np.zeros((p, p))
            weights[np.tril_indices(p, -1)] = 1 / np.diag(asymptotic_covariance_pearson(X))
            weights += weights.T
    if np.isnan(R).any():
        return None, None
    return (corr.repair(R)[0] if incomplete or correlation in checks.ORDINAL else R), weights
