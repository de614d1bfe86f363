"""Effects of single judges: severity, halo, position, length, preference for one's own family, wording of the rubric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.models.seeds import call_seed
from valuelex.projective.judging.dossier.cells import (
    ALL,
    LEAST_CELLS,
    Cells,
    FloatArray,
    clusters,
    draw,
    percentiles,
    slope,
)

ALONE = "One judge alone: there is none to compare with."
_NOTHING = {"estimate": None, "se": None, "ci_low": None, "ci_high": None, "n": 0}
_RANDOM = {
    "stem": ["stem"],
    "model x stem": ["model", "stem"],
    "completion": ["model", "stem", "sample"],
    "stem x judge": ["stem", "judge"],
    "model x judge": ["model", "judge"],
}


def _row(judge: str, effect: str, dimension: str, found: Mapping[str, Any], note: str | None) -> dict[str, Any]:
    return {"judge_id": judge, "effect": effect, "dimension": dimension, **_NOTHING, **found, "note": note}


def _over_stems(values: pd.Series, items: pd.Series, level: float) -> dict[str, Any]:
    """Mean over stems of their means, with a t interval for other stems."""
    means = values.groupby(items).mean().dropna()
    one = pm.mean_interval(means.to_numpy(dtype=float), level=level)
    return {
        "estimate": one.mean,
        "se": one.se,
        "ci_low": one.ci_low,
        "ci_high": one.ci_high,
        "n": int(values.notna().sum()),
    }


def severity(cells: Cells, *, level: float) -> list[dict[str, Any]]:
    """How far a judge lies below the mean of all judges, in points: positive is severe.

    Per scale from a mixed model (models and judges fixed; stems, completions and their crossings with judges random), which
    uses cells that only some judges scored; over all scales as the mean deviation in cells that all scored, over stems.
    """
    if len(cells.judges) < 2:
        return [_row(judge, "severity", ALL, {}, ALONE) for judge in cells.judges]
    rows = []
    for scale in dict.fromkeys(cells.places["dimension"]):
        one = cells.of(scale)
        long = one.scores.assign(
            model=one.places["model_id"].astype(str),
            stem=one.places["item_id"].astype(str),
            sample=one.places["sample_index"].astype(int),
        ).melt(["model", "stem", "sample"], var_name="judge", value_name="score")
        long = long.dropna(subset=["score"]).astype({"judge": str})
        found: dict[str, dict[str, Any]] = {}
        note = "Mixed model; 0 is the mean of the judges."
        try:
            fitted = pm.mixed_scores(long, _RANDOM, object="model", fixed=["judge"], level=level)
            from scipy.special import stdtrit

            for effect in fitted.covariates.to_dict("records"):
                half = float(stdtrit(min(effect["df"], 1e8), 0.5 + level / 2)) * effect["se"]
                below = -float(effect["estimate"])
                found[str(effect["level"])] = {
                    "estimate": below,
                    "se": float(effect["se"]),
                    "ci_low": below - half,
                    "ci_high": below + half,
                    "n": int((long["judge"] == effect["level"]).sum()),
                }
        except ValuelexError as error:
            note = f"No mixed model: {error.what}"
        rows += [
            _row(
                judge, "severity", scale, found.get(judge, {}), note if judge in found or "No" in note else "No score."
            )
            for judge in cells.judges
        ]
    complete = cells.scores.dropna()
    place = cells.places.loc[complete.index]
    for judge in cells.judges:
        if len(complete) < LEAST_CELLS:
            rows.append(
                _row(judge, "severity", ALL, {"n": len(complete)}, "Too few cells have a score of every judge.")
            )
            continue
        beneath = complete.mean(axis=1) - complete[judge]
        rows.append(
            _row(judge, "severity", ALL, _over_stems(beneath, place["item_id"], level), "Cells that all judges scored.")
        )
    return rows


def halo(cells: Cells, *, draws: int, level: float, seed: int) -> list[dict[str, Any]]:
    """Share of a judge's variance within scales that is common to the scales of one completion, and compared with the others.

    A one-way analysis of variance of scores less their scale's mean, completions as groups, in cells that all judges scored:
    what the completions themselves have in common is the same for all judges, so that the difference is the judge's.
    """
    complete = cells.scores.dropna()
    place = cells.places.loc[complete.index]
    size = place.groupby("completion_id")["dimension"].transform("size")
    complete, place = complete[(size > 1).to_numpy()], place[(size > 1).to_numpy()]
    if place["completion_id"].nunique() < LEAST_CELLS:
        why = "Too few completions have two scales that every judge scored."
        return [_row(judge, "halo", ALL, {"n": len(complete)}, why) for judge in cells.judges]
    groups, unit = clusters(place)
    codes, ids = pd.factorize(place["completion_id"])
    of_completion = np.zeros(len(ids), dtype=np.int64)
    of_completion[codes] = groups
    weights = draw(int(groups.max()) + 1, draws, seed) if groups.max() > 0 else np.empty((0, 1))
    shares = {}
    for judge in cells.judges:
        x = complete[judge] - complete[judge].groupby(place["dimension"]).transform("mean")
        shares[judge] = _common(x.to_numpy(dtype=float), codes, of_completion, weights)
    rows = []
    for judge, values in shares.items():
        low, high = percentiles(values[1:], level)
        found = {"estimate": _number(values[0]), "ci_low": low, "ci_high": high, "n": len(complete)}
        rows.append(_row(judge, "halo", ALL, found, f"Bootstrap over {unit}."))
        others = [v for name, v in shares.items() if name != judge]
        if not others:
            rows.append(_row(judge, "halo_difference", ALL, {}, ALONE))
            continue
        apart = values - np.mean(others, axis=0)
        low, high = percentiles(apart[1:], level)
        found = {"estimate": _number(apart[0]), "ci_low": low, "ci_high": high, "n": len(complete)}
        rows.append(
            _row(judge, "halo_difference", ALL, found, f"Less the mean of the other judges. Bootstrap over {unit}.")
        )
    return rows


def _common(x: FloatArray, codes: Any, of_completion: Any, weights: FloatArray) -> FloatArray:
    """Intraclass correlation (one-way) of rows in completions: first of the data, then of each draw of clusters."""
    n = np.bincount(codes).astype(float)
    total, square = np.bincount(codes, weights=x), np.bincount(codes, weights=x**2)
    parts = np.column_stack([np.ones_like(n), n, total, square, total**2 / n, n**2])
    per = np.zeros((int(of_completion.max()) + 1, 6))
    np.add.at(per, of_completion, parts)
    sums = np.vstack([parts.sum(axis=0), weights @ per]) if len(weights) else parts.sum(axis=0, keepdims=True)
    k, rows, whole, squares, between, sizes = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        ms_between = (between - whole**2 / rows) / (k - 1)
        ms_within = (squares - between) / (rows - k)
        n0 = (rows - sizes / rows) / (k - 1)
        component = (ms_between - ms_within) / n0
        share = component / (component + ms_within)
    return np.asarray(np.where(ms_between + ms_within > 1e-12, share, np.nan))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def position(cells: Cells, *, level: float) -> list[dict[str, Any]]:
    """Points per place further down the call, within stem and scale; the order was drawn by chance."""
    rows = []
    strata = cells.places["item_id"].astype(str) + "\0" + cells.places["dimension"]
    for judge in cells.judges:
        place = cells.positions[judge].to_numpy(dtype=float)
        seen = place[np.isfinite(place)]
        if not len(seen) or np.ptp(seen) == 0:
            why = "The judge is asked one scale at a time." if len(seen) else "The judge has no order of scales."
            rows.append(_row(judge, "position", ALL, {}, why))
            continue
        found = slope(cells.scores[judge].to_numpy(dtype=float), place, strata, cells.places["completion_id"], level)
        rows.append(_row(judge, "position", ALL, found, _why(found)))
    return rows


def length(cells: Cells, *, level: float) -> list[dict[str, Any]]:
    """Points per doubling of a completion's words, within stem and scale; then the same beyond what the others give it."""
    rows = []
    words = np.log2(np.maximum(cells.places["words"].to_numpy(dtype=float), 1))
    strata, ids = cells.places["item_id"].astype(str) + "\0" + cells.places["dimension"], cells.places["completion_id"]
    for judge in cells.judges:
        score = cells.scores[judge].to_numpy(dtype=float)
        found = slope(score, words, strata, ids, level)
        rows.append(_row(judge, "length", ALL, found, _why(found) or "Longer texts may deserve it; see length_beyond."))
        others = cells.scores.drop(columns=judge)
        if others.empty or not others.shape[1]:
            rows.append(_row(judge, "length_beyond", ALL, {}, ALONE))
            continue
        apart = score - others.mean(axis=1).to_numpy(dtype=float)
        found = slope(apart, words, strata, ids, level)
        rows.append(_row(judge, "length_beyond", ALL, found, _why(found) or "Of the difference to the other judges."))
    return rows


