"""A made-up test whose truth is known: models differ on two dimensions of two subdimensions each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from valuelex.tables import frame

SCALES = {"honest": "Moral", "fair": "Moral", "warm": "Kind", "gentle": "Kind"}
VALENCES = ("positive", "negative")


def study(
    models: int = 12,
    stems: int = 16,
    samples: int = 2,
    judges: int = 2,
    *,
    missing: float = 0.1,
    between: float = 0.8,
    halo: bool = False,
    valence: float = 0.5,
    seed: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Judgements, completions, instrument, and each model's true score per dimension.

    With `halo` a model's truth is the same on both dimensions; else they are independent.
    """
    rng = np.random.default_rng(seed)
    truth = 3 + between * rng.normal(0, 1, (models, 1 if halo else 2)) * np.ones((1, 2))
    stem = 0.4 * rng.normal(0, 1, stems)
    both = 0.3 * rng.normal(0, 1, (models, stems))
    items = [
        {
            "item_id": f"i{k:02d}",
            "stem": f"Stem {k} ...",
            "dimension": SCALES[list(SCALES)[k % 4]],
            "subdimension": list(SCALES)[k % 4],
            "valence": VALENCES[k // 4 % 2],
            "form": "AB"[k // 8 % 2],
            "source": "bank",
            "bank_id": None,
        }
        for k in range(stems)
    ]
    completions, judgements = [], []
    for m in range(models):
        for k in range(stems):
            for s in range(samples):
                name = f"m{m:02d}-{k:02d}-{s}"
                completions.append(
                    {"completion_id": name, "item_id": f"i{k:02d}", "respondent_id": f"m{m:02d}",
                     "model_id": f"m{m:02d}", "sample_index": s, "text": f"text {name}", "status": "ok",
                     "status_reason": None, "seed": 1, "n_tokens_in": 1, "n_tokens_out": 1, "latency_s": 0.1}
                )  # fmt: skip
                own = 0.3 * rng.normal()
                gone = rng.random() < missing
                for j in range(judges):
                    for scale, dimension in SCALES.items():
                        d = list(dict.fromkeys(SCALES.values())).index(dimension)
                        score = truth[m, d] + stem[k] + both[m, k] + own - 0.3 * j + 0.3 * rng.normal()
                        score += valence if VALENCES[k // 4 % 2] == "positive" else -valence
                        judgements.append(
                            {"completion_id": name, "judge_id": f"j{j}", "dimension": scale,
                             "score": None if gone else float(np.clip(score, 0, 6)), "applicable": not gone,
                             "rationale": "a reason"}
                        )  # fmt: skip
    known = pd.DataFrame(truth, columns=["Moral", "Kind"], index=[f"m{m:02d}" for m in range(models)])
    return frame("judgements", judgements), frame("completions", completions), frame("instrument", items), known
