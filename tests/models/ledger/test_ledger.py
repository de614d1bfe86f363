"""The ledger loses nothing: not to a killed process, not to a full disk, not to a broken last line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.test_request import REQUEST
from valuelex.errors import LedgerError, ResultsFolderError
from valuelex.models import Ledger, Response


def requests(n: int) -> list:
    return [replace(REQUEST, sample_index=i) for i in range(n)]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    found = Ledger(tmp_path / "calls.jsonl")
    for i, request in enumerate(requests(3)):
        found.append(request, Response(f"answer {i} — ünïcode\nand a second line", n_tokens_out=i))
    found.close()
    return found


def test_what_was_written_is_read_back(ledger: Ledger) -> None:
    again = Ledger(ledger.path)
    assert len(again) == 3
    assert again.get(requests(3)[2].key) == Response("answer 2 — ünïcode\nand a second line", n_tokens_out=2)
    assert [row["key"] for row in again.rows()] == [r.key for r in requests(3)]
    assert again.get("0" * 64) is None
    assert again.notes == []


def test_the_key_is_the_first_field_of_a_line(ledger: Ledger) -> None:
    for line, request in zip(ledger.path.read_text().splitlines(), requests(3), strict=True):
        assert line.startswith('{"key":"' + request.key)


@pytest.mark.parametrize("cut", [1, 20, 90, 300])
def test_a_cut_off_last_line_is_set_aside_and_said(ledger: Ledger, cut: int) -> None:
    content = ledger.path.read_bytes()
    last = content.rstrip(b"\n").rfind(b"\n") + 1
    ledger.path.write_bytes(content[: last + cut])
    again = Ledger(ledger.path)
    assert len(again) == 2
    assert "line 3: the last line was cut off" in again.notes[0]
    assert (ledger.path.parent / "calls.jsonl.broken").read_bytes().rstrip(b"\n") == content[last : last + cut]
    again.append(requests(3)[2], Response("once more"))
    again.close()
    third = Ledger(ledger.path)
    assert third.notes == []
    assert third.get(requests(3)[2].key) == Response("once more")


def test_a_last_line_that_only_lacks_its_end_is_kept(ledger: Ledger) -> None:
    ledger.path.write_bytes(ledger.path.read_bytes().rstrip(b"\n"))
    again = Ledger(ledger.path)
    assert len(again) == 3
    assert "line end was missing" in again.notes[0]
    again.append(replace(REQUEST, sample_index=9), Response("next"))
    again.close()
    assert len(Ledger(ledger.path)) == 4
    assert again.get(replace(REQUEST, sample_index=9).key) == Response("next")


def test_looking_only_mends_nothing(ledger: Ledger) -> None:
    ledger.path.write_bytes(ledger.path.read_bytes()[:-30])
    before = ledger.path.read_bytes()
    assert len(Ledger(ledger.path, mend=False)) == 2
    assert ledger.path.read_bytes() == before


def test_an_empty_line_is_passed_over_and_said(ledger: Ledger) -> None:
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(lines[0] + b"\n" + lines[1] + lines[2])
    again = Ledger(ledger.path)
    assert len(again) == 3
    assert "line 2: empty" in again.notes[0]
    assert again.get(requests(3)[2].key) is not None


def test_damage_in_the_middle_is_no_interruption(ledger: Ledger) -> None:
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(lines[0] + b'{"key": broken\n' + lines[2])
    with pytest.raises(LedgerError, match="line 2: broken in the middle"):
        Ledger(ledger.path)


def test_an_empty_file_is_an_empty_ledger(tmp_path: Path) -> None:
    (tmp_path / "calls.jsonl").write_text("")
    assert len(Ledger(tmp_path / "calls.jsonl")) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """/dev/full is the kernel's own full disk: every write fails with ENOSPC."""
    (tmp_path / "calls.jsonl").symlink_to("/dev/full")
    ledger = Ledger(tmp_path / "calls.jsonl")
    with pytest.raises(ResultsFolderError, match="the disk is full"):
        ledger.append(REQUEST, Response("lost?"))
