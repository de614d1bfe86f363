"""Random effects as blocks and a border, so that the curvature of a likelihood in thousands of them is quick to invert.

Effects whose levels each lie within one level of the blocking factor are *inside*: given the others, those of different blocks
are independent. The rest are the *border*. The curvature is then block diagonal with a border, whichever effects there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """Where each row's random effects stand.

    Attributes
    ----------
    names : tuple of str
    place : array of int, effects x n
        Position of each row's level of each effect among all positions: blocks x m of them, then the border.
    effect : array of int, positions
        Effect that stands at each position; -1 in the padding.
    blocks, m, border : int
        Number of blocks, positions of a block, and of the border.
    """

    names: tuple[str, ...]
    place: IntArray
    effect: IntArray
    blocks: int
    m: int
    border: int

    def levels(self) -> IntArray:
        """Number of levels of each effect."""
        return np.bincount(self.effect[self.effect >= 0], minlength=len(self.names))


def lay_out(effects: Mapping[str, IntArray], factors: Sequence[IntArray], n: int) -> Layout:
    """Choose the blocks that make the least work.

    Parameters
    ----------
    effects : mapping of str -> array of int, n
        Level of each random effect, 0, 1, ...
    factors : sequence of array of int, n
        Candidates for the blocks, besides the effects themselves.
    n : int
        Number of rows.
    """
    candidates = [np.zeros(n, dtype=np.int64), *factors, *effects.values()]
    return min((blocked_by(block, effects) for block in candidates), key=_work)


def blocked_by(block: IntArray, effects: Mapping[str, IntArray]) -> Layout:
    """Lay the effects out with the blocks given."""
    blocks = int(block.max()) + 1 if block.size else 0
    inside: dict[str, tuple[IntArray, IntArray, IntArray]] = {}
    m = 0
    for name, key in effects.items():
        first = np.zeros(int(key.max()) + 1, dtype=np.int64)
        first[key] = block
        if (first[key] == block).all():
            # The level's number among those of its block.
            order = np.argsort(first, kind="stable")
            counts = np.bincount(first, minlength=blocks)
            within = np.empty(first.size, dtype=np.int64)
            within[order] = np.arange(first.size) - np.repeat(np.cumsum(counts) - counts, counts)
            inside[name] = (first, within, np.full(first.size, m))
            m += int(counts.max())
    border = sum(int(key.max()) + 1 for name, key in effects.items() if name not in inside)
    place = np.zeros((len(effects), block.size), dtype=np.int64)
    effect = np.full(blocks * m + border, -1, dtype=np.int64)
    at = blocks * m
    for e, (name, key) in enumerate(effects.items()):
        if name in inside:
            first, within, start = inside[name]
            position = first * m + start + within
        else:
            position = at + np.arange(int(key.max()) + 1)
            at += position.size
        place[e] = position[key]
        effect[position] = e
    return Layout(tuple(effects), place, effect, blocks, m, border)


def _work(layout: Layout) -> float:
    """Floating-point operations of one inversion, about."""
    s, m, q = float(layout.blocks), float(layout.m), float(layout.border)
    return s * (4 * m**3 + 2 * m**2 * q + 2 * m * q**2 + 50 * m) + 2 * q**3


@dataclass(frozen=True)
class Inverse:
    """The inverse of a curvature of that shape, as far as rows can ask for it.

    Attributes
    ----------
    logdet : float
        Of the curvature.
    block : array, blocks x m x m
        The inverse within blocks.
    across : array, blocks x m x border
    border : array, border x border
    """

    logdet: float
    block: FloatArray
    across: FloatArray
    border: FloatArray

    def diagonal(self) -> FloatArray:
        """The inverse's diagonal, by position."""
        return np.concatenate([np.einsum("smm->sm", self.block).ravel(), np.diag(self.border)])

    def between(self, layout: Layout, one: IntArray, other: IntArray) -> FloatArray:
        """Elements of the inverse for pairs of positions that some row joins."""
        s, m = layout.blocks, layout.m
        inner, other_inner = one < s * m, other < s * m
        if inner.all() and other_inner.all():
            return np.asarray(self.block.reshape(s * m, m)[one, other % m])
        if inner.all():
            return np.asarray(self.across.reshape(s * m, -1)[one, other - s * m])
        if other_inner.all():
            return self.between(layout, other, one)
        return np.asarray(self.border[one - s * m, other - s * m])


class Curvature:
    """I + scale Z' diag(w) Z scale, factored."""

    def __init__(self, layout: Layout, w: FloatArray, scale: FloatArray) -> None:
        self.layout = layout
        s, m, q = layout.blocks, layout.m, layout.border
        block, across, border = np.zeros(s * m * m), np.zeros(s * m * q), np.zeros(q * q)
        for e, one in enumerate(layout.place):
            for f, other in enumerate(layout.place):
                weight = w * (scale[e] * scale[f])
                if one[0] < s * m and other[0] < s * m:
                    block += np.bincount(one * m + other % m, weight, block.size)
                elif one[0] < s * m:
                    across += np.bincount(one * q + other - s * m, weight, across.size)
                elif other[0] >= s * m:
                    border += np.bincount((one - s * m) * q + other - s * m, weight, border.size)
        self.block = block.reshape(s, m, m) + np.eye(m)
        self.across = across.reshape(s, m, q)
        self.border = border.reshape(q, q) + np.eye(q)
        self.inverse_block = np.linalg.inv(self.block)
        self.solved = self.inverse_block @ self.across
        self.schur = self.border - self.across.reshape(s * m, q).T @ self.solved.reshape(s * m, q)

    def solve(self, right: FloatArray) -> FloatArray:
        """The curvature's inverse times a vector (or columns) by position."""
        s, m, q = self.layout.blocks, self.layout.m, self.layout.border
        columns = right if right.ndim == 2 else right[:, None]
        inner, outer = columns[: s * m].reshape(s, m, columns.shape[1]), columns[s * m :]
        flat = self.solved.reshape(s * m, q)
        z = np.linalg.solve(self.schur, outer - flat.T @ columns[: s * m])
        y = (self.inverse_block @ inner).reshape(s * m, columns.shape[1]) - flat @ z
        return np.concatenate([y, z]).reshape(right.shape)

    def invert(self) -> Inverse:
        """What `Inverse` holds."""
        s, m, q = self.layout.blocks, self.layout.m, self.layout.border
        border = np.asarray(np.linalg.inv(self.schur), dtype=np.float64)
        across = -(self.solved.reshape(s * m, q) @ border).reshape(s, m, q)
        block = self.inverse_block - across @ self.solved.transpose(0, 2, 1)
        logdet = float(np.linalg.slogdet(self.block)[1].sum() + np.linalg.slogdet(self.schur)[1])
        return Inverse(logdet, block, across, border)
