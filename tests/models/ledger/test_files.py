"""Merging and splitting: no answer is lost, none is doubled, no file is replaced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.test_request import REQUEST
from valuelex.errors import LedgerError, ResultsFolderError, SettingError
from valuelex.models import Ledger, Response
from valuelex.models.ledger import merge, split

FAILED = Response("", status="error", error="500")


def write(path: Path, *records: tuple[int, Response], model: str = "a") -> Path:
    ledger = Ledger(path)
    for i, response in records:
        ledger.append(replace(REQUEST, sample_index=i, model_id=model), response, place={"prompt_id": f"p/{i % 2}"})
    ledger.close()
    return path


def key(i: int) -> str:
    return replace(REQUEST, sample_index=i, model_id="a").key


def test_the_union_has_the_first_answer_of_every_key(tmp_path: Path) -> None:
    one = write(tmp_path / "1.jsonl", (0, FAILED), (1, Response("one")), (2, FAILED), (2, FAILED))
    two = write(tmp_path / "2.jsonl", (0, Response("zero")), (1, Response("other")), (3, Response("three")))
    two.write_bytes(two.read_bytes() + b"garbage\n")
    made = merge([one, two], tmp_path / "all.jsonl")
    assert (made.records, made.repeated, made.conflicts, made.set_aside) == (4, 3, (key(1),), 1)
    found = Ledger(made.path)
    assert found.notes == []
    assert [found.get(key(i)).text for i in range(4)] == ["zero", "one", "", "three"]
    assert [row["request"]["sample_index"] for row in found.rows()] == [1, 2, 0, 3]
    # Lines are copied byte for byte.
    assert set(made.path.read_bytes().splitlines()) <= {*one.read_bytes().splitlines(), *two.read_bytes().splitlines()}
    assert not list(tmp_path.glob("*.part"))


def test_the_same_answer_twice_is_no_conflict_and_merging_with_itself_changes_nothing(tmp_path: Path) -> None:
    one = write(tmp_path / "1.jsonl", (0, Response("x", latency_s=1.0)), (1, Response("y")))
    two = write(tmp_path / "2.jsonl", (0, Response("x", latency_s=2.0)))
    made = merge([one, two, one], tmp_path / "all.jsonl")
    assert made.conflicts == ()
    assert made.path.read_bytes() == one.read_bytes()


def test_a_last_line_without_its_end_is_merged(tmp_path: Path) -> None:
    one = write(tmp_path / "1.jsonl", (0, Response("x")), (1, Response("y")))
    one.write_bytes(one.read_bytes().rstrip(b"\n"))
    two = write(tmp_path / "2.jsonl", (2, Response("z")))
    assert len(Ledger(merge([one, two], tmp_path / "all.jsonl").path)) == 3


def test_nothing_is_replaced(tmp_path: Path) -> None:
    one = write(tmp_path / "1.jsonl", (0, Response("x")))
    before = one.read_bytes()
    with pytest.raises(ResultsFolderError, match="exists already"):
        merge([one], one)
    (tmp_path / "parts").mkdir()
    with pytest.raises(ResultsFolderError, match="exists already"):
        split(one, "model_id", tmp_path / "parts")
    with pytest.raises(LedgerError, match="does not exist"):
        merge([tmp_path / "none.jsonl"], tmp_path / "all.jsonl")
    assert one.read_bytes() == before
    assert not (tmp_path / "all.jsonl").exists()


def test_split_and_merged_again_it_is_the_same_set_of_lines(tmp_path: Path) -> None:
    one = write(tmp_path / "1.jsonl", *((i, Response(f"{i}")) for i in range(6)), (9, FAILED))
    two = write(tmp_path / "2.jsonl", (0, Response("b")), model="b/../c")
    whole = merge([one, two], tmp_path / "all.jsonl").path
    parts = split(whole, "model_id", tmp_path / "parts")
    assert {value: p.name for value, p in parts.items()} == {"a": "a.jsonl", "b/../c": "b_.._c.jsonl"}
    assert parts["a"].read_bytes() == one.read_bytes()
    again = merge(list(parts.values()), tmp_path / "again.jsonl").path
    assert sorted(again.read_bytes().splitlines()) == sorted(whole.read_bytes().splitlines())


def test_split_by_the_place_in_the_design(tmp_path: Path) -> None:
    whole = write(tmp_path / "1.jsonl", *((i, Response(f"{i}")) for i in range(5)))
    parts = split(whole, "prompt_id", tmp_path / "parts")
    assert {value: len(Ledger(p)) for value, p in parts.items()} == {"p/0": 3, "p/1": 2}


def test_a_field_that_no_call_has_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    whole = write(tmp_path / "1.jsonl", (0, Response("x")))
    with pytest.raises(SettingError, match="no field 'colour'"):
        split(whole, "colour", tmp_path / "parts")
    assert [p.name for p in tmp_path.iterdir()] == ["1.jsonl"]
