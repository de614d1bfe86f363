"""The factor analysis of a finished step once more: the same loadings, or a reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex.errors import DataError
from valuelex.taxonomy import TaxonomySettings, factored_again, run
from valuelex.taxonomy.recovery import lexicon_of
from valuelex.taxonomy.simulation import Population, SimulatedEmbedder, simulate

SETTINGS = TaxonomySettings(bootstrap=0, n_factors=2)


@pytest.fixture(scope="module")
def step() -> dict:
    drawn = simulate(Population(2, 24, 15, 8, n_answers=8, noise=0.0), 2)
    lexicon = lexicon_of(drawn.words)
    made = dict(run(drawn.words, lexicon, SETTINGS, seed=9, embedder=SimulatedEmbedder(drawn)))
    return made | {"words": drawn.words, "lexicon": lexicon}


def again(step: dict, settings: TaxonomySettings = SETTINGS, **changes: object) -> object:
    given = {"words": step["words"], "lexicon": step["lexicon"], "loadings": step["loadings"]} | changes
    core = given.pop("core", list(step["adequacy"]["msa"]))
    return factored_again(**given, settings=settings, core=core, seed=9)


def test_the_same_loadings_and_correlations_come_out(step: dict) -> None:
    found = again(step)
    table = step["loadings"].set_index("word").astype(float)
    np.testing.assert_allclose(found.loadings, table.loc[found.loadings.index], atol=1e-6)  # type: ignore[attr-defined]
    phi = step["factor_correlations"].set_index("factor").astype(float)
    np.testing.assert_allclose(found.phi, phi, atol=1e-6)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (SETTINGS.model_copy(update={"structure": "semantic"}), "structure is semantic"),
        (SETTINGS.model_copy(update={"rotation": "varimax"}), "come out otherwise"),
        (SETTINGS.model_copy(update={"association": "pearson"}), "come out otherwise"),
    ],
)
def test_other_settings_are_not_passed_off_as_the_same(step: dict, settings: TaxonomySettings, message: str) -> None:
    with pytest.raises(DataError, match=message):
        again(step, settings)


def test_words_that_are_gone_are_named(step: dict) -> None:
    with pytest.raises(DataError, match="lack words that were factored"):
        again(step, core=["unheard", *step["adequacy"]["msa"]])
    with pytest.raises(DataError, match="lack words that were factored"):
        again(step, core=[])


def test_answers_that_have_changed_are_noticed(step: dict) -> None:
    words = step["words"]
    fewer = words[words["model_id"] != words["model_id"].iloc[0]]
    with pytest.raises(DataError, match="come out otherwise"):
        again(step, words=pd.DataFrame(fewer))
