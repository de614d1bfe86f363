"""The empirical structure: which words the same respondents name, by exploratory factor analysis, where it is factorable."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.psychometrics import PsychometricsWarning
from valuelex.taxonomy.association import adequacy_of, association, observations, standardised
from valuelex.taxonomy.groups import Groups, find_groups
from valuelex.taxonomy.matrix import Matrix
from valuelex.taxonomy.settings import TaxonomySettings

FloatArray = NDArray[np.float64]

LEAST_RESPONDENTS = 20
"""With fewer rows no correlation of two words is known to better than about .4."""

LEAST_NAMED = 5
"""Respondents that must have named a word, whatever their share."""

LEAST_KMO = 0.5
"""Kaiser and Rice (1974) call less unacceptable."""

CLOSED = 0.5
"""Variance of the respondents' totals, as a share of that of independent words, below which answers count as closed."""

ANY_STRUCTURE = 0.01
"""Level at which the first eigenvalue must exceed those of permuted data; further ones are counted at the 95th percentile."""

PERMUTATIONS = 100
"""Permuted data sets behind the reference eigenvalues."""

COMPOSED = ("residual", "log-ratio")
"""Associations that take the composition out; the words' correlations then sum to a constant."""


@dataclass(frozen=True, eq=False)
class Solution:
    """The factors, and where every word lies in their space.

    Attributes
    ----------
    efa : EFAResult
        Of the words that were factored.
    data : DataFrame
        `observations` of these, respondents x words.
    loadings : DataFrame
        Pattern matrix of all words that were placed, the factored ones first, then those by extension.
    space : array, shape (words of `loadings`, r)
        The same in an orthonormal basis of the factors.
    groups : Groups
        Of the rows of `loadings`.
    """

    efa: pm.EFAResult
    data: pd.DataFrame
    loadings: pd.DataFrame
    space: FloatArray
    groups: Groups


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
    n, n_models = len(matrix.respondents), int(models.nunique())
    adequacy: dict[str, Any] = {
        "factorable": False,
        "reasons": [],
        "notes": [],
        "n_respondents": n,
        "n_models": n_models,
        "n_words": len(matrix.words),
        "n_words_used": 0,
        "n_words_extended": 0,
        "prevalence_rule": _rule(settings),
        "association": settings.association,
        "kmo": None,
        "kmo_method": "of the correlations of the cells, shrunken towards the identity (Ledoit and Wolf)",
        "msa": {},
        "bartlett": None,
        "n_factors_above_permuted": None,
    }
    if n_models < n:
        adequacy["notes"].append(
            f"The {n} respondents are configurations of {n_models} models, not independent subjects: p values and fit "
            "indices take them as independent and are too optimistic. The number of factors allows for it."
        )
    if n < LEAST_RESPONDENTS:
        adequacy["reasons"].append(f"Only {n} respondents; a factor analysis needs at least {LEAST_RESPONDENTS}.")
        return Empirical(adequacy)
    placed = choose_words(matrix, settings)
    core = placed[: min(settings.max_words, n - 1)]
    adequacy["n_words_used"], adequacy["n_words_extended"] = len(core), len(placed) - len(core)
    if len(core) < 3:
        adequacy["reasons"].append(f"Only {len(core)} words vary enough over respondents; three are the least.")
        return Empirical(adequacy)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PsychometricsWarning)
        found = _factor(matrix, placed, core, models, settings, adequacy, seed)
    adequacy["notes"] += sorted({str(w.message) for w in caught if issubclass(w.category, PsychometricsWarning)})
    return found


def choose_words(matrix: Matrix, settings: TaxonomySettings) -> NDArray[np.intp]:
    """Return the columns that the prevalence rule leaves, the most named first."""
    share = matrix.prevalence
    enough = (share >= settings.min_prevalence) & (share * len(matrix.respondents) >= LEAST_NAMED)
    # Where cells are counts, words that everyone names still differ in how often.
    common = (share > settings.max_prevalence) & (matrix.kind == "binary" or settings.association not in COMPOSED)
    total = np.asarray(matrix.cells.sum(axis=0), dtype=float).ravel()
    order = np.lexsort((np.arange(len(total)), -np.round(total, 9)))
    return np.asarray(order[(enough & ~common)[order]], dtype=np.intp)


