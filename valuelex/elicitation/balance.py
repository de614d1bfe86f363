"""Fractional crossing: a part of all cells of a design, chosen so that every row and every column keeps its share."""

from __future__ import annotations

import numpy as np


def balanced_fraction(n_rows: int, n_columns: int, total: int, *, seed: int) -> list[list[int]]:
    """Return for each row the columns that it is crossed with, in order; `total` cells in all.

    Row after row, in a drawn order, takes the columns that were taken least so far, ties drawn anew for each row. Cells per row
    and cells per column then differ by at most one, and which columns meet in a row is left to chance.

    Parameters
    ----------
    n_rows, n_columns : int
        Size of the full crossing.
    total : int
        Cells wanted, 1 to n_rows x n_columns.
    seed : int
        Of the order of rows and of the ties.
    """
    rng = np.random.default_rng(seed)
    used = np.zeros(n_columns, dtype=np.int64)
    taken: list[list[int]] = [[] for _ in range(n_rows)]
    least, more = divmod(total, n_rows)
    for turn, row in enumerate(rng.permutation(n_rows)):
        width = least + (turn < more)
        chosen = np.lexsort((rng.permutation(n_columns), used))[:width]
        used[chosen] += 1
        taken[row] = sorted(int(column) for column in chosen)
    return taken
