import numpy as np
import pytest

from valuelex.projective.judging.contrasts import contrasts
from valuelex.projective.judging.reader import EmbeddingReader
from valuelex.projective.judging.stance import StanceModel, examples, proportional_odds
from valuelex.projective.manual import hand_written


def test_every_contrast_sets_a_stem_against_itself():
    """A stem with one pole alone would teach that its topic is good or bad."""
    groups: dict[str, list[int]] = {}
    for example in contrasts():
        groups.setdefault(example.group, []).append(example.level)
    assert len(groups) > 200 and sum(map(len, groups.values())) > 700
    assert all(min(levels) < 3 < max(levels) for levels in groups.values())


def test_no_contrast_is_one_of_the_validation_set(counter_texts):
    assert not {example.text for example in contrasts()} & counter_texts


@pytest.fixture
def counter_texts():
    import pandas as pd

    from valuelex.projective.text import sentence
    from valuelex.resources import find

    table = pd.read_csv(find("reference", "counter_completions.csv"))
    return {sentence(stem, text) for stem, text in zip(table["stem"], table["completion"], strict=True)}


def test_a_text_that_stands_twice_counts_once():
    entries = hand_written()
    assert len(examples(entries)) == len({example.text for example in examples(entries)})


def test_proportional_odds_recovers_what_made_the_data():
    """Simulated: slope 1.5, thresholds 1 .. 6 x 1.2 - 1."""
    rng = np.random.default_rng(3)
    value = rng.normal(3, 1.2, 20_000)
    thresholds = np.arange(6) * 1.2 + 1.5
    level = (value[:, None] * 1.5 + rng.logistic(size=(20_000, 1)) > thresholds).sum(axis=1)
    slope, found = proportional_odds(value, level)
    assert slope == pytest.approx(1.5, abs=0.05)
    np.testing.assert_allclose(found, thresholds, atol=0.15)


def test_what_tells_nothing_gets_the_mean_level():
    rng = np.random.default_rng(4)
    level = np.repeat(np.arange(7), 30)
    slope, found = proportional_odds(-level + rng.normal(0, 0.1, level.size), level)
    assert slope == 0.0
    model = object.__new__(StanceModel)
    model.slope, model.thresholds = slope, found
    np.testing.assert_allclose(model.expected(np.array([0.0, 6.0])), level.mean())


def test_levels_that_never_occur_are_never_expected():
    value = np.array([0.0, 0.2, 0.4, 2.0, 2.5, 2.2, 0.1, 1.8])
    slope, found = proportional_odds(value, np.array([1, 1, 5, 5, 5, 1, 1, 5]))
    assert found[0] == -np.inf and found[5] == np.inf and slope > 0
    assert len(set(found[1:5])) == 1


def test_expected_levels_rise_with_the_value_and_stay_on_the_scale(real_embedder):
    model = StanceModel(hand_written(), EmbeddingReader(real_embedder))
    expected = model.expected(np.linspace(-3, 9, 50))
    assert (np.diff(expected) > 0).all() and expected.min() >= 0 and expected.max() <= 6
