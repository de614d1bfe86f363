"""Derivational families by rule, and that a rule never fires without an attested noun."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valuelex.lexicon import ValueLexicon, load_lexicon, read_item
from valuelex.lexicon.families import merge, nouns


@pytest.fixture(scope="module")
def lexicon() -> ValueLexicon:
    return load_lexicon("values", Path())


@pytest.mark.parametrize(
    ("word", "noun"),
    [
        ("truthfully", "truthfulness"),
        ("honest", "honesty"),
        ("dependably", "dependability"),
        ("sincere", "sincerity"),
        ("tolerant", "tolerance"),
        ("accurate", "accuracy"),
        ("authentically", "authenticity"),
        ("generous", "generosity"),
        ("happy", "happiness"),
        ("original", "originality"),
        ("altruistic", "altruism"),
        ("creative", "creativity"),
        ("harmonious", "harmony"),
        ("noble", "nobleness"),
    ],
)
def test_the_rules_propose_the_noun(word: str, noun: str) -> None:
    assert noun in list(nouns(word, loose=True))


@pytest.mark.parametrize(
    ("raw", "word", "lemma", "rule"),
    [
        ("Honesty", "honesty", "honesty", None),
        ("honest", "honesty", "honest", "variant"),
        ("HONOURS", "honor", "honor", "inflection + spelling"),
        ("friendships", "friendship", "friendship", "inflection"),
        ("quiet courage", "courage", "courage", "last word"),
        ("compassion for all", "compassion", "compassion", "head"),
        ("befriended", "befriended", "befriended", None),
        ("loved", "love", "love", "inflection"),
        ("pridefulness", "pridefulness", "pridefulness", None),
        ("work–life balance", "work-life balance", "work life balance", None),
        ("open minded", "open-mindedness", "open minded", "variant"),
    ],
)
def test_the_trail_from_raw_to_word(lexicon: ValueLexicon, raw: str, word: str, lemma: str, rule: str | None) -> None:
    reading = read_item(raw, lexicon)
    assert reading is not None
    assert (reading.word, reading.lemma, reading.rule) == (word, lemma, rule)


def test_a_family_outside_the_variants_is_joined_where_its_noun_is_in_the_lexicon() -> None:
    lexicon = ValueLexicon(
        {"civilness": "", "serenity": ""}, {"civilness": "civilness", "serenity": "serenity"}, {}, frozenset()
    )
    found = read_item("civil", lexicon)
    assert found is not None
    assert (found.word, found.known, found.rule) == ("civilness", True, "derivation")
    assert lexicon.derive("person") is None
    assert lexicon.derive("purple") is None


def test_a_non_value_is_no_member_of_a_family(lexicon: ValueLexicon) -> None:
    found = read_item("human", lexicon)
    assert found is not None
    assert not found.known, "human is on the list of non-values, however near it is to humanity"


def test_among_the_answers_own_words() -> None:
    words = ["quirky", "quirkily", "quirkiness", "part", "party", "zesty", "individual", "individuality"]
    assert merge(words) == {"quirky": "quirkiness", "quirkily": "quirkiness"}


@given(st.lists(st.text("abcdeilnsty", min_size=3, max_size=12), max_size=30))
def test_a_family_leads_to_a_word_that_is_there_and_is_its_own_end(words: list[str]) -> None:
    found = merge(words)
    assert set(found.values()) <= set(words)
    assert not set(found) & set(found.values())
    assert found == merge(words[::-1])
