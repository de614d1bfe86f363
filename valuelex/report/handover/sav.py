"""SPSS files: names that SPSS accepts, labels, value labels, codes of what is missing, levels of measurement."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from valuelex.psychometrics.handover.spss import RESERVED
from valuelex.tables import Column, Table

LONGEST = 32_000
"""Bytes of a text; SPSS takes 32,767."""
NOT_APPLICABLE, NOT_SCORED, NOT_KNOWN = -7, -8, -9
LABELS = {
    NOT_APPLICABLE: "not applicable to the scale",
    NOT_SCORED: "not scored: no readable judgement",
    NOT_KNOWN: "not known",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")


def available() -> bool:
    """Whether pyreadstat is installed."""
    return find_spec("pyreadstat") is not None


def names_for(columns: Iterable[object]) -> list[str]:
    """Return a legal SPSS name for every column, as near to its own as can be, unique whatever the case.

    A name begins with a letter, has letters, digits and _ (64 bytes at most), and is no reserved word.
    """
    made: list[str] = []
    taken: set[str] = set()
    for column in columns:
        name = re.sub(r"[^A-Za-z0-9_]+", "_", str(column)).strip("_")[:56]
        name = name if re.match(r"[A-Za-z]", name) else f"v_{name}".rstrip("_")
        name = f"{name}_" + "v" if name.upper() in RESERVED else name
        unique, k = name, 2
        while unique.upper() in taken:
            unique, k = f"{name}_{k}", k + 1
        taken.add(unique.upper())
        made.append(unique)
    return made


def write_table(table: pd.DataFrame, schema: Table, path: Path, title: str) -> list[str]:
    """Write a table of the project; return the names of columns whose texts were cut off.

    Choices become numbers with labels, true and false 1 and 0; a judgement's empty score says why it is empty.
    """
    frame, described, shortened = pd.DataFrame(index=table.index), _Described(), []
    names = dict(zip(map(str, table.columns), names_for(table.columns), strict=True))
    for column, name in names.items():
        known = schema.column(column)
        values = table[column]
        described.labels[name] = column if known is None else f"{column}: {known.about}"
        if known is not None and known.choices:
            frame[name] = _coded(values, known, name, described)
        elif known is not None and known.kind == "text":
            frame[name], cut = _texts(values)
            shortened += [column] if cut else []
            described.level[name] = "nominal"
        elif known is not None and known.kind == "bool":
            frame[name] = values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
            described.values[name] = {0: "no", 1: "yes"}
            described.level[name] = "nominal"
        else:
            frame[name] = values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
            described.level[name] = "scale"
    if schema.name == "judgements":
        _say_why(table, frame, names["score"], described)
    described.write(frame, path, title)
    return shortened


def _say_why(table: pd.DataFrame, frame: pd.DataFrame, score: str, described: _Described) -> None:
    """An empty score: the judge found the scale not applicable, or nothing could be read."""
    empty = frame[score].isna()
    applicable = table["applicable"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    frame.loc[empty & (applicable == 0), score] = NOT_APPLICABLE
    frame.loc[empty & (applicable != 0), score] = NOT_SCORED
    described.level[score] = "ordinal"
    described.values[score] = {code: LABELS[code] for code in (NOT_APPLICABLE, NOT_SCORED)}
    described.values[score] |= {0: "rejects the value", 3: "indifferent or mixed", 6: "expresses it most strongly"}
    described.missing[score] = [NOT_APPLICABLE, NOT_SCORED]


def write_wide(table: pd.DataFrame, path: Path, title: str) -> dict[str, str]:
    """Write a table that was made for one analysis; return its SPSS names and what each stands for."""
    frame, described = pd.DataFrame(index=table.index), _Described()
    names = dict(zip(names_for(table.columns), map(str, table.columns), strict=True))
    for name, column in names.items():
        values = table[column]
        described.labels[name] = column
        if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_numeric_dtype(values.dtype):
            frame[name] = values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
            described.level[name] = "scale"
        else:
            known = values.dropna()
            if len(known) and known.map(lambda v: isinstance(v, bool)).all():
                frame[name] = values.map({True: 1.0, False: 0.0}).astype(float)
                described.values[name] = {0: "no", 1: "yes"}
            else:
                frame[name], _ = _texts(values)
            described.level[name] = "nominal"
    described.write(frame, path, title)
    return names


def _coded(values: pd.Series, column: Column, name: str, described: _Described) -> pd.Series:
    codes = {choice: float(k) for k, choice in enumerate(column.choices, 1)}
    made = values.astype("string").map(codes).astype(float)
    described.values[name] = {code: choice for choice, code in codes.items()}
    described.level[name] = "nominal"
    if column.nullable and made.isna().any():
        made = made.fillna(NOT_KNOWN)
        described.values[name][NOT_KNOWN] = LABELS[NOT_KNOWN]
        described.missing[name] = [NOT_KNOWN]
    return made


def _texts(values: pd.Series) -> tuple[pd.Series, bool]:
    """Texts without what a .sav file cannot hold, cut off at `LONGEST` bytes; missing ones are empty."""
    plain = values.astype("object").where(values.notna(), "").map(lambda v: _CONTROL.sub("\ufffd", str(v)))
    long = plain.map(lambda text: len(text.encode()) > LONGEST)
    cut = plain.map(
        lambda text: text.encode()[:LONGEST].decode(errors="ignore") if len(text.encode()) > LONGEST else text
    )
    return cut, bool(long.any())


class _Described:
    """What a .sav file says of its variables."""

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self.values: dict[str, dict[float, str]] = {}
        self.level: dict[str, str] = {}
        self.missing: dict[str, list[Any]] = {}

    def write(self, frame: pd.DataFrame, path: Path, title: str) -> None:
        import pyreadstat

        path.parent.mkdir(parents=True, exist_ok=True)
        texts = frame.select_dtypes(exclude="number").columns
        pyreadstat.write_sav(
            frame.reset_index(drop=True),
            str(path),
            file_label=_short(title, 64),
            column_labels=[_short(self.labels[str(c)], 256) for c in frame.columns],
            variable_value_labels=self.values,
            missing_ranges=self.missing,
            variable_measure=self.level,
            variable_format=self._formats(frame),
            variable_display_width={str(c): 24 if c in texts else 10 for c in frame.columns},
        )

    def _formats(self, frame: pd.DataFrame) -> dict[str, str]:
        """Whole numbers without decimals, others with four: SPSS shows two unless it is told."""
        numbers = frame.select_dtypes(include="number")
        whole = {str(c): bool((numbers[c].dropna() % 1 == 0).all()) for c in numbers}
        return {name: "F8.0" if plain else "F12.4" for name, plain in whole.items()}


def _short(text: str, most: int) -> str:
    return _CONTROL.sub(" ", text).encode()[:most].decode(errors="ignore")


def lines(names: list[str]) -> str:
    """Names of variables over several lines, as syntax wants them."""
    return "\n    ".join(" ".join(names[k : k + 8]) for k in range(0, len(names), 8))
