"""What is known of the reliability of the scores; what cannot be computed says why."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.projective.scoring.items import LEAST_RECORDS, home_items, records, too_few
from valuelex.projective.scoring.ratings import scale_names
from valuelex.psychometrics.reliability.coefficient_alpha import feldt_interval

LEAST_RESPONDENTS = LEAST_RECORDS
"""Fewer model x sample records than this give no alpha worth printing."""
LEAST_SHARE = 1 / 3
"""Alpha of a smaller share of the stems is that of another, shorter test, and is not printed."""
LEAST_OF_MODELS = 5
"""Fewer models give no correlation over models worth printing."""


def reliability(scored: pd.DataFrame, judgements: pd.DataFrame, instrument: pd.DataFrame) -> dict[str, Any]:
    """Return the first part of the document `reliability`.

    ``scales``: for each scale, Cronbach's alpha over all stems with model x sample records as cases; ``omega`` of the
    items written for the scale; ``forms``, correlation of forms A and B over models; ``retest``, of samples. ``judges``:
    agreement of two or more judges, ICC(2,1) over the completions that all of them scored. A null comes with its reason.
    """
    scales, names = {}, scale_names(scored)
    for (level, dimension), group in scored.groupby(["level", "dimension"], sort=True):
        table = records(group)
        own = home_items(instrument, str(level), str(dimension))
        scales[names[str(level), str(dimension)]] = {
            "level": str(level),
            "dimension": str(dimension),
            **_alpha(table),
            "omega": _omega(table[[i for i in table if i in own]]),
            "forms": _forms(group, instrument),
            "retest": _retest(group),
        }
    return {"scales": scales, "judges": _judges(judgements)}


def usable(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The items for a coefficient, and how missing scores are treated.

    Complete items where these are at least half of all; else all items that at least half of the records have, with covariances
    from the pairs of scores that are there.
    """
    varying = table.loc[:, table.std() > 1e-12]
    whole = varying.dropna(axis=1)
    if whole.shape[1] > 1 and 2 * whole.shape[1] >= varying.shape[1]:
        return whole, "listwise"
    return varying.loc[:, varying.notna().mean() >= 0.5], "pairwise"


def _alpha(table: pd.DataFrame) -> dict[str, Any]:
    """Cronbach's alpha; Feldt's (1965) interval with models as cases: records of one model are no independent ones."""
    items, missing = usable(table)
    found: dict[str, Any] = {"n_items": int(items.shape[1]), "n_cases": len(table), "alpha": None, "ci": None}
    found["missing"] = missing
    if why := too_few(table):
        return found | {"reason": why}
    if items.shape[1] < 2:
        return found | {"reason": "Fewer than two stems that half of the records have and that vary."}
    if LEAST_SHARE * table.shape[1] > items.shape[1]:
        return found | {
            "reason": f"Only {items.shape[1]} of {table.shape[1]} stems have scores of half of the records: another test."
        }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pm.PsychometricsWarning)
            told = pm.alpha(items, missing=missing)
    except ValuelexError as error:
        return found | {"reason": error.what}
    models = items.index.get_level_values("model_id").nunique()
    ci = feldt_interval(float(told.raw), models, int(items.shape[1]), 0.95) if models > 1 else None
    return found | {"alpha": float(told.raw), "ci": None if ci is None else list(ci), "reason": None}


def _omega(table: pd.DataFrame) -> dict[str, Any]:
    """Omega total from one factor, of the scale's own items."""
    items, missing = usable(table)
    found: dict[str, Any] = {"total": None, "n_items": int(items.shape[1]), "missing": missing}
    if why := too_few(table):
        return found | {"reason": why}
    if items.shape[1] < 3:
        return found | {"reason": "Fewer than three items of its own that half of the records have and that vary."}
    if len(table) < 3 * items.shape[1]:
        return found | {
            "reason": f"{len(table)} records for {items.shape[1]} items; a factor model needs three times as many."
        }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pm.PsychometricsWarning)
            # Every item's pole is the manual's: one that goes against the others counts against them, and is not turned round.
            told = pm.omega(items, 1, missing=missing, flip=False)
    except ValuelexError as error:
        return found | {"reason": error.what}
    return found | {"total": float(told.total), "reason": None}


