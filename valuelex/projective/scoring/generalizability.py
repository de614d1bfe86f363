"""G studies of each scale, D studies of the next test, and correlations between scales with error taken out."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.projective.scoring.ratings import scale_names
from valuelex.projective.scoring.reliability import LEAST_OF_MODELS
from valuelex.projective.scoring.settings import ScoringSettings
from valuelex.tables import frame

STEMS = (5, 10, 15, 20, 30, 40, 60, 80, 120, 200)
SAMPLES = (1, 2, 3, 5)
JUDGES = (1, 2, 3, 5)
"""The designs of the decision study."""


def g_studies(ratings: pd.DataFrame, settings: ScoringSettings) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Return the tables `g_study` and `d_study`, and for each scale what they come to or why there is none.

    Parameters
    ----------
    ratings : DataFrame
        What `long_ratings` gives.
    settings : ScoringSettings
    """
    parts: list[dict[str, Any]] = []
    designs: list[dict[str, Any]] = []
    told: dict[str, Any] = {}
    names = scale_names(ratings)
    for (level, dimension), group in ratings.groupby(["level", "dimension"], sort=True):
        key = {"level": level, "dimension": dimension}
        there = group.dropna(subset=["score"])
        study, why = _g_study(there)
        if study is None:
            told[names[str(level), str(dimension)]] = {"generalizability": None, "dependability": None, "reason": why}
            continue
        for name, row in study.components.to_dict("index").items():
            negative = name in study.negative
            parts.append(
                {
                    **key,
                    "effect": str(name),
                    "estimate": row["estimate"],
                    "variance": row["variance"],
                    "share": row["percent"] / 100,
                    "se": row["se"],
                    "levels": int(row["levels"]),
                    "method": study.settings["method"],
                    "note": "negative, taken as 0" if negative else None,
                }
            )
        rows, summary = _d_study(study, there, group["stem"].nunique(), settings)
        designs += [{**key, **row} for row in rows]
        told[names[str(level), str(dimension)]] = summary
    return {"g_study": frame("g_study", parts), "d_study": frame("d_study", designs)}, told


def _g_study(there: pd.DataFrame) -> tuple[pm.GStudyResult | None, str]:
    models = there["model"].nunique()
    if models < LEAST_OF_MODELS:
        return (
            None,
            f"{models} model(s) with scores; at least {LEAST_OF_MODELS} are needed for a variance between models.",
        )
    if there["stem"].nunique() < 3:
        return None, "Fewer than three stems with scores."
    facets, nested = [], {}
    several = there.drop_duplicates("stem").groupby("valence")["stem"].size()
    if there["valence"].notna().all() and len(several) > 1 and (several > 1).all():
        facets.append("valence")
        nested["stem"] = ["valence"]
    facets.append("stem")
    within = ["model", "stem", *(["valence"] if nested else [])]
    judges = there["judge"].nunique() > 1
    # With one judge a second sample is a second score in the cell: the residual. With several it is a facet.
    if judges and there["sample"].nunique() > 1:
        facets.append("sample")
        nested["sample"] = within
    if judges:
        facets.append("judge")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pm.PsychometricsWarning)
            return pm.g_study(there, facets, object="model", nested=nested), ""
    except ValuelexError as error:
        return None, error.what


