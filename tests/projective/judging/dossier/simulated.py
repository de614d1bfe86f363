"""FAKE judges whose severity, halo, biases and noise are known: what the dossier has to find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from valuelex.tables import frame

SCALES = ("Social", "Ethical", "Personal", "Skilled")


@dataclass(frozen=True)
class FakeJudge:
    """How a FAKE judge errs: points below the truth, halo (sd), per place, per doubling of words, for its family; its noise."""

    severity: float = 0.0
    halo: float = 0.0
    place: float = 0.0
    length: float = 0.0
    own: float = 0.0
    family: str | None = None
    noise: float = 0.4
    not_applicable: float = 0.0


def simulate(
    judges: Mapping[str, FakeJudge],
    *,
    models: Sequence[str] = ("a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2"),
    stems: int = 20,
    samples: int = 2,
    seed: int = 1,
    again: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return judgements, completions, and (with `again`) second judgements with fresh noise of every completion."""
    rng = np.random.default_rng(seed)
    completions, rows, second = [], [], []
    ability = {m: rng.normal(0, 0.5, len(SCALES)) for m in models}
    hard = rng.normal(0, 0.4, stems)
    for m in models:
        for k in range(stems):
            for s in range(samples):
                name = f"{m}-{k}-{s}"
                doublings = rng.uniform(2, 6)
                n = round(2**doublings)
                completions.append(
                    {"completion_id": name, "item_id": f"i{k:02d}", "respondent_id": m, "model_id": m,
                     "sample_index": s, "text": "word " * n, "status": "ok",
                     **dict.fromkeys(("status_reason", "seed", "n_tokens_in", "n_tokens_out", "latency_s"))}
                )  # fmt: skip
                truth = 3 + ability[m] + hard[k] + rng.normal(0, 0.5, len(SCALES))
                for j, one in judges.items():
                    halo = one.halo * rng.normal()
                    for out in (rows, second) if again else (rows,):
                        order = rng.permutation(len(SCALES)) + 1
                        score = truth - one.severity + halo + one.place * (order - 2.5)
                        score = score + one.length * (np.log2(n) - 4) + one.noise * rng.normal(size=len(SCALES))
                        score = score + one.own * float(one.family is not None and m.startswith(one.family))
                        for d, scale in enumerate(SCALES):
                            gone = rng.random() < one.not_applicable
                            out.append(
                                {"completion_id": name, "judge_id": j, "dimension": scale,
                                 "score": None if gone else float(np.clip(score[d], 0, 6)), "applicable": not gone,
                                 "rationale": "r", "position": int(order[d]), "kind": "repeat"}
                            )  # fmt: skip
    repeats = frame("judge_repeats", second) if again else frame("judge_repeats", [])
    table = pd.DataFrame(rows).drop(columns="kind")
    return frame("judgements", table), frame("completions", completions), repeats
