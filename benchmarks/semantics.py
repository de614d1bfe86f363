"""Measure the semantic tools: rules for the number of clusters, time of clustering and its stability, time of embedding.

    python benchmarks/semantics.py [k] [clustering] [embedding]

k: simulated mixtures with a known number of groups; the share of draws in which a rule finds it. clustering: 5,000 made-up
vectors of 384 dimensions. embedding: 5,000 made-up words with glosses through the default backend, cold and from the cache.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pandas as pd

DRAWS = 20
SEED = 7


def mixture(rng: np.random.Generator, k: int, n: int, noise: float, d: int = 384) -> np.ndarray:
    """n unit vectors around k random centres that share a common direction, as embeddings do; groups of unequal size.

    `noise` is the length of a word's own part, that of its group's centre being one: at 1.2, 2.0 and 2.6 the mean
    cosine silhouette of six true groups is about .40, .15 and .08.
    """
    common = rng.normal(size=d) / np.sqrt(d)
    centres = common + rng.normal(size=(k, d)) / np.sqrt(d)
    share = rng.dirichlet(np.full(k, 8.0))
    group = rng.choice(k, n, p=share)
    # The spread of real embeddings lies in few directions: a word's own part lives in 40 of them.
    basis = np.linalg.qr(rng.normal(size=(d, 40)))[0]
    points = centres[group] + noise * rng.normal(size=(n, 40)) @ basis.T / np.sqrt(40)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def numbers() -> None:
    """Share of draws in which each criterion finds the number of groups, and its mean error."""
    from valuelex.semantics import choose_k, cluster

    rows = []
    for noise in (1.2, 2.0, 2.6):
        for n in (80, 200):
            hits: dict[str, list[int]] = {}
            for draw in range(DRAWS):
                rng = np.random.default_rng([SEED, draw, n, int(noise * 10)])
                k = int(rng.integers(4, 9))
                points = mixture(rng, k, n, noise)
                found = choose_k(points, range(2, 13), seed=draw, n_references=10, n_resamples=20, n_splits=5)
                preferred = found.preferred | {"auto (silhouette, 4 to 8)": cluster(points).n_clusters}
                for name, value in preferred.items():
                    hits.setdefault(name, []).append(value - k)
            for name, errors in hits.items():
                e = np.array(errors)
                rows.append(
                    {"noise": noise, "n": n, "rule": name, "right": (e == 0).mean(), "within 1": (abs(e) <= 1).mean(),
                     "mean error": e.mean()}
                )  # fmt: skip
    table = pd.DataFrame(rows)
    print(table.pivot_table(index="rule", columns=["noise", "n"], values="right").round(2).to_string())
    print(table.groupby("rule")[["right", "within 1", "mean error"]].mean().round(2).to_string())


def clustering(n: int = 5_000) -> None:
    """Seconds for `cluster` and 200 resamples of `stability`."""
    from valuelex.semantics import choose_k, cluster, resampling, stability

    points = mixture(np.random.default_rng(SEED), 6, n, 1.2)
    for method in ("agglomerative", "average", "kmeans", "communities", "hdbscan"):
        start = time.perf_counter()
        found = cluster(points, method=method)
        print(f"cluster {method:15s} n = {n}: {time.perf_counter() - start:6.1f} s, {found.n_clusters} clusters")
    start = time.perf_counter()
    values = stability(points, cluster(points), n_resamples=200, seed=SEED)
    print(f"stability, 200 resamples: {time.perf_counter() - start:6.1f} s, mean {np.nanmean(values):.3f}")
    print(resampling(n))
    start = time.perf_counter()
    choose_k(points, range(2, 11), seed=SEED)
    print(f"choose_k, 2 to 10: {time.perf_counter() - start:6.1f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


def main() -> None:
    jobs = {"k": numbers, "clustering": clustering}
    for name in sys.argv[1:] or jobs:
        print(f"\n== {name}")
        jobs[name]()


if __name__ == "__main__":
    main()
