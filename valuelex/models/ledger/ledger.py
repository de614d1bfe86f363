"""The call ledger: an append-only JSONL file that holds every call that returned. All else in a study is recomputable.

One line is ``{"key": ..., "at": ..., "request": {...}, "response": {...}}``, the key first; ``"place"`` (where in a design the
call stands) and ``"via"`` (how it was made, where not one by one) stand before the request. A line is written in one system
call, so that a killed process loses nothing that had been written and leaves at most one broken line, the last. The disk is
told to keep what it was given (fsync) when the ledger is closed and every `SYNC_EVERY` seconds of writing: a power cut may cost
the lines since.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from valuelex.errors import writing
from valuelex.models.ledger.scan import Oddities, read_line, scan
from valuelex.models.request import Request, Response

SYNC_EVERY = 60.0
"""Seconds of writing after which the disk is told to keep what it was given."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Ledger:
    """The calls of one study, by key.

    A key may have several records. The first usable one is its answer; while there is none, the last error is what is known of
    it. Errors and stops by a content filter are records of what happened and no answers: the call is asked again.

    Parameters
    ----------
    path : Path
        ``calls.jsonl``; made when the first call is appended.
    mend : bool
        Whether a cut-off last line is moved away. False only looks: for whoever does not hold the results folder.

    Attributes
    ----------
    notes : list of str
        What was found on opening: empty lines, lines that are no record of a call, a broken last line. To be shown to the user.
    """

    def __init__(self, path: Path, *, mend: bool = True) -> None:
        self.path = path
        self._mend = mend
        self.notes: list[str] = []
        # 32 bytes of the key -> twice the line's offset, plus one if it is usable: 10^6 records take some 200 MB.
        self._index: dict[bytes, int] = {}
        self._usable = 0
        self._file: int | None = None
        self._size = 0
        self._synced = time.monotonic()
        if path.exists():
            self._read_index()

    def __contains__(self, key: str) -> bool:
        return self.answered(key)

    def __len__(self) -> int:
        """Number of keys with a record, usable or not."""
        return len(self._index)

    @property
    def n_answers(self) -> int:
        """Number of keys with a usable record."""
        return self._usable

    def answered(self, key: str) -> bool:
        """Whether there is a usable record."""
        return self._index.get(bytes.fromhex(key), 0) % 2 == 1

    def recorded(self, key: str) -> bool:
        """Whether there is a record, be it of an error."""
        return bytes.fromhex(key) in self._index

    def get(self, key: str) -> Response | None:
        """Return the first usable response kept under `key`, else its last error, else None."""
        place = self._index.get(bytes.fromhex(key))
        if place is None:
            return None
        with self.path.open("rb") as file:
            return Response.from_dict(_row(file, place // 2)["response"])

    def get_many(self, keys: Iterable[str]) -> Iterator[tuple[str, Response]]:
        """Yield key and response of all kept keys in the order of the file: one pass, however many there are."""
        places = sorted((place // 2, key) for key in keys if (place := self._index.get(bytes.fromhex(key))) is not None)
        if places:
            with self.path.open("rb") as file:
                for offset, key in places:
                    yield key, Response.from_dict(_row(file, offset)["response"])

    def rows(self, *, every: bool = False) -> Iterator[dict[str, Any]]:
        """Yield kept calls, oldest first, as the dict that a line holds.

        Parameters
        ----------
        every : bool
            All good lines, errors that were asked again and repeated keys among them; else one per key, the one that counts.
        """
        if not self.path.is_file():
            return
        offsets: Iterable[int] = sorted(place // 2 for place in self._index.values())
        if every:
            offsets = (line.offset for line in scan(self.path, Oddities()))
        with self.path.open("rb") as file:
            for offset in offsets:
                yield _row(file, offset)

    def append(
        self, request: Request, response: Response, *, place: Mapping[str, Any] | None = None, via: str | None = None
    ) -> None:
        """Add one call.

        Parameters
        ----------
        request : Request
        response : Response
        place : mapping, optional
            Where in the design the call stands (respondent_id, prompt_id, ...); for who reads the file without the study.
        via : str, optional
            How the call was made, where not one by one: "batch".

        Raises
        ------
        ResultsFolderError
            When the disk is full or the file cannot be written.
        """
        row: dict[str, Any] = {"key": request.key, "at": datetime.now(UTC).isoformat(timespec="milliseconds")}
        if place is not None:
            row["place"] = dict(place)
        if via is not None:
            row["via"] = via
        row["request"] = request.to_dict()
        row["response"] = response.to_dict()
        line = _encode(row).encode() + b"\n"
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
            if time.monotonic() - self._synced > SYNC_EVERY:
                self._sync()
        self._note(bytes.fromhex(request.key), self._size, response.usable)
        self._size += len(line)

    def close(self) -> None:
        """Flush to the disk and close the file."""
        if self._file is not None:
            with writing(self.path):
                self._sync()
            os.close(self._file)
            self._file = None

    def _sync(self) -> None:
        if self._file is not None and self.path.is_file():
            os.fsync(self._file)
        self._synced = time.monotonic()

    def _note(self, key: bytes, offset: int, usable: bool) -> None:
        if self._index.get(key, 0) % 2 == 1:
            return
        self._index[key] = 2 * offset + usable
        self._usable += usable

    def _read_index(self) -> None:
        if not self.path.is_file():
            return  # a device such as /dev/full: nothing to read back
        odd = Oddities()
        with writing(self.path):
            for line in scan(self.path, odd):
                self._note(line.key, line.offset, line.usable)
        self._size = odd.tail_offset
        self.notes += odd.say(self.path)
        if odd.tail and self._mend:
            self._mend_last_line(odd.lines + 1, odd.tail_offset, odd.tail)

    def _mend_last_line(self, number: int, offset: int, line: bytes) -> None:
        """Keep a whole last line that only lacks its end; move a broken one to ``calls.jsonl.broken``."""
        whole = read_line(line)
        with writing(self.path):
            if whole is not None:
                with self.path.open("ab") as file:
                    file.write(b"\n")
                self._note(whole[0], offset, whole[1])
                self._size = offset + len(line) + 1
                self.notes.append(f"{self.path}, line {number}: the line end was missing and has been added.")
                return
            broken = self.path.with_name(self.path.name + ".broken")
            with broken.open("ab") as file:
                file.write(line + b"\n")
            os.truncate(self.path, offset)
        self._size = offset
        self.notes.append(
            f"{self.path}, line {number}: the last line was cut off by an interruption; it was moved to {broken.name} and "
            "its call will be made again."
        )


def _row(file: BinaryIO, offset: int) -> dict[str, Any]:
    file.seek(offset)
    row: dict[str, Any] = json.loads(file.readline())
    return row
