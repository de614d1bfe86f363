"""Weighted kernel ridge regression, with what it would predict for each group of rows had it not seen that group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WIDTH = 0.8
"""Width of the Gaussian kernel, in distances between unit vectors (0 .. 2)."""
AT_ONCE = 2048
"""Rows predicted at once: ten thousand completions beside thousands of examples would fill the memory."""


def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Gaussian kernel of unit rows: n x d, m x d -> n x m, in 0 .. 1."""
    out = a @ b.T
    np.minimum(out, 1, out=out)  # in place: there are millions
    out -= 1
    out /= WIDTH**2
    return np.exp(out, out=out)


@dataclass(frozen=True)
class Ridge:
    """A fitted regression.

    Attributes
    ----------
    vectors : array, shape (n, d)
        Unit rows that it learnt from.
    coefficients : array, shape (n,)
    middle : float
        What a text unlike any of them gets.
    left_out : array, shape (n,)
        Predictions of each row without its group, in closed form: with B = (K + ridge W^-1)^-1 and a = B (y - m), the
        residuals of a left-out group g are B[g, g]^-1 a[g].
    """

    vectors: np.ndarray
    coefficients: np.ndarray
    middle: float
    left_out: np.ndarray

    @classmethod
    def fit(
        cls, vectors: np.ndarray, y: np.ndarray, weights: np.ndarray, *, ridge: float, middle: float, groups: np.ndarray
    ) -> Ridge:
        """Fit y (n) to unit rows (n x d); rows of the same number in `groups` are left out together."""
        inverse = np.linalg.inv(kernel(vectors, vectors) + ridge * np.diag(1 / weights))
        a = inverse @ (y - middle)
        left_out = np.empty(len(y))
        for group in np.unique(groups):
            g = np.flatnonzero(groups == group)
            left_out[g] = y[g] - np.linalg.solve(inverse[np.ix_(g, g)], a[g])
        return cls(vectors, a, middle, left_out)

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """Return predictions for unit rows, m x d -> m."""
        return self.middle + similar(vectors, self.vectors, self.coefficients)


def similar(vectors: np.ndarray, examples: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Return kernel(vectors, examples) @ coefficients; coefficients of shape (n,) or (n, k)."""
    blocks = [vectors[start : start + AT_ONCE] for start in range(0, len(vectors), AT_ONCE)] or [vectors]
    return np.concatenate([kernel(block, examples) @ coefficients for block in blocks])
