"""The empirical structure: which words the same respondents name, by exploratory factor analysis, where it is factorable."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.psychometrics import PsychometricsWarning
from valuelex.taxonomy.settings import TaxonomySettings

LEAST_RESPONDENTS = 3
"""Fewer rows have no correlation."""

PERMUTATIONS = 200
"""Column-permuted data sets behind the reference eigenvalues."""


@dataclass(frozen=True)
class Empirical:
    """What the respondent x word matrix gave.

    Attributes
    ----------
    efa : EFAResult or None
        None where the matrix is not factorable.
    adequacy : dict
        What goes into adequacy.json; always with `factorable` and `reasons`.
    retention : list of dict
        Rows of the table.
    observed, reference : list of float
        Eigenvalues of the data and of the column-permuted data.
    congruence : DataFrame or None
        Per factor, Tucker congruence over the bootstrap.
    """

    efa: pm.EFAResult | None
    adequacy: dict[str, Any]
    retention: list[dict[str, Any]] = field(default_factory=list)
    observed: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    congruence: pd.DataFrame | None = None
    n_resamples: int = 0


def respondent_word_matrix(words: pd.DataFrame, lexicon: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the respondent x word matrix of the kept words: 0/1, or the number of answers.

    Every respondent who gave a word to the table, kept or not, is a row: to name none of the lexicon's words is data.
    """
    people = sorted(words["respondent_id"].unique())
    kept = words[words["kept"].fillna(False).astype(bool) & words["word"].isin(lexicon["word"])]
    counts = pd.crosstab(kept["respondent_id"].astype(object), kept["word"].astype(object))
    counts = counts.reindex(index=people, columns=list(lexicon["word"]), fill_value=0).astype(float)
    counts.index.name, counts.columns.name = "respondent_id", None
    return (counts > 0).astype(float) if kind == "binary" else counts


def analyse(matrix: pd.DataFrame, models: pd.Series, settings: TaxonomySettings, *, seed: int) -> Empirical:
    """Screen, decide how many factors, extract, rotate, and resample.

    Parameters
    ----------
    matrix : DataFrame
        Respondent x word.
    models : Series
        The model of each respondent, same index: respondents are nested in models.
    seed : int
        Of the permutations, rotation starts and resamples.
    """
    share = (matrix > 0).mean()
    used = matrix.loc[:, (share >= settings.min_prevalence) & (share <= settings.max_prevalence)]
    adequacy: dict[str, Any] = {
        "factorable": False,
        "reasons": [],
        "notes": [],
        "n_respondents": len(matrix),
        "n_models": int(models.nunique()),
        "n_words": int(matrix.shape[1]),
        "n_words_used": int(used.shape[1]),
        "prevalence_rule": f"words named by {settings.min_prevalence:.0%} to {settings.max_prevalence:.0%} of respondents",
        "kmo": None,
        "msa": {},
        "bartlett": None,
        "determinant": None,
        "n_factors_above_permuted": None,
    }
    if models.nunique() < len(matrix):
        adequacy["notes"].append(
            f"The {len(matrix)} respondents are configurations of {models.nunique()} models, not independent subjects: p "
            "values and fit indices take them as independent and are too optimistic."
        )
    if len(matrix) < LEAST_RESPONDENTS:
        adequacy["reasons"].append(f"Only {len(matrix)} respondents; a correlation needs at least {LEAST_RESPONDENTS}.")
        return Empirical(None, adequacy)
    if used.shape[1] < 3:
        adequacy["reasons"].append(f"Only {used.shape[1]} words vary enough over respondents; three are the least.")
        return Empirical(None, adequacy)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PsychometricsWarning)
        found = _factor(used, models, settings, adequacy, seed)
    adequacy["notes"] += sorted({str(w.message) for w in caught if issubclass(w.category, PsychometricsWarning)})
    return found


