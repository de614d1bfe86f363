"""Step 3: comparison data, parallel analysis with factors and with the margins of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError
from valuelex.psychometrics import checks, resampling
from valuelex.psychometrics import correlation as corr
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention import model
from valuelex.psychometrics.retention.eigenvalues import eigenvalues
from valuelex.psychometrics.retention.given import given
from valuelex.psychometrics.threads import one_thread

FloatArray = NDArray[np.float64]

POPULATION = 10_000
SAMPLES = 500
LEVEL = 0.30
TRIALS = 5  # without improvement, after which the population is taken (Ruscio & Kaczetow, 2008)


@dataclass(frozen=True, eq=False)
class ComparisonDataResult(Result):
    """Comparison data: `rmse` (samples x numbers of factors tried) of eigenvalues, `p_values` of k + 1 against k."""

    n_factors: int
    rmse: FloatArray
    p_values: FloatArray
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per number of factors: median RMSE, and p of the test that one factor more is better."""
        p_values = np.append(self.p_values, np.full(self.rmse.shape[1] - self.p_values.size, np.nan))
        index = pd.RangeIndex(1, self.rmse.shape[1] + 1, name="factors")
        return pd.DataFrame({"rmse": np.median(self.rmse, axis=0), "p_next": p_values}, index=index)

    def _headline(self) -> str:
        return f"Comparison data: {self.n_factors} factors"


def comparison_data(
    data: object,
    n_samples: int = SAMPLES,
    *,
    population: int = POPULATION,
    level: float = LEVEL,
    max_factors: int | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    seed: int | None = None,
) -> ComparisonDataResult:
    """Comparison data: add factors as long as data with one more reproduce the eigenvalues better.

    For k = 1, 2, ... a population is made that has k factors, the margins of the data (continuous or ordinal alike) and
    its correlations as far as k factors can. Samples of the size of the data are drawn from it; the RMSE between their
    eigenvalues and the observed ones is compared with that of k - 1 by a one-sided Mann-Whitney test. It stops at the
    first k that is not better (Ruscio & Roche, 2012). It cannot say "none", and takes seconds.

    Parameters
    ----------
    data : DataFrame or array, n x p
        Complete raw data, or missing="listwise".
    n_samples, population : int
        Samples per k, and cases of the population.
    level : float in (0, 1)
        Of the test; a lenient .30 did best in the source's simulation.
    max_factors : int, optional
        Default: as many as have degrees of freedom.
    correlation : {"pearson", "spearman"}
        Of data and samples alike. The samples have the margins of the data, so that what coarse categories do to a
        correlation happens in both.
    missing, seed
        As in `parallel_analysis`.

    Raises
    ------
    DataError
        A correlation matrix, or missing cells under pairwise deletion.
    SettingError
        A setting out of range.
    """
    n_samples = checks.integer(n_samples, "n_samples", low=10)
    population = checks.integer(population, "population", low=100)
    level = checks.number(level, "level", low=0, high=1)
    checks.choice(correlation, ("pearson", "spearman"), "correlation")
    ready = given(data, correlation=correlation, missing=missing, need_n=False)
    most = max(checks.most_factors(len(ready.names)), 1)
    if max_factors is not None:
        most = checks.integer(max_factors, "max_factors", low=1, high=most)
    if ready.X is None or np.isnan(ready.X).any():
        raise DataError(
            "Comparison data need complete raw data: they copy the margins.",
            "Give raw data with missing='listwise', or leave this criterion out.",
        )
    seed = checks.resolve_seed(seed)
    k, rmse, p_values = comparison_core(ready.X, correlation, most, n_samples, population, level, seed)
    settings = {
        "n_samples": n_samples,
        "population": population,
        "level": level,
        "max_factors": most,
        "extraction": "minres",
        "correlation": correlation,
        "missing": missing,
        "seed": seed,
        "n_obs": ready.n_obs,
    }
    return ComparisonDataResult(k, rmse, p_values, settings)


