"""What makes answers differ? The table `variance_shares`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from valuelex.lexicon.incidence import Incidence
from valuelex.psychometrics import ComponentsResult, variance_components
from valuelex.tables import frame

LEAST_CLUSTERS = 5
"""With fewer models, or respondents, an interval over them would say nothing."""

MAIN: dict[str, tuple[str, ...]] = {
    "model": ("model",),
    "family": ("family",),
    "setting": ("model", "setting"),
    "persona": ("persona",),
    "language": ("language",),
    "prompt": ("prompt",),
    "wording": ("wording",),
    "order": ("order",),
    "examples": ("examples",),
}
"""Each source and the columns whose combinations are its levels: a setting is one of its model's."""

ROWS = ("family", *(name for name in MAIN if name != "family"))
"""The order in the table. Where a family has one model each, the difference is the model's."""

INTERACTIONS: dict[str, tuple[str, ...]] = {
    "model x prompt": ("model", "prompt"),
    "persona x prompt": ("persona", "prompt"),
    "setting x prompt": ("model", "setting", "prompt"),
    "family x prompt": ("family", "prompt"),
    "model x persona": ("model", "persona"),
    "model x language": ("model", "language"),
    "language x prompt": ("language", "prompt"),
    "model x order": ("model", "order"),
    "model x examples": ("model", "examples"),
}


def variance_shares(data: Incidence, facts: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the table `variance_shares`: one row per mode and source, interactions and the residual included.

    The outcome is the profile of an answer: which words of the lexicon it names. Components are summed over words.

    Parameters
    ----------
    data : Incidence
        Answers and their words.
    facts : DataFrame, optional
        Indexed by model_id; its column `family` groups models.
    """
    rows: list[dict[str, Any]] = []
    for mode in data.modes():
        part = data.of_mode(mode)
        if len(part.answers) < 2 or not part.kept.any():
            continue
        factors = _factors(part.answers, facts)
        rows += _rows(mode, factors, *_estimate(part, factors))
    return frame("variance_shares", rows)


def _factors(answers: pd.DataFrame, facts: pd.DataFrame | None) -> pd.DataFrame:
    def text(column: str) -> pd.Series:
        return answers[column].astype(object).where(answers[column].notna(), "").astype(str)

    family = pd.Series("", index=answers.index)
    if facts is not None and "family" in facts.columns:
        known = facts["family"].astype(object).where(facts["family"].notna(), "")
        family = text("model_id").map(known.to_dict()).astype(object).fillna("")
    return pd.DataFrame(
        {
            "family": family,
            "model": text("model_id"),
            "setting": text("temperature") + "/" + text("top_p"),
            "persona": text("persona"),
            "language": text("language"),
            "prompt": text("prompt_id"),
            "wording": text("wording"),
            "order": text("order"),
            "examples": text("examples"),
        }
    )


def _estimate(data: Incidence, factors: pd.DataFrame) -> tuple[ComponentsResult, str]:
    varied = {name for name in factors.columns if factors[name].nunique() > 1}
    effects = MAIN | {name: of for name, of in INTERACTIONS.items() if set(of) <= varied}
    cluster = next(
        (c for c in ("model", "setting") if len(factors[list(MAIN[c])].drop_duplicates()) >= LEAST_CLUSTERS), None
    )
    matrix = data.named[:, np.nonzero(data.kept)[0]]
    return variance_components(matrix, factors, effects, cluster=cluster), cluster or ""


def _rows(mode: str, factors: pd.DataFrame, result: ComponentsResult, cluster: str) -> list[dict[str, Any]]:
    found = result.components
    names = [name for name in (*ROWS, *found.index) if name in found.index]
    settings = factors[["model", "setting"]].drop_duplicates().groupby("model").size().max()
    interval = (
        f"jackknife over {result.settings['n_clusters']} {cluster}s" if cluster else "no interval: too few models"
    )
    method = f"{result.settings['method']}; shares of the components that are not negative; {interval}"
    out = []
    for name in dict.fromkeys(names):
        row = found.loc[name]
        note = str(row["note"])
        if name == "family" and (factors["family"] == "").all():
            note = "the families are not known"
        if name == "setting" and settings == 1:
            note = "one setting per model"
        estimated = not note
        out.append(
            {
                "elicitation": mode,
                "source": name,
                "levels": int(row["levels"]),
                "component": _or_none(row["estimate"]) if estimated else None,
                "share": _or_none(row["share"]) if estimated else None,
                "ci_low": _or_none(row["ci_low"]) if estimated else None,
                "ci_high": _or_none(row["ci_high"]) if estimated else None,
                "method": method if estimated else f"not estimated: {note}",
            }
        )
    return out


def _or_none(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
