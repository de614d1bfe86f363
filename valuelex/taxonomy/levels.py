"""The multilevel view: what goes together within a model, and what between models.

Respondents are configurations of models. Words that go together over all of them may do so because some models name both
and others neither (between), or because a model that names one also names the other when its settings change (within). The
two need not agree, and a dimension that lives on one level alone is a different thing from one that lives on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.taxonomy.document import FAIR_CONGRUENCE
from valuelex.taxonomy.empirical import Solution
from valuelex.taxonomy.extraction import components
from valuelex.taxonomy.stability import LEAST_UNITS, Recovery, compare

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Levels:
    """Correlations of the words on each level.

    Attributes
    ----------
    within, between : DataFrame, words x words
        Pooled within-model correlations, and correlations of the model means, models weighted by their respondents (`rwg` and
        `rbg` of `statsBy` in R's psych). A model's mean holds some within-model variance: the more, the fewer respondents
        it has. NaN for words that do not vary on that level.
    icc : Series
        Share of each word's variance that lies between models, ICC(1), range about -1 / (respondents per model - 1) to 1.
    n_respondents, n_models : int
    """

    within: pd.DataFrame
    between: pd.DataFrame
    icc: pd.Series
    n_respondents: int
    n_models: int


def levels(data: pd.DataFrame, models: Sequence[Any] | pd.Series) -> Levels | None:
    """Split the covariances of the columns of `data` into those within and those between models.

    Parameters
    ----------
    data : DataFrame, respondents x words
        What was factored (`observations`).
    models : sequence, one per row

    Returns
    -------
    Levels, or None where there is one model alone or one respondent per model: then there is one level only.

    References
    ----------
    Pedhazur (1997), Multiple regression in behavioral research, ch. 16; ICC(1): Shrout & Fleiss (1979), with the average
    group size of unequal groups, (n - sum n_g^2 / n) / (g - 1).
    """
    codes, names = pd.factorize(np.asarray(models))
    n, g = len(data), len(names)
    if g < 2 or g == n:
        return None
    X = data.to_numpy(dtype=float)
    sizes = np.bincount(codes).astype(float)
    means = np.zeros((g, X.shape[1]))
    np.add.at(means, codes, X)
    means /= sizes[:, None]
    inside = X - means[codes]
    outside = (means - X.mean(axis=0)) * np.sqrt(sizes)[:, None]
    within, between = inside.T @ inside, outside.T @ outside
    ms_within, ms_between = np.diag(within) / (n - g), np.diag(between) / (g - 1)
    size = (n - (sizes**2).sum() / n) / (g - 1)
    total = ms_between + (size - 1.0) * ms_within
    icc = np.divide(ms_between - ms_within, total, out=np.full(len(total), np.nan), where=total > 1e-12)
    columns = data.columns
    return Levels(
        pd.DataFrame(_correlation(within), index=columns, columns=columns),
        pd.DataFrame(_correlation(between), index=columns, columns=columns),
        pd.Series(icc, index=columns),
        n,
        g,
    )


def by_level(found: Solution, split: Levels, *, seed: int) -> list[Recovery]:
    """Look for the dimensions again in the correlations of each level, with as many factors and groups as were found.

    The level between models is left out with fewer models than resampling asks for, or than there are factors to extract.
    """
    k = found.efa.loadings.shape[1]
    out = []
    for name, R, n in (
        ("within models", split.within, split.n_respondents - split.n_models + 1),
        ("between models", split.between, split.n_models),
    ):
        if n < max(LEAST_UNITS, k + 2):
            continue
        kept = R.columns[R.notna().any()]
        space = np.zeros((len(R), k))
        space[R.columns.isin(kept)] = components(R.loc[kept, kept].to_numpy(), k)
        out.append(compare(found, [space], name, seed=seed))
    return out


def on_one_level(steady: pd.DataFrame) -> list[str]:
    """Say which dimensions do not come back on one of the levels; `steady` is the table `stability`."""
    out = []
    for level, what in (
        ("within", "differences between models"),
        ("between", "differences between a model's settings"),
    ):
        mine = steady[steady["statistic"].str.startswith(f"Tucker congruence, {level} models alone")]
        loose = mine.loc[mine["mean"].astype(float) < FAIR_CONGRUENCE, "name"]
        if len(loose):
            out.append(
                f"{', '.join(loose)}: not found {level} models alone (Tucker congruence below {FAIR_CONGRUENCE}); what the "
                f"answers show there may be {what}."
            )
    return out


def _correlation(products: FloatArray) -> FloatArray:
    spread = np.sqrt(np.diag(products))
    spread = np.where(spread > 1e-9, spread, np.nan)
    out = np.clip(products / np.outer(spread, spread), -1.0, 1.0)
    out[np.diag_indices_from(out)] = np.where(np.isnan(spread), np.nan, 1.0)
    return np.asarray(out)
