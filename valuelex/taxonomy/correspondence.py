"""How much of the empirical structure is just meaning: two partitions and two similarity matrices of the same words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Labels = NDArray[np.intp]

PERMUTATIONS = 999
ALIKE = 0.05
"""Level of the tests of likeness."""


def compare_partitions(one: Labels, two: Labels, *, seed: int) -> list[dict[str, Any]]:
    """Return adjusted Rand index (Hubert & Arabie, 1985) and normalised mutual information of two partitions of the same words.

    p is the share of relabelled partitions (the observed one counted) whose index is at least as large.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    # Relabelling keeps the sizes of all parts, so that both indices rise with one sum over the cells of the cross-table.
    _, first = np.unique(one, return_inverse=True)
    _, second = np.unique(two, return_inverse=True)
    observed = _cells(first, second)
    rng = np.random.default_rng(seed)
    shuffled = [_cells(first, rng.permutation(second)) for _ in range(PERMUTATIONS)]
    rows = []
    for name, index, total in (
        ("adjusted Rand index", adjusted_rand_score, _pairs),
        ("normalised mutual information", normalized_mutual_info_score, _information),
    ):
        as_large = sum(total(cells) >= total(observed) - 1e-9 for cells in shuffled)
        p = (1 + as_large) / (1 + PERMUTATIONS)
        rows.append(_row(name, float(index(one, two)), p, len(one), f"{PERMUTATIONS} relabellings"))
    return rows


def partition_indices(one: Sequence[Any], two: Sequence[Any]) -> tuple[float, float] | None:
    """Return adjusted Rand index and normalised mutual information of two labellings of the same words; None of fewer than two.

    Parameters
    ----------
    one, two : sequences, n each
        Any labels; every word has one in both.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    if len(one) < 2:
        return None
    return float(adjusted_rand_score(one, two)), float(normalized_mutual_info_score(one, two))


def _cells(first: Labels, second: Labels) -> FloatArray:
    return np.bincount(first * (int(second.max()) + 1) + second).astype(float)


def _pairs(cells: FloatArray) -> float:
    return float((cells * (cells - 1.0)).sum())


def _information(cells: FloatArray) -> float:
    filled = cells[cells > 0]
    return float((filled * np.log(filled)).sum())


def mantel(one: FloatArray, two: FloatArray, *, seed: int, n_permutations: int = PERMUTATIONS) -> dict[str, Any]:
    """Return the correlation of two similarity matrices off the diagonal, with its permutation p (Mantel, 1967).

    Parameters
    ----------
    one, two : arrays, shape (p, p)
        Symmetric; rows in the same order.
    seed : int
    n_permutations : int
        Joint permutations of rows and columns of the second matrix.
    """
    p = len(one)
    upper = np.triu_indices(p, 1)
    x = one[upper]
    x = (x - x.mean()) / x.std() if x.std() > 0 else np.zeros_like(x)

    def correlation(matrix: FloatArray) -> float:
        y = matrix[upper]
        return float(x @ (y - y.mean()) / (len(y) * y.std())) if y.std() > 0 else 0.0

    observed = correlation(two)
    rng = np.random.default_rng(seed)
    as_large = 0
    for _ in range(n_permutations):
        order = rng.permutation(p)
        as_large += correlation(two[np.ix_(order, order)]) >= observed - 1e-12
    return _row(
        "Mantel correlation", observed, (1 + as_large) / (1 + n_permutations), p, f"{n_permutations} permutations"
    )


def _row(statistic: str, value: float, p: float, n_words: int, how: str) -> dict[str, Any]:
    return {"statistic": statistic, "value": value, "p": p, "n_words": n_words, "method": f"one-sided, {how}"}


def verdict(rows: list[dict[str, Any]]) -> str:
    """Say in a sentence whether meaning and answers have one structure or two."""
    table = pd.DataFrame(rows).set_index("statistic")
    r, ari = table.loc["Mantel correlation"], table.loc["adjusted Rand index"]
    figures = f"adjusted Rand index {ari['value']:.2f}, Mantel r = {r['value']:.2f}, p = {r['p']:.3f}"
    if r["p"] > ALIKE and ari["p"] > ALIKE:
        return f"The two structures differ: words that are named together are not alike in meaning ({figures})."
    if ari["value"] < 0.3:
        return f"The two structures differ, though not wholly: meaning tells a little of what is named together ({figures})."
    return f"Meaning and answers have much of their structure in common ({figures})."
