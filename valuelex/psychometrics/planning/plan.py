"""A checked simulation of exploratory factor analyses, and one row of its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.errors import SettingError
from valuelex.psychometrics import checks, intake, resampling
from valuelex.psychometrics.planning import simulation
from valuelex.psychometrics.planning.simulation import Outcome, Population, Procedure
from valuelex.psychometrics.retention.eigenvalues import KINDS
from valuelex.psychometrics.rotation.spec import make_spec

FloatArray = NDArray[np.float64]

METHODS = ("minres", "ml", "paf")
CORRELATIONS = ("pearson", "spearman", "polychoric")
TARGETS = {"k_found": 0.90, "congruence": 0.95, "error": None, "improper": 0.05}
"""At least .90 of samples show the right number of factors; mean congruence .95 (Lorenzo-Seva & ten Berge, 2006)."""
AT_MOST = ("error", "improper")


@dataclass(frozen=True, eq=False)
class Plan:
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


def plan(
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
) -> Plan:
    """Check the arguments of `power_efa`; errors as there."""
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
    return Plan(population, procedure, goals, n_rep, n_reference, percentile, seed, settings)


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
