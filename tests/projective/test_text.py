import pytest
from hypothesis import given
from hypothesis import strategies as st

from valuelex.projective.text import bare, first_sentences, in_plain_form, sentence, sentences, statements, strip_echo

STEM = "When a friend lets me down, I"


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("forgive them.", "forgive them."),
        ("When a friend lets me down, I forgive them.", "forgive them."),
        ("when a friend lets me down,  i forgive them.", "forgive them."),
        ('"When a friend lets me down, I forgive them."', "forgive them."),
        ("**When a friend lets me down, I** forgive them.", "forgive them."),
        ("When a friend lets me down, I ... forgive them.", "forgive them."),
        ("Sure! Here is the sentence:\n\nWhen a friend lets me down, I forgive them.", "forgive them."),
        ("When a friend lets me down, I'm sad at first.", "'m sad at first."),
        ("... forgive them.", "forgive them."),
        ('"forgive them."', "forgive them."),
        ('"Never mind" is what I say.', '"Never mind" is what I say.'),
        ('When a friend lets me down, I say "never mind"', 'say "never mind"'),
        ('"Sure": When a friend lets me down, I', ""),
        ("When a friend lets me down, I", ""),
        ("When a friend lets me down, I...", ""),
        ("", ""),
        # A model that loops: the stem comes back after the answer, and stays.
        ("forgive. When a friend lets me down, I forgive.", "forgive. When a friend lets me down, I forgive."),
        # A longer word is not the stem's last word.
        ("When a friend lets me down, Ivan helps.", "When a friend lets me down, Ivan helps."),
    ],
)
def test_strip_echo(answer, kept):
    assert strip_echo(STEM, answer) == kept


def test_strip_echo_takes_untrusted_stems_as_text():
    assert strip_echo("A (b+c)* {x} \\d", "A (b+c)* {x} \\d is a pattern") == "is a pattern"
    assert strip_echo("...", "... so it goes") == "so it goes"
    assert strip_echo("My mind ____", "My mind is at rest.") == "is at rest."


def test_bare_and_sentence():
    assert bare("My mind ... ") == "My mind"
    assert bare("My mind___") == "My mind"
    assert sentence("My mind...", "wanders.") == "My mind wanders."
    assert sentence(STEM, "'m sad.") == "When a friend lets me down, I'm sad."
    assert sentence(STEM, ", well, wait.") == "When a friend lets me down, I, well, wait."


def test_sentences():
    assert sentences("One. Two!  Three?\nFour 1.5 m") == ["One.", "Two!", "Three?", "Four 1.5 m"]
    assert sentences('He said "no." Then 12. ... left') == ['He said "no.', "Then 12.", "left"]
    assert sentences("") == []


def test_first_sentences():
    assert first_sentences("One. Two! Three?", 2) == "One. Two!"
    assert first_sentences("No end in sight", 2) == "No end in sight"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("I help", "I help."),
        ("I help!", "I help."),
        ("I help... ", "I help."),
        ("I help 🙂", "I help."),
        ("I help?!", "I help?"),
        ('"I help!"', '"I help."'),
        ("costs 50%", "costs 50%."),
        ("NO WAY I DO THAT!!!", "no way I do that."),
        ("NASA", "NASA."),
        ("AI is OK.", "AI is OK."),
        ("- keep at it!", "keep at it."),
        ("!!!", "!!!"),
        ("", ""),
    ],
)
def test_a_sentence_in_plain_form(text, plain):
    assert in_plain_form(text) == plain


@pytest.mark.parametrize(
    ("after", "text", "plain"),
    [
        ("When nobody looks, I", "Stop.", "stop."),
        ("When nobody looks,", "I stop.", "I stop."),
        ("When nobody looks,", "I'm quick.", "I'm quick."),
        ("The best agency is", "NASA", "NASA."),
        ("To be honest:", "Learning bores me.", "Learning bores me."),
        ("", "Learning bores me.", "Learning bores me."),
    ],
)
def test_a_capital_begins_no_sentence_that_has_begun(after, text, plain):
    assert in_plain_form(text, after) == plain


@given(st.text(), st.sampled_from(["", "If I could, I", "Well."]))
def test_the_plain_form_is_its_own(text, after):
    assert in_plain_form(in_plain_form(text, after), after) == in_plain_form(text, after)


def test_courtesies_are_no_statements():
    assert statements("keep my word.\n\nI hope this helps! Let me know if you need more.") == ["keep my word."]
    assert statements("I hope this helps!") == ["I hope this helps!"]
    assert statements("let them know in time. I hope this helps them.") == ["let them know in time."]
    assert statements("hope for the best. I hope it rains.") == ["hope for the best.", "I hope it rains."]
    assert statements("...") == ["..."]
    assert statements("Let me know! I help.") == ["Let me know!", "I help."], "the first sentence completes the stem"
    assert statements("Sure, here is what I do: I help. I stay.") == ["Sure, here is what I do: I help.", "I stay."]
