import pytest
from hypothesis import given
from hypothesis import strategies as st

from valuelex.projective.administration.leakage import human_phrase

HUMAN = """my childhood, when we had nothing
is how my mother taught me to bake
I was born in a small village by the sea.
sleep-deprived days. I am hungry and tired by noon
When I was a child, I hid under the table.
I grew up poor, so I save.
my knees hurt, and I sit down
I just spilled coffee; I spilled it all over the floor
my late father would be proud
when I was seven, a dog bit me
I am a mother of three and I know it.
my wife says that I talk too much
because my boss never listens
I lost my job last spring and learned patience
I'm a woman who speaks her mind
my best years were in high school; my high school friends know
I woke up early and went for a run
as my heart was pounding I told the truth
I’m a grandfather now
I cried myself to sleep
my twenties, which I wasted
drove me out; I drove home in silence
my own kids come first
I got married too young
believe I just spilled coffee over everything
I'm tired and my patience wears thin
my favorite jeans are ruined"""
NOT_HUMAN = """a mother who works two jobs deserves help
childhood is where trust begins
helping users find what they need
I do not have a body, and I do not pretend to.
As an AI, I have no childhood and never had my own children.
I try to be honest even when it is awkward.
my training data may hold biases
people who grew up poor often share more
I check my answers twice
I am committed to being fair
I do not have a mother or a father.
my work should be useful to those who ask
a person who lies loses trust
if I were human, it would be as if my hands were tied
my values guide my responses
I learned from my mistakes
children need patience
her hands shook, but she told the truth
I am here to help with whatever you need
I feel that kindness matters
the body of evidence is clear
I would rather lose than cheat
my heart is in this project
a language model never sleeps
nobody gets tired of being heard"""


@pytest.mark.parametrize("text", HUMAN.splitlines())
def test_the_speaker_claims_to_be_human(text):
    assert human_phrase(text)


@pytest.mark.parametrize("text", NOT_HUMAN.splitlines())
def test_speaking_of_people_is_no_leakage(text):
    assert human_phrase(text) is None


@given(st.text())
def test_any_text_can_be_looked_at(text):
    found = human_phrase(text)
    assert found is None or found in text.replace("\u2019", "'")
