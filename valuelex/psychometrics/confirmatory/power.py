"""How many cases an exploratory factor analysis needs: simulation from the structure that one expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import SettingError
from valuelex.psychometrics import checks, intake, resampling
from valuelex.psychometrics.confirmatory import simulation
from valuelex.psychometrics.confirmatory.simulation import Outcome, Population, Procedure
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention.eigenvalues import KINDS
from valuelex.psychometrics.rotation.spec import make_spec

FloatArray = NDArray[np.float64]

GRID = (100, 150, 200, 300, 500, 800)
METHODS = ("minres", "ml", "paf")
CORRELATIONS = ("pearson", "spearman", "polychoric")
TARGETS = {"k_found": 0.90, "congruence": 0.95, "error": None, "improper": 0.05}
"""At least .90 of samples show the right number of factors; mean congruence .95 (Lorenzo-Seva & ten Berge, 2006)."""
AT_MOST = ("error", "improper")
LIMIT = 20_000


@dataclass(frozen=True, eq=False)
class PowerResult(Result):
    """What samples of each size show.

    Attributes
    ----------
    table : DataFrame, one row per n
        k_found, k_under, k_over: shares of samples in which parallel analysis finds k, fewer or more factors; congruence
        (Tucker's, mean over factors and samples), smallest (of the worst factor, mean), error (mean absolute error of
        loadings); improper: share with a Heywood case or without convergence; failed: share that could not be analysed;
        enough: whether all targets are met. The Monte Carlo error of a share is at most 1 / (2 sqrt(n_rep)).
    smallest_n : int or None
        Smallest n of the table from which on all targets are met.
    targets : dict
        What was asked for.
    """

    table: pd.DataFrame
    smallest_n: int | None
    targets: dict[str, float]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def _headline(self) -> str:
        goal = ", ".join(f"{key} {'<=' if key in AT_MOST else '>='} {value:g}" for key, value in self.targets.items())
        answer = f"{self.smallest_n} cases are enough" if self.smallest_n else "no n of the table is enough"
        return f"Sample size: {answer} ({goal})"


@dataclass(frozen=True, eq=False)
class _Plan:
    """A checked simulation."""

    population: Population
    procedure: Procedure
    targets: dict[str, float]
    n_rep: int
    n_reference: int
    percentile: float
    seed: int
    settings: dict[str, Any]

    def row(self, n: int) -> dict[str, Any]:
        """One row of the table: all samples of n cases. Every n uses the same streams, so that rows differ by n alone."""
        p, k = self.population.L.shape
        apart = int(np.random.SeedSequence([self.seed, 1]).generate_state(1, np.uint64)[0] >> np.uint64(1))
        null = resampling.replicate(
            simulation.null_eigenvalues, self.n_reference, apart, p, n, self.population.thresholds, self.procedure
        )
        reference = np.nanpercentile(np.array(null), self.percentile, axis=0)
        found: list[Outcome] = resampling.replicate(
            simulation.analyses, self.n_rep, self.seed, self.population, n, reference, self.procedure
        )
        valid = [outcome for outcome in found if not outcome.failed]
        counts = np.array([outcome.k for outcome in valid])
        row: dict[str, Any] = {
            "n": n,
            "k_found": float(np.sum(counts == k)) / self.n_rep,
            "k_under": float(np.sum(counts < k)) / self.n_rep,
            "k_over": float(np.sum(counts > k)) / self.n_rep,
            "congruence": _mean([outcome.congruence for outcome in valid]),
            "smallest": _mean([outcome.smallest for outcome in valid]),
            "error": _mean([outcome.error for outcome in valid]),
            "improper": _mean([float(outcome.improper) for outcome in valid]),
            "failed": 1 - len(valid) / self.n_rep,
        }
        enough = all(row[key] <= value if key in AT_MOST else row[key] >= value for key, value in self.targets.items())
        return row | {"enough": enough}

    def result(self, rows: Sequence[dict[str, Any]]) -> PowerResult:
        table = pd.DataFrame(rows).set_index("n").sort_index()
        smallest: int | None = None
        for n in table.index[::-1]:
            if not table.loc[n, "enough"]:
                break
            smallest = int(n)
        return PowerResult(table, smallest, self.targets, self.settings)


def power_efa(
    pattern: object = None,
    n: int | Sequence[int] = GRID,
    *,
    p: int | None = None,
    k: int | None = None,
    loading: float | None = None,
    phi: object = 0.0,
    categories: int | None = None,
    skew: float = 0.0,
    correlation: str | None = None,
    method: str = "minres",
    rotation: str = "oblimin",
    kind: str = "pca",
    percentile: float = 95.0,
    targets: Mapping[str, float | None] | None = None,
    n_rep: int = 200,
    seed: int | None = None,
) -> PowerResult:
    """Simulate exploratory factor analyses of samples of n cases, for each n of a grid.

    The population holds no minor factors: real data need more cases than it says.

    Parameters
    ----------
    pattern : DataFrame or array, p x k, optional
        Expected loadings. Or give `p`, `k` and `loading`: k factors with p / k variables each and equal loadings.
    n : int or sequence of int
        Sample sizes.
    phi : float or k x k
        Factor correlations; one number for all.
    categories : int, optional
        Variables have this many ordered categories; default continuous.
    skew : float
        Skewness of the categories.
    correlation : {"pearson", "spearman", "polychoric"}, optional
        How samples are analysed; default Pearson, polychoric with categories.
    method : {"minres", "ml", "paf"}
        Extraction.
    rotation : str
        As in `efa`, from one start.
    kind, percentile
        Of the parallel analysis, whose references are simulated from unrelated variables of the same distribution.
    targets : mapping, optional
        Any of k_found, congruence, smallest (at least), error, improper (at most); default k_found .90, congruence .95,
        improper .05. None drops one.
    n_rep : int
        Samples per n.
    seed : int, optional
        Stored with the result.

    Raises
    ------
    DataError
        A pattern that is no table of loadings.
    SettingError
        Settings out of range, communalities of 1 or more, an impossible phi.
    """
    plan = _plan(
        pattern, p, k, loading, phi, categories, skew, correlation, method, rotation, kind, percentile, targets, n_rep, seed
    )  # fmt: skip
    sizes = [n] if isinstance(n, (int, np.integer)) else list(n)
    least = plan.population.L.shape[0] + 1
    chosen = sorted({checks.integer(size, "n", low=least) for size in sizes})
    if not chosen:
        raise SettingError("n is empty.", "Give at least one sample size.")
    return plan.result([plan.row(size) for size in chosen])


def sample_size(
    pattern: object = None,
    *,
    p: int | None = None,
    k: int | None = None,
    loading: float | None = None,
    phi: object = 0.0,
    categories: int | None = None,
    skew: float = 0.0,
    correlation: str | None = None,
    method: str = "minres",
    rotation: str = "oblimin",
    kind: str = "pca",
    percentile: float = 95.0,
    targets: Mapping[str, float | None] | None = None,
    n_rep: int = 200,
    precision: float = 0.1,
    seed: int | None = None,
) -> PowerResult:
    """Search the smallest n that meets the targets: doubling from 100 or 3 p, then bisection.

    Parameters
    ----------
    precision : float
        The search ends when the interval is smaller than this share of n.
    others
        As in `power_efa`.

    Raises
    ------
    SettingError
        As in `power_efa`.

    Warns
    -----
    PsychometricsWarning
        20,000 cases are not enough; `smallest_n` is then None.
    """
    plan = _plan(
        pattern, p, k, loading, phi, categories, skew, correlation, method, rotation, kind, percentile, targets, n_rep, seed
    )  # fmt: skip
    precision = checks.number(precision, "precision", low=0, high=1)
    least = plan.population.L.shape[0] + 1
    low, high = least - 1, max(100, 3 * least)
    rows = [plan.row(high)]
    while not rows[-1]["enough"] and high < LIMIT:
        low, high = high, 2 * high
        rows.append(plan.row(high))
    if not rows[-1]["enough"]:
        checks.warn(f"{high} cases are not enough; see .table, and ask for less or for more variables per factor.")
        return plan.result(rows)
    while high - low > max(1.0, precision * high):
        middle = (low + high) // 2
        rows.append(plan.row(middle))
        low, high = (low, middle) if rows[-1]["enough"] else (middle, high)
    return plan.result(rows)


def _plan(
    pattern: object,
    p: int | None,
    k: int | None,
    loading: float | None,
    phi: object,
    categories: int | None,
    skew: float,
    correlation: str | None,
    method: str,
    rotation: str,
    kind: str,
    percentile: float,
    targets: Mapping[str, float | None] | None,
    n_rep: int,
    seed: int | None,
) -> _Plan:
    checks.choice(method, METHODS, "method")
    checks.choice(kind, KINDS, "kind")
    if categories is not None:
        checks.integer(categories, "categories", low=2, high=checks.MOST_CATEGORIES)
    correlation = checks.choice(
        correlation or ("pearson" if categories is None else "polychoric"), CORRELATIONS, "correlation"
    )
    if correlation == "polychoric" and categories is None:
        raise SettingError("Polychoric correlations need categories.", "Give categories=, or correlation='pearson'.")
    most = 0.0 if categories is None else simulation.largest_skew(categories)
    if abs(skew) > most:
        why = (
            "needs categories" if categories is None else f"is more than {categories} categories can show ({most:.2f})"
        )
        raise SettingError(f"skew={skew:g} {why}.", "Use skew=0, or another number of categories.")
    L = _pattern(pattern, p, k, loading)
    population = Population(L, _factor_correlations(phi, L), simulation.thresholds_of(categories, skew))
    most_factors = checks.most_factors(L.shape[0])
    if L.shape[1] > most_factors:
        raise SettingError(
            f"{L.shape[0]} variables can carry at most {most_factors} factors.",
            "Add variables, or ask for fewer factors.",
        )
    procedure = Procedure(correlation, method, kind, make_spec(rotation, n_starts=1))
    n_rep = checks.integer(n_rep, "n_rep", low=2)
    percentile = checks.number(percentile, "percentile", low=0, high=100)
    goals = _targets(targets)
    seed = checks.resolve_seed(seed)
    # Polychorics take a hundred times as long; the percentile of 100 draws is good to .02 of an eigenvalue.
    n_reference = 100 if correlation == "polychoric" else 400
    settings = {
        "p": L.shape[0],
        "k": L.shape[1],
        "categories": categories,
        "skew": skew if categories else None,
        "correlation": correlation,
        "method": method,
        "rotation": rotation,
        "retention": f"parallel analysis, {kind}",
        "percentile": percentile,
        "n_reference": n_reference,
        "n_rep": n_rep,
        "seed": seed,
    }
    return _Plan(population, procedure, goals, n_rep, n_reference, percentile, seed, settings)


def _pattern(pattern: object, p: int | None, k: int | None, loading: float | None) -> FloatArray:
    if pattern is not None:
        if p is not None or k is not None or loading is not None:
            raise SettingError("pattern and p, k, loading are both given.", "Give one of them.")
        return checks.loadings(pattern, "pattern").to_numpy()
    if p is None or k is None or loading is None:
        raise SettingError("No structure is given.", "Give pattern, or p, k and loading.")
    k = checks.integer(k, "k", low=1)
    p = checks.integer(p, "p", low=2 * k)
    loading = checks.number(loading, "loading", low=0, high=1)
    L = np.zeros((p, k))
    L[np.arange(p), np.arange(p) * k // p] = loading
    return L


def _factor_correlations(phi: object, L: FloatArray) -> FloatArray:
    k = L.shape[1]
    if isinstance(phi, (int, float, np.integer, np.floating)):
        value = checks.number(phi, "phi", low=-1, high=1)
        matrix = np.full((k, k), value)
        np.fill_diagonal(matrix, 1.0)
    else:
        matrix = intake.correlation_matrix(phi)[0]
    if matrix.shape[0] != k or np.linalg.eigvalsh(matrix)[0] <= 0:
        raise SettingError(f"phi is not a proper correlation matrix of {k} factors.", "Give smaller correlations.")
    h2 = np.einsum("ij,jl,il->i", L, matrix, L)
    if (h2 >= 1).any():
        raise SettingError(
            f"Variable {int(np.argmax(h2)) + 1} would have a communality of {h2.max():.2f}.", "Give smaller loadings."
        )
    return matrix


def _targets(targets: Mapping[str, float | None] | None) -> dict[str, float]:
    known = (*TARGETS, "smallest")
    unknown = [key for key in targets or {} if key not in known]
    if unknown:
        raise SettingError(f"targets has {unknown[0]!r}, which is not known.", f"Use some of: {', '.join(known)}.")
    chosen = {**TARGETS, **(targets or {})}
    return {
        key: checks.number(value, f"targets[{key!r}]", low=-1, high=1 + 1e-12)
        for key, value in chosen.items()
        if value is not None
    }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