def _why(found: Mapping[str, Any]) -> str | None:
    return None if found["estimate"] is not None else "Too few scores, or nothing that varies within stems."


def self_preference(
    cells: Cells, of_judge: Mapping[str, str | None], of_model: Mapping[str, str | None], *, level: float
) -> list[dict[str, Any]]:
    """Difference in differences: how much more than judges of other families a judge gives its own family than other models.

    Parameters
    ----------
    cells : Cells
    of_judge, of_model : mapping
        Id -> family; None where it is not known.
    level : float
        Coverage of the t interval over stems: for other stems and these models.
    """
    rows = []
    model = cells.places["model_id"].astype(str)
    for judge in cells.judges:
        family = of_judge.get(judge)
        own = model.eq(judge) | (model.map(lambda m, f=family: f is not None and of_model.get(m) == f))
        others = [j for j in cells.judges if j != judge and (family is None or of_judge.get(j) != family)]
        why = None
        if not own.any():
            why = "No judged model is known to be of its family." if family else "It has no family, or none is known."
        elif own.all():
            why = "All judged models are of its family."
        elif not others:
            why = "There is no judge of another family to compare with."
        if why:
            rows.append(_row(judge, "self_preference", ALL, {}, why))
            continue
        apart = cells.scores[judge] - cells.scores[others].mean(axis=1)
        # Scales and stems that only one side has must not enter the difference.
        place = [cells.places["item_id"].astype(str), cells.places["dimension"]]
        mine, theirs = (apart.where(side).groupby(place).mean() for side in (own, ~own))
        difference = (mine - theirs).dropna()
        if difference.empty:
            rows.append(_row(judge, "self_preference", ALL, {}, "No stem has scores of both sides."))
            continue
        found = _over_stems(
            difference.reset_index(drop=True),
            difference.index.get_level_values(0).to_series().reset_index(drop=True),
            level,
        )
        found["n"] = int(apart.notna().sum())
        note = f"Own: {', '.join(sorted(model[own].unique()))}; against {', '.join(others)}."
        rows.append(_row(judge, "self_preference", ALL, found, note))
    return rows


