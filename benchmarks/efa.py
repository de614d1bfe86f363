"""Time valuelex.psychometrics beside factor_analyzer, in one process, on simulated data; print a table.

    python benchmarks/efa.py [--quick]

Tasks: factor analysis (minres, oblimin, k = 5) of bfi-like data (n = 2436, p = 25) and of p = 100; parallel analysis with 1,000
draws. Medians of several runs. factor_analyzer rotates from one start, so valuelex is timed with one and with its default.

Both run with one thread of the linear algebra library: with more, waiting threads make the timings depend on what else runs.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import sklearn
from threadpoolctl import threadpool_limits

from valuelex import psychometrics as pm

K = 5
SEED = 7


def simulate(n: int, p: int, *, k: int = K, seed: int = SEED) -> np.ndarray:
    """Return n x p answers: k factors that correlate .2, loadings .4 to .8 with small cross-loadings, six categories."""
    rng = np.random.default_rng(seed)
    loadings = rng.normal(0, 0.05, (p, k))
    loadings[np.arange(p), np.arange(p) % k] += rng.uniform(0.4, 0.75, p)
    phi = np.full((k, k), 0.2) + 0.8 * np.eye(k)
    common = np.einsum("ij,jk,ik->i", loadings, phi, loadings)
    unique = rng.normal(size=(n, p)) * np.sqrt(1 - common)
    latent = rng.multivariate_normal(np.zeros(k), phi, n) @ loadings.T + unique
    return np.digitize(latent, [-1.5, -0.7, 0.0, 0.7, 1.5]) + 1.0


def median_seconds(task: Callable[[], object], runs: int) -> float:
    """Run once to warm up, then `runs` times; return the median."""
    task()
    found = []
    for _ in range(runs):
        started = time.perf_counter()
        task()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def load_peer() -> tuple[type[Any] | None, list[str]]:
    """Return factor_analyzer's class, made to run where it does not by itself, and what has to be said about it."""
    try:
        import factor_analyzer.factor_analyzer as module
    except ImportError as error:
        return None, [f"factor_analyzer cannot be imported ({error}): nothing to compare with."]
    version = importlib.metadata.version("factor-analyzer")
    probe = simulate(200, 10)
    try:
        module.FactorAnalyzer(n_factors=2, method="minres", rotation="oblimin").fit(probe)
    except TypeError as error:
        said = [f"factor_analyzer {version} fails with scikit-learn {sklearn.__version__}: {error}."]
    else:
        return module.FactorAnalyzer, [f"factor_analyzer {version} runs with scikit-learn {sklearn.__version__}."]
    original = module.check_array

    def check_array(*arguments: Any, **options: Any) -> Any:
        """scikit-learn 1.8 dropped the name force_all_finite."""
        if "force_all_finite" in options:
            options["ensure_all_finite"] = options.pop("force_all_finite")
        return original(*arguments, **options)

    module.check_array = check_array
    try:
        module.FactorAnalyzer(n_factors=2, method="minres", rotation="oblimin").fit(probe)
    except Exception as error:  # whatever else is broken: the timings of valuelex are still worth printing
        return None, [*said, f"With that argument renamed it still fails: {error}."]
    return module.FactorAnalyzer, [*said, "For these timings the argument is renamed from outside (force_all_finite)."]


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    runs = 3 if parser.parse_args().quick else 9
    warnings.simplefilter("ignore")
    threadpool_limits(1)
    peer, notes = load_peer()

    rows: list[tuple[str, float, float | None]] = []
    for p in (25, 100):
        data = simulate(2436, p)
        other = None
        if peer is not None:
            theirs = peer(n_factors=K, method="minres", rotation="oblimin")
            other = median_seconds(partial(theirs.fit, data), max(3, runs // 3))
        fit = partial(pm.efa, data, K, "minres", rotation="oblimin", seed=SEED)
        for task, label in ((partial(fit, n_starts=1), "1 start"), (fit, "default starts")):
            name = f"efa, minres + oblimin, k = 5, n = 2436, p = {p}, {label}"
            rows.append((name, median_seconds(task, runs), other))
    data = simulate(2436, 25)
    for kind in ("pca", "fa"):
        draw = partial(pm.parallel_analysis, data, 1000, kind=kind, seed=SEED)
        rows.append((f"parallel_analysis, 1000 draws, n = 2436, p = 25, kind {kind}", median_seconds(draw, runs), None))

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, {cores} cores, one BLAS thread; medians of {runs} runs"
    )
    print(f"(factor_analyzer: {max(3, runs // 3)}).")
    for note in notes:
        print(note)
    print()
    print(f"| {'task':<64} | {'valuelex':>9} | {'factor_analyzer':>15} | {'ratio':>6} |")
    print(f"|{'-' * 66}|{'-' * 10}:|{'-' * 16}:|{'-' * 7}:|")
    for name, mine, other in rows:
        peers, ratio = ("-", "-") if other is None else (f"{other * 1e3:.0f} ms", f"{other / mine:.1f}")
        print(f"| {name:<64} | {mine * 1e3:>6.0f} ms | {peers:>15} | {ratio:>6} |")
    print()
    print("ratio: time of factor_analyzer / time of valuelex. factor_analyzer has no parallel analysis.")


if __name__ == "__main__":
    main()