def _factor(
    used: pd.DataFrame, models: pd.Series, settings: TaxonomySettings, adequacy: dict[str, Any], seed: int
) -> Empirical:
    screened = pm.screen(used)
    adequacy["reasons"] = list(screened.reasons) if not screened.factorable else []
    adequacy["kmo"] = _number(screened.kmo)
    adequacy["msa"] = {str(word): _number(value) for word, value in screened.msa.items()}
    adequacy["determinant"] = _number(screened.determinant)
    if screened.bartlett is not None:
        adequacy["bartlett"] = {
            "chi2": _number(screened.bartlett.chi2),
            "df": screened.bartlett.df,
            "p": _number(screened.bartlett.p),
        }
    if screened.constant:
        return Empirical(None, adequacy)
    permuted = pm.parallel_analysis(used, PERMUTATIONS, 95, kind="pca", reference="permutation", seed=seed)
    observed, reference = [float(x) for x in permuted.eigenvalues], [float(x) for x in permuted.reference]
    rows = [
        {
            "criterion": "parallel-permutation",
            "n_factors": permuted.n_factors,
            "settings": json.dumps(permuted.settings, sort_keys=True, default=str),
        }
    ]
    adequacy["n_factors_above_permuted"] = permuted.n_factors
    if permuted.n_factors == 0:
        adequacy["reasons"].append("No eigenvalue exceeds that of column-permuted data: no more structure than chance.")
    if adequacy["reasons"]:
        return Empirical(None, adequacy, rows, observed, reference)
    try:
        criteria = pm.retain(used, ("parallel", "map", "ekc", "kaiser"), seed=seed)
        rows += [{str(k): v for k, v in row.items()} for row in criteria.frame.to_dict("records")]
        k = permuted.n_factors if settings.n_factors == "auto" else settings.n_factors
        efa = pm.efa(used, k, settings.method, rotation=settings.rotation, seed=seed)
    except ValuelexError as error:
        adequacy["reasons"].append(f"The factor analysis failed: {error.what}")
        return Empirical(None, adequacy, rows, observed, reference)
    adequacy["factorable"] = True
    adequacy["n_factors"] = k
    adequacy["n_factors_rule"] = (
        "parallel analysis against column-permuted data" if settings.n_factors == "auto" else "set in the study file"
    )
    adequacy["fit"] = {name: _number(value) for name, value in efa.fit.items()}
    adequacy["heywood"] = list(efa.heywood)
    try:
        adequacy["between_models"] = _between_models(efa.scores(used), models.loc[used.index])
    except ValuelexError as error:
        adequacy["between_models"] = {}
        adequacy["notes"].append(f"The share of variance between models is not known: {error.what}")
    if settings.bootstrap == 0:
        return Empirical(efa, adequacy, rows, observed, reference)
    # Whole models are resampled where there are enough of them for that to mean something.
    clusters = list(models.loc[used.index]) if models.nunique() >= 10 else None
    try:
        boot = efa.bootstrap(settings.bootstrap, seed=seed, clusters=clusters)
    except ValuelexError as error:
        adequacy["notes"].append(f"The stability of the factors is not known: {error.what}")
        return Empirical(efa, adequacy, rows, observed, reference)
    adequacy["bootstrap_unit"] = "model" if clusters else "respondent"
    return Empirical(efa, adequacy, rows, observed, reference, boot.congruence, settings.bootstrap - boot.n_failed)


def _between_models(scores: pd.DataFrame, models: pd.Series) -> dict[str, float]:
    """Return for each factor the share of the score variance that lies between models (eta squared).

    Near 1, the factor is the difference between the models that happened to be asked, not a dimension along which the
    configurations of a model vary.
    """
    means = scores.groupby(models.to_numpy()).transform("mean")
    return {str(f): float(means[f].var() / scores[f].var()) for f in scores.columns}


def _number(value: Any) -> Any:
    """JSON has no NaN: an undefined number is null."""
    if isinstance(value, (tuple, list)):
        return [_number(v) for v in value]
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):
        return None
    return int(number) if isinstance(value, int) else number
