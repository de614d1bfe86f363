"""Step 3: parallel analysis, the retention criterion that simulates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention import references
from valuelex.psychometrics.retention.eigenvalues import KINDS, eigenvalues, leading
from valuelex.psychometrics.retention.given import given, measure_of
from valuelex.psychometrics.screening.adequacy import is_singular

FloatArray = NDArray[np.float64]

REFERENCES = ("normal", "permutation")
DRAWS = 1000
DRAWS_POLYCHORIC = 200  # polychorics of one permuted set take 15-30 ms, a Wishart draw takes .07 ms


@dataclass(frozen=True, eq=False)
class ParallelResult(Result):
    """Parallel analysis: observed `eigenvalues`, chosen `reference` and `mean` of the simulated ones (p each).

    `p_values` (p) are the shares of simulated eigenvalues that are at least as large as the observed one of the same rank, the
    observed one counted among them; only the first is a test of its own.
    """

    n_factors: int
    eigenvalues: FloatArray
    reference: FloatArray
    mean: FloatArray
    p_values: FloatArray
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per factor: observed eigenvalue, reference, mean of the simulated ones."""
        return pd.DataFrame(
            {"observed": self.eigenvalues, "reference": self.reference, "mean": self.mean},
            index=pd.RangeIndex(1, self.eigenvalues.size + 1, name="factor"),
        )

    def plot(self) -> Any:
        """Draw observed and reference eigenvalues as a plotly figure."""
        from valuelex.psychometrics.handover.pictures import figure, scree

        return figure(
            scree(self.eigenvalues, {"reference": self.reference, "mean": self.mean}, n_factors=self.n_factors)
        )

    def _headline(self) -> str:
        return f"Parallel analysis: {self.n_factors} factors"


def parallel_analysis(
    data: object,
    n_iter: int | None = None,
    percentile: float | str = 95,
    *,
    kind: str = "pca",
    reference: str | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    clusters: Sequence[Any] | None = None,
    totals: Sequence[float] | FloatArray | None = None,
    seed: int | None = None,
    n_obs: int | None = None,
) -> ParallelResult:
    """Horn's (1965) parallel analysis: keep leading eigenvalues that exceed those of data without factors.

    Counting stops at the first eigenvalue that does not exceed its reference.

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data, or a p x p correlation matrix with n_obs.
    n_iter : int, optional
        Simulated data sets; default 1,000, and 200 of permuted polychorics.
    percentile : float in (0, 100), or "mean"
        Reference taken from the simulated eigenvalues (Glorfeld, 1995: 95).
    kind : {"pca", "fa", "minres"}
        Eigenvalues of R, of R with squared multiple correlations in the diagonal (Humphreys & Ilgen, 1969), or of R with
        the communalities of one factor by unweighted least squares (as psych's `fa.parallel`).
    reference : {"normal", "permutation"}, optional
        Independent normal data (drawn as Wishart matrices by the Bartlett decomposition), or the data with each column
        shuffled, which keeps the distributions and needs raw data. Default: permutation for polychorics, whose
        eigenvalues spread wider than normal theory says (Garrido et al., 2012), normal otherwise.
    correlation, missing : str
        As in `correlate`.
    clusters : sequence, one label per case, optional
        What the cases are nested in (configurations in models). The reference is then permutation in two levels: means of
        clusters among clusters, deviations within their cluster. Cases that are alike for reasons of their own would
        otherwise raise the first eigenvalues above those of independent cases, and pass for factors.
    totals : sequence of p numbers, optional
        Weights of a sum of the columns that is nearly constant because each case's columns are parts of a whole (shares,
        choices). Then p columns have the variance of p - 1, which lifts all other eigenvalues, by about 1 / (p - 1), above
        those of shuffled columns. With it the reference is a permutation whose sum varies as little as that of the data.
    seed : int, optional
        Stored with the result.
    n_obs : int, optional
        Number of cases behind a correlation matrix.

    Raises
    ------
    DataError
        Degenerate data; kind "fa" with a singular R; permutation without raw data or with missing cells; `clusters` of
        another length than the data.
    SettingError
        A setting out of range.
    """
    checks.choice(kind, KINDS, "kind")
    quantile = None if percentile == "mean" else checks.number(percentile, "percentile", low=0, high=100)
    ready = given(data, n_obs=n_obs, correlation=correlation, missing=missing)
    simulation = simulate(
        ready, (kind,), n_iter, reference, correlation, checks.resolve_seed(seed), clusters=clusters, totals=totals
    )
    return judge(ready, simulation, kind, quantile, {"correlation": correlation, "missing": missing})