def comparison_core(
    X: FloatArray, correlation: str, most: int, n_samples: int, size: int, level: float, seed: int
) -> tuple[int, FloatArray, FloatArray]:
    """Number of factors, RMSE (n_samples x factors tried), p value of each step."""
    # Pearson correlations of ranks are Spearman's: rank once, and the rest is one algorithm.
    values = corr.rank(X) if correlation == "spearman" else X
    R = corr.pearson(values)
    observed = eigenvalues(R)
    rmse: list[FloatArray] = []
    p_values: list[float] = []
    for k, stream in enumerate(np.random.SeedSequence(seed).spawn(most), start=1):
        made, sampled = stream.spawn(2)
        cases = simulate_population(values, R, k, size, np.random.default_rng(made))
        root = int(sampled.generate_state(1, np.uint64)[0])
        rmse.append(np.array(resampling.replicate(_rmse, n_samples, root, cases, X.shape[0], observed)))
        if k > 1:
            p_values.append(smaller(rmse[-1], rmse[-2]))
            if p_values[-1] >= level:
                return k - 1, np.column_stack(rmse), np.array(p_values)
    return most, np.column_stack(rmse), np.array(p_values)


@one_thread
def simulate_population(X: FloatArray, R: FloatArray, k: int, size: int, rng: np.random.Generator) -> FloatArray:
    """Cases (size x p) with k factors, the margins of X (n x p), and correlations close to R.

    Ruscio & Kaczetow (2008): bootstrap each margin, order it by a normal k-factor variable, and correct the correlations
    of the normal variables by what the margins took away, until nothing improves.
    """
    n, p = X.shape
    margins = np.sort(X[rng.integers(0, n, (size, p)), np.arange(p)], axis=0)
    common, unique = rng.standard_normal((size, k)), rng.standard_normal((size, p))
    target, best, cases = R, np.inf, margins
    residual = best_residual = np.zeros_like(R)
    best_target = target
    failures = 0
    while failures < TRIALS:
        L = model.loadings(target, k)
        h2 = np.minimum(np.sum(L**2, axis=1), 1.0)
        latent = common @ L.T + unique * np.sqrt(1 - h2)
        ordered = np.empty_like(margins)
        np.put_along_axis(ordered, np.argsort(latent, axis=0), margins, axis=0)
        residual = R - corr.pearson(ordered)
        error = float(np.sqrt(np.mean(residual[np.tril_indices(p, -1)] ** 2)))
        if error < best:
            best, best_residual, best_target, cases = error, residual, target, ordered
            failures = 0
            target = target + residual
        else:
            failures += 1
            target = best_target + 0.5**failures * best_residual
        np.fill_diagonal(target, 1.0)
    return cases


def smaller(x: FloatArray, y: FloatArray) -> float:
    """One-sided p that x tends to be smaller than y: Mann-Whitney U, normal approximation with continuity correction."""
    from scipy.special import ndtr

    rank = np.argsort(np.argsort(np.concatenate([x, y]))) + 1
    u = rank[: x.size].sum() - x.size * (x.size + 1) / 2
    sd = np.sqrt(x.size * y.size * (x.size + y.size + 1) / 12)
    return float(ndtr((u - x.size * y.size / 2 + 0.5) / sd))


def _rmse(streams: Sequence[np.random.SeedSequence], cases: FloatArray, n: int, observed: FloatArray) -> list[float]:
    out = []
    for stream in streams:
        drawn = cases[np.random.default_rng(stream).integers(0, cases.shape[0], n)]
        Z = drawn - drawn.mean(axis=0)
        scale = np.sqrt(np.einsum("ij,ij->j", Z, Z))
        Z /= np.where(scale > 0, scale, 1.0)
        out.append(float(np.sqrt(np.mean((eigenvalues(Z.T @ Z) - observed) ** 2))))
    return out
