"""What is known of each model: registry, study file and a file of the user's, joined; what is missing stays missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd

from valuelex.errors import TableError
from valuelex.models import registry
from valuelex.models.lineage import line
from valuelex.models.registry import Training
from valuelex.tables import frame, read_frame

COVARIATES = ("family", "developer", "parameters", "training", "release_date", "open_weights", "region")
RELATIONS = ("tuned_from",)
TRUTHS = {"true": True, "yes": True, "1": True, "1.0": True, "false": False, "no": False, "0": False, "0.0": False}
"""What open_weights may be written as."""


def join(models: Sequence[str], facts: pd.DataFrame, file: Path | None = None) -> pd.DataFrame:
    """Return one row per model, indexed by model_id, with every covariate; unknown cells are empty.

    `tuned_from` is what a model was trained further from; `base`, of one not pretrained itself, the pretrained one among
    these models that it was made from, at once or over steps in between, of the same size where both are known.

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
        A file without models, a model that stands in it twice, a size, date, kind of training or truth value that is none.
    """
    if facts.index.has_duplicates:
        twice = facts.index[facts.index.duplicated()][0]
        raise TableError(f"The facts of the model '{twice}' stand in more than one row.", "Keep one of them.")
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
            row[name] = found.strip() if isinstance(found, str) else found
        rows[model] = row
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*COVARIATES, *RELATIONS]).astype(object)
    table.index.name = "model_id"
    sizes = pd.to_numeric(table["parameters"], errors="coerce").astype(float)
    wrong = table["parameters"].map(_known) & ~(sizes > 0)
    if wrong.any():
        model = str(wrong.idxmax())
        raise TableError(
            f"models: '{model}' has parameters '{table['parameters'].astype(str)[model]}', which is no number of weights.",
            "Give plain numbers above 0, such as 7e9.",
        )
    table["parameters"] = sizes
    table["release_date"] = _dates(table["release_date"])
    table["open_weights"] = table["open_weights"].map(_truth).astype(object)
    table["base"] = _bases(table)
    return table


def _bases(table: pd.DataFrame) -> pd.Series:
    origins = {str(model): str(origin) for model, origin in table["tuned_from"].items() if _known(origin)}
    base: dict[str, str | None] = {}
    for model in table.index[table["training"] != "pretrained"]:
        made_from = (m for m in line(model, origins) if m in table.index and table.at[m, "training"] == "pretrained")
        sizes = ((m, table.loc[[m, model], "parameters"]) for m in made_from)
        base[model] = next((m for m, size in sizes if size.isna().any() or size.nunique() == 1), None)
    return pd.Series(base, dtype=object).reindex(table.index)


def _truth(value: Any) -> bool | None:
    return TRUTHS.get(str(value).strip().casefold()) if _known(value) else None


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
        wrong = data["parameters"].notna() & ~(pd.to_numeric(data["parameters"], errors="coerce").fillna(0) > 0)
        hint = "Give plain numbers above 0, such as 7e9; leave unknown ones empty."
        _refuse(file, data["parameters"], wrong, "no number of weights", hint)
    if "release_date" in data.columns:
        wrong = data["release_date"].notna() & _dates(data["release_date"]).isna()
        _refuse(file, data["release_date"], wrong, "no date", "Write dates as 2024-07-23.")
    if "open_weights" in data.columns:
        wrong = data["open_weights"].map(lambda value: _known(value) and _truth(value) is None)
        _refuse(file, data["open_weights"], wrong, "neither true nor false", "Write true or false, or leave it empty.")
    if "training" in data.columns:
        levels = get_args(Training)
        wrong = data["training"].map(lambda value: _known(value) and str(value).strip() not in levels)
        _refuse(file, data["training"], wrong, "no kind of training", f"Write one of {', '.join(levels)}.")
    return data.set_index(named)


def _refuse(file: Path, values: pd.Series, wrong: pd.Series, what: str, hint: str) -> None:
    """Raise the error of the first wrong cell of a column, if there is one."""
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise TableError(f"{file}, column {values.name}, row {row + 1}: '{values.iloc[row]}' is {what}.", hint)


def _dates(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values.astype("string"), errors="coerce", format="ISO8601")


def own_family(families: pd.Series, models: Sequence[str]) -> pd.Series:
    """Family of each of the models; one of no known family is a family of its own."""
    of = families.reindex(list(models))
    return of.where(of.notna(), pd.Series(list(models), index=of.index))


def numeric(facts: pd.DataFrame, covariate: str) -> pd.Series:
    """A covariate that slopes are taken on: log10 of the number of weights, or years."""
    if covariate == "parameters":
        return np.log10(facts["parameters"].dropna())
    days = facts["release_date"].dropna()
    return pd.Series((days - pd.Timestamp("2024-01-01")).dt.days / 365.25, index=days.index)


def table(facts: pd.DataFrame) -> pd.DataFrame:
    """Return the table `covariates`: one row per model, for the record of what was known."""
    out = facts[[*COVARIATES, *RELATIONS, "base"]].reset_index()
    out["release_date"] = out["release_date"].dt.strftime("%Y-%m-%d")
    out["open_weights"] = out["open_weights"].map(lambda v: str(v) if _known(v) else None)
    out["missing"] = [
        ", ".join(name for name in COVARIATES if not _known(row[name])) or None for row in out.to_dict("records")
    ]
    return frame("covariates", out)
