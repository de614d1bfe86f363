"""Contrasts between models against the truth, beside the analysis that takes every row as independent.

Type I error and coverage over simulated studies (valuelex.comparison.simulation), and time for a large one, beside statsmodels'
mixed model of the same rows.

    python benchmarks/comparing.py [--studies 400] [--only "6 families"] [--about training] [--speed]
"""

from __future__ import annotations

import argparse
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from valuelex.comparison import ComparisonSettings, read_scores, run
from valuelex.comparison.contrasts import contrasts
from valuelex.comparison.covariates import join
from valuelex.comparison.settings import Covariate
from valuelex.comparison.simulation import Design, simulate

EFFECTS = {"parameters": 0.15, "training": 0.3, "region": 0.3}
SCALE = (-100.0, 100.0)
SETTINGS = ComparisonSettings(measures=["level"], scale=SCALE, confounded="report", bootstrap=399)


@dataclass(frozen=True)
class Case:
    """A design, and how it is analysed. One sample of each completion."""

    design: Design
    sampled_judges: bool = False
    about: tuple[Covariate, ...] = ("parameters", "training", "region")
    categories: bool = False
    """Whether ratings are whole numbers from 0 to 6 and taken as ordered categories."""


CASES = {
    "4 families": Case(Design(families=4)),
    "6 families": Case(Design(families=6)),
    "8 families": Case(Design(families=8)),
    "12 families": Case(Design(families=12)),
    "8 families that are alike": Case(Design(families=8, family=0.0)),
    "6 families far apart": Case(Design(families=6, family=0.5)),
    "8 families, pairs": Case(Design(families=8, models=(1, 3), pairs=True)),
    "8 families, 4 judges sampled": Case(Design(families=8, judges=4, model_judge=0.3), sampled_judges=True),
    "8 families, half of the scores missing": Case(Design(families=8, missing=0.5)),
    "8 families, effects of training differ": Case(Design(families=8, slope=0.3)),
    "8 families, ratings as categories": Case(Design(families=8), categories=True),
}
"""Effects of training that differ between families have a mean of 0 where there are none."""


def study(case: Case, seed: int) -> list[dict[str, Any]]:
    """Every contrast of one simulated study, with its truth, and the naive test beside."""
    table, facts = simulate(case.design, seed)
    first = table[table["dimension"] == "dimension001"]
    settings = SETTINGS.model_copy(update={"contrasts": list(case.about)})
    if case.categories:
        first = first.assign(score=np.clip(np.rint(first["score"].astype(float)), 0, 6))
        settings = settings.model_copy(update={"scores": "ordinal", "scale": (0.0, 6.0)})
    scored = read_scores(first, scale=settings.scale, sampled_judges=case.sampled_judges, kind=settings.scores)
    found = contrasts(scored, join(scored.models, facts), settings, seed=seed)
    rows = []
    for row in found[found["scope"] == "models like these"].to_dict("records"):
        truth = case.design.effects.get(row["covariate"], 0.0)
        if pd.isna(row["estimate"]) or pd.isna(row["p"]):
            continue
        rows.append(
            {
                "contrast": row["contrast"], "truth": truth, "estimate": row["estimate"],
                "covered": row["ci_low"] <= truth <= row["ci_high"], "rejected": row["p"] < 0.05,
                "boot_rejected": None if pd.isna(row["boot_p"]) else row["boot_p"] < 0.05,
                "permuted_rejected": None if pd.isna(row["permutation_p"]) else row["permutation_p"] < 0.05,
                "permutation_least": row["permutation_least"], "naive_rejected": naive(first, facts, row["covariate"]) < 0.05,
            }
        )  # fmt: skip
    return rows


