"""Reading a data set, or a correlation matrix, from a CSV, Parquet or SPSS file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from valuelex.errors import DataError

TEXT = (".csv", ".tsv", ".txt", ".dat")
PARQUET = (".parquet", ".pq")
SPSS = (".sav", ".zsav", ".por")


def read_data(path: str | Path, *, columns: Sequence[str] | None = None, matrix: bool = False) -> pd.DataFrame:
    """Read a table of cases x variables, or a correlation or covariance matrix.

    Parameters
    ----------
    path : str or Path
        CSV (comma, or semicolon with decimal comma; .tsv and .txt: tab), Parquet, or SPSS (.sav, .zsav, .por: codes, not
        labels; user-missing values are missing).
    columns : sequence of str, optional
        Variables to keep, in this order.
    matrix : bool
        The file is a square matrix: a first column of names becomes the row names.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        No such file, an unreadable one, or a column that it does not have.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file.", "Give a CSV, Parquet or SPSS file.")
    frame = _read(path)
    if frame.shape[1] == 0 or frame.shape[0] == 0:
        raise DataError(f"{path} holds no data ({frame.shape[0]} rows, {frame.shape[1]} columns).", "Check the file.")
    if matrix:
        frame = _named_rows(frame)
    if columns is None:
        return frame
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise DataError(
            f"{path} has no column {', '.join(absent)}.",
            f"It has: {', '.join(map(str, frame.columns[:20]))}{' ...' if frame.shape[1] > 20 else ''}.",
        )
    if matrix and not isinstance(frame.index, pd.RangeIndex):
        return frame.loc[list(columns), list(columns)]
    if matrix:
        where = [list(frame.columns).index(name) for name in columns]
        return frame.iloc[where, where].reset_index(drop=True)
    return frame[list(columns)]


def _read(path: Path) -> pd.DataFrame:
    suffix = path.suffix.lower()
    try:
        if suffix in PARQUET:
            return pd.read_parquet(path)
        if suffix in SPSS:
            return _spss(path)
        if suffix in TEXT:
            return _text(path)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8 ({error.reason}).", "Save it as CSV in UTF-8.") from error
    except (OSError, ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        said = (str(error).splitlines() or ["unknown error"])[0]
        raise DataError(
            f"{path}: cannot be read ({said}).", "Check the file; it should be CSV, Parquet or SPSS."
        ) from error
    raise DataError(
        f"{path}: files ending in {suffix or 'nothing'} cannot be read.",
        f"Give one of {', '.join((*TEXT[:2], *PARQUET[:1], *SPSS[:1]))}.",
    )


def _text(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.readline()
    if path.suffix.lower() != ".csv" and "\t" in head:
        return pd.read_csv(path, sep="\t", encoding="utf-8-sig")
    if head.count(";") > head.count(","):
        return pd.read_csv(path, sep=";", decimal=",", encoding="utf-8-sig")
    if "," not in head and len(head.split()) > 1:
        return pd.read_csv(path, sep=r"\s+", encoding="utf-8-sig")
    return pd.read_csv(path, encoding="utf-8-sig")


def _spss(path: Path) -> pd.DataFrame:
    try:
        import pyreadstat
    except ImportError as error:
        raise DataError(f"{path}: reading SPSS files needs pyreadstat.", "Run: pip install 'valuelex[spss]'") from error
    read = pyreadstat.read_por if path.suffix.lower() == ".por" else pyreadstat.read_sav
    try:
        frame, _ = read(str(path))
    except pyreadstat.ReadstatError as error:
        raise ValueError(str(error)) from error
    return frame


def _named_rows(frame: pd.DataFrame) -> pd.DataFrame:
    names = pd.to_numeric(pd.Series(frame.columns.astype(str)).str.replace(r"\.\d+$", "", regex=True), errors="coerce")
    if frame.shape[0] == frame.shape[1] - 1 and names.notna().all():
        raise DataError("The matrix has no line of names.", "Put the names of the variables into its first line.")
    first = frame.iloc[:, 0]
    if frame.shape[1] == frame.shape[0] + 1 and not pd.api.types.is_numeric_dtype(first):
        return frame.iloc[:, 1:].set_axis(pd.Index(first.astype(str)), axis=0)
    return frame