def _d_study(
    study: pm.GStudyResult, there: pd.DataFrame, n_stems: int, settings: ScoringSettings
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    facets = list(study.design.facets)
    strata = there["valence"].nunique() if "valence" in facets else 1
    fixed = ["valence"] if strata > 1 else []
    per = {s: max(1, round(s / strata)) for s in STEMS}
    residual_samples = "sample" not in facets and "residual" in study.components.index
    n: dict[str, Any] = {"stem": sorted(set(per.values()))}
    n |= {"valence": strata} if fixed else {}
    n |= {"sample": list(SAMPLES)} if "sample" in facets else {}
    n |= {"judge": list(JUDGES)} if "judge" in facets else {}
    rows = []
    for samples in SAMPLES if residual_samples else (None,):
        found = pm.d_study(_averaged(study, samples or 1), n, fixed=fixed).frame
        for row in found.to_dict("records"):
            rows.append(
                {
                    "stems": int(row["stem"]) * strata,
                    "samples": samples or int(row.get("sample", 1)),
                    "judges": int(row.get("judge", 1)),
                    "generalizability": row["generalizability"],
                    "dependability": row["dependability"],
                    "sem_relative": row["sem_relative"],
                    "sem_absolute": row["sem_absolute"],
                }
            )
    present = {
        "stems": int(there["stem"].nunique()),
        "samples": int(there["sample"].nunique()),
        "judges": int(there["judge"].nunique()),
    }
    rests_on = _rests_on(there)
    own: dict[str, Any] = {"stem": max(1.0, rests_on["stems"] / strata)} | ({"valence": strata} if fixed else {})
    own |= {"sample": rests_on["samples"]} if "sample" in facets else {}
    own |= {"judge": rests_on["judges"]} if "judge" in facets else {}
    now = pm.d_study(_averaged(study, rests_on["samples"] if residual_samples else 1), own, fixed=fixed).frame.iloc[0]
    applied = min(1.0, rests_on["stems"] / n_stems)
    good = [row for row in rows if row["generalizability"] >= settings.target]
    # Only what was varied can be planned: with one sample or one judge nothing is known of more.
    known = [r for r in good if _known(r, facets, residual_samples)]
    smallest = min(known, key=lambda r: (r["stems"] * r["samples"] * r["judges"], r["stems"])) if known else None
    # Not every stem will have a score: so many have to be written that enough do.
    written = None if smallest is None else int(np.ceil(round(smallest["stems"] / applied, 6)))
    return [r for r in rows if _known(r, facets, residual_samples)], {
        "generalizability": float(now["generalizability"]),
        "dependability": float(now["dependability"]),
        "design": str(study.design),
        "n": present,
        "rests_on": rests_on,
        "needed": None if smallest is None else {k: smallest[k] for k in ("stems", "samples", "judges")},
        "needed_stems_written": written,
        "sentence": _sentence(smallest, written, settings.target, facets, residual_samples),
        "reason": None,
    }


def _rests_on(there: pd.DataFrame) -> dict[str, float]:
    """What a model's score rests on: stems of a model, samples of a stem, judges of a sample that have a score.

    Harmonic means, since errors go with one over the number (Brennan, 2001, sec. 7.3): not all models have all of the test.
    """
    places = ["model", "stem", "sample", "judge"]
    out = {}
    for depth, name in enumerate(("stems", "samples", "judges"), start=1):
        counts = there.groupby(places[:depth])[places[depth]].nunique()
        out[name] = float(len(counts) / (1 / counts).sum())
    return out


def _known(row: dict[str, Any], facets: list[str], residual_samples: bool) -> bool:
    return (row["samples"] == 1 or residual_samples or "sample" in facets) and (row["judges"] == 1 or "judge" in facets)


def _sentence(
    smallest: dict[str, Any] | None, written: int | None, target: float, facets: list[str], residual_samples: bool
) -> str:
    aim = f"{target:.2f}".lstrip("0")
    unknown = [] if residual_samples or "sample" in facets else ["samples"]
    unknown += [] if "judge" in facets else ["judges"]
    remark = f" Nothing is known of more {' or '.join(unknown)}: there was one." if unknown else ""
    if smallest is None:
        return f"No design up to {max(STEMS)} stems, {max(SAMPLES)} samples and {max(JUDGES)} judges reaches {aim}.{remark}"
    stems = f"{smallest['stems']} stems"
    if written != smallest["stems"]:
        stems += f" that apply (some {written} written ones, by the share that had a score here)"
    return (
        f"For a generalizability of {aim}: {stems}, {_several(smallest['samples'], 'sample')} and "
        f"{_several(smallest['judges'], 'judge')}, the fewest judgements of the designs tried.{remark}"
    )


def _several(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _averaged(study: pm.GStudyResult, samples: float) -> pm.GStudyResult:
    """The study with its residual averaged over samples, where these are scores of the same cell."""
    from dataclasses import replace

    if samples == 1:
        return study
    components = study.components.copy()
    components.loc["residual", ["estimate", "variance"]] /= samples
    return replace(study, components=components)


def dimension_pairs(scored: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Return the table `dimension_pairs`: how scales go together over models, as observed and with error taken out."""
    rows: list[dict[str, Any]] = []
    keys = ["completion_id", "model_id", "item_id"]
    for name, group in scored.groupby("level", sort=True):
        wide = group.assign(score=group["score"].astype(float)).pivot(index=keys, columns="dimension", values="score")
        factors = wide.index.to_frame(index=False)
        items = wide.groupby(["model_id", "item_id"]).mean().groupby("model_id").mean()
        models = len(items)
        observed: dict[Any, dict[Any, float]] = items.corr(min_periods=LEAST_OF_MODELS).to_dict()
        found = None
        if models >= LEAST_OF_MODELS and wide.shape[1] > 1:
            effects = {"model": ["model_id"], "stem": ["item_id"], "model x stem": ["model_id", "item_id"]}
            told = pm.universe_correlations(wide.reset_index(drop=True), factors, effects, object="model", level=level)
            found = {(str(one["first"]), str(one["second"])): one for one in told.frame.to_dict("records")}
        scales = list(wide.columns)
        for i, first in enumerate(scales):
            for second in scales[i + 1 :]:
                both = int(items[[first, second]].notna().all(axis=1).sum()) if len(items) else 0
                row: dict[str, Any] = {"level": name, "first": first, "second": second, "n_models": both}
                row |= dict.fromkeys(("r", "covariance", "r_universe", "ci_low", "ci_high"))
                if found is None:
                    row["note"] = f"{models} model(s); at least {LEAST_OF_MODELS} are needed."
                else:
                    one = found[str(first), str(second)]
                    r = observed[first][second]
                    row |= {
                        "r": None if pd.isna(r) else float(r),
                        "covariance": one["covariance"],
                        "r_universe": one["correlation"],
                        "ci_low": one["ci_low"],
                        "ci_high": one["ci_high"],
                        "note": " ".join(filter(None, (_few(both, models), one["note"]))) or None,
                    }
                rows.append(row)
    return frame("dimension_pairs", rows)


def _few(both: int, models: int) -> str | None:
    return None if both == models else f"{both} of {models} models have scores on both."