def wording(cells: Cells, reworded: Cells | None, *, level: float) -> list[dict[str, Any]]:
    """Points that the other wording of the rubric adds, over stems."""
    rows = []
    keys = ["completion_id", "dimension"]
    for judge in cells.judges if reworded is None else reworded.judges:
        if reworded is None:
            continue
        before = cells.places[keys].assign(before=cells.scores[judge], item=cells.places["item_id"])
        after = reworded.places[keys].assign(after=reworded.scores[judge])
        both = before.merge(after, on=keys).dropna()
        if len(both) < LEAST_CELLS:
            rows.append(_row(judge, "wording", ALL, {"n": len(both)}, "Too few were judged by both wordings."))
            continue
        rows.append(_row(judge, "wording", ALL, _over_stems(both["after"] - both["before"], both["item"], level), None))
    return rows


def all_effects(
    cells: Cells,
    reworded: Cells | None,
    of_judge: Mapping[str, str | None],
    of_model: Mapping[str, str | None],
    *,
    draws: int,
    level: float,
    seed: int,
) -> list[dict[str, Any]]:
    """Return the rows of the table `judge_effects`."""
    return [
        *severity(cells, level=level),
        *halo(cells, draws=draws, level=level, seed=call_seed(seed, "halo")),
        *position(cells, level=level),
        *length(cells, level=level),
        *self_preference(cells, of_judge, of_model, level=level),
        *wording(cells, reworded, level=level),
    ]
