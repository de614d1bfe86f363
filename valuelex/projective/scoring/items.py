"""Item analysis: what each item adds to each scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from valuelex.tables import frame

LEAST_RECORDS = 10
"""Fewer model x sample records than this give no correlation worth printing."""
LEAST_MODELS = 3
"""Fewer models give none either, however many samples: two models make a line of any two points."""
EXTREME_GROUP = 0.27
"""Share of the records in the upper and in the lower group (Kelley, 1939)."""


def records(scored: pd.DataFrame) -> pd.DataFrame:
    """Return one scale's scores as model x sample records (rows) by items; missing where nothing applied."""
    table = scored.assign(score=scored["score"].astype(float))
    return table.pivot_table(index=["model_id", "sample_index"], columns="item_id", values="score", dropna=True)


def too_few(table: pd.DataFrame) -> str | None:
    """Why model x sample records are too few for a correlation, or None."""
    models = table.index.get_level_values("model_id").nunique()
    if len(table) < LEAST_RECORDS:
        return f"{len(table)} model x sample records; at least {LEAST_RECORDS} are needed."
    if models < LEAST_MODELS:
        return f"{models} model(s); at least {LEAST_MODELS} are needed."
    return None


def item_analysis(scored: pd.DataFrame, instrument: pd.DataFrame) -> pd.DataFrame:
    """Return the table `items`: every item on every scale.

    The rest of the test is the mean of a record's other items as deviations from the items' means, so that records that
    lack an easy item do not seem lower.
    """
    of_item = instrument.set_index("item_id")
    rows: list[dict[str, Any]] = []
    for (level, dimension), group in scored.groupby(["level", "dimension"], sort=True):
        table = records(group)
        why = too_few(table)
        rests = _rests(table)
        home = _home(of_item, str(level), str(dimension))
        means = group.assign(score=group["score"].astype(float)).groupby("item_id")["score"].mean()
        valences = of_item["valence"].reindex(means.index)
        by_valence = means.groupby(valences).mean()
        for item, mine in group.groupby("item_id", sort=True):
            values = mine["score"].astype(float).dropna()
            judged = int(mine["judged"].sum())
            valence = of_item["valence"].get(item)
            row = {
                "level": level,
                "dimension": dimension,
                "item_id": item,
                "home": item in home,
                "valence": None if pd.isna(valence) else str(valence),
                "form": of_item["form"].get(item),
                "n": len(values),
                "mean": float(values.mean()) if len(values) else None,
                "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
                "item_rest_r": None,
                "discrimination": None,
                "floor_share": float((values < 0.5).mean()) if len(values) else None,
                "ceiling_share": float((values >= 5.5).mean()) if len(values) else None,
                "not_applicable_share": 1 - int(mine["applicable"].sum()) / judged if judged else None,
                "valence_effect": None
                if pd.isna(valence) or valence not in by_valence.index or by_valence.size < 2
                else float(by_valence[valence] - by_valence.mean()),
                "note": why,
            }
            if why is None:
                row |= _against_the_rest(rests, table, str(item))
            rows.append(row)
    return frame("items", rows)


def _home(of_item: pd.DataFrame, level: str, dimension: str) -> set[str]:
    """Items written for the scale."""
    if level == "subdimension":
        return set(of_item.index[(of_item["subdimension"] == dimension).fillna(False).astype(bool)])
    # A bare instrument may name the finest scale as its dimension.
    return set(of_item.index[(of_item["dimension"] == dimension).fillna(False).astype(bool)])


def home_items(instrument: pd.DataFrame, level: str, dimension: str) -> set[str]:
    """Return the items that were written for a scale."""
    return _home(instrument.set_index("item_id"), level, dimension)


def _rests(table: pd.DataFrame) -> pd.DataFrame:
    """For each record and item the mean of the other items as deviations from their means; NaN where there is no other."""
    away = (table - table.mean()).to_numpy(dtype=np.float64)
    there = np.isfinite(away)
    own = np.where(there, away, 0.0)
    others = there.sum(axis=1, keepdims=True) - there
    rest = np.where(others > 0, (own.sum(axis=1, keepdims=True) - own) / np.maximum(others, 1), np.nan)
    return pd.DataFrame(rest, index=table.index, columns=table.columns)


def _against_the_rest(rests: pd.DataFrame, table: pd.DataFrame, item: str) -> dict[str, Any]:
    if item not in table.columns:
        return {"note": "never applicable"}
    own, rest = table[item].to_numpy(dtype=np.float64), rests[item].to_numpy(dtype=np.float64)
    both = np.isfinite(own) & np.isfinite(rest)
    own, rest = own[both], rest[both]
    if own.size < LEAST_RECORDS:
        return {"note": f"{own.size} records have this item and others; at least {LEAST_RECORDS} are needed."}
    if own.std() < 1e-12 or rest.std() < 1e-12:
        return {"note": "does not vary"}
    size = max(1, round(EXTREME_GROUP * own.size))
    ordered = own[np.argsort(rest, kind="stable")]
    return {
        "item_rest_r": float(np.corrcoef(own, rest)[0, 1]),
        "discrimination": float(ordered[-size:].mean() - ordered[:size].mean()) / 6,
    }
