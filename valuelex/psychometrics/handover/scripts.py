"""`export`: the analysed data with scripts for R and SPSS that give the same table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.psychometrics.exploratory.result import EFAResult


def export(result: Any, folder: str | Path) -> list[Path]:
    """Write the analysed data and our loadings to `folder`; return the files written.

    Parameters
    ----------
    result : EFAResult or Analysis
    folder : path
        Made if it does not exist.

    Raises
    ------
    DataError
        The folder cannot be made.
    """
    solution: EFAResult = getattr(result, "efa", result)
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be made ({error.strerror}).", "Name another folder.") from error
    files = {"loadings.csv": _csv(solution.loadings), "correlations.csv": _csv(solution.correlations)}
    if solution.source.X is not None:
        files["data.csv"] = analysed(solution).to_csv(index=False, lineterminator="\n")
    return [_write(folder / name, text) for name, text in files.items()]


def analysed(solution: EFAResult) -> pd.DataFrame:
    """The rows and columns that were analysed; whole numbers are written as such, missing cells are empty."""
    X = pd.DataFrame(solution.source.X, columns=solution.loadings.index)
    whole = {name: "Int64" for name in X.columns if np.equal(np.mod(X[name].dropna(), 1), 0).all()}
    return X.astype(whole)


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(lineterminator="\n")


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path