@dataclass(frozen=True, eq=False)
class Simulation:
    """Simulated eigenvalues, n_iter x p for each kind, and the settings that made them."""

    values: dict[str, FloatArray]
    settings: dict[str, Any]


def simulate(
    ready: intake.Input,
    kinds: Sequence[str],
    n_iter: int | None,
    reference: str | None,
    correlation: str,
    seed: int,
    *,
    clusters: Sequence[Any] | None = None,
    totals: Sequence[float] | FloatArray | None = None,
) -> Simulation:
    """Draw the reference eigenvalues once for several kinds: they share the simulated matrices."""
    polychoric = correlation in checks.ORDINAL and ready.X is not None
    if reference is None:
        reference = "permutation" if polychoric or clusters is not None or totals is not None else "normal"
    checks.choice(reference, REFERENCES, "reference")
    default = DRAWS_POLYCHORIC if polychoric and reference == "permutation" else DRAWS
    n_iter = default if n_iter is None else checks.integer(n_iter, "n_iter", low=1)
    n, p = ready.n_obs, len(ready.names)
    if "fa" in kinds and not smc_exists(ready):
        refuse_smc(ready)
    if reference == "permutation":
        if ready.X is None or np.isnan(ready.X).any():
            raise DataError(
                "The permutation reference needs complete raw data.",
                "Use reference='normal', or give raw data with missing='listwise'.",
            )
        if clusters is not None or totals is not None:
            labels = range(n) if clusters is None else clusters
            return _nested(ready.X, labels, totals, n_iter, seed, kinds, correlation)
        values = references.permuted(ready.X, measure_of(ready, correlation), n_iter, seed, kinds)
    else:
        if polychoric:
            checks.warn(
                "Normal-theory references are too low for polychorics and over-factor; reference='permutation' is sound."
            )
        values = references.normal(n, p, n_iter, seed, kinds)
    return Simulation(values, {"n_iter": n_iter, "reference": reference, "seed": seed})


def _nested(
    X: FloatArray,
    clusters: Sequence[Any],
    totals: Sequence[float] | FloatArray | None,
    n_iter: int,
    seed: int,
    kinds: Sequence[str],
    correlation: str,
) -> Simulation:
    weights = None if totals is None else np.asarray(totals, dtype=float)
    if weights is not None and (weights.shape != (X.shape[1],) or not np.isfinite(weights).all() or not weights.any()):
        raise DataError(
            f"totals has {weights.size} weights for {X.shape[1]} columns.", "Give one finite weight per column."
        )
    codes, labels = pd.factorize(np.asarray(clusters, dtype=object))
    if len(codes) != len(X):
        raise DataError(f"clusters has {len(codes)} labels for {len(X)} cases.", "Give one label per case.")
    if correlation != "pearson":
        raise SettingError(
            f"clusters or totals with correlation='{correlation}' is not supported.",
            "Use correlation='pearson' with them.",
        )
    values = references.permuted_nested(X, codes, n_iter, seed, kinds, totals=weights)
    settings = {"n_iter": n_iter, "reference": "nested permutation", "n_clusters": len(labels), "seed": seed}
    if weights is not None:
        settings["total"] = "variance of the sum kept"
    return Simulation(values, settings)


def smc_exists(ready: intake.Input) -> bool:
    """Whether R has an inverse, and simulated matrices will."""
    return ready.n_obs > len(ready.names) and not is_singular(ready.R)


def refuse_smc(ready: intake.Input) -> NoReturn:
    """Say why there are no squared multiple correlations."""
    p = len(ready.names)
    raise DataError(
        f"kind='fa' needs squared multiple correlations, but the {p} x {p} matrix from {ready.n_obs} cases is singular.",
        "Use kind='pca', or gather more cases than variables.",
    )


def judge(
    ready: intake.Input, simulation: Simulation, kind: str, quantile: float | None, common: dict[str, Any]
) -> ParallelResult:
    """Compare the observed eigenvalues with mean (`quantile` None) or percentile of the simulated ones."""
    simulated = simulation.values[kind]
    mean = simulated.mean(axis=0)
    threshold = mean if quantile is None else np.percentile(simulated, quantile, axis=0)
    observed = eigenvalues(ready.R, kind)
    settings = {
        "percentile": "mean" if quantile is None else quantile,
        "kind": kind,
        "n_obs": ready.n_obs,
        **simulation.settings,
        **common,
    }
    as_large = (simulated >= observed - 1e-12).sum(axis=0)
    p_values = (1.0 + as_large) / (1.0 + len(simulated))
    return ParallelResult(leading(observed, threshold), observed, threshold, mean, p_values, settings)
