"""People beside models: how alike a model's profile is to the value means of groups of people, such as countries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.comparison.scored import Scored
from valuelex.comparison.settings import ComparisonSettings
from valuelex.errors import TableError
from valuelex.tables import empty, frame, read_frame

FloatArray = NDArray[np.float64]
FEWEST = 4
"""Dimensions that a profile needs to be compared in shape."""
GROUP = ("group", "country", "name")


def read_reference(file: Path) -> pd.DataFrame:
    """Return groups x dimensions from a file: one row a group and one column a dimension, or long (group, dimension, mean).

    Raises
    ------
    TableError
        No file, no column of groups, a group that stands twice, or cells that are no numbers.
    """
    if not file.is_file():
        raise TableError(
            f"comparison.reference: {file} does not exist.", "Give a CSV file, relative to the study file."
        )
    data = read_frame(file)
    column = next((name for name in GROUP if name in data.columns), None)
    if column is None:
        raise TableError(
            f"{file}: no column names the groups of people.", f"Call it {', '.join(GROUP[:-1])} or {GROUP[-1]}."
        )
    if {"dimension", "mean"} <= set(data.columns):
        repeated = data.duplicated([column, "dimension"])
        if repeated.any():
            row = data[repeated.to_numpy()].iloc[0]
            raise TableError(f"{file}: {row[column]} has two means on {row['dimension']}.", "Keep one of them.")
        data = data.pivot(index=column, columns="dimension", values="mean").reset_index()
    repeated = data[column].duplicated()
    if repeated.any():
        raise TableError(f"{file}: {data[column][repeated].iloc[0]} stands in more than one row.", "Keep one of them.")
    values = data.set_index(column)
    numbers = values.apply(pd.to_numeric, errors="coerce")
    wrong = (values.notna() & (values != "") & numbers.isna()).to_numpy()
    if wrong.any():
        first, place = np.argwhere(wrong)[0].tolist()
        cell = values.to_numpy(dtype=object)[first, place]
        raise TableError(
            f"{file}, column {values.columns[place]}, {values.index.tolist()[first]}: {cell!r} is no number.",
            "Mend it, or leave it empty.",
        )
    return numbers.astype(float)


def reference_similarity(
    scored: Scored, people: pd.DataFrame, settings: ComparisonSettings, *, seed: int = 0
) -> pd.DataFrame:
    """Return the table `reference_similarity`: every model beside every group of people.

    Spearman's and Pearson's correlation of the two profiles over the dimensions that both have, and the cosine of the two as
    they stand (which rewards a common level). A correlation rests on as many points as dimensions, and the interval (draws of
    the scores' error, people's means taken as known) says nothing of other dimensions.

    Parameters
    ----------
    scored : Scored
        Scores as levels.
    people : DataFrame
        What `read_reference` gives; the unit may be another one.
    settings : ComparisonSettings
    seed : int
    """
    common = [d for d in scored.dimensions if d in people.columns]
    if len(common) < FEWEST:
        return empty("reference_similarity")
    places = [scored.dimensions.index(d) for d in common]
    values = scored.estimate[common].to_numpy(dtype=np.float64)
    drawn = scored.draws(settings.bootstrap, seed)[:, :, places] if scored.error_known else None
    tail = (1 - settings.confidence) / 2
    rows: list[dict[str, Any]] = []
    for group in people.index:
        theirs = people.loc[group, common].to_numpy(dtype=np.float64)
        both = ~np.isnan(theirs)
        for i, model in enumerate(scored.models):
            if np.isnan(values[i]).any() or both.sum() < FEWEST:
                continue
            for name, measure in MEASURES.items():
                row: dict[str, Any] = {"model_id": model, "group": str(group), "measure": name, "n": int(both.sum())}
                row |= {
                    "estimate": float(measure(values[i : i + 1, both], theirs[both])[0]),
                    "ci_low": None,
                    "ci_high": None,
                }
                if drawn is not None:
                    again = measure(drawn[:, i][:, both], theirs[both])
                    low, high = np.nanquantile(again, [tail, 1 - tail])
                    row |= {"ci_low": float(low), "ci_high": float(high)}
                rows.append(row)
    table = pd.DataFrame(rows)
    return (
        frame("reference_similarity", table.astype(object).where(table.notna(), None))
        if rows
        else empty("reference_similarity")
    )


def _pearson(a: FloatArray, b: FloatArray) -> FloatArray:
    """Correlation of each row of a with b; NaN where one of them is flat."""
    x, y = a - a.mean(axis=1, keepdims=True), b - b.mean()
    length = np.sqrt((x**2).sum(axis=1) * (y**2).sum())
    return np.divide(x @ y, length, out=np.full(len(a), np.nan), where=length > 1e-12)


def _spearman(a: FloatArray, b: FloatArray) -> FloatArray:
    from scipy.stats import rankdata

    return _pearson(rankdata(a, axis=1), rankdata(b))


def _cosine(a: FloatArray, b: FloatArray) -> FloatArray:
    length = np.sqrt((a**2).sum(axis=1) * (b**2).sum())
    return np.divide(a @ b, length, out=np.full(len(a), np.nan), where=length > 1e-12)


MEASURES = {"spearman": _spearman, "pearson": _pearson, "cosine": _cosine}
