"""What scores are made of: how much is trait, and how much response bias, valence, prompt, stem, sample and judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from valuelex import psychometrics as pm
from valuelex.comparison.scales import NAMES
from valuelex.comparison.settings import ComparisonSettings
from valuelex.errors import ValuelexError
from valuelex.tables import empty, frame

SOURCES: dict[str, tuple[tuple[str, ...], str]] = {
    "model x dimension": (("model", "dimension"), "trait: what sets a model's dimensions apart from other models'"),
    "model": (
        ("model",),
        "response bias: what raises all scores of a model (halo, acquiescence), and any general trait",
    ),
    "model x valence": (("model", "valence"), "response bias: answering to what the stem invites"),
    "valence": (("valence",), "valence of stems, the same for all models"),
    "model x form": (("model", "form"), "prompt: the form of the test that was given"),
    "dimension": (("dimension",), "dimensions, the same for all models"),
    "stem": (("stem",), "stem, the same for all models"),
    "stem x dimension": (("stem", "dimension"), "stem, by dimension"),
    "model x stem": (("model", "stem"), "how a model answers one stem, on all dimensions"),
    "model x stem x dimension": (("model", "stem", "dimension"), "how a model answers one stem, by dimension"),
    "sample": (("model", "stem", "sample"), "sample: one completion, on all dimensions"),
    "sample x dimension": (("model", "stem", "sample", "dimension"), "sample: one completion, by dimension"),
    "judge": (("judge",), "judge: severity"),
    "model x judge": (("model", "judge"), "judge: leniency to some models"),
    "judge x dimension": (("judge", "dimension"), "judge: severity on some dimensions"),
}
"""Effect -> the factors whose combinations are its levels, and what it means."""

WITHIN: dict[str, tuple[tuple[str, ...], str]] = {
    "dimension": (("dimension",), "profile: what sets its dimensions apart"),
    "valence": (("valence",), "response bias: answering to what the stem invites"),
    "form": (("form",), "prompt: the form of the test that was given"),
    "stem": (("stem",), "stem, on all dimensions"),
    "stem x dimension": (("stem", "dimension"), "stem, by dimension"),
    "sample": (("stem", "sample"), "sample: one completion, on all dimensions"),
    "sample x dimension": (("stem", "sample", "dimension"), "sample: one completion, by dimension"),
    "judge": (("judge",), "judge: severity"),
    "judge x dimension": (("judge", "dimension"), "judge: severity on some dimensions"),
}
"""The same within one model, whose level is common to all its scores and no part of their differences."""

RESIDUAL = "what is left: single judgements"
_FACTORS = ["model", "stem", "sample", "judge", "dimension", "valence", "form"]


def bias_shares(table: pd.DataFrame, settings: ComparisonSettings) -> pd.DataFrame:
    """Return the table `bias_shares`: each source's share of the variance of all scores, dimensions together.

    Sums of squares set to their expectations (`psychometrics.variance_components`); intervals leave out stems in turn. Sources
    that the data do not vary, or cannot tell from others, have a note in place of a share.

    Parameters
    ----------
    table : DataFrame
        The table `item_scores`.
    settings : ComparisonSettings
    """
    long = _ratings(table)
    if long.empty or long["stem"].nunique() < 3 or long["model"].nunique() < 2:
        return empty("bias_shares")
    return frame("bias_shares", _shares(long, SOURCES, settings))


def profile_shares(table: pd.DataFrame, settings: ComparisonSettings) -> pd.DataFrame:
    """Return the table `profile_shares`: the same for the scores of each model by itself."""
    rows: list[dict[str, Any]] = []
    for model, mine in _ratings(table).groupby("model", sort=True):
        if mine["stem"].nunique() > 2:
            rows += [{"model_id": str(model), **row} for row in _shares(mine, WITHIN, settings)]
    return frame("profile_shares", rows) if rows else empty("profile_shares")


def _ratings(table: pd.DataFrame) -> pd.DataFrame:
    """Scores of dimensions whose stem is known."""
    upper = table[table["level"] == "dimension"]
    return (table if upper.empty else upper).dropna(subset=["item_id", "score"]).rename(columns=NAMES)


def _shares(
    long: pd.DataFrame, sources: Mapping[str, tuple[tuple[str, ...], str]], settings: ComparisonSettings
) -> list[dict[str, Any]]:
    factors = long[_FACTORS].astype(object)
    varied = {name for name in factors.columns if factors[name].notna().all() and factors[name].nunique() > 1}
    effects = {name: of for name, (of, _) in sources.items() if set(of) <= varied}
    meanings = {name: meaning for name, (_, meaning) in sources.items()} | {"residual": RESIDUAL}
    try:
        found = pm.variance_components(
            long[["score"]].to_numpy(dtype=float),
            factors[sorted(varied)].reset_index(drop=True),
            effects,
            cluster="stem",
            level=settings.confidence,
        ).components
    except ValuelexError as error:
        return [_row(name, meaning, None, f"no shares: {error.what}") for name, meaning in meanings.items()]
    known = {str(name): dict(row) for name, row in found.iterrows()}
    return [_row(name, meaning, known.get(name), "not varied in this study") for name, meaning in meanings.items()]


def _row(name: str, meaning: str, found: Mapping[str, Any] | None, why: str) -> dict[str, Any]:
    row: dict[str, Any] = {"source": name, "meaning": meaning, "note": why}
    row |= dict.fromkeys(("levels", "variance", "share", "ci_low", "ci_high"))
    if found is None:
        return row
    row |= {"levels": int(found["levels"]), "note": found["note"] or None}
    if pd.isna(found["estimate"]):
        return row
    row |= {"variance": float(found["estimate"]), "share": float(found["share"])}
    if pd.notna(found["ci_low"]):
        row |= {"ci_low": float(found["ci_low"]), "ci_high": float(found["ci_high"])}
    return row
