"""Time the step taxonomy on many words: from the tables `words` and `lexicon` to the taxonomy, resampling included.

    python benchmarks/taxonomy.py [--words 5000] [--respondents 2000] [--bootstrap 200] [--write docs/benchmarks.md]

The answers are simulated (valuelex.taxonomy.simulation), the word vectors made up (384 numbers each): embedding is timed by
benchmarks/semantics.py. A peer runs in the same process: pandas' correlation of all words that pass the prevalence rule and
scikit-learn's factor analysis with varimax, once, without resampling. Memory is the highest resident size of the process.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import time
from pathlib import Path

import numpy as np

from valuelex.taxonomy import TaxonomySettings, respondent_word_matrix, run
from valuelex.taxonomy.recovery import lexicon_of
from valuelex.taxonomy.simulation import Population, Simulated, simulate
from valuelex.taxonomy.validation import replace_section

SETTINGS_PER_MODEL = 20
SEED = 7


class MadeUpVectors:
    """Vectors of 384 numbers near the axis of a word's dimension; no model is behind them."""

    name = "made up"

    def __init__(self, simulated: Simulated) -> None:
        rng = np.random.default_rng(SEED)
        n, group = len(simulated.truth), simulated.truth.to_numpy()
        centres = np.vstack([np.eye(384)[: group.max() + 1], np.zeros(384)])
        vectors = centres[group] + rng.normal(0, 0.1, (n, 384))
        self._vectors = dict(
            zip(simulated.truth.index, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), strict=True)
        )

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.vstack([self._vectors[text] for text in texts])


def peer(simulated: Simulated, settings: TaxonomySettings) -> float:
    """Seconds of one factor analysis by scikit-learn, of the words that pass the same rule."""
    from sklearn.decomposition import FactorAnalysis

    started = time.perf_counter()
    matrix = respondent_word_matrix(simulated.words, lexicon_of(simulated.words), "binary")
    cells = matrix.to_frame().loc[:, matrix.prevalence >= settings.min_prevalence]
    cells.corr()
    FactorAnalysis(5, rotation="varimax").fit((cells - cells.mean()) / cells.std())
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=5000)
    parser.add_argument("--respondents", type=int, default=2000)
    parser.add_argument("--bootstrap", type=int, default=200)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    n_models = arguments.respondents // SETTINGS_PER_MODEL
    population = Population(5, arguments.words, n_models, SETTINGS_PER_MODEL, popularity=1.5)
    simulated = simulate(population, SEED)
    settings, lexicon = TaxonomySettings(bootstrap=arguments.bootstrap), lexicon_of(simulated.words)
    embedder = MadeUpVectors(simulated)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    made = run(simulated.words, lexicon, settings, seed=SEED, embedder=embedder)
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    beside = peer(simulated, settings)
    placed = made["assignments"]["dimension"].notna().mean()
    section = "\n".join(
        [
            "## Taxonomy",
            "",
            f"Made by `python benchmarks/taxonomy.py --write docs/benchmarks.md`: Python {platform.python_version()}, "
            f"{os.cpu_count()} shared cores, load average at the end {os.getloadavg()[0]:.1f}.",
            "",
            "| words | respondents | rows of the words table | resamples | seconds | memory | words placed by their answers "
            "| peer: one factor analysis by scikit-learn | ratio |",
            "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
            f"| {len(lexicon):,} | {arguments.respondents:,} | {len(simulated.words):,} | {arguments.bootstrap} of each unit | "
            f"{seconds:.0f} | {memory:.1f} GiB | {100 * placed:.0f} % | {beside:.0f} s | {seconds / beside:.1f} |",
            "",
            f"Before the step the process held {before / 2**20:.1f} GiB.",
            "",
        ]
    )
    print(section)
    if arguments.write:
        replace_section(arguments.write, section)


if __name__ == "__main__":
    main()
