"""Null controls: what the same chain finds where no structure of values can be.

Three kinds of data go through the same words rule, association and permutation test as the answers themselves: the
answers with every word's column permuted, words that were set aside as no values, and the configurations of one model
alone, resampled to as many.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.psychometrics import resampling
from valuelex.taxonomy.association import observations, total_weights
from valuelex.taxonomy.empirical import ANY_STRUCTURE, LEAST_RESPONDENTS, PERMUTATIONS, Empirical, choose_words
from valuelex.taxonomy.matrix import models_of, respondent_word_matrix
from valuelex.taxonomy.settings import TaxonomySettings

Labels = NDArray[np.intp]

OWN = "the answers"
PERMUTED = "permuted answers"
NO_VALUES = "words that are no values"
ONE_MODEL = "one model alone"

LEAST_OWN = 8
"""Configurations that a model must have to stand alone."""

ALIKE = 0.98
"""Share of the answers' ratio that counts as the same: references of 100 permuted sets differ by about as much."""

SET_ASIDE = "non-value list|not a value by embedding"
"""Reasons in the table `words` by which a word type is no value."""


def controls(
    words: pd.DataFrame, found: Empirical, models: pd.Series, settings: TaxonomySettings, *, seed: int
) -> list[dict[str, Any]]:
    """Return one row for the answers and one for each control.

    Parameters
    ----------
    words : DataFrame
        The table of that name, with what was set aside.
    found : Empirical
        With a solution.
    models : Series
        The model of each respondent, in the order of the data.
    seed : int

    Returns
    -------
    list of dict
        control, n_words, n_respondents, n_factors (0 where the first eigenvalue does not pass at the .01 level),
        ratio (largest eigenvalue over its reference), p, remark. Figures are missing where a control could not be
        run.
    """
    if found.solution is None:
        return []
    data, rng = found.solution.data, np.random.default_rng(seed)
    own: dict[str, Any] = {
        "control": OWN,
        "n_words": data.shape[1],
        "n_respondents": len(data),
        "n_factors": found.adequacy["n_factors_above_permuted"],
        "ratio": found.observed[0] / found.reference[0],
        "p": found.adequacy["p_first"],
        "remark": "",
    }
    codes = pd.factorize(models.to_numpy())[0]
    order = np.argsort(codes, kind="stable")
    shuffled = resampling.permute_nested(*resampling.levels(data.to_numpy()[order], codes[order]), codes[order], rng)
    permuted = pd.DataFrame(shuffled, columns=data.columns)
    remark = "each word's column permuted within and between models"
    return [
        own,
        _row(PERMUTED, permuted, codes[order].tolist(), seed, remark),
        _no_values(words, settings, seed),
        _one_model(data, models, found.solution.totals, rng, seed),
    ]


def doubts_of_controls(rows: list[dict[str, Any]]) -> list[str]:
    """Reasons not to interpret a structure that its controls show as well: as many factors, and as large a first
    eigenvalue."""
    if not rows:
        return []
    own, out = rows[0], []
    for row in rows[1:]:
        if row["n_factors"] and row["n_factors"] >= own["n_factors"] and row["ratio"] >= ALIKE * own["ratio"]:
            figures = f"{row['n_factors']} against {own['n_factors']} factors"
            ratios = f"largest eigenvalue {row['ratio']:.2f} against {own['ratio']:.2f} of its reference"
            out.append(
                f"The control '{row['control']}' shows as much structure as the answers themselves ({figures}, {ratios})."
            )
    return out


def _row(
    name: str,
    data: pd.DataFrame,
    clusters: list[Any] | None,
    seed: int,
    remark: str,
    totals: NDArray[np.float64] | None = None,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "control": name,
        "n_words": data.shape[1],
        "n_respondents": len(data),
        "n_factors": None,
        "ratio": None,
        "p": None,
        "remark": remark,
    }
    nested = clusters is not None and 1 < len(set(clusters)) < len(data)
    try:
        found = pm.parallel_analysis(
            data,
            PERMUTATIONS,
            95,
            reference="permutation",
            clusters=clusters if nested else None,
            totals=totals,
            seed=seed,
        )
    except ValuelexError as error:
        return row | {"remark": f"could not be run: {error.what}"}
    p = float(found.p_values[0])
    return row | {
        "n_factors": found.n_factors if p <= ANY_STRUCTURE else 0,
        "ratio": float(found.eigenvalues[0] / found.reference[0]),
        "p": p,
    }


def _missing(name: str, remark: str, *, n_words: int = 0, n_respondents: int = 0) -> dict[str, Any]:
    figures = {"n_factors": None, "ratio": None, "p": None}
    return {"control": name, "n_words": n_words, "n_respondents": n_respondents, **figures, "remark": remark}


def _no_values(words: pd.DataFrame, settings: TaxonomySettings, seed: int) -> dict[str, Any]:
    reason = words["reason"].fillna("").astype(str)
    aside = words["word"].notna() & ~words["kept"].fillna(False).astype(bool) & reason.str.contains(SET_ASIDE)
    types = sorted(words.loc[aside, "word"].astype(str).unique())
    if len(types) < 3:
        return _missing(NO_VALUES, f"{len(types)} such words in the answers; three are the least", n_words=len(types))
    same = words.assign(kept=(aside & words["word"].isin(types)).to_numpy())
    matrix = respondent_word_matrix(same, pd.DataFrame({"word": types}), settings.matrix)
    n = len(matrix.respondents)
    columns = choose_words(matrix, settings)[: min(settings.max_words, n - 1)]
    if len(columns) < 3 or n < LEAST_RESPONDENTS:
        remark = f"{len(types)} such words, {len(columns)} of them named often enough; three are the least"
        return _missing(NO_VALUES, remark, n_words=len(columns), n_respondents=n)
    data = observations(matrix, columns, settings.association)
    varied = (data.std() > 1e-12).to_numpy()
    totals = total_weights(matrix, columns, settings.association)[varied]
    said = "set aside by list or by embedding"
    return _row(NO_VALUES, data.loc[:, varied], list(models_of(same, matrix.respondents)), seed, said, totals)


def _one_model(
    data: pd.DataFrame,
    models: pd.Series,
    totals: NDArray[np.float64] | None,
    rng: np.random.Generator,
    seed: int,
) -> dict[str, Any]:
    sizes = models.value_counts()
    model = str(min(sizes[sizes == sizes.max()].index, key=str))
    own = np.flatnonzero((models.astype(str) == model).to_numpy())
    if models.nunique() < 2 or len(own) < LEAST_OWN:
        remark = f"the largest has {len(own)} configurations; {LEAST_OWN} are the least, beside another model"
        return _missing(ONE_MODEL, remark, n_words=data.shape[1], n_respondents=len(own))
    drawn = rng.choice(own, len(data))
    sample = data.iloc[drawn].reset_index(drop=True)
    varied = (sample.std() > 1e-12).to_numpy()
    # Copies of a configuration are one cluster: they are not permuted apart, and so pass for no structure.
    said = f"{model}, its {len(own)} configurations resampled"
    of_sample = None if totals is None else totals[varied]
    return _row(ONE_MODEL, sample.loc[:, varied], drawn.tolist(), seed, said, of_sample)
