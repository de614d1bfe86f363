"""From answers to word types: every form that models used, and every decision with its reason."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.lexicon.conftest import make_responses
from valuelex.errors import BadInput
from valuelex.lexicon import (
    LexiconSettings,
    ValueLexicon,
    from_words,
    judge_unknown,
    load_lexicon,
    parse,
    read_item,
    read_prose,
    run,
)
from valuelex.tables import frame

HERE = Path()


@pytest.fixture(scope="module")
def lexicon() -> ValueLexicon:
    return load_lexicon("values", HERE)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("honesty, respect, love", ["honesty", "respect", "love"]),
        ("1. Honesty\n2. Respect\n3) Love", ["Honesty", "Respect", "Love"]),
        (" Love. 2. Respect. 3. Kindness.", ["Love", "Respect", "Kindness"]),
        (" Love 2. Kindness 3. Compassion", ["Love", "Kindness", "Compassion"]),
        ("* **Integrity**: doing what is right\n* **Care**: for all", ["Integrity", "Care"]),
        ("These are my core values: kindness, fairness", ["kindness", "fairness"]),
        ("honesty and courage; love & peace", ["honesty", "courage", "love", "peace"]),
        ("- a strong sense of duty\n- being kind", ["duty", "kind"]),
        ("a) Honesty\nb) Love", ["Honesty", "Love"]),
        ('{"values": ["honesty", "care"]}', ["honesty", "care"]),
        ('["honesty"]', ["honesty"]),
        ("<b>Love</b>, “truth”", ["Love", "truth"]),
        ("", []),
    ],
)
def test_items_of_an_answer(text: str, items: list[str]) -> None:
    assert [c.raw for c in parse(text)] == items


def test_running_text_is_kept_apart() -> None:
    found = parse("I would say that integrity guides me in all I do. Kindness")
    assert [c.prose for c in found] == [True, False]


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("Honesty", "honesty"),
        ("honest", "honesty"),
        ("honestly", "honesty"),
        ("HONOUR", "honor"),
        ("Open mindedness", "open-mindedness"),
        ("openminded", "open-mindedness"),
        ("work life balance", "work-life balance"),
        ("friendships", "friendship"),
        ("respect for others", "respect"),
        ("personal integrity", "integrity"),
    ],
)
def test_word_types(lexicon: ValueLexicon, raw: str, word: str) -> None:
    reading = read_item(raw, lexicon)
    assert reading is not None
    assert (reading.word, reading.known) == (word, True)


def test_an_unknown_word_stays_as_it_is(lexicon: ValueLexicon) -> None:
    reading = read_item("Adehreb", lexicon)
    assert reading is not None
    assert (reading.word, reading.known) == ("adehreb", False)
    assert read_item("123 !!", lexicon) is None


def test_running_text_names_values_by_their_noun_only(lexicon: ValueLexicon) -> None:
    assert read_prose("what guides me most is integrity and kindly people with open mindedness", lexicon) == [
        "integrity",
        "open-mindedness",
    ]
    assert read_prose("I love to help and share my work", lexicon) == []


def test_every_form_belongs_to_one_word(lexicon: ValueLexicon) -> None:
    assert len(lexicon.glosses) >= 830
    assert all(gloss for gloss in lexicon.glosses.values())
    assert not set(lexicon.forms) & lexicon.non_values


def test_a_lexicon_with_a_form_claimed_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("word,gloss,variants\nhonesty,truth,honest\nfrankness,open speech,honest\n")
    with pytest.raises(BadInput, match="'honest' stands under honesty and under frankness"):
        load_lexicon("v.csv", tmp_path)
    (tmp_path / "w.csv").write_text("word,meaning\nhonesty,truth\n")
    with pytest.raises(BadInput, match="column gloss, variants is missing"):
        load_lexicon("w.csv", tmp_path)


def responses(*answers: tuple[str, str, str]) -> pd.DataFrame:
    return make_responses([{"respondent_id": who, "text": text, "status": status} for who, text, status in answers])


def test_every_decision_has_its_reason() -> None:
    table = responses(
        ("a/1", "Honesty, honest, table, Adehreb, respect for others", "ok"),
        ("a/2", "honesty, loyalty", "ok"),
        ("a/3", "I'm sorry", "refused"),
    )
    made = run(table, LexiconSettings(unknown=False), embedder=None, folder=HERE)
    words = made["words"]
    told = dict(zip(words["raw"], zip(words["kept"], words["reason"], strict=True), strict=True))
    assert told["Honesty"] == (True, "value lexicon")
    assert told["honest"] == (False, "repeated in this answer")
    assert told["table"] == (False, "non-value list")
    assert told["Adehreb"] == (False, "not in the value lexicon")
    assert told["loyalty"] == (False, "rare: named by 1 of at least 2 respondents")
    assert "r2" not in set(words["response_id"])
    assert words["reason"].notna().all()
    assert made["lexicon"][["word", "n_responses", "n_respondents", "n_models"]].to_numpy().tolist() == [
        ["honesty", 2, 2, 1]
    ]
    assert made["lexicon"]["variants"].tolist() == ["honesty"]


def test_half_a_word_at_the_end_is_not_taken_for_a_word() -> None:
    table = responses(("a/1", "honesty, love, self", "ok"), ("a/2", "honesty, love, ", "ok"))
    table["status_reason"] = "cut off at max_tokens"
    words = run(table, LexiconSettings(unknown=False), embedder=None, folder=HERE)["words"]
    assert words["raw"].tolist() == ["honesty", "love", "self", "honesty", "love"]
    assert words["kept"].tolist() == [True, True, False, True, True]
    assert "half a word" in words["reason"].iloc[2]


def test_kept_words_and_the_lexicon_say_the_same() -> None:
    table = responses(*[(f"a/{i}", "honesty, love, loyalty" if i else "peace", "ok") for i in range(4)])
    made = run(table, LexiconSettings(min_respondents=2), embedder=None, folder=HERE)
    assert (
        set(made["words"].loc[made["words"]["kept"], "word"])
        == set(made["lexicon"]["word"])
        == {"honesty", "love", "loyalty"}
    )


def test_given_words_are_taken_as_they_are() -> None:
    words = frame(
        "words",
        [
            {"response_id": f"r{i}", "respondent_id": f"p{i}", "model_id": "m", "position": 0, "raw": "Flurb", "word": "flurb",
             "kept": True, "reason": "given"}
            for i in range(2)
        ],
    )  # fmt: skip
    made = from_words(words, LexiconSettings())
    assert made["lexicon"]["word"].tolist() == ["flurb"]
    assert made["lexicon"]["source"].tolist() == ["given"]


def test_an_empty_set_of_answers_gives_empty_tables() -> None:
    made = run(responses(("a/1", "", "invalid")), LexiconSettings(), embedder=None, folder=HERE)
    assert len(made["words"]) == len(made["lexicon"]) == 0


def test_unknown_words_by_their_embedding(lexicon: ValueLexicon, embedder) -> None:
    verdicts = judge_unknown(["steadfast", "adehreb", "cambodia", "toaster"], lexicon, LexiconSettings(), embedder)
    assert [verdicts[w][0] for w in ("adehreb", "cambodia", "toaster")] == [False, False, False]
    assert "nearest value" in verdicts["adehreb"][1]
