"""Simulated populations with and without structure; their embedder is made up, no model is behind it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest

from valuelex.taxonomy import Multiverse, MultiverseSettings, Source, TaxonomySettings, multiverse, run
from valuelex.taxonomy.recovery import lexicon_of
from valuelex.taxonomy.simulation import Population, Simulated, SimulatedEmbedder, simulate

OWN = TaxonomySettings(bootstrap=0)
SEED = 5

JUST_OWN = {
    "prompts": ["all"],
    "normalisation": ["families"],
    "matrix": ["binary"],
    "association": ["residual"],
    "min_prevalence": [0.03],
    "n_factors": ["auto"],
    "method": ["minres"],
    "rotation": ["oblimin"],
    "clustering": ["agglomerative"],
    "n_clusters": ["auto"],
    "outer": ["factors"],
}
"""The choices of `OWN`, one level each."""


@dataclass(frozen=True)
class World:
    """A population, its tables, and what stands for an embedding of its words."""

    drawn: Simulated
    source: Source

    def run(self, own: TaxonomySettings = OWN, *, n_jobs: int = 1, cache=None, **grid) -> Multiverse:
        settings, embedder = MultiverseSettings(**(JUST_OWN | grid)), SimulatedEmbedder(self.drawn)
        return multiverse(
            self.source, settings, own, seed=SEED, embedders=lambda name: embedder, n_jobs=n_jobs, cache=cache
        )


def world(population: Population, own: TaxonomySettings = OWN, seed: int = 3) -> World:
    drawn = simulate(population, seed)
    lexicon = lexicon_of(drawn.words)
    made = run(drawn.words, lexicon, own, seed=SEED, embedder=SimulatedEmbedder(drawn))
    responses = pd.DataFrame({"response_id": drawn.words["response_id"].drop_duplicates()})
    responses["prompt_id"] = "p" + responses["response_id"].str.split("-").str[1].str.zfill(2)
    return World(drawn, Source(drawn.words, lexicon, made["assignments"], responses=responses))


@pytest.fixture(scope="session")
def strong() -> World:
    return world(Population(3, 36, 25, 8), seed=4)


@pytest.fixture(scope="session")
def empty_handed() -> World:
    """Models like single words, and that is all."""
    return world(Population(3, 36, 20, 6, structure=False))
