"""The empirical structure: which words the same respondents name, by exploratory factor analysis, where it is factorable."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.psychometrics import PsychometricsWarning
from valuelex.taxonomy.association import standardised
from valuelex.taxonomy.extraction import Solution, extract, is_salient, place, solvable, solve
from valuelex.taxonomy.matrix import Matrix
from valuelex.taxonomy.preparation import (
    ANY_STRUCTURE,
    COMPOSED,
    LEAST_RESPONDENTS,
    PERMUTATIONS,
    Prepared,
    as_json,
    choose_words,
    messages_of,
    prepare,
)
from valuelex.taxonomy.settings import TaxonomySettings

__all__ = [
    "ANY_STRUCTURE",
    "LEAST_RESPONDENTS",
    "PERMUTATIONS",
    "Empirical",
    "Solution",
    "analyse",
    "choose_words",
    "extract",
    "is_salient",
    "place",
]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Empirical:
    """What the respondent x word matrix gave.

    Attributes
    ----------
    adequacy : dict
        What goes into adequacy.json; always with `factorable` and `reasons`.
    retention : list of dict
        Rows of the table.
    observed, reference : list of float
        Eigenvalues of the data and of the permuted data.
    solution : Solution or None
        None where the matrix is not factorable.
    """

    adequacy: dict[str, Any]
    retention: list[dict[str, Any]] = field(default_factory=list)
    observed: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    solution: Solution | None = None


def analyse(matrix: Matrix, models: pd.Series, settings: TaxonomySettings, *, seed: int) -> Empirical:
    """Choose the words, decide how many factors, extract, rotate, and group the words.

    Parameters
    ----------
    matrix : Matrix
    models : Series
        The model of each respondent, in the order of the matrix: respondents are nested in models.
    seed : int
        Of the permutations, the rotation starts and the k-means starts.
    """
    ready = prepare(matrix, models, settings, seed=seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PsychometricsWarning)
        found = _without_solution(ready) if ready.adequacy["reasons"] else _complete(ready, settings, seed)
    found.adequacy["notes"] += sorted(ready.messages | messages_of(caught))
    return found


def _without_solution(ready: Prepared) -> Empirical:
    return Empirical(ready.adequacy, ready.retention, ready.observed, ready.reference)


def _complete(ready: Prepared, settings: TaxonomySettings, seed: int) -> Empirical:
    """Extract, rotate and group; then say how well it fits, and what other criteria say of the number of factors."""
    adequacy, data = ready.adequacy, solvable(ready)
    try:
        solution = solve(ready, settings, seed=seed)
    except ValuelexError as error:
        adequacy["reasons"].append(f"The factor analysis failed: {error.what}")
        return _without_solution(ready)
    efa, groups = solution.efa, solution.groups
    rows = ready.retention + _other_criteria(data, settings, adequacy, seed)
    adequacy |= {
        "factorable": True,
        "n_factors": efa.loadings.shape[1],
        "n_factors_rule": "set in the study file"
        if settings.n_factors != "auto"
        else "parallel analysis against data permuted within and between models",
        "n_dimensions": groups.n_groups,
        "silhouettes": {str(g): round(value, 6) for g, value in groups.silhouettes.items()},
        "background": [str(w) for w in solution.loadings.index[groups.background]],
        "fit": _fit(efa, settings),
        "heywood": list(efa.heywood),
        "between_models": _between_models(data, solution.space[: data.shape[1]], ready.models, efa),
    }
    return Empirical(adequacy, rows, ready.observed, ready.reference, solution)


def _other_criteria(
    data: pd.DataFrame, settings: TaxonomySettings, adequacy: dict[str, Any], seed: int
) -> list[dict[str, Any]]:
    """Criteria beside the one that decides; they take the respondents as independent."""
    names = ("parallel", "ekc", "kaiser") if settings.association in COMPOSED else ("parallel", "map", "ekc", "kaiser")
    try:
        frame = pm.retain(data, names, seed=seed).frame
    except ValuelexError as error:
        adequacy["notes"].append(f"Other criteria of the number of factors could not be computed: {error.what}")
        return []
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _fit(efa: pm.EFAResult, settings: TaxonomySettings) -> dict[str, Any]:
    """Indices of fit; those that rest on chi-square have no meaning for the singular matrices of compositions."""
    fit = {name: as_json(value) for name, value in efa.fit.items()}
    if settings.association in COMPOSED:
        return {name: fit[name] for name in ("srmr", "rmsr", "n_obs")}
    return fit


def _between_models(data: pd.DataFrame, space: FloatArray, models: pd.Series, efa: pm.EFAResult) -> dict[str, float]:
    """Return for each factor the share of the score variance that lies between models (eta squared).

    Near 1, the factor is the difference between the models that happened to be asked, not a dimension along which the
    configurations of a model vary. Scores are sums weighted by structure coefficients: they exist for singular matrices too.
    """
    weights = space @ np.linalg.cholesky(efa.phi.to_numpy()).T
    scores = pd.DataFrame(standardised(data.to_numpy()) @ weights, columns=efa.loadings.columns)
    means = scores.groupby(models.to_numpy()).transform("mean")
    return {str(f): float(means[f].var() / scores[f].var()) for f in scores.columns}
