"""From a long table to rows, fixed columns and levels of random effects, and the fit as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.generalizability.components import identified
from valuelex.psychometrics.generalizability.moments import partition
from valuelex.psychometrics.mixed.blocks import Blocks, FloatArray, IntArray, make_blocks
from valuelex.psychometrics.mixed.reml import RESIDUAL, Fit, fit

Weights = Mapping[str, Mapping[Any, float] | None]


@dataclass(frozen=True)
class Fitted:
    """A fit, the blocks it was made on, and for each effect why it has no component (empty where it has)."""

    fit: Fit
    blocks: Blocks
    notes: dict[str, str]
    levels: dict[str, int]

    def components(self) -> pd.DataFrame:
        """Indexed by effect, the residual last: levels, estimate, se, share, note."""
        names = [*self.notes, RESIDUAL]
        frame = pd.DataFrame(
            {"levels": [*self.levels.values(), self.blocks.n], "estimate": np.nan, "se": np.nan, "share": np.nan},
            index=pd.Index(names, name="effect"),
        )
        kept = [*self.blocks.names, RESIDUAL]
        frame.loc[kept, "estimate"] = self.fit.theta
        se = np.sqrt(np.diag(self.fit.covariance))
        frame.loc[kept, "se"] = np.where(self.fit.free, se, np.nan)
        frame.loc[kept, "share"] = self.fit.theta / self.fit.theta.sum()
        at_bound = {name for name, free in zip(kept, self.fit.free, strict=True) if not free}
        frame["note"] = [
            self.notes.get(name, "") or ("at its bound of 0" if name in at_bound else "") for name in names
        ]
        return frame


def read_rows(ratings: pd.DataFrame, score: str, columns: Sequence[str]) -> tuple[FloatArray, pd.DataFrame]:
    """Return scores and factors of the rows that have a score.

    Raises
    ------
    DataError
        A column is missing, a score is no number, or a factor is empty where there is a score.
    """
    if not isinstance(ratings, pd.DataFrame):
        raise DataError("ratings is not a DataFrame.", "Give one row a score, with a column for every factor.")
    absent = [name for name in dict.fromkeys([score, *columns]) if name not in ratings.columns]
    if absent:
        raise DataError(
            f"ratings has no column {', '.join(absent)}.", f"It has: {', '.join(map(str, ratings.columns[:20]))}."
        )
    numbers = pd.to_numeric(ratings[score], errors="coerce").astype(float)
    wrong = ratings[score].notna() & ~np.isfinite(numbers)
    if wrong.any():
        raise DataError(
            f"{score} is no finite number in row {wrong.idxmax()}: {ratings[score][wrong].iloc[0]!r}.", "Mend it."
        )
    kept = numbers.notna().to_numpy()
    factors = ratings.loc[kept, list(dict.fromkeys(columns))]
    if factors.isna().to_numpy().any():
        raise DataError("Some rows have a score but an empty factor.", "Fill the gaps, or drop these rows.")
    if len(factors) < 3:
        raise DataError(f"{len(factors)} scores are too few for a variance.", "Give more scores.")
    return np.asarray(numbers[kept], dtype=np.float64), factors


def fixed_columns(factors: pd.DataFrame, fixed: Weights) -> tuple[FloatArray, list[tuple[str, object, FloatArray]]]:
    """Code covariates so that the weighted mean of each one's effects is 0.

    Returns
    -------
    columns : array, n x columns
    rows : list of (covariate, level, coefficients of its effect on the columns)

    Raises
    ------
    SettingError
        Weights that lack a level, or are not positive.
    """
    blocks: list[FloatArray] = []
    named: list[tuple[str, object, FloatArray, int]] = []
    at = 0
    for name, weights in fixed.items():
        levels = sorted(factors[name].unique(), key=str)
        if len(levels) < 2:
            continue
        try:
            w = np.array([1.0 if weights is None else float(weights[level]) for level in levels])
        except KeyError as error:
            raise SettingError(
                f"fixed gives {name} no weight for {error}.", "Weigh every level that occurs."
            ) from error
        if not (w > 0).all():
            raise SettingError(f"fixed gives {name} a weight of 0 or less.", "Weigh every level that occurs above 0.")
        coding = np.vstack([np.eye(len(levels) - 1), -w[:-1] / w[-1]])
        place = {level: i for i, level in enumerate(levels)}
        blocks.append(coding[factors[name].map(place).to_numpy(dtype=np.int64)])
        named += [(name, level, coding[i], at) for i, level in enumerate(levels)]
        at += len(levels) - 1
    columns = np.hstack(blocks) if blocks else np.zeros((len(factors), 0))
    rows = []
    for name, level, coefficients, start in named:
        full = np.zeros(at)
        full[start : start + coefficients.size] = coefficients
        rows.append((name, level, full))
    return columns, rows


def fit_effects(
    values: FloatArray,
    X: FloatArray,
    factors: pd.DataFrame,
    effects: Mapping[str, Sequence[str]],
    taken: str = "",
    by: str | None = None,
) -> Fitted:
    """Estimate the components of the effects that these data can tell apart.

    Parameters
    ----------
    values : array, n
    X : array, n x p
        Fixed columns, of full rank.
    factors : DataFrame, n rows
    effects : mapping of str -> sequence of str
        Name -> the factors whose combinations are its levels.
    taken : str
        A factor whose levels are fixed columns: an effect of the same levels has no component.
    by : str, optional
        A factor whose levels, sorted, are the blocks.

    Raises
    ------
    SettingError
        Effects of unknown factors.
    DataError
        Fixed effects that cannot be told apart, or no convergence.
    """
    check_rank(X)
    known = random_effects(factors, effects, taken)
    levels = None if by is None else pd.factorize(factors[by], sort=True)[0].astype(np.int64)
    blocks = make_blocks(values, X, known.used, known.factors, levels)
    return Fitted(fit(blocks), blocks, known.notes, known.levels)


def check_rank(X: FloatArray) -> None:
    """Raise `DataError` for fixed columns that cannot be told apart."""
    if np.linalg.matrix_rank(X) < X.shape[1]:
        raise DataError(
            "The fixed effects cannot be told apart: some objects were never scored under comparable conditions.",
            "Leave out a covariate, or the objects that share no level of it with the others.",
        )


@dataclass(frozen=True)
class RandomEffects:
    """Levels of the random effects that rows can tell apart.

    Attributes
    ----------
    used : dict of str -> array of int, n
        Effect -> its level on every row.
    notes : dict of str -> str
        Effect -> why it has no component; empty where it has.
    levels : dict of str -> int
    factors : list of array of int, n
        Levels of the factors that effects are made of.
    """

    used: dict[str, IntArray]
    notes: dict[str, str]
    levels: dict[str, int]
    factors: list[IntArray]


def random_effects(factors: pd.DataFrame, effects: Mapping[str, Sequence[str]], taken: str = "") -> RandomEffects:
    """Number the levels of the random effects; arguments and errors as for `fit_effects`."""
    unknown = sorted({name for names in effects.values() for name in names} - set(map(str, factors.columns)))
    if unknown or not all(len(names) for names in effects.values()):
        raise SettingError(f"effects names {', '.join(unknown) or 'no factor'}.", "Use columns of ratings.")
    codes = {str(name): partition([pd.factorize(factors[name])[0]]) for name in factors.columns}
    keys: dict[str, IntArray] = {taken: codes[taken]} if taken else {}
    keys |= {name: partition([codes[f] for f in names]) for name, names in effects.items()}
    notes = identified(keys, len(factors))
    notes.pop(taken, None)
    used = {name: keys[name] for name in effects if not notes[name]}
    return RandomEffects(used, notes, {name: int(keys[name].max()) + 1 for name in effects}, list(codes.values()))
