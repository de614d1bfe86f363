"""Items that a careful reader would ask about."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SALIENT = 0.30  # smallest loading worth a name (Comrey & Lee, 1992: "poor" below .32)
LOW_COMMUNALITY = 0.20  # Child (2006)
COMPLEX = 2.0  # Hofmann complexity from which an item belongs to two factors


def item_flags(
    L: pd.DataFrame, h2: pd.Series[float], complexity: pd.Series[float], heywood: tuple[str, ...]
) -> pd.DataFrame:
    """One row per flagged item and reason: variable, flag, value, detail.

    Flags: "no salient loading" (largest below .30), "cross-loading" (a second loading of .30 or more in size), "low
    communality" (below .20), "complex" (Hofmann index 2 or more), "Heywood" (uniqueness at its bound).
    """
    A = np.abs(L.to_numpy())
    rows: list[tuple[str, str, float, str]] = []
    for i, name in enumerate(L.index):
        order = np.argsort(-A[i], kind="stable")
        largest = L.columns[order[0]]
        if A[i, order[0]] < SALIENT:
            rows.append((name, "no salient loading", float(A[i, order[0]]), f"largest on {largest}"))
        elif A.shape[1] > 1 and A[i, order[1]] >= SALIENT:
            rows.append((name, "cross-loading", float(A[i, order[1]]), f"{largest} and {L.columns[order[1]]}"))
        if h2.iloc[i] < LOW_COMMUNALITY:
            rows.append((name, "low communality", float(h2.iloc[i]), ""))
        if complexity.iloc[i] >= COMPLEX:
            rows.append((name, "complex", float(complexity.iloc[i]), ""))
        if name in heywood:
            rows.append((name, "Heywood", float(h2.iloc[i]), "uniqueness at its lower bound"))
    return pd.DataFrame(rows, columns=["variable", "flag", "value", "detail"])
