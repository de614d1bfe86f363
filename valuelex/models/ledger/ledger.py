"""The call ledger: an append-only JSONL file that holds every call that returned. All else in a study is recomputable.

One line is ``{"key": ..., "at": ..., "request": {...}, "response": {...}}``, the key first, so that an index of the file is
read without parsing it. A line is written in one system call: a killed process leaves at most one broken line, the last.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from valuelex.errors import LedgerError, writing
from valuelex.models.request import Request, Response

_HEAD = b'{"key":"'
_KEY = slice(len(_HEAD), len(_HEAD) + 64)


class Ledger:
    """The calls of one study, by key.

    Parameters
    ----------
    path : Path
        ``calls.jsonl``; made when the first call is appended.
    mend : bool
        Whether a cut-off last line is moved away. False only looks: for whoever does not hold the results folder.

    Attributes
    ----------
    notes : list of str
        What was found and mended on opening (an empty or a broken last line); to be shown to the user.

    Raises
    ------
    LedgerError
        If a line before the last is broken: that is damage, not an interrupted write, and it is not passed over.
    """

    def __init__(self, path: Path, *, mend: bool = True) -> None:
        self.path = path
        self._mend = mend
        self.notes: list[str] = []
        self._index: dict[str, tuple[int, int]] = {}
        self._file: int | None = None
        self._size = 0
        if path.exists():
            self._read_index()

    def __contains__(self, key: str) -> bool:
        return key in self._index

    def __len__(self) -> int:
        return len(self._index)

    def get(self, key: str) -> Response | None:
        """Return the response kept under `key`, or None."""
        row = self._row(key)
        return None if row is None else Response(**row["response"])

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield every kept call, oldest first, as the dict that its line holds."""
        for key in self._index:
            row = self._row(key)
            if row is not None:
                yield row

    def append(self, request: Request, response: Response) -> None:
        """Add one call. Raises `ResultsFolderError` when the disk is full or the file cannot be written."""
        key = request.key
        row = {
            "key": key,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request": asdict(request),
            "response": asdict(response),
        }
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with writing(self.path):
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            written = os.write(self._file, line)
            if written < len(line):  # a full disk may take a part of the line: try the rest, which names the reason
                try:
                    os.write(self._file, line[written:])
                except OSError:
                    os.ftruncate(self._file, self._size)  # no line may be glued onto a fragment
                    raise
        self._index[key] = (self._size, len(line))
        self._size += len(line)

    def close(self) -> None:
        """Flush to the disk and close the file."""
        if self._file is not None:
            with writing(self.path):
                if self.path.is_file():
                    os.fsync(self._file)
            os.close(self._file)
            self._file = None

    def _row(self, key: str) -> dict[str, Any] | None:
        place = self._index.get(key)
        if place is None:
            return None
        with self.path.open("rb") as file:
            file.seek(place[0])
            row: dict[str, Any] = json.loads(file.read(place[1]))
        return row

    def _read_index(self) -> None:
        with writing(self.path):
            if not self.path.is_file():
                return  # a device such as /dev/full: nothing to read back
            content = self.path.open("rb")
        offset = 0
        with content as file:
            for number, line in enumerate(file, start=1):
                if line.strip() == b"":
                    self.notes.append(f"{self.path}, line {number}: empty, passed over.")
                elif line.startswith(_HEAD) and line.endswith(b"}\n"):
                    self._index[line[_KEY].decode("ascii", "replace")] = (offset, len(line))
                elif file.read(1) == b"":
                    if self._mend:
                        self._mend_last_line(number, offset, line)
                    return
                else:
                    raise LedgerError(
                        f"{self.path}, line {number}: broken in the middle of the ledger.",
                        "Restore the file from a copy, or delete this line: its call will be made again.",
                    )
                offset += len(line)
            self._size = offset

    def _mend_last_line(self, number: int, offset: int, line: bytes) -> None:
        """Keep a whole last line that only lacks its newline; move a broken one to ``calls.jsonl.broken``."""
        try:
            key = str(json.loads(line)["key"])
            whole = line.startswith(_HEAD) and len(key) == 64
        except (ValueError, KeyError, TypeError):
            whole = False
        with writing(self.path):
            if whole:
                with self.path.open("ab") as file:
                    file.write(b"\n")
                self._index[key] = (offset, len(line) + 1)
                self._size = offset + len(line) + 1
                self.notes.append(f"{self.path}, line {number}: the line end was missing and has been added.")
                return
            broken = self.path.with_name(self.path.name + ".broken")
            with broken.open("ab") as file:
                file.write(line.rstrip(b"\n") + b"\n")
            os.truncate(self.path, offset)
        self._size = offset
        self.notes.append(
            f"{self.path}, line {number}: the last line was cut off by an interruption; it was moved to {broken.name} and "
            "its call will be made again."
        )
