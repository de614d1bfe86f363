"""The packaged bank, and banks of the user's."""

from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from valuelex.errors import StudyFileError
from valuelex.projective.instrument.bank import load_bank
from valuelex.projective.instrument.filters import MOST_COSINE, MOST_OVERLAP
from valuelex.projective.instrument.wording import forms, held_form, is_first_person, likeness, tokens
from valuelex.projective.scales import named_scales
from valuelex.projective.text import bare
from valuelex.tables import PERSONS, VALENCES


@pytest.fixture(scope="module")
def bank():
    return load_bank(None, Path())


@pytest.fixture(scope="module")
def homes():
    return {scale.name.casefold(): scale for scale in named_scales("valuelex", Path())}


def test_every_home_and_valence_has_as_many_stems_of_each_person(bank, homes):
    assert len(bank) >= 264
    cells = Counter((stem.home, stem.valence, stem.person) for stem in bank)
    assert set(cells.values()) == {4}
    assert len(cells) == len(homes) * len(VALENCES) * len(PERSONS)
    assert {home for home, _, _ in cells} == set(homes)


def test_stems_are_bare_lines_of_a_few_words(bank):
    for stem in bank:
        assert stem.text == bare(stem.text) and stem.text[0].isupper() and "  " not in stem.text
        assert 3 <= len(tokens(stem.text)) <= 20
        assert 2 <= len(stem.themes) <= 4 and len(set(stem.themes)) == len(stem.themes)


def test_the_first_person_is_one_that_speaks(bank):
    # s027 is about someone else, who reads "my" instructions.
    assert [s.id for s in bank if (s.person == "first") != is_first_person(s.text)] == ["s027"]


def test_no_stem_holds_a_word_of_its_home(bank, homes):
    # The value lexicon has "assistant" as a form of helpfulness: the generator leaves this one out.
    known = {"s023"}
    found = []
    for stem in bank:
        scale = homes[stem.home.casefold()]
        held = held_form(stem.text, [scale.name, scale.dimension, *scale.words])
        if held is not None and stem.id not in known:
            found.append((stem.id, held))
    assert found == []


def test_no_two_stems_say_the_same(bank, real_embedder):
    texts = [stem.text for stem in bank]
    vectors = real_embedder.encode(texts)
    cosines = vectors @ vectors.T - 2 * np.eye(len(texts))
    assert cosines.max() < MOST_COSINE
    for i, text in enumerate(texts[:-1]):
        assert likeness(text, texts[i + 1 :]).max() < MOST_OVERLAP, text


def test_themes_reach_every_scale_of_every_packaged_taxonomy(bank):
    themes = Counter(theme for stem in bank for theme in stem.themes)
    for name in ("valuelex", "schwartz", "moral-foundations"):
        for scale in named_scales(name, Path()):
            assert sum(themes[word] for word in scale.words) >= 8, (name, scale.name)


def write(tmp_path, text):
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    return load_bank("mine.yaml", tmp_path)


def test_a_bank_of_ones_own_needs_text_and_valence_alone(tmp_path):
    [stem] = write(tmp_path, "stems:\n  - {text: 'When it rains, I ...', valence: neutral}\n")
    assert (stem.text, stem.themes, stem.home, stem.person) == ("When it rains, I ...", [], None, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "stems:\n  - {text: When it rains, valence: neutral}\n  - {text: ..., valence: neutral}\n",
            "line 3: stems.1.text",
        ),
        ("stems:\n  - {text: When it rains, valence: gloomy}\n", "line 2: stems.0.valence"),
        ("stems:\n  - {text: When it rains, valance: neutral}\n", "line 2: unknown key 'stems.0.valance'"),
        ("stems:\n  - {text: When it rains}\n", "line 2: key 'stems.0.valence' is missing"),
        ("stems: []\n", "line 1: stems"),
        ("- stems\n", "line 1: is no mapping"),
        ("stems: [\n", "not valid YAML"),
        ("stems:\n  - {text: 'I', valence: neutral, text: 'You'}\n", "line 2: key 'text' stands twice"),
        (
            "stems:\n  - {text: When it rains, valence: neutral}\n  - {text: When it RAINS ..., valence: positive}\n",
            "line 3: the stem 'When it RAINS ...' stands twice",
        ),
        (
            "stems:\n  - {id: a, text: When it rains, valence: neutral}\n  - {id: a, text: Rain, valence: neutral}\n",
            "line 3: id a stands twice",
        ),
    ],
)
def test_a_wrong_bank_is_told_by_line_and_key(tmp_path, text, said):
    with pytest.raises(StudyFileError) as error:
        write(tmp_path, text)
    assert said in error.value.what and "mine.yaml" in error.value.what and error.value.remedy


def test_a_bank_that_is_not_there(tmp_path):
    with pytest.raises(StudyFileError, match="does not exist"):
        load_bank("none.yaml", tmp_path)


def test_forms_of_short_words_do_not_meet_by_chance():
    pairs = combinations(["care", "carelessness", "justice", "kindness", "mercy"], 2)
    assert all(forms(a).isdisjoint(forms(b)) for a, b in pairs)
