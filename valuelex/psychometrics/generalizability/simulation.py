"""Ratings with variance components that one knows: to see what an estimator is worth, and to plan a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from valuelex.errors import SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.generalizability.moments import partition


def simulate_ratings(
    levels: Mapping[str, int],
    effects: Mapping[str, Sequence[str]],
    variances: Mapping[str, float],
    *,
    residual: float,
    mean: float = 0.0,
    missing: float = 0.0,
    missing_by: str | None = None,
    seed: int | None = None,
) -> pd.DataFrame:
    """Draw a fully crossed table of normal scores, and take cells out of it.

    Parameters
    ----------
    levels : mapping of str -> int
        Factor -> number of levels; every combination is one row.
    effects : mapping of str -> sequence of str
        Name of each random effect -> its factors. A factor is nested by never being named without another.
    variances : mapping of str -> float
        Of each effect.
    residual : float
        Variance of each single score.
    mean : float
    missing : float
        Share of the scores that are taken out at random, 0-1.
    missing_by : str, optional
        A factor whose levels lose unequal shares (uniform between 0 and twice `missing`, at most 1): some items apply rarely.
    seed : int, optional

    Returns
    -------
    DataFrame
        One row a score that is there: a column per factor, `score`, and ``effect: NAME`` with each effect's true value.

    Raises
    ------
    SettingError
        Effects without a variance, unknown factors, or a share that is none.
    """
    unknown = sorted({f for names in effects.values() for f in names} - set(levels))
    if unknown or set(effects) != set(variances):
        raise SettingError(
            "effects, variances and levels do not match.", "Give each effect known factors and a variance."
        )
    if not 0 <= missing < 1:
        raise SettingError(f"missing={missing} is no share.", "Give a number from 0 to below 1.")
    rng = np.random.default_rng(checks.resolve_seed(seed))
    grid = np.indices(list(levels.values())).reshape(len(levels), -1)
    table = pd.DataFrame(dict(zip(levels, grid, strict=True)))
    score = np.full(len(table), mean, dtype=np.float64)
    for name, factors in effects.items():
        key = partition([table[f].to_numpy() for f in factors])
        drawn = rng.normal(0, variances[name] ** 0.5, int(key.max()) + 1)[key]
        table[f"effect: {name}"] = drawn
        score += drawn
    table["score"] = score + rng.normal(0, residual**0.5, len(table))
    if missing:
        share = np.full(len(table), missing)
        if missing_by is not None:
            share = np.minimum(rng.uniform(0, 2 * missing, levels[missing_by]), 1.0)[table[missing_by].to_numpy()]
        table = table[rng.random(len(table)) >= share].reset_index(drop=True)
    return table
