"""From an exploratory solution to a confirmatory model."""

from __future__ import annotations

import re

import numpy as np

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.confirmatory.syntax import Model, Statement, write

LAVAAN_NAME = re.compile(r"[^\W\d][\w.]*")


def efa_to_cfa(result: object, salient: float = 0.3, *, cross_loadings: bool = False) -> str:
    """lavaan syntax of the model that an exploratory solution suggests, for fresh data.

    Fitted to the data that suggested it, the model looks better than it is: hold it against another sample.

    Parameters
    ----------
    result : EFAResult, DataFrame or array
        A solution with `loadings`, or the loadings themselves (p x k).
    salient : float in (0, 1)
        Smallest absolute loading that counts.
    cross_loadings : bool
        Keep every salient loading; otherwise each variable measures the factor of its largest only (independent
        clusters; McDonald, 1985).

    Raises
    ------
    DataError
        A factor without salient loading, or names that lavaan cannot read.
    SettingError
        `salient` out of range.
    """
    salient = checks.number(salient, "salient", low=0, high=1)
    frame = checks.loadings(getattr(result, "loadings", result))
    A = np.abs(frame.to_numpy())
    keep = salient <= A
    if not cross_loadings:
        keep &= np.arange(A.shape[1]) == A.argmax(axis=1)[:, None]
    bad = [str(name) for name in [*frame.index, *frame.columns] if not LAVAAN_NAME.fullmatch(str(name)) or name == "NA"]
    if bad:
        raise DataError(
            f"lavaan cannot read these names: {', '.join(bad[:8])}.",
            "Rename the columns: letters, digits, _ and . only, beginning with a letter.",
        )
    if set(frame.index) & set(frame.columns):
        raise DataError("A factor has the name of a variable.", "Rename the columns of the data.")
    statements = []
    for j, factor in enumerate(frame.columns):
        items = np.flatnonzero(keep[:, j])
        if items.size == 0:
            raise DataError(
                f"Factor {factor} has no loading of {salient:g} or more to itself.",
                "Lower salient, or extract fewer factors.",
            )
        # The strongest indicator comes first: its loading is the one that is fixed.
        order = items[np.argsort(-A[items, j], kind="stable")]
        statements += [Statement(str(factor), "=~", str(frame.index[i])) for i in order]
    if not keep.any(axis=1).all():
        dropped = [str(name) for name, kept in zip(frame.index, keep.any(axis=1), strict=True) if not kept]
        checks.warn(f"Variables without salient loading are left out: {', '.join(dropped[:8])}.")
    if not statements:
        raise SettingError("No loading is salient.", "Lower salient.")
    return write(Model(tuple(statements)))