def naive(table: pd.DataFrame, facts: pd.DataFrame, covariate: str) -> float:
    """Every row a case of its own, as a spreadsheet would have it."""
    score = table["score"].to_numpy(dtype=float)
    if covariate == "parameters":
        return float(stats.linregress(np.log10(table["model_id"].map(facts["parameters"]).astype(float)), score).pvalue)
    level = table["model_id"].map(facts[covariate]).to_numpy(dtype=object)
    parts = [score[level == one] for one in sorted(set(level))]
    return float(stats.ttest_ind(*parts).pvalue) if len(parts) == 2 else float("nan")


def _many(job: tuple[Case, list[int]]) -> list[dict[str, Any]]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return [row for seed in job[1] for row in study(job[0], seed)]


def rates(studies: int, only: list[str], about: tuple[Covariate, ...]) -> None:
    """Print type I error (no effects) and coverage (effects) of every contrast in every design."""
    heads = (
        "design",
        "contrast",
        "studies",
        "type I",
        "naive",
        "bootstrap",
        "permutation",
        "coverage",
        "bias",
    )
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    with ProcessPoolExecutor(2) as pool:
        for name in only or CASES:
            tables = []
            for effects in ({}, EFFECTS):
                case = replace(CASES[name], about=about, design=replace(CASES[name].design, samples=1, effects=effects))
                jobs = [(case, list(range(k, studies, 2))) for k in (0, 1)]
                tables.append(pd.DataFrame([row for rows in pool.map(_many, jobs) for row in rows]))
            null, real = tables
            for contrast, mine in null.groupby("contrast"):
                other = real[real["contrast"] == contrast]
                told = mine[mine["permutation_least"] < 0.05]["permuted_rejected"]
                bias = (other["estimate"] - other["truth"]).mean()
                figures = (
                    f"{mine['rejected'].mean():.3f}", f"{mine['naive_rejected'].mean():.2f}",
                    f"{mine['boot_rejected'].dropna().mean():.3f}", f"{told.dropna().mean():.3f}",
                    f"{other['covered'].mean():.3f}", f"{bias:+.3f}",
                )  # fmt: skip
                print(f"| {name} | {contrast} | {len(mine)} | {' | '.join(figures)} |", flush=True)


def speed() -> None:
    """Time the whole step on 86,400 rows a scale set, and statsmodels on one dimension of it."""
    design = Design(families=10, models=(4, 4), dimensions=6, stems=60, samples=3, judges=2)
    settings = ComparisonSettings(scale=SCALE, contrasts=["parameters", "training", "developer"])
    for stems in (15, 30, 60):
        table, facts = simulate(Design(**{**vars(design), "stems": stems}), 1)
        start = time.perf_counter()
        run(table, facts=facts, settings=settings)
        ours = time.perf_counter() - start
        print(
            f"{len(table)} rows, {len(facts)} models: {ours:.1f} s, {1e3 * ours / len(table):.2f} ms a row", flush=True
        )
    import statsmodels.formula.api as smf

    one = table[table["dimension"] == "dimension001"].astype({"score": float})
    one = one.join(facts, on="model_id").assign(size=lambda t: np.log10(t["parameters"]), everything=1)
    parts = {"family": "0 + C(family)", "model": "0 + C(model_id)", "stem": "0 + C(item_id)"}
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        smf.mixedlm("score ~ size + training + judge_id", one, groups="everything", vc_formula=parts).fit(maxiter=20)
    peer = time.perf_counter() - start
    start = time.perf_counter()
    run(one[table.columns], facts=facts, settings=settings)
    mine = time.perf_counter() - start
    print(f"one dimension, {len(one)} rows: statsmodels' mixed model (family, model and stem alone) {peer:.1f} s, "
          f"the whole step {mine:.1f} s: ratio {peer / mine:.1f}")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--only", action="append", choices=list(CASES), default=[])
    parser.add_argument("--about", action="append", choices=list(EFFECTS), default=[])
    parser.add_argument("--speed", action="store_true")
    asked = parser.parse_args()
    speed() if asked.speed else rates(asked.studies, asked.only, tuple(asked.about or EFFECTS))
