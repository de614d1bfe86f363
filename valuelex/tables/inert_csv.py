"""CSV that a spreadsheet shows and does not compute: what a model said may begin like a formula.

A text cell that begins with ``=``, ``+``, ``-``, ``@`` (also in full width), a tab or a line end is written with an apostrophe
before it (OWASP, "CSV Injection"); so is one that begins with apostrophes and then such a sign, so that reading can take
exactly one away. Numbers stay as they are: -0.5 is no formula.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Literal

import pandas as pd

_SIGNS = "[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n]"
WOULD_COMPUTE = f"^'*{_SIGNS}"
"""Text cells that get an apostrophe when they are written."""

MADE_INERT = f"^'+{_SIGNS}"
"""Text cells that lose one when they are read."""


def to_csv(data: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8; `from_csv` reads the same texts back.

    Parameters
    ----------
    data : DataFrame
        Its columns of texts hold anything; other columns are written as pandas does, floats in the shortest form that reads
        back as the same number.
    """
    safe = data
    quoting: Literal[0, 2] = csv.QUOTE_MINIMAL
    for name in data.columns:
        if not _is_text(data[name]):
            continue
        texts = _arrow(data[name])
        if _any(texts, WOULD_COMPUTE):
            hit = data[name].astype("string").str.match(WOULD_COMPUTE[1:]).fillna(False).astype(bool)
            safe = safe.assign(**{str(name): data[name].where(~hit, "'" + data[name].astype("string"))})
        if _any(texts, "\r"):
            # Python's writer leaves a lone carriage return bare, and a reader takes it for the end of the row.
            quoting = csv.QUOTE_NONNUMERIC
    return safe.to_csv(index=False, lineterminator="\n", quoting=quoting).encode()


def from_csv(path: Path, separator: str) -> pd.DataFrame:
    """Read a CSV file, every column as text.

    "none", "nan" and "null" are words a model may say: only an empty cell is missing. An id such as 007 stays what it is; the
    schema then types the columns.
    """
    data = pd.read_csv(path, sep=separator, dtype="string", keep_default_na=False, na_values=[""])
    for name in data.columns:
        if _any(_arrow(data[name]), MADE_INERT):
            hit = data[name].str.match(MADE_INERT[1:]).fillna(False).astype(bool)
            data[name] = data[name].where(~hit, data[name].str.slice(1))
    return data


def _is_text(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.StringDtype) or values.dtype == object


def _arrow(values: pd.Series) -> Any:
    import pyarrow as pa

    return pa.array(values.astype("string"))


def _any(texts: Any, pattern: str) -> bool:
    """Whether any text matches; asked first, because nearly always none does and arrow looks at a million in a moment."""
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())
