"""The ledger loses nothing: not to a killed process, not to a full disk, not to a broken last line."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.test_request import REQUEST
from valuelex.errors import ResultsFolderError
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


GARBAGE = {
    "half a line": lambda line: line[: len(line) // 2] + b"\n",
    "a good head with a broken body": lambda line: line[:200] + b"\xff\xfe" + line[230:],
    "a body that ends early": lambda line: line[:-3] + b"\n",
    "a null byte": lambda line: line[:300] + b"\0" + line[300:],
    "binary": lambda line: bytes(i for i in range(256) if i != 10) + b"\n",
    "foreign JSON": lambda line: b'{"a": 1}\n',
    "foreign JSON with a key": lambda line: line[:73] + b',"response":{"text":"x","status":"ok"}}\n',
    "a key that is no key": lambda line: b'{"key":"zz' + line[10:],
    "another status": lambda line: line.replace(b'"status":"ok"', b'"status":"fine"'),
    "two lines glued": lambda line: line[:-1] + line,
    "a list": lambda line: b"[" + line[:-1] + b"]\n",
    "brackets without end": lambda line: b'{"key":"' + b"[" * 100_000 + b"\n",
}


@pytest.mark.parametrize("spoil", GARBAGE.values(), ids=list(GARBAGE))
@pytest.mark.parametrize("n", [3, 200])
def test_garbage_is_set_aside_and_every_good_line_kept(tmp_path: Path, spoil, n: int) -> None:
    first = Ledger(tmp_path / "calls.jsonl")
    for i, request in enumerate(requests(n)):
        first.append(request, Response(f"answer {i}", finish_reason="stop"))
    first.close()
    lines = first.path.read_bytes().splitlines(keepends=True)
    spoilt = b"".join([lines[0], spoil(lines[1]), *lines[2:]])
    first.path.write_bytes(spoilt)
    again = Ledger(first.path)
    assert [again.answered(r.key) for r in requests(n)] == [True, False] + [True] * (n - 2)
    assert again.get(requests(n)[-1].key) == Response(f"answer {n - 1}", finish_reason="stop")
    assert len(again.notes) == 1
    assert "calls.jsonl, line 2: 1 line is no record of a call" in again.notes[0]
    again.append(requests(n)[1], Response("asked again"))
    again.close()
    assert first.path.read_bytes().startswith(spoilt), "lines are only ever added"
    assert Ledger(first.path).get(requests(n)[1].key) == Response("asked again")


@pytest.mark.parametrize(
    "poor", [Response("", status="error", error="500"), Response("so", finish_reason="content_filter")]
)
def test_an_error_is_a_record_and_no_answer(tmp_path: Path, poor: Response) -> None:
    ledger = Ledger(tmp_path / "calls.jsonl")
    key = REQUEST.key
    ledger.append(REQUEST, Response("", status="error", error="an earlier one"))
    ledger.append(REQUEST, poor)
    for seen in (ledger, Ledger(ledger.path)):
        assert (seen.answered(key), seen.recorded(key), key in seen, len(seen), seen.n_answers) == (
            (False, True, False, 1, 0)
        )
        assert seen.get(key) == poor
    ledger.append(REQUEST, Response("an answer"))
    ledger.append(REQUEST, Response("a later answer"))
    ledger.append(REQUEST, poor)
    for seen in (ledger, Ledger(ledger.path)):
        assert seen.answered(key)
        assert seen.get(key) == Response("an answer")
        assert (len(seen), seen.n_answers) == (1, 1)
        assert [row["response"]["text"] for row in seen.rows()] == ["an answer"]
        assert len(list(seen.rows(every=True))) == 5


def test_thirty_samples_are_thirty_records(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "calls.jsonl")
    for request in requests(30):
        ledger.append(request, Response("the same words"))
    assert len(Ledger(ledger.path)) == 30
    assert len(list(Ledger(ledger.path).rows())) == 30


def test_many_are_read_in_the_order_of_the_file(ledger: Ledger) -> None:
    keys = [r.key for r in requests(5)]
    found = list(ledger.get_many([keys[4], keys[2], keys[0]]))
    assert found == [(keys[0], ledger.get(keys[0])), (keys[2], ledger.get(keys[2]))]


def test_records_of_version_0_1_are_read(tmp_path: Path) -> None:
    """A line as version 0.1.0 wrote it, without log-probabilities and note."""
    line = (
        '{"key":"' + "ab" * 32 + '","at":"2026-01-01T00:00:00.000+00:00","request":{"model_id":"a","extra":{}},'
        '"response":{"text":"x","status":"ok","finish_reason":"stop","n_tokens_in":1,"n_tokens_out":1,"latency_s":0.5,'
        '"error":null,"reasoning":null}}\n'
    )
    (tmp_path / "calls.jsonl").write_text(line)
    found = Ledger(tmp_path / "calls.jsonl").get("ab" * 32)
    assert found == Response("x", finish_reason="stop", n_tokens_in=1, n_tokens_out=1, latency_s=0.5)


def test_the_place_in_the_design_and_the_way_stand_in_the_line(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "calls.jsonl")
    ledger.append(REQUEST, Response("x"), place={"respondent_id": "a/t0.7"}, via="batch")
    [row] = Ledger(ledger.path).rows()
    assert list(row) == ["key", "at", "place", "via", "request", "response"]
    assert (row["place"], row["via"]) == ({"respondent_id": "a/t0.7"}, "batch")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["ok", "error"]), st.text(max_size=8)), max_size=40),
    st.data(),
)
def test_whatever_was_written_and_spoilt_the_first_answer_wins(records, data) -> None:
    """Against a dict that is filled by the rule; with garbage lines put in anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "calls.jsonl")
        expected: dict[str, Response] = {}
        for i, status, text in records:
            request, response = replace(REQUEST, sample_index=i), Response(text, status=status)
            ledger.append(request, response)
            if request.key not in expected or not expected[request.key].usable:
                expected[request.key] = response
        ledger.close()
        if records:
            lines = ledger.path.read_bytes().splitlines(keepends=True)
            for _ in range(data.draw(st.integers(0, 3))):
                lines.insert(
                    data.draw(st.integers(0, len(lines))), data.draw(st.binary(min_size=1, max_size=30)) + b"\n"
                )
            ledger.path.write_bytes(b"".join(lines))
        again = Ledger(ledger.path)
        assert dict(again.get_many([replace(REQUEST, sample_index=i).key for i in range(6)])) == expected
        assert again.n_answers == sum(r.usable for r in expected.values())


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