def _forms(group: pd.DataFrame, instrument: pd.DataFrame) -> dict[str, Any]:
    """Correlation over models of the means on forms A and B; stepped up to both together; corrected for their unreliability."""
    form = instrument.set_index("item_id")["form"]
    by_item = group.assign(score=group["score"].astype(float), form=group["item_id"].map(form))
    means = by_item.groupby(["model_id", "form", "item_id"])["score"].mean().dropna()
    wide = means.groupby(["model_id", "form"]).mean().unstack("form")
    nothing: dict[str, Any] = dict.fromkeys(("r", "ci", "spearman_brown", "disattenuated"))
    nothing |= {"n_models": len(wide.dropna())}
    if {"A", "B"} - set(wide.columns):
        return nothing | {"reason": "The test has one form."}
    both = wide[["A", "B"]].dropna()
    if len(both) < LEAST_OF_MODELS:
        return nothing | {"reason": f"{len(both)} models have both forms; at least {LEAST_OF_MODELS} are needed."}
    if (both.std() < 1e-12).any():
        return nothing | {"reason": "The models do not differ on one of the forms."}
    r = float(np.corrcoef(both.to_numpy(dtype=float), rowvar=False)[0, 1])
    alphas = []
    for name in ("A", "B"):
        items, missing = usable(means.xs(name, level="form").unstack("item_id").loc[both.index])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", pm.PsychometricsWarning)
                alphas.append(float(pm.alpha(items, missing=missing).raw) if items.shape[1] > 1 else np.nan)
        except ValuelexError:
            alphas.append(np.nan)
    product = alphas[0] * alphas[1]
    known = bool(np.isfinite(product)) and min(alphas) > 0
    return nothing | {
        "r": r,
        "ci": fisher_interval(r, len(both)),
        "spearman_brown": 2 * r / (1 + r) if r > 0 else None,
        "disattenuated": r / product**0.5 if known else None,
        "alphas": [None if not np.isfinite(a) else a for a in alphas],
        "reason": None,
    }


def fisher_interval(r: float, n: int, level: float = 0.95) -> list[float] | None:
    """Interval of a correlation by Fisher's z; None with fewer than four cases."""
    if n < 4 or not abs(r) < 1:
        return None
    from scipy.special import ndtri

    z, half = np.arctanh(r), float(ndtri(0.5 + level / 2)) / (n - 3) ** 0.5
    return [float(np.tanh(z - half)), float(np.tanh(z + half))]


def _retest(group: pd.DataFrame) -> dict[str, Any]:
    """ICC(3,1) and ICC(3,k) over models of the means of each sample, stems' own means taken out since not all have all."""
    table = group.assign(score=group["score"].astype(float)).dropna(subset=["score"])
    own = table["score"] - table.groupby("item_id")["score"].transform("mean")
    means = table.assign(score=own).pivot_table(index="model_id", columns="sample_index", values="score")
    # Samples that only a few models have would leave those few.
    means = means.loc[:, means.notna().mean() >= 0.5].dropna()
    samples = means.shape[1]
    nothing: dict[str, Any] = {"icc_3_1": None, "icc_3_k": None, "ci": None, "n_samples": int(samples)}
    nothing["n_models"] = len(means)
    if samples < 2:
        return nothing | {"reason": "One sample of each completion."}
    if len(means) < LEAST_OF_MODELS:
        return nothing | {"reason": f"{len(means)} models; at least {LEAST_OF_MODELS} are needed."}
    try:
        found = pm.icc(means.set_axis([str(c) for c in means.columns], axis=1)).frame.to_dict("index")
    except ValuelexError as error:
        return nothing | {"reason": error.what}
    one = found["ICC3"]
    return nothing | {
        "icc_3_1": float(one["icc"]),
        "icc_3_k": float(found["ICC3k"]["icc"]),
        "ci": [float(one["ci_low"]), float(one["ci_high"])],
        "reason": None,
    }


def _judges(judgements: pd.DataFrame) -> dict[str, Any]:
    names = sorted(judgements["judge_id"].unique())
    if len(names) < 2:
        return {
            "judges": names,
            "icc_2_1": None,
            "reason": "One judge alone: agreement between judges cannot be known.",
        }
    applicable = judgements["applicable"].fillna(False).astype(bool)  # given judgements may hold a score beside
    wide = (
        judgements.assign(score=judgements["score"].where(applicable))
        .pivot(index=["completion_id", "dimension"], columns="judge_id", values="score")
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
