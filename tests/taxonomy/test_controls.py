"""Null controls: nothing where nothing is, something where something was put, and what follows from it."""

from __future__ import annotations

import pandas as pd
import pytest

from valuelex.taxonomy import TaxonomySettings, analyse, respondent_word_matrix
from valuelex.taxonomy.controls import NO_VALUES, ONE_MODEL, OWN, PERMUTED, controls, doubts_of_controls
from valuelex.taxonomy.recovery import lexicon_of
from valuelex.taxonomy.simulation import Population, simulate

SETTINGS = TaxonomySettings()


@pytest.fixture(scope="module")
def clear():
    """Words of three dimensions, and as many that a list sets aside: one half of the draw each."""
    drawn = simulate(Population(3, 60, 24, 12, strength=1.3), 5)
    matrix = respondent_word_matrix(drawn.words, lexicon_of(drawn.words), "binary")
    models = drawn.words.drop_duplicates("respondent_id").set_index("respondent_id")["model_id"]
    models = models.reindex(matrix.respondents)
    return drawn, analyse(matrix, models, SETTINGS, seed=1), models


def table(words: pd.DataFrame, found, models: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(controls(words, found, models, SETTINGS, seed=3)).set_index("control")


def test_the_answers_beat_their_controls(clear) -> None:
    drawn, analysed, models = clear
    found = table(drawn.words, analysed, models)
    assert list(found.index) == [OWN, PERMUTED, NO_VALUES, ONE_MODEL]
    assert found.loc[OWN, "n_factors"] >= 2
    assert found.loc[PERMUTED, "n_factors"] == 0
    assert found.loc[PERMUTED, "ratio"] < found.loc[OWN, "ratio"]
    assert found.loc[ONE_MODEL, "ratio"] < found.loc[OWN, "ratio"]
    assert pd.isna(found.loc[NO_VALUES, "n_factors"])
    assert "three are the least" in found.loc[NO_VALUES, "remark"]
    assert doubts_of_controls(found.reset_index().to_dict("records")) == []


def test_words_that_are_no_values_and_have_the_same_structure_speak_against_it(clear) -> None:
    """Every word a second time under another name, set aside as no value: the control finds what the answers show."""
    drawn, analysed, models = clear
    aside = drawn.words.assign(
        word=drawn.words["word"] + "x", kept=False, reason="non-value list", position=drawn.words["position"] + 50
    )
    found = table(pd.concat([drawn.words, aside], ignore_index=True), analysed, models)
    assert found.loc[NO_VALUES, "n_factors"] == found.loc[OWN, "n_factors"]
    [doubt] = doubts_of_controls(found.reset_index().to_dict("records"))
    assert NO_VALUES in doubt


def test_words_that_vary_by_chance_are_no_structure(clear) -> None:
    drawn, analysed, models = clear
    noise = simulate(Population(3, 60, 24, 12, structure=False), 6).words
    noise = noise.assign(word=noise["word"] + "x", kept=False, reason="not a value by embedding: ...", position=99)
    found = table(pd.concat([drawn.words, noise], ignore_index=True), analysed, models)
    assert found.loc[NO_VALUES, "n_factors"] == 0
    assert found.loc[NO_VALUES, "n_words"] > 10


def test_too_few_configurations_are_said(clear) -> None:
    drawn, analysed, models = clear
    each = pd.Series([f"m{i}" for i in range(len(models))], index=models.index)
    assert "the largest has 1 configurations" in table(drawn.words, analysed, each).loc[ONE_MODEL, "remark"]
