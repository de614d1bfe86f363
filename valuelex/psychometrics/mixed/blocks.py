"""The rows of a crossed design as blocks that are independent given a few effects, which is what makes large ones quick.

Effects whose levels each lie within one level of the blocking factor (item, person x item, ...) are *inner*: given the others,
rows of different blocks are independent, and V is block diagonal. The rest (rater, person x rater) are *outer*: few levels,
taken as columns. So the work grows with the cube of a block and of the number of outer levels, not of the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Blocks:
    """Rows in padded blocks.

    Attributes
    ----------
    y : array, blocks x m
        Scores; 0 in the padding.
    A : array, blocks x m x (p + q)
        Columns of the fixed effects, then indicators of the outer effects' levels.
    there : array of bool, blocks x m
        Where a row is.
    inner : dict of str -> array, blocks x m
        Level of each inner effect, counted through all blocks; -1 in the padding.
    outer : dict of str -> slice
        Columns of A of each outer effect.
    p : int
        Number of fixed columns.
    names : tuple of str
        Effects in the order asked for.
    """

    y: FloatArray
    A: FloatArray
    there: NDArray[np.bool_]
    inner: dict[str, IntArray]
    outer: dict[str, slice]
    p: int
    names: tuple[str, ...]
    row: IntArray
    """Which row of the data stands there, blocks x m; -1 in the padding."""

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.there.sum())


def make_blocks(
    values: FloatArray,
    fixed: FloatArray,
    effects: Mapping[str, IntArray],
    factors: Sequence[IntArray],
    by: IntArray | None = None,
) -> Blocks:
    """Sort the rows into blocks of one factor: the one that makes the least work, if none is asked for.

    Parameters
    ----------
    values : array, n
    fixed : array, n x p
    effects : mapping of str -> array of int, n
        Level of each random effect, 0, 1, ...
    factors : sequence of array of int, n
        Candidates for the blocks.
    by : array of int, n, optional
        The factor of the blocks: one block for each of its levels, in their order.
    """
    whole = np.zeros(values.size, dtype=np.int64)
    block = by if by is not None else min((whole, *factors), key=lambda one: _work(one, fixed.shape[1], effects))
    inside = {name: key for name, key in effects.items() if _nested(key, block)}
    order = np.argsort(block, kind="stable")
    sizes = np.bincount(block)
    m = int(sizes.max())
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    row = block[order]
    column = np.arange(values.size) - starts[row]
    columns = [fixed]
    outer: dict[str, slice] = {}
    at = fixed.shape[1]
    for name, key in effects.items():
        if name not in inside:
            indicator = np.zeros((values.size, int(key.max()) + 1))
            indicator[np.arange(values.size), key] = 1.0
            columns.append(indicator)
            outer[name] = slice(at, at + indicator.shape[1])
            at += indicator.shape[1]
    all_columns = np.hstack(columns)
    shape = (sizes.size, m)
    y, A, there = np.zeros(shape), np.zeros((*shape, at)), np.zeros(shape, dtype=bool)
    y[row, column], A[row, column], there[row, column] = values[order], all_columns[order], True
    source = np.full(shape, -1, dtype=np.int64)
    source[row, column] = order
    inner = {}
    for name, key in inside.items():
        inner[name] = np.full(shape, -1, dtype=np.int64)
        inner[name][row, column] = key[order]
    return Blocks(y, A, there, inner, outer, fixed.shape[1], tuple(effects), source)


def _nested(key: IntArray, block: IntArray) -> bool:
    """Whether every level of the effect lies in one block."""
    first = np.zeros(int(key.max()) + 1, dtype=np.int64)
    first[key] = block
    return bool((first[key] == block).all())


def _work(block: IntArray, p: int, effects: Mapping[str, IntArray]) -> float:
    """Floating-point operations of one evaluation, about."""
    sizes = np.bincount(block)
    m = float(sizes.max())
    columns = p + sum(int(key.max()) + 1 for key in effects.values() if not _nested(key, block))
    return float(3 * sizes.size * m**3 + 4 * sizes.size * m**2 * columns + 2 * block.size * columns**2 + columns**3)
