"""CSV beside the Parquet: no cell computes in a spreadsheet, and reading gives back what was written."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from valuelex.tables import frame, read, read_input, write
from valuelex.tables.inert_csv import from_csv, to_csv

SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
FORMULAS = [
    "=cmd|' /C calc'!A0",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "'=1",
    "''=1",
    "'tis",
    "'",
    "a=1",
    "\uff1d1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_like_a_formula(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(to_csv(pd.DataFrame({"a": pd.array([text, "plain"], dtype="string"), "n": [-0.5, 1.0]})))
    with path.open(newline="", encoding="utf-8") as file:
        head, first, second = csv.reader(file)  # Python's own reader
    assert head == ["a", "n"]
    assert first[0][0] not in SIGNS
    assert first == [text if text in ("'tis", "'", "a=1") else f"'{text}", "-0.5"]
    assert second == ["plain", "1.0"]
    assert from_csv(path, ",")["a"].tolist() == [text, "plain"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.sampled_from("=+-@\t\r\n'\", a;|\uff1d"), min_size=1, max_size=6), min_size=1, max_size=6))
@example(["'''=1", "\r", "\r\n"])
def test_write_then_read_is_the_identity(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(to_csv(pd.DataFrame({"a": pd.array(texts, dtype="string"), "b": range(len(texts))})))
    found = from_csv(path, ",")
    assert found["a"].tolist() == texts
    assert found["b"].astype(int).tolist() == list(range(len(texts)))


def test_a_table_that_comes_back_as_input(tmp_path: Path) -> None:
    row = {"response_id": "r", "respondent_id": "a", "model_id": "m", "position": 0, "kept": True, "reason": None}
    table = frame(
        "words", [row | {"raw": "=honesty", "word": "-honesty"}, row | {"position": 1, "raw": "'", "word": "x"}]
    )
    write("words", table, tmp_path)
    assert "'=honesty,'-honesty" in (tmp_path / "words.csv").read_text()
    (tmp_path / "words.parquet").unlink()
    pd.testing.assert_frame_equal(read("words", tmp_path), table)
    assert read_input("words", tmp_path / "words.csv")["word"].tolist() == ["-honesty", "x"]


def test_plain_tables_keep_their_bytes() -> None:
    table = pd.DataFrame({"a": pd.array(["x", None, 'say "so"'], dtype="string"), "b": [-1.5, None, 0.1]})
    assert to_csv(table) == table.to_csv(index=False, lineterminator="\n").encode()
