"""Step 3: parallel analysis, the retention criterion that simulates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks
from valuelex.psychometrics import correlation as corr
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.screening.adequacy import is_singular

FloatArray = NDArray[np.float64]

CHUNK_CELLS = 4_000_000  # simulated matrices are held in stacks of at most this many cells (32 MB)


@dataclass(frozen=True, eq=False)
class ParallelResult(Result):
    """Parallel analysis: observed `eigenvalues`, chosen `reference` and `mean` of the simulated ones (p each)."""

    n_factors: int
    eigenvalues: FloatArray
    reference: FloatArray
    mean: FloatArray
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per factor: observed eigenvalue, reference, mean of the simulated ones."""
        return pd.DataFrame(
            {"observed": self.eigenvalues, "reference": self.reference, "mean": self.mean},
            index=pd.RangeIndex(1, self.eigenvalues.size + 1, name="factor"),
        )

    def _headline(self) -> str:
        return f"Parallel analysis: {self.n_factors} factors"


def parallel_analysis(
    data: object,
    n_iter: int = 1000,
    percentile: float | str = 95,
    *,
    kind: str = "pca",
    reference: str = "normal",
    correlation: str = "pearson",
    missing: str = "listwise",
    seed: int | None = None,
    n_obs: int | None = None,
) -> ParallelResult:
    """Horn's (1965) parallel analysis: keep leading eigenvalues that exceed those of data without factors.

    Counting stops at the first eigenvalue that does not exceed its reference.

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data, or a p x p correlation matrix with n_obs.
    n_iter : int
        Simulated data sets.
    percentile : float in (0, 100), or "mean"
        Reference taken from the simulated eigenvalues (Glorfeld, 1995: 95).
    kind : {"pca", "fa"}
        Eigenvalues of R, or of R with squared multiple correlations in the diagonal (Humphreys & Ilgen, 1969).
    reference : {"normal", "permutation"}
        Independent normal data (drawn as Wishart matrices by the Bartlett decomposition), or the data with each column
        shuffled, which keeps the distributions and needs raw data.
    correlation, missing : str
        As in `correlate`.
    seed : int, optional
        Stored with the result.
    n_obs : int, optional
        Number of cases behind a correlation matrix.

    Raises
    ------
    DataError
        Degenerate data; kind "fa" with a singular R; permutation without raw data or with missing cells.
    SettingError
        A setting out of range.
    """
    n_iter = checks.integer(n_iter, "n_iter", low=1)
    quantile = None if percentile == "mean" else checks.number(percentile, "percentile", low=0, high=100)
    checks.choice(kind, ("pca", "fa"), "kind")
    checks.choice(reference, ("normal", "permutation"), "reference")
    ready = checks.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing)
    seed = checks.resolve_seed(seed)
    n, p = ready.n_obs, len(ready.names)
    if kind == "fa" and (n <= p or is_singular(ready.R)):
        raise DataError(
            f"kind='fa' needs squared multiple correlations, but the {p} x {p} matrix from {n} cases is singular.",
            "Use kind='pca', or gather more cases than variables.",
        )
    if reference == "permutation":
        if ready.X is None or np.isnan(ready.X).any():
            raise DataError(
                "The permutation reference needs complete raw data.",
                "Use reference='normal', or give raw data with missing='listwise'.",
            )
        simulated = _permuted(ready.X, correlation, n_iter, seed, kind)
    else:
        simulated = _normal(n, p, n_iter, seed, kind)
    mean = simulated.mean(axis=0)
    threshold = mean if quantile is None else np.percentile(simulated, quantile, axis=0)
    observed = eigenvalues(ready.R, kind)
    settings = {
        "n_iter": n_iter,
        "percentile": "mean" if quantile is None else quantile,
        "kind": kind,
        "reference": reference,
        "correlation": correlation,
        "missing": missing,
        "seed": seed,
        "n_obs": n,
    }
    return ParallelResult(leading(observed, threshold), observed, threshold, mean, settings)


def eigenvalues(R: FloatArray, kind: str = "pca") -> FloatArray:
    """Eigenvalues, descending, of R or of R with SMC in the diagonal; stacks of matrices allowed."""
    if kind == "fa":
        R = R.copy()
        diagonal = np.arange(R.shape[-1])
        R[..., diagonal, diagonal] = corr.smc(R)
    return np.asarray(np.linalg.eigvalsh(R)[..., ::-1])


def leading(observed: FloatArray, reference: FloatArray) -> int:
    """Count eigenvalues above their reference, up to the first that is not."""
    below = np.flatnonzero(~(observed > reference))
    return int(below[0]) if below.size else int(observed.size)


def _normal(n: int, p: int, n_iter: int, seed: int, kind: str) -> FloatArray:
    # Stacks of fixed size, each with its own spawned stream: results do not depend on how the work is spread.
    size = max(1, min(100, CHUNK_CELLS // (p * max(p, n if n <= p else p))))
    streams = np.random.SeedSequence(seed).spawn(-(-n_iter // size))
    out = []
    for stream in streams:
        rng = np.random.default_rng(stream)
        if n - 1 >= p:
            # Bartlett (1933): S = A A' is Wishart(n - 1, I) for A lower triangular, chi on the diagonal, normal below.
            A = np.tril(rng.standard_normal((size, p, p)), -1)
            diagonal = np.arange(p)
            A[:, diagonal, diagonal] = np.sqrt(rng.chisquare(n - 1 - diagonal, (size, p)))
        else:
            A = np.swapaxes(rng.standard_normal((size, n, p)), 1, 2)
            A = A - A.mean(axis=2, keepdims=True)
        A /= np.sqrt(np.sum(A**2, axis=2, keepdims=True))
        out.append(eigenvalues(A @ np.swapaxes(A, 1, 2), kind))
    return np.concatenate(out)[:n_iter]


def _permuted(X: FloatArray, correlation: str, n_iter: int, seed: int, kind: str) -> FloatArray:
    Z = corr.standardize(corr.rank(X) if correlation == "spearman" else X) / np.sqrt(X.shape[0] - 1)
    out = []
    for stream in np.random.SeedSequence(seed).spawn(n_iter):
        shuffled = np.random.default_rng(stream).permuted(Z, axis=0)
        R = shuffled.T @ shuffled
        np.fill_diagonal(R, 1.0)
        out.append(eigenvalues(R, kind))
    return np.array(out)
