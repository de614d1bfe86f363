"""What is known of the reliability of the scores; what cannot be computed says why."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError

LEAST_RESPONDENTS = 10
"""Fewer model x sample records than this give no alpha worth printing."""


def reliability(scored: pd.DataFrame, judgements: pd.DataFrame) -> dict[str, Any]:
    """Return the document `reliability`.

    ``scales``: for each scale, Cronbach's alpha over stems with model x sample as cases. ``judges``: agreement of every two or
    more judges, ICC(2,1) over the completions that all of them scored. A null comes with its reason.
    """
    scales = {}
    for (level, dimension), group in scored.groupby(["level", "dimension"], sort=True):
        table = group.pivot_table(index=["model_id", "sample_index"], columns="item_id", values="score").dropna(axis=1)
        scales[str(dimension)] = {
            "level": str(level),
            "n_items": int(table.shape[1]),
            "n_cases": len(table),
            **_alpha(table),
        }
    return {"scales": scales, "judges": _judges(judgements)}


def _alpha(table: pd.DataFrame) -> dict[str, Any]:
    if len(table) < LEAST_RESPONDENTS:
        return {
            "alpha": None,
            "ci": None,
            "reason": f"{len(table)} model x sample records; alpha needs at least {LEAST_RESPONDENTS}.",
        }
    varying = table.loc[:, table.std() > 0]
    if varying.shape[1] < 2:
        return {"alpha": None, "ci": None, "reason": "Fewer than two stems that everyone answered and that vary."}
    try:
        found = pm.alpha(varying)
    except ValuelexError as error:
        return {"alpha": None, "ci": None, "reason": error.what}
    return {"alpha": float(found.raw), "ci": [float(found.ci_low), float(found.ci_high)], "reason": None}


def _judges(judgements: pd.DataFrame) -> dict[str, Any]:
    names = sorted(judgements["judge_id"].unique())
    if len(names) < 2:
        return {
            "judges": names,
            "icc_2_1": None,
            "reason": "One judge alone: agreement between judges cannot be known.",
        }
    wide = (
        judgements.pivot(index=["completion_id", "dimension"], columns="judge_id", values="score")
        .astype(float)
        .dropna()
    )
    if len(wide) < 3:
        return {"judges": names, "icc_2_1": None, "reason": f"Only {len(wide)} completions were scored by all judges."}
    try:
        row = pm.icc(wide).frame.to_dict("index")["ICC2"]
    except ValuelexError as error:
        return {"judges": names, "icc_2_1": None, "reason": error.what}
    return {
        "judges": names,
        "icc_2_1": float(row["icc"]),
        "ci": [float(row["ci_low"]), float(row["ci_high"])],
        "n": len(wide),
        "reason": None,
    }
