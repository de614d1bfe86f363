"""What the scores' intervals and the variance components are worth, on simulated tests whose components are known.

    python benchmarks/scoring.py [--draws 200] [--coverage 500] [--only recovery|coverage|speed]

Recovery: mean estimate of each component, divided by its true value, of model x stem x sample x judge designs with stems in
four valences. Coverage: share of 95 % intervals that hold a model's true score, of the plain mean (t, studentised bootstrap
over stems) and of the mixed model, with judges as fixed and as sampled. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.psychometrics.resampling import replicate

EFFECTS = {
    "model": ["model"],
    "stem": ["stem"],
    "judge": ["judge"],
    "model x stem": ["model", "stem"],
    "model x judge": ["model", "judge"],
    "stem x judge": ["stem", "judge"],
    "sample": ["model", "stem", "sample"],
    "model x stem x judge": ["model", "stem", "judge"],
}
VARIANCES = {
    "model": 0.25,
    "stem": 0.30,
    "judge": 0.10,
    "model x stem": 0.20,
    "model x judge": 0.05,
    "stem x judge": 0.05,
    "sample": 0.25,
    "model x stem x judge": 0.05,
}
RESIDUAL = 0.25
VALENCE = np.array([0.6, -0.6, 0.1, -0.1])
"""Of positive, negative, neutral and trade-off stems: what they add to every score."""

FIXED_JUDGES = {
    name: EFFECTS[name] for name in ("stem", "model x stem", "stem x judge", "sample", "model x stem x judge")
}
RANDOM_JUDGES = FIXED_JUDGES | {name: EFFECTS[name] for name in ("judge", "model x judge")}


def simulated(models: int, stems: int, judges: int, missing: float, seed: int) -> pd.DataFrame:
    """One test of two samples; with `missing`, some stems lose up to twice that share of their scores, others hardly any."""
    table = pm.simulate_ratings(
        {"model": models, "stem": stems, "sample": 2, "judge": judges},
        EFFECTS,
        VARIANCES,
        residual=RESIDUAL,
        mean=3.0,
        missing=missing,
        missing_by="stem" if missing else None,
        seed=seed,
    )
    valence = table["stem"].to_numpy() % 4
    return table.assign(valence=valence, score=table["score"] + VALENCE[valence])


def recover(streams: Sequence[np.random.SeedSequence], missing: float, method: str) -> list[dict[str, float]]:
    """Components of one simulated test per stream."""
    found = []
    for stream in streams:
        data = simulated(20, 24, 6, missing, int(stream.generate_state(1)[0]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pm.PsychometricsWarning)
            if method == "anova":
                nested = {"stem": ["valence"], "sample": ["model", "stem", "valence"]}
                facets = ["valence", "stem", "sample", "judge"]
            else:
                # REML without the facet valence: its effects are taken out first, by the means of the stems' valences.
                data = data.assign(score=data["score"] - VALENCE[data["valence"]])
                nested, facets = {"sample": ["model", "stem"]}, ["stem", "sample", "judge"]
            study = pm.g_study(data, facets, object="model", nested=nested, method=method)
        found.append({str(name): float(value) for name, value in study.components["estimate"].items()})
    return found


NAMES = {
    "model": ("model",),
    "stem": ("stem:valence", "stem"),
    "judge": ("judge",),
    "model x stem": ("model x (stem:valence)", "model x stem"),
    "model x judge": ("model x judge",),
    "stem x judge": ("(stem:valence) x judge", "stem x judge"),
    "sample": ("sample:stem:model:valence", "sample:model:stem"),
    "model x stem x judge": ("model x (stem:valence) x judge", "model x stem x judge"),
}


def recovery(draws: int, missing: float, method: str = "anova", seed: int = 1) -> pd.DataFrame:
    """Mean and standard deviation over draws of each estimate, and the ratio of the mean to the true value."""
    table = pd.DataFrame(replicate(recover, draws, seed, missing, method, size=5))
    rows = []
    for name, true in [*VARIANCES.items(), ("residual", RESIDUAL)]:
        told = next(c for c in table.columns if c in NAMES.get(name, ()) or (name == "residual" and "residual" in c))
        rows.append(_row(name, true, table[told]))
    if "valence" in table:
        rows.append(_row("valence", float(np.var(VALENCE, ddof=1)), table["valence"]))
    return pd.DataFrame(rows)


def _row(name: str, true: float, values: pd.Series) -> dict[str, Any]:
    mean = float(values.mean())
    return {"component": name, "true": true, "mean": mean, "sd": float(values.std()), "ratio": mean / true}


def cover(
    streams: Sequence[np.random.SeedSequence], models: int, stems: int, judges: int, missing: float, random: bool
) -> list[dict[str, Any]]:
    """Whether each interval of each model held its true score, one row per stream and model."""
    out = []
    for stream in streams:
        seed = int(stream.generate_state(1)[0])
        data = simulated(models, stems, judges, missing, seed)
        true = 3.0 + data.groupby("model")["effect: model"].first()
        per_judge = data.groupby(["model", "judge"])[["effect: judge", "effect: model x judge"]].first().sum(axis=1)
        fixed_true = true + per_judge.groupby("model").mean()
        valences = data.drop_duplicates("stem")["valence"].value_counts()
        weights = {v: float(c) for v, c in valences.items()}
        if random:
            mixed = pm.mixed_scores(data, RANDOM_JUDGES, object="model", fixed={"valence": weights})
        else:
            mixed = pm.mixed_scores(data, FIXED_JUDGES, object="model", fixed={"valence": weights, "judge": None})
        # What a score is of: these stems' mix of valences.
        shift = float(sum(VALENCE[int(v)] * c for v, c in weights.items()) / sum(weights.values()))
        units = data.groupby(["model", "stem", "sample"])["score"].mean().groupby(["model", "stem"]).mean()
        for model in true.index:
            aim = float((true if random else fixed_true)[model]) + shift
            row = mixed.scores.loc[model]
            held = {"mixed": row["ci_low"] <= aim <= row["ci_high"], "mixed width": row["ci_high"] - row["ci_low"]}
            if not random:
                mine = units[model]
                plain = pm.mean_interval(mine, list(mine.index % 4), bootstrap=999, seed=seed)
                flat = pm.mean_interval(mine)
                held |= {
                    "t": plain.ci_low <= aim <= plain.ci_high,
                    "bootstrap": plain.boot_low <= aim <= plain.boot_high,
                    "t, valence ignored": flat.ci_low <= aim <= flat.ci_high,
                    "t width": plain.ci_high - plain.ci_low,
                }
            out.append(held)
    return out


def coverage(
    draws: int, *, random: bool, stems: int, missing: float, models: int = 10, seed: int = 2
) -> dict[str, Any]:
    """Coverage of 95 % intervals: two judges taken as fixed, or six as sampled."""
    judges = 6 if random else 2
    found = pd.DataFrame(replicate(cover, draws, seed, models, stems, judges, missing, random, size=5))
    judged = f"{judges} {'sampled' if random else 'fixed'}"
    return {
        "judges": judged,
        "stems": stems,
        "missing": missing,
        "draws": draws,
        **found.astype(float).mean().to_dict(),
    }


def speed() -> pd.DataFrame:
    """Seconds for 30 models x 120 stems x 2 samples x 3 judges, one scale."""
    rows = []
    for missing in (0.0, 0.2):
        data = simulated(30, 120, 3, missing, 1)
        for what, effects, fixed in (
            ("judges fixed", FIXED_JUDGES, ["valence", "judge"]),
            ("judges sampled", RANDOM_JUDGES, ["valence"]),
        ):
            start = time.perf_counter()
            pm.mixed_scores(data, effects, object="model", fixed=fixed)
            rows.append({"task": f"mixed scores, {what}", "missing": missing, "seconds": time.perf_counter() - start})
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pm.PsychometricsWarning)
            nested = {"stem": ["valence"], "sample": ["model", "stem", "valence"]}
            pm.g_study(data, ["valence", "stem", "sample", "judge"], object="model", nested=nested)
        rows.append({"task": "G study (ANOVA)", "missing": missing, "seconds": time.perf_counter() - start})
    return pd.DataFrame(rows)


def _markdown(table: pd.DataFrame) -> str:
    shown = table.map(lambda v: f"{v:.3f}" if isinstance(v, float) else str(v))
    lines = [shown.columns, ["---"] * shown.shape[1], *shown.to_numpy()]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--coverage", type=int, default=300)
    parser.add_argument("--only", choices=("recovery", "coverage", "speed"))
    asked = parser.parse_args()
    if asked.only in (None, "recovery"):
        for method in ("anova", "reml"):
            for missing in (0.0, 0.3):
                print(f"\nRecovery, {method}, missing {missing:g}, {asked.draws} draws\n")
                print(_markdown(recovery(asked.draws, missing, method)))
    if asked.only in (None, "coverage"):
        print(f"\nCoverage of 95 % intervals, {asked.coverage} draws of 10 models (judges sampled: a third of these)\n")
        for random in (False, True):
            draws = asked.coverage // 3 if random else asked.coverage
            cells = product((10, 30, 60), (0.0, 0.3))
            print(_markdown(pd.DataFrame([coverage(draws, random=random, stems=n, missing=m) for n, m in cells])))
    if asked.only in (None, "speed"):
        print("\nSeconds\n")
        print(_markdown(speed()))


if __name__ == "__main__":
    main()