def is_closed(matrix: Matrix) -> bool:
    """Whether the totals of respondents vary less than half as much as those of words named independently of one another."""
    totals = np.asarray((matrix.cells > 0).sum(axis=1), dtype=float).ravel()
    share = matrix.prevalence
    return bool(totals.var() < CLOSED * (share * (1.0 - share)).sum())


def _rule(settings: TaxonomySettings) -> str:
    low, high = settings.min_prevalence, settings.max_prevalence
    return f"words named by {low:.0%} to {high:.0%} of respondents, and by {LEAST_NAMED} of them at least"


def _factor(
    matrix: Matrix,
    placed: NDArray[np.intp],
    core: NDArray[np.intp],
    models: pd.Series,
    settings: TaxonomySettings,
    adequacy: dict[str, Any],
    seed: int,
) -> Empirical:
    data = observations(matrix, core, settings.association)
    constant = [str(word) for word in data.columns[data.std() < 1e-12]]
    if constant:
        adequacy["reasons"].append(f"Words without variance: {', '.join(constant[:5])}.")
        return Empirical(adequacy)
    # Residuals are tied to one another by construction, which partial correlations are not made for; cells are not.
    found = adequacy_of(data if settings.association not in COMPOSED else observations(matrix, core, "pearson"))
    adequacy |= {name: _number(value) for name, value in found.items() if name != "msa"}
    adequacy["msa"] = {word: _number(value) for word, value in found["msa"].items()}
    if is_closed(matrix):
        adequacy["notes"].append(
            "KMO has no vote: respondents name nearly the same number of words each, so that every word's partial correlations "
            "are forced by the others. The permutation test decides."
        )
    elif not found["kmo"] >= LEAST_KMO:
        adequacy["reasons"].append(f"KMO is {found['kmo']:.2f}, below {LEAST_KMO}: words share too little.")
    if settings.association in COMPOSED:
        adequacy["notes"].append(
            "Bartlett's test is left out: with the composition taken out, the correlations of all words are dependent by "
            "construction, and its determinant says nothing. The permutation test takes its place."
        )
    else:
        adequacy["bartlett"] = _bartlett(data, adequacy)
    permuted = _permuted(data, models, seed)
    observed, reference = [float(x) for x in permuted.eigenvalues], [float(x) for x in permuted.reference]
    rows = [_criterion("parallel-permutation", permuted.n_factors, permuted.settings)]
    adequacy["n_factors_above_permuted"] = permuted.n_factors
    adequacy["p_first"] = _number(permuted.p_values[0])
    if permuted.n_factors == 0 or permuted.p_values[0] > ANY_STRUCTURE:
        adequacy["reasons"].append(
            f"The largest eigenvalue does not clearly exceed (p = {permuted.p_values[0]:.2f}) that of data whose columns were "
            "permuted within and between models: no more structure than chance and the likeness of a model's configurations "
            "give."
        )
    if adequacy["reasons"]:
        return Empirical(adequacy, rows, observed, reference)
    k = permuted.n_factors if settings.n_factors == "auto" else settings.n_factors
    try:
        efa = extract(data, k, settings, seed=seed)
    except ValuelexError as error:
        adequacy["reasons"].append(f"The factor analysis failed: {error.what}")
        return Empirical(adequacy, rows, observed, reference)
    rows += _other_criteria(data, settings, adequacy, seed)
    loadings, space, spread = place(matrix, placed, data, efa, settings)
    salient = is_salient(space, spread, settings.placement_level)
    n_groups = None if settings.n_dimensions == "auto" else settings.n_dimensions
    groups = find_groups(space, salient, n_groups=n_groups, seed=seed)
    adequacy |= {
        "factorable": True,
        "n_factors": k,
        "n_factors_rule": "set in the study file"
        if settings.n_factors != "auto"
        else "parallel analysis against data permuted within and between models",
        "n_dimensions": groups.n_groups,
        "silhouettes": {str(g): round(value, 6) for g, value in groups.silhouettes.items()},
        "background": [str(w) for w in loadings.index[groups.background]],
        "fit": _fit(efa, settings),
        "heywood": list(efa.heywood),
        "between_models": _between_models(data, space[: len(core)], models, efa),
    }
    return Empirical(adequacy, rows, observed, reference, Solution(efa, data, loadings, space, groups))


