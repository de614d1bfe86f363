"""Time a multiverse of thousands of analyses, beside the same analyses made one by one.

    python benchmarks/multiverse.py [--models 40] [--settings 10] [--words 150] [--cells N] [--jobs 1] [--peers 12]
                                    [--write docs/benchmarks.md]

The answers are simulated (valuelex.taxonomy.simulation) and the word vectors made up. The peer, in the same process, is the
same function asked for one cell at a time, so that nothing is shared; it is timed on a sample of cells drawn by a fixed seed,
and its time for the whole grid is extrapolated. Each of its cells is checked against the shared run. With one worker, the
default, times are seconds of the processor, which other programs on the machine disturb least.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd

from valuelex.taxonomy import Multiverse, MultiverseSettings, Source, TaxonomySettings, multiverse, run
from valuelex.taxonomy.multiverse import CHOICES
from valuelex.taxonomy.multiverse.tables import column_of
from valuelex.taxonomy.recovery import lexicon_of
from valuelex.taxonomy.simulation import Population, SimulatedEmbedder, simulate
from valuelex.taxonomy.validation import replace_section

SEED = 7
OWN = TaxonomySettings(bootstrap=0)


class World:
    """A simulated population and its taxonomy."""

    def __init__(self, n_models: int, n_settings: int, n_words: int) -> None:
        drawn = simulate(Population(5, n_words, n_models, n_settings), SEED)
        lexicon, self.embedder = lexicon_of(drawn.words), SimulatedEmbedder(drawn)
        made = run(drawn.words, lexicon, OWN, seed=SEED, embedder=self.embedder)
        responses = pd.DataFrame({"response_id": drawn.words["response_id"].drop_duplicates()})
        responses["prompt_id"] = "p" + responses["response_id"].str.split("-").str[1].str.zfill(2)
        self.source = Source(drawn.words, lexicon, made["assignments"], responses=responses)

    def run(self, settings: MultiverseSettings, jobs: int) -> tuple[Multiverse, float]:
        clock = time.process_time if jobs == 1 else time.perf_counter
        started = clock()
        made = multiverse(
            self.source, settings, OWN, seed=SEED, embedders=lambda name: self.embedder, n_jobs=jobs, sampling_seed=SEED
        )
        return made, clock() - started


def one_by_one(world: World, whole: Multiverse, n: int) -> float:
    """Seconds per cell where nothing is shared; refuses to time other results than those of the shared run."""
    done = whole.cells[whole.cells["status"] == "analysed"]
    sample = done.iloc[np.sort(np.random.default_rng(SEED).choice(len(done), min(n, len(done)), replace=False))]
    seconds = 0.0
    for row in sample.to_dict("records"):
        levels = {choice: [_typed(row[column_of(choice)])] for choice in CHOICES}
        if row["prompts"].startswith("half"):
            ids = sorted(set(world.source.responses["prompt_id"]))  # type: ignore[index]
            levels["prompts"] = [{"name": "half", "prompts": ids[int(row["prompts"][-1]) - 1 :: 2]}]
        made, took = world.run(MultiverseSettings(**levels), 1)
        seconds += took
        [mine] = made.cells.to_dict("records")
        if any(mine[name] != row[name] for name in ("ari", "n_placed", "n_dimensions", "n_factors")):
            raise SystemExit(f"cell {row['cell']} differs from the shared run: {mine} against {row}")
    return seconds / len(sample)


def _typed(level: object) -> object:
    return int(level) if isinstance(level, str) and level.isdigit() else level


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=40)
    parser.add_argument("--settings", type=int, default=10)
    parser.add_argument("--words", type=int, default=150)
    parser.add_argument("--cells", type=int, help="default: the whole default grid")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--peers", type=int, default=12)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    world = World(arguments.models, arguments.settings, arguments.words)
    made, seconds = world.run(MultiverseSettings(max_cells=arguments.cells), arguments.jobs)
    each = one_by_one(world, made, arguments.peers)
    n = made.about["n_analysed"]
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 2**20
    section = "\n".join(
        [
            "## Multiverse",
            "",
            f"Made by `python benchmarks/multiverse.py --write docs/benchmarks.md`: Python {platform.python_version()}, "
            f"{os.cpu_count()} shared cores, load average at the end {os.getloadavg()[0]:.1f}.",
            "",
            "| words | respondents | cells | analysed | workers | seconds | ms per analysis | one by one, ms per analysis "
            "| one by one, whole grid, hours | ratio | memory of the largest process |",
            "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
            f"| {arguments.words} | {arguments.models * arguments.settings} | {len(made.cells):,} | {n:,} | {arguments.jobs} "
            f"| {seconds:.0f} | {1000 * seconds / n:.0f} | {1000 * each:.0f} | {each * n / 3600:.1f} "
            f"| {each * n / seconds:.0f} | {memory:.1f} GiB |",
            "",
            f"Seconds {'of the processor' if arguments.jobs == 1 else 'elapsed'}. One by one: {min(arguments.peers, n)} cells "
            "drawn from the analysed ones, each asked of the same function by itself in one worker, and equal to its row of "
            "the shared run; the whole grid is extrapolated. Nothing was kept from before.",
            "",
        ]
    )
    print(section)
    print(made.summary())
    if arguments.write:
        replace_section(arguments.write, section)


if __name__ == "__main__":
    main()
