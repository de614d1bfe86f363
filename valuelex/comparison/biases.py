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

RESIDUAL = "what is left: single judgements"


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
    upper = table[table["level"] == "dimension"]
    long = (table if upper.empty else upper).dropna(subset=["item_id", "score"]).rename(columns=NAMES)
    if long.empty or long["stem"].nunique() < 3 or long["model"].nunique() < 2:
        return empty("bias_shares")
    factors = long[["model", "stem", "sample", "judge", "dimension", "valence", "form"]].astype(object)
    varied = {name for name in factors.columns if factors[name].notna().all() and factors[name].nunique() > 1}
    effects = {name: of for name, (of, _) in SOURCES.items() if set(of) <= varied}
    try:
        found = pm.variance_components(
            long[["score"]].to_numpy(dtype=float),
            factors[sorted(varied)].reset_index(drop=True),
            effects,
            cluster="stem",
            level=settings.confidence,
        ).components
    except ValuelexError as error:
        return frame("bias_shares", [_row("model", None, f"no shares: {error.what}")])
    known = {str(name): dict(row) for name, row in found.iterrows()}
    rows = [_row(name, known.get(name), "not varied in this study") for name in (*SOURCES, "residual")]
    return frame("bias_shares", rows)


def _row(name: str, found: Mapping[str, Any] | None, why: str) -> dict[str, Any]:
    meaning = SOURCES[name][1] if name in SOURCES else RESIDUAL
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
