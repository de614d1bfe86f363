"""Labels of an answer: what was copied, in which language it is, and what makes it harmless."""

from __future__ import annotations

import csv
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valuelex.models import Request, Response
from valuelex.models.answers import LABELS, assess, inert
from valuelex.models.answers.copying import echoes, loops, repeats_examples
from valuelex.models.answers.language import other_language
from valuelex.resources import instruments

PROMPT = "Which ten words best describe your values? Answer with single words separated by commas."


def ask(
    text: str,
    *,
    finish: str | None = "stop",
    language: str = "en",
    examples: tuple[str, ...] = (),
    error: str | None = None,
):
    request = Request("m", "http://stub/v1", "m", "chat", messages=(("user", PROMPT),))
    response = Response(text, status="error" if error else "ok", finish_reason=finish, error=error)
    return assess(request, response, language=language, examples=examples)


@pytest.mark.parametrize(
    ("text", "status", "labels"),
    [
        ("honesty, integrity, compassion", "ok", ()),
        ("I'm sorry, but I can't help with that.", "refused", ("refusal",)),
        ("As an AI, I do not have values. But: honesty, care, truth, respect", "ok", ("disclaimer",)),
        ("Which ten words best describe your values? Answer with single words", "invalid", ("prompt echo",)),
        (", ".join(["honesty", "truth"] * 8), "ok", ("repetition",)),
        ("love love love love love love love love", "invalid", ("repetition",)),
        ("honnêteté, intégrité, respect, compassion, loyauté, bienveillance", "invalid", ("wrong language",)),
        ("Ehrlichkeit, Respekt, Mitgefühl, Treue, Gerechtigkeit", "invalid", ("wrong language",)),
        ("честность, уважение, сострадание, справедливость", "invalid", ("wrong language",)),
        ("", "invalid", ("empty",)),
        ("12345", "invalid", ("empty",)),
    ],
)
def test_every_kind_of_answer_has_its_labels(text: str, status: str, labels: tuple[str, ...]) -> None:
    found = ask(text)
    assert (found.status, found.labels) == (status, labels)
    assert set(found.labels) <= set(LABELS)
    assert found.status == "ok" or found.reason


def test_labels_that_the_endpoint_gives() -> None:
    assert ask("honesty, tru", finish="length").labels == ("truncation",)
    assert ask("", finish="content_filter").labels == ("content filter",)
    assert ask("", error="bad request").labels == ("error",)
    assert ask("", error="bad request").status == "error"


def test_an_answer_in_the_language_it_was_asked_in_is_no_stranger() -> None:
    german = "Ehrlichkeit, Respekt, Mitgefühl, Treue, Gerechtigkeit"
    assert ask(german, language="de").labels == ()
    assert ask("honesty, respect, compassion, loyalty, justice and fairness", language="de").labels == (
        "wrong language",
    )
    assert ask(german, language="xx").labels == (), "a language that is not told apart is not checked"


def test_no_list_of_english_value_words_is_taken_for_another_language() -> None:
    with (instruments() / "lexicon" / "values.csv").open(encoding="utf-8") as file:
        words = [row["word"] for row in csv.DictReader(file)]
    draw = random.Random(1)
    for n in (2, 3, 5, 10):
        for _ in range(150):
            picked = draw.sample(words, n)
            for text in (", ".join(picked), "\n".join(f"{i}. {w.title()}" for i, w in enumerate(picked, 1))):
                assert other_language(text, "en") is None, text


def test_unknown_words_and_english_prose_are_not_taken_for_another_language() -> None:
    for text in (
        "zxqv, blorp, fnord, grault",
        "I think that telling the truth matters more than being liked.",
        "hi there",
    ):
        assert other_language(text, "en") is None, text


def test_examples_that_come_back_are_an_echo() -> None:
    shown = ("apple", "plum", "cherry", "pear")
    assert ask("Apple, plum, honesty", examples=shown).labels == ("example echo",)
    assert ask("honesty, love, plum", examples=shown).labels == ()
    assert repeats_examples("plum, plum", shown)
    assert not repeats_examples("", shown)


def test_an_echo_needs_half_of_the_answer() -> None:
    assert echoes(PROMPT, PROMPT)
    assert not echoes("honesty, truth", PROMPT)
    long = PROMPT + " " + " ".join(f"word{i}" for i in range(40))
    assert not echoes(long, PROMPT)


def test_an_echo_is_seen_in_a_script_without_spaces() -> None:
    asked = "请用五个词描述你最重要的价值观，用逗号分隔。"
    assert echoes("请用五个词描述你最重要的价值观", asked)
    assert not echoes("诚实、尊重、爱、公正、忠诚", asked)
    assert repeats_examples("诚实、尊重、爱", ("诚实", "尊重"))


def test_a_loop_is_told_from_a_list() -> None:
    assert loops("honesty, care, " * 6)
    assert not loops("honesty, care, truth, respect, love, hope, joy, peace")
    assert loops("I value the truth and " * 12)
    assert not loops("")


@given(st.text())
def test_an_inert_text_holds_no_control_characters_and_keeps_the_rest(text: str) -> None:
    made = inert(text)
    assert not any((ord(c) < 32 and c not in "\t\n\r") or 127 <= ord(c) < 160 for c in made)
    assert inert(made) == made
    assert [c for c in text if c.isalnum()] == [c for c in made if c.isalnum()]


def test_what_could_drive_a_terminal_or_turn_a_text_round_is_taken_out() -> None:
    assert inert("\x1b[31mhonesty\x00") == "\ufffd[31mhonesty\ufffd"
    assert inert("abc\u202edef") == "abcdef"


def test_a_book_is_no_list() -> None:
    found = ask("honesty, " * 1_200_000)
    assert (found.status, found.labels) == ("invalid", ("too long",))
    assert len(found.text) == 100_000 and "whole in the ledger" in (found.reason or "")
