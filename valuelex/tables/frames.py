"""Checked frames: a DataFrame whose columns, types and values are those of its schema, in the schema's order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from valuelex.errors import TableError
from valuelex.tables.schema import TABLES, Column, Table

_DTYPES = {
    "text": pd.StringDtype(),
    "int": pd.Int64Dtype(),
    "number": pd.Float64Dtype(),
    "bool": pd.BooleanDtype(),
}
_TRUE = {"true", "1", "yes", "t"}
_FALSE = {"false", "0", "no", "f"}


def frame(name: str, rows: Iterable[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """Make the table `name` from rows or a DataFrame and check it against its schema.

    Every declared column must be there (a stage writes whole tables); further columns are kept only where the schema is
    open-ended (``F1`` .. ``Fk``).

    Raises
    ------
    TableError
        Naming table, column and, where there is one, the row.
    """
    table = TABLES[name]
    data = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows), columns=_columns_of(table, rows))
    return check(data, table, where=f"table {name}")


def _columns_of(table: Table, rows: Iterable[Mapping[str, Any]]) -> list[str] | None:
    """An empty table still has its columns."""
    return [c.name for c in table.columns] if not list(rows) else None


def check(data: pd.DataFrame, table: Table, *, where: str) -> pd.DataFrame:
    """Return `data` typed and ordered as `table` says; `where` names the table or file in errors."""
    missing = [c.name for c in table.columns if c.name not in data.columns and not c.optional]
    if missing:
        raise TableError(
            f"{where}: column {', '.join(missing)} is missing.",
            f"A row is {table.row}; the columns are {', '.join(c.name for c in table.columns)}.",
        )
    absent = pd.Series([None] * len(data), index=data.index, dtype=object)
    out = {c.name: _typed(data[c.name] if c.name in data.columns else absent, c, where) for c in table.columns}
    if table.wide:
        for name in data.columns:
            if name not in out:
                out[str(name)] = _typed(data[name], Column(str(name), "number", table.wide, nullable=True), where)
    result = pd.DataFrame(out, index=pd.RangeIndex(len(data)))  # copies each column, once
    repeated = result.duplicated(list(table.key))
    if repeated.any():
        row = int(repeated.to_numpy().nonzero()[0][0])
        raise TableError(
            f"{where}: row {row + 1} repeats the key ({', '.join(table.key)}) of an earlier row.",
            f"A row must be {table.row}: remove or rename one of the two.",
        )
    return result


def _typed(values: pd.Series, column: Column, where: str) -> ExtensionArray:
    """Convert one column, if need be, and check it; the error names the column and the first bad row."""
    dtype = _DTYPES[column.kind]
    try:
        # A table that a stage made, or that is read back, mostly has its types already.
        typed = values.array if values.dtype == dtype else _converted(values, column).astype(dtype).array
    except (ValueError, TypeError) as error:
        row = _first_bad(values, column)
        raise TableError(
            f"{where}, column {column.name}, row {row + 1}: '{values.iloc[row]}' is not "
            f"{'a whole number' if column.kind == 'int' else 'true or false' if column.kind == 'bool' else 'a number'}.",
            f"{column.name}: {column.about}.",
        ) from error
    bad, wanted = _forbidden(typed, column)
    if bad is not None and bad.any():
        row = int(bad.nonzero()[0][0])
        raise TableError(
            f"{where}, column {column.name}, row {row + 1}: '{values.iloc[row]}' {wanted}.",
            f"{column.name}: {column.about}.",
        )
    return typed


def _converted(values: pd.Series, column: Column) -> pd.Series:
    if column.kind == "bool":
        return values if pd.api.types.is_bool_dtype(values.dtype) else values.map(_to_bool)
    return values if column.kind == "text" else pd.to_numeric(values)


def _forbidden(typed: ExtensionArray, column: Column) -> tuple[np.ndarray | None, str]:
    """Which cells the schema forbids, and what it wants of them; None where it asks for nothing."""
    missing = np.asarray(typed.isna())
    if not column.nullable and missing.any():
        return missing, "must not be empty"
    if column.choices:
        known = pd.Series(typed, copy=False).isin(column.choices).to_numpy(dtype=bool)
        return ~(known | missing), f"must be one of {', '.join(column.choices)}"
    if column.low is None and column.high is None:
        return None, ""
    low = -float("inf") if column.low is None else column.low
    high = float("inf") if column.high is None else column.high
    numbers = pd.Series(typed, copy=False).to_numpy(dtype=float, na_value=np.nan)
    wanted = f"must lie between {column.low if column.low is not None else 'any'} and {column.high or 'any'}"
    return ~((numbers >= low) & (numbers <= high)) & ~missing, wanted


def _to_bool(value: Any) -> bool | None:
    if pd.isna(value):
        return None
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(value)


def _first_bad(values: pd.Series, column: Column) -> int:
    for row, value in enumerate(values):
        try:
            if column.kind == "bool":
                _to_bool(value)
            elif pd.notna(value):
                number = float(value)
                if column.kind == "int" and number != int(number):
                    return row
        except (ValueError, TypeError, OverflowError):
            return row
    return 0


def empty(name: str) -> pd.DataFrame:
    """Return the table `name` with its columns, typed, and no rows."""
    table = TABLES[name]
    return pd.DataFrame({c.name: pd.Series([], dtype=_DTYPES[c.kind]) for c in table.columns})
