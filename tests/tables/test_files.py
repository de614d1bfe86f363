"""Files: whole or not at all, typed on the way back, the same bytes for the same table."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex.errors import BadInput, ResultsFolderError, TableError
from valuelex.tables import frame, load_yaml, own_or_packaged, read, read_input, write

ROW = {
    "response_id": "r1",
    "respondent_id": "m/t1/p1",
    "model_id": "m",
    "position": 0,
    "raw": "Honesty",
    "word": "honesty",
    "kept": True,
    "reason": "value lexicon",
}


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    table = frame("words", [ROW, ROW | {"position": 1, "word": None, "kept": False}])
    written = write("words", table, tmp_path)
    assert [p.name for p in written] == ["words.parquet", "words.csv"]
    pd.testing.assert_frame_equal(read("words", tmp_path), table)
    (tmp_path / "words.parquet").unlink()
    pd.testing.assert_frame_equal(read("words", tmp_path), table)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30), max_size=5))
def test_whatever_a_model_says_survives_csv(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("csv")
    table = frame("words", [ROW | {"position": i, "raw": text} for i, text in enumerate(texts)])
    write("words", table, folder)
    (folder / "words.parquet").unlink()
    assert read("words", folder)["raw"].tolist() == texts


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    table = frame("words", [ROW])
    first = [p.read_bytes() for p in write("words", table, tmp_path / "a")]
    second = [p.read_bytes() for p in write("words", table.copy(), tmp_path / "b")]
    assert first == second


def test_the_word_null_is_a_word_and_007_an_id(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("respondent_id,word\n007,null\n007,nan\n")
    table = read_input("words", tmp_path / "w.csv")
    assert table["word"].tolist() == ["null", "nan"]
    assert table["respondent_id"].tolist() == ["007", "007"]


def test_what_only_an_earlier_stage_knows_is_filled(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("respondent_id,word\na,honesty\na,love\nb,love\n")
    table = read_input("words", tmp_path / "w.csv")
    assert table["model_id"].tolist() == ["a", "a", "b"]
    assert table["kept"].all()
    assert table["position"].tolist() == [0, 1, 0]
    (tmp_path / "i.csv").write_text("item_id,stem,dimension\ni1,When I,Honesty\n")
    assert read_input("instrument", tmp_path / "i.csv")["form"].tolist() == ["A"]
    (tmp_path / "c.csv").write_text("item_id,model_id,text\ni1,m,tell the truth\ni1,m,lie\n")
    completions = read_input("completions", tmp_path / "c.csv")
    assert completions["completion_id"].is_unique
    assert completions["status"].tolist() == ["ok", "ok"]


def test_input_errors_name_file_and_column(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("respondent,word\na,honesty\n")
    with pytest.raises(TableError, match=r"w\.csv: column respondent_id is missing"):
        read_input("words", tmp_path / "w.csv")
    with pytest.raises(TableError, match="does not exist"):
        read_input("words", tmp_path / "none.csv")
    with pytest.raises(TableError, match="wordz is no table"):
        read_input("wordz", tmp_path / "w.csv")
    (tmp_path / "w.parquet").write_bytes(b"this is no parquet")
    with pytest.raises(TableError, match="cannot be read"):
        read_input("words", tmp_path / "w.parquet")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_refuses_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ResultsFolderError, match="cannot be written"):
        write("words", frame("words", [ROW]), tmp_path)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file, not a folder")
    with pytest.raises(ResultsFolderError, match="cannot be written"):
        write("words", frame("words", [ROW]), tmp_path / "results")


def test_no_half_file_is_left(tmp_path: Path) -> None:
    write("words", frame("words", [ROW]), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["words.csv", "words.parquet"]


def test_yaml_errors_name_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\nb: [1, 2\nc: 3\n")
    with pytest.raises(BadInput, match=r"a\.yaml, line 3: not valid YAML"):
        load_yaml(tmp_path / "a.yaml")


def test_own_files_and_packaged_names(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("prompts: []\n")
    assert own_or_packaged("mine.yaml", "prompts", ".yaml", tmp_path) == tmp_path / "mine.yaml"
    assert own_or_packaged("default", "prompts", ".yaml", tmp_path).name == "default.yaml"
    with pytest.raises(BadInput, match="there are: default"):
        own_or_packaged("defautl", "prompts", ".yaml", tmp_path)


def test_a_csv_that_would_be_too_large_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from valuelex.tables import files

    table = frame("words", [ROW | {"position": i, "raw": None if i % 2 else "ß"} for i in range(50)])
    size = len(table.to_csv(index=False, lineterminator="\n").encode())
    assert size / 2 < files._least_csv(table) <= size
    monkeypatch.setattr(files, "CSV_LIMIT", files._least_csv(table) - 1)
    monkeypatch.setattr(pd.DataFrame, "to_csv", None)
    assert [path.name for path in write("words", table, tmp_path)] == ["words.parquet"]
