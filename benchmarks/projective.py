"""Time the generator of projective tests, and say how far its parallel forms agree. docs/validation.md holds what this printed.

    python benchmarks/projective.py [--stems 120] [--seeds 5]

For every packaged taxonomy and for one of a study's own (14 values in three dimensions): seconds from nothing to both forms
(every text embedded anew, without a cache) and again with vectors at hand; the largest standardised difference of the forms'
means over all seeds; the largest difference of any count; where the items come from; what the filters dropped.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any

from valuelex.models.artifacts import embedding_files
from valuelex.projective import InstrumentSettings, build
from valuelex.semantics.embed import OnnxEmbedder

OWN: dict[str, Any] = {
    "dimensions": [
        {"name": "Warmth", "words": ["kindness", "empathy", "friendliness", "patience", "generosity"]},
        {"name": "Skill", "words": ["accuracy", "knowledge", "mastery", "creativity", "curiosity"]},
        {"name": "Fairness", "words": ["justice", "impartiality", "honesty", "accountability"]},
    ]
}
TAXONOMIES = ("valuelex", "schwartz", "moral-foundations", "own")


def embedder() -> OnnxEmbedder:
    """The default embedding without a cache on disk."""
    name = "all-minilm-l6-v2"
    files = embedding_files(name, tell=print)
    return OnnxEmbedder(name, model=files["model"], tokenizer=files["tokenizer"], cache=None)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stems", type=int, default=120)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    print("| taxonomy | scales | cold, s | warm, s | largest d | most items | sources | dropped by |")
    print("|---|---|---|---|---|---|---|---|")
    total = 0.0
    for taxonomy in TAXONOMIES:
        settings = InstrumentSettings(stems=asked.stems, forms=2, taxonomy=taxonomy)
        used = embedder()
        used.encode(["warm up"])
        seconds, apart, most = [], 0.0, 0
        for seed in range(asked.seeds):
            started = time.perf_counter()
            made = build(OWN, settings, seed=seed, embedder=used, folder=Path())
            seconds.append(time.perf_counter() - started)
            found = made["form_balance"]
            apart = max(apart, float(found.loc[found["kind"] == "mean", "standardised"].abs().max()))
            most = max(most, int(found.loc[found["kind"] == "count", "difference"].abs().max()))
        total += seconds[0]
        items, rows = made["instrument"], made["stem_candidates"]
        scales = items["subdimension"].fillna(items["dimension"]).nunique()
        sources = ", ".join(f"{n} {name}" for name, n in items["source"].value_counts().items())
        fallen = Counter(rows["reason"].dropna().str.partition(":")[0])
        dropped = ", ".join(f"{name} {n}" for name, n in fallen.most_common())
        print(
            f"| {taxonomy} | {scales} | {seconds[0]:.1f} | {min(seconds):.1f} | {apart:.3f} | {most} | {sources} | {dropped} |"
        )
    print(f"\nAll four, cold: {total:.1f} s.")


if __name__ == "__main__":
    main()
