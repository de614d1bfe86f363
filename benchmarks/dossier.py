"""What the judge dossier finds of judges whose severity, halo and biases are known.

    python benchmarks/dossier.py [--draws 100]

Four simulated judges of 8 models x 20 stems x 2 samples on four scales: one that errs by chance alone, a strict one that pays
for length, one that prefers its own family and gives less the later a scale is asked for, and one with a halo. Prints, as
Markdown, the true value, mean and standard deviation of the estimates, and the share of 95 % intervals that hold the true one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from valuelex.projective import judge_dossier
from valuelex.psychometrics.resampling import replicate

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.projective.judging.dossier.simulated import FakeJudge, simulate

JUDGES = {
    "fair": FakeJudge(),
    "strict": FakeJudge(severity=0.6, length=0.2),
    "kin": FakeJudge(severity=-0.3, own=0.5, family="a", place=-0.15),
    "glow": FakeJudge(halo=0.7),
}
MODELS = ("a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2")
MEAN = (0.6 - 0.3 - 0.5 * 2 / 8) / 4
"""Points by which the judges together are below the truth: the own family's .5 goes to two of eight models."""
COMMON, APART = 0.16, 0.25 + 0.25 + 0.16
"""Variance within scales that the scales of a completion share (stems), and that they do not (models, completions, noise)."""
TRUE = {
    ("strict", "severity"): 0.6 - MEAN,
    ("kin", "severity"): -0.425 - MEAN,
    ("fair", "severity"): -MEAN,
    ("fair", "halo"): COMMON / (COMMON + APART),
    ("glow", "halo"): (COMMON + 0.49) / (COMMON + APART + 0.49),
    ("kin", "position"): -0.15,
    ("fair", "position"): 0.0,
    ("strict", "length_beyond"): 0.2,
    ("fair", "length_beyond"): -0.2 / 3,
    ("kin", "self_preference"): 0.5,
}


def find(streams: Sequence[np.random.SeedSequence]) -> list[dict[str, Any]]:
    """One row per simulated panel and effect."""
    rows = []
    for stream in streams:
        seed = int(stream.generate_state(1)[0])
        judgements, completions, _ = simulate(JUDGES, models=MODELS, seed=seed)
        families = {model: model[0] for model in MODELS}
        found = judge_dossier(
            judgements, completions, judge_families={"kin": "a"}, model_families=families, draws=300, seed=seed
        )
        table = found["judge_effects"].query("dimension == 'all'").set_index(["judge_id", "effect"])
        for place, true in TRUE.items():
            row = table.loc[place]
            held = row["ci_low"] <= true <= row["ci_high"]
            rows.append(
                {"judge": place[0], "effect": place[1], "estimate": float(row["estimate"]), "held": float(held)}
            )
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=100)
    table = pd.DataFrame(replicate(find, parser.parse_args().draws, 1, size=5))
    print("| judge | effect | true | mean estimate | SD | coverage |\n|---|---|---|---|---|---|")
    for (judge, effect), rows in table.groupby(["judge", "effect"], sort=False):
        true, estimate = TRUE[judge, effect], rows["estimate"]
        # The share that halo has is of these models and these stems, and the true one here of all that could be drawn.
        held = "-" if effect == "halo" else f"{rows['held'].mean():.2f}"
        print(f"| {judge} | {effect} | {true:.3f} | {estimate.mean():.3f} | {estimate.std():.3f} | {held} |")


if __name__ == "__main__":
    main()
