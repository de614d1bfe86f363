import numpy as np
import pytest

from valuelex.projective.instrument.candidates import Candidate
from valuelex.projective.instrument.filters import LEAST_MARGIN, LEAST_TEXT_FIT, LEAST_TEXT_MARGIN, Screening
from valuelex.projective.scales import Scale

WARMTH = Scale("Warmth", "Character", "Warmth", ("kindness", "empathy"))
SKILL = Scale("Skill", "Competence", "Skill", ("accuracy", "mastery"))


class ByTable:
    """A FAKE embedder: vectors from a table, a new direction for any other text."""

    name = "table-fake"

    def __init__(self, **known):
        self.known, self.seen = {k.replace("_", " "): np.array(v, float) for k, v in known.items()}, {}

    def encode(self, texts):
        rows = []
        for text in texts:
            out = np.zeros(40)
            if text in self.known:
                out[: len(self.known[text])] = self.known[text]
            else:
                out[4 + self.seen.setdefault(text, len(self.seen))] = 1
            rows.append(out / np.linalg.norm(out))
        return np.array(rows)


def screen(*candidates, embedder=None, scales=(WARMTH, SKILL)):
    screening = Screening(scales, embedder or ByTable(kindness=[1], empathy=[1], accuracy=[0, 1], mastery=[0, 1]))
    return screening.add([c if isinstance(c, Candidate) else bank(c) for c in candidates])


def bank(text, themes=("kindness",), source="bank", scale=None):
    return Candidate(text, source, "neutral", tuple(themes), None, scale)


def reason(row):
    return row.reason and row.reason.partition(":")[0]


def test_a_stem_that_passes_everything():
    [row] = screen("When a child weeps, I")
    assert row.passed and (row.scale, row.fit, row.margin, row.n_words, row.leak) == (0, 1, 1, 5, None)
    assert row.cosine is None and row.overlap is None


@pytest.mark.parametrize(
    "text", ["A kind man is kindness himself", "Empathic people", "Someone of great warmth", "A character of"]
)
def test_leakage_of_word_scale_and_dimension(text):
    assert reason(screen(f"{text} on the way to town")[0]) == "leakage"


def test_a_template_may_hold_its_word_but_not_the_name():
    word, name = screen(
        bank("Where kindness can be found, people", source="template", scale=0),
        bank("Where warmth can be found, people", source="template", scale=0),
    )
    assert word.passed and reason(name) == "leakage"


def test_a_scale_called_by_its_only_word_keeps_it():
    scales = (Scale("Kindness", "Kindness", None, ("kindness",)), SKILL)
    [row] = screen(bank("Where kindness can be found, people", source="template", scale=0), scales=scales)
    assert row.passed


def test_too_short_too_long_too_hard():
    rows = screen("Rain falls", "so " * 21 + "it rains", "Considerable responsibilities notwithstanding")
    assert [reason(row) for row in rows] == ["readability"] * 3
    assert rows[2].readability == 3 + 100


def test_no_fit_and_ambiguity():
    embedder = ByTable(kindness=[1], empathy=[1], accuracy=[0, 1], mastery=[0, 1], both=[1, 1], far=[0.1, 0, 1])
    far, both, home = screen(
        bank("On the way into town", ["far"]),
        bank("When two roads part, I", ["both"]),
        bank("After a long night, I", ["accuracy"], scale=0),
        embedder=embedder,
    )
    assert (reason(far), reason(both)) == ("fit", "ambiguity")
    assert both.fit == pytest.approx(np.sqrt(0.5)) and both.margin == 0 < LEAST_MARGIN
    assert home.scale == 0 and home.margin == -1 and not home.passed


def test_one_scale_alone_is_never_ambiguous():
    [row] = screen("When a child weeps, I", scales=(WARMTH,))
    assert row.passed and np.isnan(row.margin)


def test_the_later_of_two_that_say_the_same_falls():
    embedder = ByTable(
        kindness=[1], empathy=[1], accuracy=[0, 1], mastery=[0, 1],
        If_a_child_weeps_we=[0, 0, 1, 0.1], When_a_girl_cries_I=[0, 0, 1],
    )  # fmt: skip
    first, meaning, other, wording = screen(
        "When a girl cries I",
        "If a child weeps we",
        "On the way into town I met",
        "On the way into town I saw",
        embedder=embedder,
    )
    assert first.passed and other.passed
    assert reason(meaning) == "duplicate" and "cosine 1.00 with 'When a girl cries I'" in meaning.reason
    assert reason(wording) == "duplicate" and wording.overlap == pytest.approx(6 / 7)


def test_what_was_dropped_drops_no_other():
    dropped, passed = screen(bank("When a girl cries, I", ["nothing"]), "When a girl cries, I")
    assert reason(dropped) == "fit" and passed.passed


def test_templates_are_compared_with_each_other_by_meaning_alone():
    one, other = screen(
        bank("The last time a plan failed for kindness, I", source="template", scale=0),
        bank("The last time a plan failed for empathy, I", ["empathy"], source="template", scale=0),
    )
    assert one.passed and other.passed and other.overlap == 0


@pytest.mark.parametrize(
    ("vector", "scale", "said"),
    [
        ([LEAST_TEXT_FIT + 0.01, 0, 1], None, None),
        ([LEAST_TEXT_FIT - 0.01, 0, 1], 0, "fit"),
        ([0.3, 0.3 - LEAST_TEXT_MARGIN - 0.01, 0.9], 0, None),
        ([0.3, 0.3 - LEAST_TEXT_MARGIN + 0.02, 0.9], 0, "ambiguity"),
        ([0.3, 0.3, 0.9], None, "ambiguity"),
    ],
)
def test_a_stem_without_themes_is_measured_by_its_text_and_its_author_is_believed(vector, scale, said):
    text = "After a long night I"
    rest = np.sqrt(1 - sum(v**2 for v in vector[:2]))
    embedder = ByTable(
        kindness=[1], empathy=[1], accuracy=[0, 1], mastery=[0, 1], After_a_long_night_I=[*vector[:2], rest]
    )
    [row] = screen(bank(text, [text], "writer", scale), embedder=embedder)
    assert reason(row) == said
