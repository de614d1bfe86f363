"""``valuelex diff``: taxonomies from studies, folders, documents and tables, and what cannot be compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import valuelex

Run = Callable[..., tuple[int, str, str]]
NOBODY = "http://127.0.0.1:9/v1"
WORDS = "word,dimension,subdimension\nhonesty,Moral,Truth\ncandour,Moral,Truth\nlove,Warm,\ncare,Warm,\n"


@pytest.fixture
def given_study(stub_study) -> Callable[..., Path]:
    def make(folder: str, table: str = WORDS, **changes: object) -> Path:
        place = stub_study(NOBODY, folder=folder, name=folder, inputs={"assignments": "a.csv"}, **changes)
        (place / "a.csv").write_text(table, encoding="utf-8")
        valuelex.Study.load(place).run("taxonomy")
        return place

    return make


def test_studies_folders_documents_and_tables_are_the_same_taxonomy(run: Run, given_study) -> None:
    one, two = given_study("one"), given_study("two", taxonomy={"bootstrap": 33})
    for place in (
        two,
        two / "study.yaml",
        two / "results",
        two / "results" / "taxonomy.json",
        two / "results" / "assignments.csv",
    ):
        code, out, _ = run("diff", one, place, "--json")
        assert code == 0
        found = json.loads(out)
        assert found["empty"] is True
        assert [d["jaccard"] for d in found["dimensions"]] == [1.0, 1.0]
    code, out, _ = run("diff", one, two)
    assert "the same places for all words" in out
    assert "taxonomy.bootstrap" in out
    assert "languages" in out


def test_tables_are_written(run: Run, given_study, tmp_path: Path) -> None:
    one, two = given_study("one"), given_study("two", WORDS.replace("care,Warm", "care,Moral"))
    code, out, _ = run("diff", one, two, "--csv", tmp_path / "out")
    assert (code, "care: Warm -> Moral" in out) == (0, True)
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        f"diff_{name}.csv" for name in ("about", "agreement", "dimensions", "words", "factors", "settings")
    }
    words = pd.read_csv(tmp_path / "out" / "diff_words.csv")
    assert words.set_index("word").loc["care", "status"] == "moved"


def test_a_mapping_and_the_studys_own_translations(run: Run, given_study, tmp_path: Path) -> None:
    one = given_study("one")
    german = (
        WORDS.replace("honesty", "Ehrlichkeit")
        .replace("candour", "Offenheit")
        .replace("love", "Liebe")
        .replace("care", "Sorge")
    )
    pairs = [("Ehrlichkeit", "honesty"), ("Offenheit", "candour"), ("Liebe", "love"), ("Sorge", "care")]
    two = given_study("two", german)
    code, _, err = run("diff", two, one)
    assert (code, "share no word" in err) == (2, True)
    mapping = tmp_path / "map.csv"
    mapping.write_text("de,en\n" + "".join(f"{a},{b}\n" for a, b in pairs))
    assert json.loads(run("diff", two, one, "--map", mapping, "--json")[1])["empty"] is True
    place = given_study("three", german, lexicon={"unknown": False})
    (place / "de.csv").write_text("form,word\n" + "".join(f"{a},{b}\n" for a, b in pairs))
    content = (
        (place / "study.yaml").read_text().replace("unknown: false", "unknown: false\n  translations: {de: de.csv}")
    )
    (place / "study.yaml").write_text(content)
    assert json.loads(run("diff", place, one, "--json")[1])["empty"] is True


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist"),
        ("a,b,c\n1,2,3\n", "has 3 columns"),
        ("a,b\nx,\n", "row 2: a word is missing"),
        ("a,b\nx,y\nx,z\n", "'x' stands there twice"),
        ("a,b\nEhrlichkeit,honesty\n", "none of its words is a word of one"),
    ],
)
def test_a_bad_mapping_is_refused(run: Run, given_study, tmp_path: Path, content: str | None, said: str) -> None:
    one = given_study("one")
    if content is not None:
        (tmp_path / "map.csv").write_text(content)
    code, _, err = run("diff", one, one, "--map", tmp_path / "map.csv")
    assert (code, said in err) == (2, True)


def test_what_is_no_taxonomy_is_refused(run: Run, given_study, stub_study, tmp_path: Path) -> None:
    one = given_study("one")
    (tmp_path / "bad.json").write_text("[1]")
    (tmp_path / "bad.csv").write_text("a\n1\n")
    (tmp_path / "what.md").write_text("x: 1\n")
    for place, said in (
        (tmp_path / "none", "does not exist"),
        (tmp_path / "bad.json", "is no taxonomy.json"),
        (tmp_path / "bad.csv", "column word, dimension is missing"),
        (stub_study(NOBODY, folder="not-run"), "holds no taxonomy"),
        (tmp_path, "holds no taxonomy"),
    ):
        code, _, err = run("diff", one, place)
        assert (code, said in err) == (2, True), err
        assert "Traceback" not in err
    assert run("diff", one, tmp_path / "what.md")[0] == 2
