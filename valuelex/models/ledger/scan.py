"""Reading a ledger from its first line to its last: every good line, and what is no line of a ledger.

A line counts only if all of it can be read: a good head with a broken body is garbage like any other. Whole blocks are checked
by pyarrow's JSON parser, four times as fast as line by line; a block that holds garbage is halved until the garbage is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from valuelex.models.request import CONTENT_FILTER

HEAD = b'{"key":"'
"""Every line begins with it: the key comes first."""

KEY_BYTES = 32
BLOCK = 8 * 2**20
"""Bytes that are checked at once."""

_FEW = 32


class Line(NamedTuple):
    """Where a good line stands and what it holds.

    Attributes
    ----------
    key : bytes
        The 32 bytes of the request's key.
    offset, length : int
        Bytes from the start of the file, and of the line with its end.
    usable : bool
        False for an error or a stop by a content filter: a record, not an answer.
    """

    key: bytes
    offset: int
    length: int
    usable: bool


@dataclass
class Oddities:
    """What a scan found that is no good line; line numbers count from 1."""

    empty: int = 0
    first_empty: int = 0
    garbage: int = 0
    first_garbage: int = 0
    tail: bytes = b""
    tail_offset: int = 0
    lines: int = 0
    """Lines with an end, good or not."""
    notes: list[str] = field(default_factory=list)

    def set_aside(self, number: int, line: bytes) -> None:
        """Count a line that is not used."""
        if line.strip() == b"":
            self.empty += 1
            self.first_empty = self.first_empty or number
        else:
            self.garbage += 1
            self.first_garbage = self.first_garbage or number

    def say(self, path: Path) -> list[str]:
        """Sentences for the user; none where nothing was odd."""
        said = []
        if self.empty:
            more = f" (and {self.empty - 1} more)" if self.empty > 1 else ""
            said.append(f"{path}, line {self.first_empty}: empty, passed over{more}.")
        if self.garbage:
            lines = "1 line is" if self.garbage == 1 else f"{self.garbage:,} lines are"
            said.append(
                f"{path}, line {self.first_garbage}: {lines} no record of a call (the first is this one) and not used; every "
                "other line is kept, and what is missing is asked again."
            )
        return said


def scan(path: Path, odd: Oddities) -> Iterator[Line]:
    """Yield every good line of a ledger, in order; what else stands in the file is counted in `odd`.

    A last line without its end is left in ``odd.tail``.
    """
    offset, rest = 0, b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            block = rest + block
            end = block.rfind(b"\n") + 1
            if end == 0:
                rest = block
                continue
            rest = block[end:]
            yield from _block(block[:end], offset, odd)
            offset += end
    odd.tail, odd.tail_offset = rest, offset


def read_line(line: bytes) -> tuple[bytes, bool] | None:
    """Return key and usability of one line, or None if it is no record of a call."""
    if not line.startswith(HEAD):
        return None
    try:
        row = json.loads(line)
        key, response = bytes.fromhex(row["key"]), row["response"]
        good = len(key) == KEY_BYTES and isinstance(row["request"], dict) and isinstance(response["text"], str)
        if not good or response["status"] not in ("ok", "error"):
            return None
        return key, response["status"] == "ok" and response.get("finish_reason") != CONTENT_FILTER
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _block(block: bytes, offset: int, odd: Oddities) -> Iterator[Line]:
    octets = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(octets == 10) + 1
    starts = np.concatenate([[0], ends[:-1]])
    yield from _lines(block, starts, ends, offset, odd)


def _lines(block: bytes, starts: np.ndarray, ends: np.ndarray, offset: int, odd: Oddities) -> Iterator[Line]:
    first, last = int(starts[0]), int(ends[-1])
    found = _together(block[first:last], len(starts))
    if found is not None:
        odd.lines += len(starts)
        keys, usable = found
        places = (starts + offset).tolist()
        yield from map(Line, keys, places, (ends - starts).tolist(), usable)
    elif len(starts) > _FEW:
        half = len(starts) // 2
        yield from _lines(block, starts[:half], ends[:half], offset, odd)
        yield from _lines(block, starts[half:], ends[half:], offset, odd)
    else:
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            odd.lines += 1
            line = block[start:end]
            read = read_line(line)
            if read is None:
                odd.set_aside(odd.lines, line)
            else:
                yield Line(read[0], start + offset, end - start, read[1])


def _together(block: bytes, n: int) -> tuple[list[bytes], list[bool]] | None:
    """Keys and usability of all `n` lines, or None if any of them is odd."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.json as pj

    octets = np.frombuffer(block, np.uint8)
    # Inside a string JSON allows no control character; pyarrow would end a line at a null byte.
    if int((octets < 32).sum()) != n or not block.startswith(HEAD) or block.count(b"\n" + HEAD) != n - 1:
        return None
    try:
        block.decode()
        table = pj.read_json(
            pa.BufferReader(block),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(block) + 1),
            parse_options=pj.ParseOptions(explicit_schema=_schema(), unexpected_field_behavior="ignore"),
        )
        response, request = table["response"].combine_chunks(), table["request"].combine_chunks()
        status, text, model = response.field("status"), response.field("text"), request.field("model_id")
        if table.num_rows != n or response.null_count or text.null_count or model.null_count:
            return None
        is_ok = pc.equal(status, "ok")
        if not pc.all(pc.or_(is_ok, pc.equal(status, "error")), skip_nulls=False).as_py():
            return None
        filtered = pc.fill_null(pc.equal(response.field("finish_reason"), CONTENT_FILTER), False)
        keys = [bytes.fromhex(key) for key in table["key"].to_pylist()]
        if any(len(key) != KEY_BYTES for key in keys):
            return None
        return keys, pc.and_not(is_ok, filtered).to_pylist()
    except (pa.ArrowException, ValueError, TypeError, AttributeError):
        return None


@cache
def _schema() -> Any:
    import pyarrow as pa

    text = pa.string()
    response = pa.struct([("text", text), ("status", text), ("finish_reason", text)])
    return pa.schema([("key", text), ("request", pa.struct([("model_id", text)])), ("response", response)])
