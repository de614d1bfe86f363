"""Ordinal scores beside R's ordinal::clmm in the same session, and how often their intervals hold the truth.

    python benchmarks/ordinal.py [--studies 200]

Without Rscript and R's package ordinal (apt-get install r-cran-ordinal) the comparison is left out and said to be.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from valuelex import psychometrics as pm

EFFECTS = {"item": ["item"], "person x item": ["person", "item"]}
R = """
library(ordinal)
d <- read.csv("data.csv"); d$y <- factor(d$score, ordered = TRUE); d$pair <- interaction(d$person, d$item, drop = TRUE)
t <- system.time(f <- clmm(y ~ person + (1 | item) + (1 | pair), data = d))[["elapsed"]]
cat(sprintf('{"seconds": %.3f, "loglik": %.6f}', t, as.numeric(logLik(f))))
"""


def ratings(seed: int, persons: int, items: int, samples: int, missing: float = 0.0) -> tuple[pd.DataFrame, pd.Series]:
    """Five categories; persons from -1 to 1, SD of items 1, of person x item .7; a person lacks its own share of items."""
    rng = np.random.default_rng(seed)
    names = [f"p{i:02d}" for i in range(persons)]
    true = pd.Series(np.linspace(-1, 1, persons), index=names)
    m, s, _ = (a.ravel() for a in np.meshgrid(range(persons), range(items), range(samples), indexing="ij"))
    eta = true.to_numpy()[m] + rng.normal(0, 1, items)[s] + rng.normal(0, 0.7, persons * items)[m * items + s]
    score = np.digitize(eta + rng.logistic(size=m.size), [-2.5, -1.0, 0.5, 2.0])
    data = pd.DataFrame({"person": np.array(names)[m], "item": [f"i{i:02d}" for i in s], "score": score})
    kept = rng.random(persons * items) >= (rng.uniform(0, 2 * missing, persons).repeat(items))
    return data[kept[m * items + s]], true


def coverage(studies: int) -> None:
    """Print how often 95 % intervals of differences from the first person hold the truth: the model's own, and over items."""
    print("| persons | items | samples | missing | model | over items | bias |\n|---|---|---|---|---|---|---|")
    for persons, items, samples, missing in ((6, 12, 2, 0.0), (8, 30, 2, 0.0), (8, 30, 2, 0.5)):
        own, clustered, away = [], [], []
        for seed in range(studies):
            data, true = ratings(seed, persons, items, samples, missing)
            found = pm.ordinal_scores(data, EFFECTS, clusters="item")
            assert found.influence is not None
            n = data.groupby("person")["item"].nunique()
            for other in found.covariance.index[1:]:
                first = found.covariance.index[0]
                if min(n[first], n[other]) < 4:
                    continue
                w = pd.Series(0.0, index=found.covariance.index)
                w[[first, other]] = -1.0, 1.0
                gap = float(w @ found.scores["estimate"].reindex(w.index).astype(float)) - (true[other] - true[first])
                se = float(np.sqrt(w @ found.covariance @ w))
                parts = [found.influence, *found.across.values()]
                robust = float(np.sqrt(sum(((part @ w) ** 2).sum() for part in parts)))
                own.append(abs(gap) <= 1.96 * se)
                clustered.append(abs(gap) <= stats.t.ppf(0.975, min(n[first], n[other]) - 1) * robust)
                away.append(gap)
        figures = f"{np.mean(own):.3f} | {np.mean(clustered):.3f} | {np.mean(away):+.3f}"
        print(f"| {persons} | {items} | {samples} | {missing:g} | {figures} |", flush=True)


def beside_r() -> None:
    """Print times and log-likelihoods for designs of growing size."""
    script = shutil.which("Rscript")
    heads = ("persons", "items", "ratings", "valuelex s", "clmm s", "ratio", "log-likelihood less clmm's")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for persons, items, samples in ((6, 20, 2), (12, 30, 2), (20, 40, 3)):
        data, _ = ratings(1, persons, items, samples)
        start = time.perf_counter()
        found = pm.ordinal_scores(data, EFFECTS)
        ours = time.perf_counter() - start
        told = "- | - | -"
        if script:
            with tempfile.TemporaryDirectory() as folder:
                data.to_csv(Path(folder) / "data.csv", index=False)
                done = subprocess.run([script, "-e", R], cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                theirs = json.loads(done.stdout[done.stdout.index("{") :])
                gap = found.settings["loglik"] - theirs["loglik"]
                told = f"{theirs['seconds']:.1f} | {theirs['seconds'] / ours:.0f} | {gap:+.1e}"
        print(f"| {persons} | {items} | {len(data)} | {ours:.2f} | {told} |", flush=True)
    if not script:
        print("Rscript is not here: clmm was not run.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    asked = parser.parse_args()
    beside_r()
    coverage(asked.studies)
