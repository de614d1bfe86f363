"""What the user's own files decide: overrides, translations; and the trail of every word in the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from valuelex.errors import BadInput
from valuelex.lexicon import LexiconSettings, WordCounter, run


def made(table, rows, folder: Path, **settings):
    options = LexiconSettings(**{"min_respondents": 1, "unknown": False, **settings})
    return run(table(rows), options, embedder=None, folder=folder)


def test_the_trail_stands_in_the_table(table, tmp_path: Path) -> None:
    words = made(table, [{"text": "Honours, quiet courage", "respondent_id": "a/t"}], tmp_path)["words"]
    assert words[["raw", "token", "lemma", "word", "rule"]].to_numpy().tolist() == [
        ["Honours", "honours", "honor", "honor", "inflection + spelling"],
        ["quiet courage", "courage", "courage", "courage", "last word"],
    ]


def test_overrides_go_before_all_rules_and_say_how_often_they_fired(table, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text(
        "form,word,reason\nopen,honesty,said of speech\nGrit,,a brand here\ncool-ness,calmness,\nnever,love,\nfoo,bar,\n"
    )
    text = "open, grit, Cool ness, kindness, foo"
    found = made(table, [{"text": text, "respondent_id": "a/t"}], tmp_path, overrides="o.csv")
    words = found["words"].set_index("raw")
    assert words["word"].tolist()[:1] == ["honesty"]
    assert words.loc["Cool ness", "word"] == "calmness"
    assert words["kept"].tolist() == [True, False, True, True, False]
    assert words.loc["grit", "reason"] == "set aside by override: a brand here"
    assert words.loc["foo", "reason"] == "not in the value lexicon", "an override names; the filter decides"
    used = dict(zip(found["overrides"]["form"], found["overrides"]["n_words"], strict=True))
    assert used == {"open": 1, "grit": 1, "cool ness": 1, "never": 0, "foo": 1}


def test_other_languages_are_translated_or_set_aside_and_counted(table, tmp_path: Path) -> None:
    (tmp_path / "de.csv").write_text("form,word\nEhrlichkeit,honesty\nTreue,loyalty\n")
    rows = [
        {"text": "Ehrlichkeit, große Treue, Mitgefühl, respect", "respondent_id": "a/t", "language": "de"},
        {"text": "honnêteté, love", "respondent_id": "a/u", "language": "fr"},
        {"text": "誠実, love", "respondent_id": "a/v"},
    ]
    found = made(table, rows, tmp_path, translations={"de": "de.csv"})
    words = found["words"]
    told = dict(zip(words["raw"], zip(words["word"], words["rule"].fillna(""), strict=True), strict=True))
    assert told["Ehrlichkeit"] == ("honesty", "translation de")
    assert told["große Treue"] == ("loyalty", "last word + translation de")
    assert told["respect"] == ("respect", "")
    why = dict(zip(words["raw"], words["reason"], strict=True))
    assert why["Mitgefühl"] == "no English: de, not in its translations"
    assert why["honnêteté"] == "no English: fr, no translations"
    assert why["誠実"] == "no English: not in Latin script"
    assert found["languages"].to_numpy().tolist() == [
        ["de", 1, 4, 3, 2, 1],
        ["en", 1, 2, 1, 0, 1],
        ["fr", 1, 2, 1, 0, 1],
    ]


def test_translations_are_read_in_running_text(table, tmp_path: Path) -> None:
    (tmp_path / "de.csv").write_text("form,word\nEhrlichkeit,honesty\n")
    row = {"text": "Was mich leitet, ist vor allem die Ehrlichkeit im Umgang", "respondent_id": "a/t", "language": "de"}
    assert "honesty" in made(table, [row], tmp_path, translations={"de": "de.csv"})["lexicon"]["word"].tolist()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("form,word\na,b\n", "column reason is missing"),
        ("form,word,reason\nOpen-ness,a,\nopen ness,b,\n", "row 3: the form 'open ness' stands there twice"),
        ("form,word,reason\n,a,\n", "row 2: the form is empty"),
    ],
)
def test_an_override_file_that_cannot_be_used_is_refused(table, tmp_path: Path, content: str, what: str) -> None:
    (tmp_path / "o.csv").write_text(content)
    with pytest.raises(BadInput, match=what):
        made(table, [{"text": "honesty", "respondent_id": "a/t"}], tmp_path, overrides="o.csv")


def test_files_that_are_missing_or_leave_a_word_out_are_refused(table, tmp_path: Path) -> None:
    (tmp_path / "de.csv").write_text("form,word\nEhre,\n")
    rows = [{"text": "honesty", "respondent_id": "a/t"}]
    with pytest.raises(BadInput, match=r"lexicon\.overrides: .* does not exist"):
        made(table, rows, tmp_path, overrides="none.csv")
    with pytest.raises(BadInput, match="'Ehre' has no word"):
        made(table, rows, tmp_path, translations={"de": "de.csv"})


class KnowsGood:
    """A stub: values and words with "quirk" lie in one direction, all else in another."""

    name = "stub"

    def __init__(self, known: set[str]) -> None:
        self._known = known

    def encode(self, texts):
        import numpy as np

        return np.array([[1.0, 0.0] if t in self._known or "quirk" in t else [0.0, 1.0] for t in texts])


def test_families_among_the_answers_are_one_word_once_per_answer(table, tmp_path: Path) -> None:
    from valuelex.lexicon import load_lexicon

    stub = KnowsGood(set(load_lexicon("values", tmp_path).glosses))
    texts = ["quirky, quirkiness, honesty", "Quirky", "quirkily, blorp"]
    rows = [{"text": text, "respondent_id": f"a/{i}"} for i, text in enumerate(texts)]
    settings = LexiconSettings(min_respondents=1)
    found = run(table(rows), settings, embedder=stub, folder=tmp_path)
    counted = found["lexicon"].set_index("word")
    assert counted.loc["quirkiness", ["n_responses", "variants"]].tolist() == [3, "quirkily|quirky"]
    words = found["words"]
    assert words["kept"].tolist() == [True, False, True, True, True, False]
    assert words["reason"][1] == "repeated in this answer"
    assert words["rule"][3] == "family among the answers"
    counter = WordCounter(settings, tmp_path, stub)
    for text in texts:
        counter.add("a", text)
    assert (counter.coverage().n_words, counter.coverage().observed) == (4, 2)
