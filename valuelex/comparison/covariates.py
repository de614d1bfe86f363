"""What is known of each model: registry, study file and a file of the user's, joined; what is missing stays missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import TableError
from valuelex.models import registry
from valuelex.tables import frame, read_frame

COVARIATES = ("family", "developer", "parameters", "training", "release_date", "open_weights", "region")
RELATIONS = ("tuned_from",)


def join(models: Sequence[str], facts: pd.DataFrame, file: Path | None = None) -> pd.DataFrame:
    """Return one row per model, indexed by model_id, with every covariate; unknown cells are empty.

    Parameters
    ----------
    models : sequence of str
        Ids, or names as the registry writes them.
    facts : DataFrame
        What the study says, indexed by model_id; goes before the registry.
    file : Path, optional
        The user's own; goes before both.

    Raises
    ------
    TableError
        A file without models, a model that stands in it twice, a size or date that is none.
    """
    entries = {key: entry for entry in registry().models for key in (_key(entry.id), _key(entry.name or entry.id))}
    own = pd.DataFrame() if file is None else _read(file)
    rows: dict[str, dict[str, Any]] = {}
    for model in models:
        entry = entries.get(_key(model))
        row: dict[str, Any] = {}
        for name in (*COVARIATES, *RELATIONS):
            found = getattr(entry, name) if entry is not None else None
            for source, key in ((facts, model), (own, _key(model))):
                if name in source.columns and key in source.index and _known(source.at[key, name]):
                    found = source.at[key, name]
            row[name] = found
        rows[model] = row
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*COVARIATES, *RELATIONS]).astype(object)
    table.index.name = "model_id"
    table["parameters"] = pd.to_numeric(table["parameters"]).astype(float)
    table["release_date"] = _dates(table["release_date"])
    return table


def _known(value: Any) -> bool:
    return bool(pd.notna(value)) and value != ""


def _key(name: str) -> str:
    return name.strip().casefold().replace("_", "-").replace(" ", "-")


def _read(file: Path) -> pd.DataFrame:
    if not file.is_file():
        raise TableError(
            f"comparison.covariates: {file} does not exist.", "Give a CSV file, relative to the study file."
        )
    data = read_frame(file)
    column = next((name for name in ("model_id", "model", "id", "name") if name in data.columns), None)
    if column is None:
        raise TableError(f"{file}: no column names the models.", "Add a column 'model' with their ids.")
    named = data[column].astype(str).map(_key)
    repeated = named.duplicated()
    if repeated.any():
        raise TableError(
            f"{file}: the model '{data[column][repeated].iloc[0]}' stands in more than one row.", "Keep one of them."
        )
    if "parameters" in data.columns:
        sizes = pd.to_numeric(data["parameters"], errors="coerce")
        wrong = (data["parameters"].notna() & ~(sizes > 0)).to_numpy()
        if wrong.any():
            row = int(wrong.argmax())
            raise TableError(
                f"{file}, column parameters, row {row + 1}: '{data['parameters'].iloc[row]}' is no number of weights.",
                "Give plain numbers above 0, such as 7e9; leave unknown ones empty.",
            )
    if "release_date" in data.columns:
        wrong = (data["release_date"].notna() & _dates(data["release_date"]).isna()).to_numpy()
        if wrong.any():
            row = int(wrong.argmax())
            raise TableError(
                f"{file}, column release_date, row {row + 1}: '{data['release_date'].iloc[row]}' is no date.",
                "Write dates as 2024-07-23.",
            )
    return data.set_index(named)


def _dates(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values.astype("string"), errors="coerce", format="ISO8601")


def numeric(facts: pd.DataFrame, covariate: str) -> pd.Series:
    """A covariate that slopes are taken on: log10 of the number of weights, or years."""
    if covariate == "parameters":
        return np.log10(facts["parameters"].dropna())
    days = facts["release_date"].dropna()
    return pd.Series((days - pd.Timestamp("2024-01-01")).dt.days / 365.25, index=days.index)


def table(facts: pd.DataFrame) -> pd.DataFrame:
    """Return the table `covariates`: one row per model, for the record of what was known."""
    out = facts[list(COVARIATES)].reset_index()
    out["release_date"] = out["release_date"].dt.strftime("%Y-%m-%d")
    out["open_weights"] = out["open_weights"].map(lambda v: str(v) if _known(v) else None)
    out["missing"] = [
        ", ".join(name for name in COVARIATES if not _known(row[name])) or None for row in out.to_dict("records")
    ]
    return frame("covariates", out)