def extract(
    data: pd.DataFrame, k: int, settings: TaxonomySettings, *, rotation: str | None = None, seed: int
) -> pm.EFAResult:
    """Factor the observations; from their coefficients where these are no correlations of the data."""
    chosen = rotation or settings.rotation
    if settings.association in ("tetrachoric", "log-odds"):
        R = association(data, settings.association)
        return pm.efa(R, k, settings.method, rotation=chosen, n_obs=len(data), smooth="clip", seed=seed)
    return pm.efa(data, k, settings.method, rotation=chosen, seed=seed)


def place(
    matrix: Matrix, placed: NDArray[np.intp], data: pd.DataFrame, efa: pm.EFAResult, settings: TaxonomySettings
) -> tuple[pd.DataFrame, FloatArray, FloatArray]:
    """Return the loadings of all words: those of the factored ones, and of the others by extension.

    Extension takes the loadings that reproduce a word's correlations with the factored words best: (A'A)^-1 A'r (Dwyer, 1937,
    Psychometrika 2, 173-178).

    Returns
    -------
    loadings : DataFrame, words x k
        Pattern matrix.
    space : array, words x k
        The same in an orthonormal basis: its rows have the words' communalities as their squared lengths.
    spread : array, k x k
        Sampling covariance of the row of a word without any loading.
    """
    turn = np.linalg.cholesky(efa.phi.to_numpy())
    pattern = efa.loadings.to_numpy()
    A = pattern @ turn
    inverse = np.linalg.inv(A.T @ A)
    noise = inverse @ (A.T * (1.0 - np.minimum((A**2).sum(axis=1), 1.0))) @ A @ inverse
    spread = (np.eye(A.shape[1]) + noise) / len(data)
    rest = placed[data.shape[1] :]
    blocks = [A]
    Z = standardised(data.to_numpy())
    for start in range(0, len(rest), 500):
        others = observations(matrix, rest[start : start + 500], settings.association).to_numpy()
        blocks.append((standardised(others).T @ Z / len(Z)) @ A @ inverse)
    space = np.vstack(blocks)
    words = [matrix.words[j] for j in placed]
    rows = np.vstack([pattern, space[len(A) :] @ np.linalg.inv(turn)])
    return pd.DataFrame(rows, index=words, columns=efa.loadings.columns), space, spread


def is_salient(space: FloatArray, spread: FloatArray, level: float) -> NDArray[np.bool_]:
    """Return which words have larger loadings than `level` of the words without any (chi-square of the whole row)."""
    from scipy.stats import chi2

    distance = np.einsum("ij,jk,ik->i", space, np.linalg.inv(spread), space)
    return np.asarray(distance > chi2.ppf(1.0 - level, space.shape[1]))


def _permuted(data: pd.DataFrame, models: pd.Series, seed: int) -> pm.ParallelResult:
    nested = 1 < models.nunique() < len(data)
    clusters = list(models) if nested else None
    return pm.parallel_analysis(
        data, PERMUTATIONS, 95, kind="pca", reference="permutation", clusters=clusters, seed=seed
    )


def _bartlett(data: pd.DataFrame, adequacy: dict[str, Any]) -> dict[str, Any] | None:
    try:
        found = pm.bartlett(data)
    except ValuelexError as error:
        adequacy["notes"].append(f"Bartlett's test could not be computed: {error.what}")
        return None
    return {"chi2": _number(found.chi2), "df": found.df, "p": _number(found.p)}


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


def _criterion(name: str, n_factors: int, settings: dict[str, Any]) -> dict[str, Any]:
    return {"criterion": name, "n_factors": n_factors, "settings": json.dumps(settings, sort_keys=True, default=str)}


def _fit(efa: pm.EFAResult, settings: TaxonomySettings) -> dict[str, Any]:
    """Indices of fit; those that rest on chi-square have no meaning for the singular matrices of compositions."""
    fit = {name: _number(value) for name, value in efa.fit.items()}
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


def _number(value: Any) -> Any:
    """JSON has no NaN: an undefined number is null."""
    if isinstance(value, (tuple, list)):
        return [_number(v) for v in value]
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    number = float(value)
    if math.isnan(number) or math.isinf(number):
        return None
    return int(number) if isinstance(value, int) else number
