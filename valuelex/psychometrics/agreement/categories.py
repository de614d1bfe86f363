"""Ratings in categories: one table of codes from whatever the raters wrote. Shared by the kappas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ratings:
    """Codes (n units x r raters), -1 where a rater did not rate; the `categories` they stand for, in order."""

    codes: IntArray
    categories: list[object]
    raters: list[str]

    @property
    def counts(self) -> FloatArray:
        """How many raters put each unit into each category (n x c)."""
        n, c = self.codes.shape[0], len(self.categories)
        counts = np.zeros((n, c))
        row, _ = np.nonzero(self.codes >= 0)
        np.add.at(counts, (row, self.codes[self.codes >= 0]), 1)
        return counts


def read(ratings: object, categories: Sequence[object] | None) -> Ratings:
    """Code the ratings; categories are sorted (numbers as numbers) unless given in their order.

    Raises
    ------
    DataError
        Not a table of at least two raters, no variation, or a rating that is not among the given categories.
    """
    frame = ratings if isinstance(ratings, pd.DataFrame) else None
    table = np.asarray(ratings, dtype=object)
    if table.ndim != 2 or table.shape[1] < 2:
        raise DataError("ratings is not a table of units x raters.", "Give one row a unit, one column a rater.")
    missing = pd.isna(table)
    found = list(pd.unique(table[~missing]))
    if categories is None:
        try:
            order = sorted(found)
        except TypeError as error:
            raise DataError("ratings mix numbers and text.", "Give categories=, in their order.") from error
    else:
        order = list(categories)
        strange = [value for value in found if value not in order]
        if strange:
            raise DataError(f"ratings has {strange[0]!r}, which is not among the categories.", "Add it, or mend it.")
    if len(found) < 2:
        raise DataError("All ratings are equal: agreement beyond chance is not defined.", "Add units that differ.")
    place = {value: i for i, value in enumerate(order)}
    codes = np.full(table.shape, -1, dtype=np.int64)
    codes[~missing] = [place[value] for value in table[~missing]]
    names = [f"R{j + 1}" for j in range(table.shape[1])] if frame is None else [str(name) for name in frame.columns]
    return Ratings(codes, order, names)


def agreement_weights(weights: object, categories: Sequence[object]) -> tuple[FloatArray, str]:
    """Agreement weights (c x c; 1 on the diagonal, 0 for the worst) and their name.

    "linear" and "quadratic" take the categories' own values where these are numbers, their places otherwise.
    """
    c = len(categories)
    if weights is None or (isinstance(weights, str) and weights == "none"):
        return np.eye(c), "none"
    if isinstance(weights, str):
        if weights not in ("linear", "quadratic"):
            raise SettingError(f"weights={weights!r} is not known.", "Use 'linear', 'quadratic', a matrix, or None.")
        numeric = all(isinstance(value, (int, float, np.integer, np.floating)) for value in categories)
        values = np.array(categories, dtype=float) if numeric else np.arange(c, dtype=float)
        distance = np.abs(values[:, None] - values) / (values.max() - values.min())
        return 1 - (distance if weights == "linear" else distance**2), weights
    W = np.asarray(weights, dtype=np.float64)
    if W.shape != (c, c) or not np.allclose(W, W.T) or not np.allclose(np.diag(W), 1):
        raise SettingError(
            f"weights is not a symmetric {c} x {c} matrix with ones in the diagonal.",
            "Give agreement weights: 1 for the same category, less for others.",
        )
    return W, "given"
