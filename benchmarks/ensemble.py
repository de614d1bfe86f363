"""Which median of criteria makes the best ensemble? Searched on random models, not on those of retention.py.

    python benchmarks/ensemble.py [--sets 200] [--jobs 2] [--seed 99]

The models: 1 to 6 factors, loadings around .35-.80, 3 to 7 items per factor, n 150-1,000, factor correlations 0-.6, minor
factors with up to .1 of the unique variance. Prints the ten best medians of three or five criteria.
"""

from __future__ import annotations

import argparse
import itertools
import warnings

import joblib
import numpy as np
import pandas as pd
from retention import FORMS, NORMAL_DRAWS, PERMUTED_SETS, categories, population

from valuelex import psychometrics as pm

CANDIDATES = (
    "parallel_mean",
    "parallel",
    "parallel_smc_mean",
    "parallel_smc",
    "map",
    "ekc",
    "nest",
    "hull",
    "hull_cfi",
    "hull_rmsea",
    "ega_tmfg",
    "ega_tmfg_louvain",
)


def one_model(i: int, seed: int) -> list[dict[str, object]]:
    """All candidates on the three forms of model i."""
    rng = np.random.default_rng([seed, i])
    k, items = int(rng.integers(1, 7)), int(rng.integers(3, 8))
    loading, phi, minor = rng.uniform(0.35, 0.8), rng.uniform(0, 0.6), rng.uniform(0, 0.1)
    n = int(np.exp(rng.uniform(np.log(150), np.log(1000))))
    R = population(k, loading, phi, rng, items, minor)
    scores = rng.standard_normal((n, R.shape[0])) @ np.linalg.cholesky(R).T
    rows: list[dict[str, object]] = []
    for form in FORMS:
        polychoric = form.endswith("polychoric")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pm.PsychometricsWarning)
            found = pm.retain(
                scores if form == "continuous" else categories(scores),
                CANDIDATES,
                seed=i,
                n_iter=PERMUTED_SETS if polychoric else NORMAL_DRAWS,
                correlation="polychoric" if polychoric else "pearson",
            )
        rows.append({"form": form, "k": k, **dict(zip(CANDIDATES, found.frame["n_factors"], strict=True))})
    return rows


def main() -> None:
    """Simulate, search, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=99)
    given = parser.parse_args()
    done = joblib.Parallel(n_jobs=given.jobs, batch_size=1)(
        joblib.delayed(one_model)(i, given.seed) for i in range(given.sets)
    )
    said = pd.DataFrame([row for rows in done for row in rows]).dropna()
    shares = []
    for size in (1, 3, 5):
        for members in itertools.combinations(CANDIDATES, size):
            right = said[list(members)].astype(int).median(axis=1) == said["k"]
            shares.append({"share": right.mean(), **right.groupby(said["form"]).mean(), "members": ", ".join(members)})
    best = pd.DataFrame(shares).sort_values("share", ascending=False).head(10)
    print(best.to_string(index=False, float_format=lambda value: f"{value:.3f}"))


if __name__ == "__main__":
    main()
