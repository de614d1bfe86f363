"""`correlate`: the labelled front of this room."""

from __future__ import annotations

import pandas as pd

from valuelex.psychometrics import checks, intake


def correlate(data: object, method: str = "pearson", *, missing: str = "listwise") -> pd.DataFrame:
    """Correlation matrix of the columns of `data`.

    Parameters
    ----------
    data : DataFrame or array, n cases x p variables
        Numeric; NaN is missing.
    method : {"pearson", "spearman"}
        Spearman ranks with average ranks for ties.
    missing : {"listwise", "pairwise"}
        Listwise keeps complete rows; pairwise takes each pair's complete rows, warns, and repairs the matrix if it is
        not positive definite.

    Returns
    -------
    DataFrame, p x p, range -1 to 1

    Raises
    ------
    DataError
        Non-numeric, empty or constant columns; fewer than 3 usable rows.
    SettingError
        Unknown method or missing rule.
    """
    checks.choice(method, checks.CORRELATIONS, "method")
    ready = intake.prepare(data, correlation=method, missing=missing, need_n=False)
    return pd.DataFrame(ready.R, index=ready.names, columns=ready.names)
