import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valuelex.projective.instrument.wording import held_form, is_first_person, likeness, lix, tokens


def test_lix_by_hand():
    # Björnsson (1968): words / sentences + 100 x words of more than six letters / words. Here 8 words, "neighbor" long.
    assert lix("A neighbor who plays loud music every night") == pytest.approx(8 + 100 / 8)
    assert lix("...") == 0


def test_a_hyphenated_word_is_two_and_a_contraction_one():
    assert tokens("Well-being, I’d say") == ["well", "being", "i'd", "say"]


@pytest.mark.parametrize(
    ("text", "first"),
    [("I’d rather", True), ("Given to me, it", True), ("In my view", True), ("Its mine", True), ("It", False)],
)
def test_who_speaks(text, first):
    assert is_first_person(text) is first


@pytest.mark.parametrize(
    ("text", "words", "held"),
    [
        ("Someone honestly sorry", ["honesty"], "honesty"),
        ("Two kindnesses in a day", ["kindness"], "kindness"),
        ("The thrifty aunt", ["thriftiness"], "thriftiness"),
        ("A punctual train", ["punctuality"], "punctuality"),
        ("A tolerant guest", ["tolerance"], "tolerance"),
        ("The common good of all", ["common good"], "common good"),
        ("Somebody who has just come", ["justice"], None),
        ("The kind of work that", ["kindness"], None),
        ("A careful reader", ["scare"], None),
        ("", ["justice"], None),
    ],
)
def test_a_word_is_found_in_its_inflections(text, words, held):
    assert held_form(text, words) == held


def test_likeness_by_hand():
    got = likeness("when the talk turns to feelings", ["When the talk turns to money", "talk", "", "now and then"])
    # One of six words changed; five of six left out; nothing in common; no word in its place.
    assert got == pytest.approx([5 / 6, 1 / 6, 0, 0])


WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=7)


@given(WORDS, WORDS)
def test_likeness_is_symmetric_and_one_for_the_same_words_alone(one, other):
    a, b = " ".join(one), " ".join(other)
    assert likeness(a, [b])[0] == pytest.approx(likeness(b, [a])[0])
    assert (likeness(a, [b])[0] == 1) == (one == other)
    # What difflib matches in order, Levenshtein need not edit: its distance is at most the words left unmatched.
    matched = sum(
        block.size for block in difflib.SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    )
    longest = max(len(one), len(other))
    assert likeness(a, [b])[0] * longest >= matched - min(len(one), len(other)) - 1e-9
