"""Before any extraction: which words can be factored, and whether they have any structure at all."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.psychometrics import PsychometricsWarning
from valuelex.taxonomy.association import adequacy_of, association, observations, total_weights
from valuelex.taxonomy.matrix import Matrix
from valuelex.taxonomy.settings import Association, TaxonomySettings

FloatArray = NDArray[np.float64]

LEAST_WORDS = 6
"""Fewer words than this have no structure worth drawing."""

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

ESTIMATED = ("tetrachoric", "log-odds")
"""Associations that are not the correlations of any data."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """All that comes before an extraction: which words, what is factored, and whether it has any structure.

    Extractions and rotations of the same data share it.

    Attributes
    ----------
    matrix : Matrix
    models : Series
        Of each respondent.
    placed : array of int
        Columns that the prevalence rule leaves, the most named first.
    data : DataFrame or None
        `observations` of those that are factored; None where too little was left.
    association : str
    adequacy : dict
        As in `Empirical`, up to the permutation test. Where it names `reasons`, nothing can be factored.
    retention, observed, reference
        As in `Empirical`.
    n_factors : int
        By parallel analysis.
    messages : frozenset of str
        Warnings on the way.
    """

    matrix: Matrix
    models: pd.Series
    placed: NDArray[np.intp]
    data: pd.DataFrame | None
    association: Association
    adequacy: dict[str, Any]
    retention: list[dict[str, Any]] = field(default_factory=list)
    observed: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    n_factors: int = 0
    messages: frozenset[str] = frozenset()

    @cached_property
    def coefficients(self) -> pd.DataFrame | None:
        """What is factored where it is no correlation matrix of the data."""
        if self.data is None or self.association not in ESTIMATED:
            return None
        return association(self.data, self.association)


def prepare(matrix: Matrix, models: pd.Series, settings: TaxonomySettings, *, seed: int) -> Prepared:
    """Choose the words and test whether they can be factored; parameters as in `analyse`."""
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
        return Prepared(matrix, models, np.zeros(0, dtype=np.intp), None, settings.association, adequacy)
    placed = choose_words(matrix, settings)
    core = placed[: min(settings.max_words, n - 1)]
    adequacy["n_words_used"], adequacy["n_words_extended"] = len(core), len(placed) - len(core)
    if len(core) < 3:
        adequacy["reasons"].append(f"Only {len(core)} words vary enough over respondents; three are the least.")
        return Prepared(matrix, models, placed, None, settings.association, adequacy)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PsychometricsWarning)
        ready = _screened(matrix, placed, core, models, settings, adequacy, seed)
    return replace(ready, messages=messages_of(caught))


def messages_of(caught: list[warnings.WarningMessage]) -> frozenset[str]:
    """The texts of the warnings of the package's own."""
    return frozenset(str(w.message) for w in caught if issubclass(w.category, PsychometricsWarning))


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


def _screened(
    matrix: Matrix,
    placed: NDArray[np.intp],
    core: NDArray[np.intp],
    models: pd.Series,
    settings: TaxonomySettings,
    adequacy: dict[str, Any],
    seed: int,
) -> Prepared:
    data = observations(matrix, core, settings.association)
    constant = [str(word) for word in data.columns[data.std() < 1e-12]]
    if constant:
        adequacy["reasons"].append(f"Words without variance: {', '.join(constant[:5])}.")
        return Prepared(matrix, models, placed, data, settings.association, adequacy)
    # Residuals are tied to one another by construction, which partial correlations are not made for; cells are not.
    found = adequacy_of(data if settings.association not in COMPOSED else observations(matrix, core, "pearson"))
    adequacy |= {name: as_json(value) for name, value in found.items() if name != "msa"}
    adequacy["msa"] = {word: as_json(value) for word, value in found["msa"].items()}
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
    permuted = _permuted(data, models, total_weights(matrix, core, settings.association), seed)
    observed, reference = [float(x) for x in permuted.eigenvalues], [float(x) for x in permuted.reference]
    rows = [criterion_row("parallel-permutation", permuted.n_factors, permuted.settings)]
    adequacy["n_factors_above_permuted"] = permuted.n_factors
    adequacy["p_first"] = as_json(permuted.p_values[0])
    if permuted.n_factors == 0 or permuted.p_values[0] > ANY_STRUCTURE:
        adequacy["reasons"].append(
            f"The largest eigenvalue does not clearly exceed (p = {permuted.p_values[0]:.2f}) that of data whose columns were "
            "permuted within and between models: no more structure than chance and the likeness of a model's configurations "
            "give."
        )
    return Prepared(
        matrix, models, placed, data, settings.association, adequacy, rows, observed, reference, permuted.n_factors
    )


def _permuted(data: pd.DataFrame, models: pd.Series, totals: FloatArray, seed: int) -> pm.ParallelResult:
    nested = 1 < models.nunique() < len(data)
    clusters = list(models) if nested else None
    return pm.parallel_analysis(
        data, PERMUTATIONS, 95, kind="pca", reference="permutation", clusters=clusters, totals=totals, seed=seed
    )


def _bartlett(data: pd.DataFrame, adequacy: dict[str, Any]) -> dict[str, Any] | None:
    try:
        found = pm.bartlett(data)
    except ValuelexError as error:
        adequacy["notes"].append(f"Bartlett's test could not be computed: {error.what}")
        return None
    return {"chi2": as_json(found.chi2), "df": found.df, "p": as_json(found.p)}


def criterion_row(name: str, n_factors: int, settings: dict[str, Any]) -> dict[str, Any]:
    return {"criterion": name, "n_factors": n_factors, "settings": json.dumps(settings, sort_keys=True, default=str)}


def as_json(value: Any) -> Any:
    """JSON has no NaN: an undefined number is null."""
    if isinstance(value, (tuple, list)):
        return [as_json(v) for v in value]
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    number = float(value)
    if math.isnan(number) or math.isinf(number):
        return None
    return int(number) if isinstance(value, int) else number
