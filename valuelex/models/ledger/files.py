"""Ledgers as files: several into one, one into several. Both read as they write, and write whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from valuelex.errors import LedgerError, ResultsFolderError, SettingError, writing
from valuelex.models.ledger.scan import Line, Oddities, read_line, scan

MOST_PARTS = 500
"""Files that one ledger may be split into."""


@dataclass(frozen=True)
class Merged:
    """What `merge` did.

    Attributes
    ----------
    path : Path
    records : int
        Lines written: one per key.
    repeated : int
        Lines left out because their key has a better or an earlier one.
    conflicts : tuple of str
        Keys with usable answers that differ; the first was taken.
    set_aside : int
        Lines that are no record of a call.
    """

    path: Path
    records: int
    repeated: int
    conflicts: tuple[str, ...] = ()
    set_aside: int = 0


@dataclass
class _Choice:
    """The line that stands for a key so far."""

    ledger: int
    offset: int
    usable: bool
    answer: bytes = b""


@dataclass
class _Union:
    choices: dict[bytes, _Choice] = field(default_factory=dict)
    conflicts: dict[bytes, None] = field(default_factory=dict)
    lines: int = 0
    set_aside: int = 0

    def add(self, ledger: int, line: Line, answer: bytes) -> None:
        self.lines += 1
        known = self.choices.get(line.key)
        if known is None:
            self.choices[line.key] = _Choice(ledger, line.offset, line.usable, answer)
        elif known.usable:
            if line.usable and answer != known.answer:
                self.conflicts[line.key] = None
        else:
            known.ledger, known.offset, known.usable, known.answer = ledger, line.offset, line.usable, answer


def merge(paths: Sequence[Path], out: Path) -> Merged:
    """Write the union of ledgers: of each key the first usable record, or the last error where there is none.

    Lines are copied byte for byte, in the order of the ledgers and within each of its lines.

    Parameters
    ----------
    paths : sequence of Path
        Ledgers; the earlier one wins.
    out : Path
        Must not exist.

    Raises
    ------
    LedgerError
        If a ledger does not exist.
    ResultsFolderError
        If `out` exists or cannot be written.
    """
    for path in paths:
        _must_exist(path)
    union = _Union()
    for number, path in enumerate(paths):
        for line, answer in _with_answers(path, union):
            union.add(number, line, answer)
    with _appearing(out) as target:
        for number, path in enumerate(paths):
            chosen = sorted(c.offset for c in union.choices.values() if c.ledger == number)
            with path.open("rb") as source:
                for offset in chosen:
                    source.seek(offset)
                    line_bytes = source.readline()
                    target.write(line_bytes if line_bytes.endswith(b"\n") else line_bytes + b"\n")
    n = len(union.choices)
    return Merged(out, n, union.lines - n, tuple(key.hex() for key in union.conflicts), union.set_aside)


def split(path: Path, by: str, folder: Path) -> dict[str, Path]:
    """Write the lines of a ledger into one ledger per value of `by`; return value -> file.

    Parameters
    ----------
    path : Path
    by : str
        A field of the request (model_id, endpoint, mode, ...) or of the place (respondent_id, prompt_id, persona, ...).
    folder : Path
        Must not exist; appears when all files are whole.

    Raises
    ------
    LedgerError
        If the ledger does not exist.
    SettingError
        If a line has no such field, or there are more than `MOST_PARTS` values.
    ResultsFolderError
        If `folder` exists or cannot be written.
    """
    _must_exist(path)
    _must_not_exist(folder)
    files: dict[str, Path] = {}
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with writing(folder), ExitStack() as opened, path.open("rb") as source:
            handles: dict[str, BinaryIO] = {}
            for line in _lines(path, Oddities()):
                source.seek(line.offset)
                content = source.readline()
                value = _value_of(content, by, path)
                if value not in handles:
                    if len(handles) >= MOST_PARTS:
                        raise SettingError(
                            f"'{by}' has more than {MOST_PARTS} values in {path}.", "Split by a field with fewer."
                        )
                    files[value] = folder / _file_name(value, set(files.values()), folder)
                    handles[value] = opened.enter_context((temporary / files[value].name).open("wb"))
                handles[value].write(content if content.endswith(b"\n") else content + b"\n")
        with writing(folder):
            temporary.chmod(0o755)
            temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return files


def _lines(path: Path, odd: Oddities) -> Iterator[Line]:
    """Every good line, a last one without its end among them."""
    yield from scan(path, odd)
    last = read_line(odd.tail) if odd.tail else None
    if last is not None:
        yield Line(last[0], odd.tail_offset, len(odd.tail), last[1])
    elif odd.tail:
        odd.set_aside(odd.lines + 1, odd.tail)


def _with_answers(path: Path, union: _Union) -> Iterator[tuple[Line, bytes]]:
    odd = Oddities()
    with path.open("rb") as source:
        for line in _lines(path, odd):
            source.seek(line.offset)
            yield line, _digest(source.readline()) if line.usable else b""
    union.set_aside += odd.garbage


def _digest(line: bytes) -> bytes:
    """Eight bytes that tell answers apart: what was said and why it ended, not when or how fast."""
    response = json.loads(line)["response"]
    said = json.dumps([response["text"], response.get("finish_reason"), response.get("logprobs")])
    return hashlib.sha256(said.encode()).digest()[:8]


def _value_of(line: bytes, by: str, path: Path) -> str:
    row: dict[str, Any] = json.loads(line)
    place = row.get("place") or {}
    if by not in row["request"] and by not in place:
        known = ", ".join([*row["request"], *place])
        raise SettingError(f"{path}: a call has no field '{by}'.", f"Its fields are: {known}.")
    value = place[by] if by in place else row["request"][by]
    return value if isinstance(value, str) else json.dumps(value)


def _file_name(value: str, taken: set[Path], folder: Path) -> str:
    plain = re.sub(r"[^A-Za-z0-9._=-]+", "_", value).strip("._")[:100] or "empty"
    name, n = f"{plain}.jsonl", 1
    while folder / name in taken:
        n += 1
        name = f"{plain}-{n}.jsonl"
    return name


@contextmanager
def _appearing(out: Path) -> Iterator[BinaryIO]:
    """A file that stands at `out` once it is whole; nobody's file is replaced."""
    _must_not_exist(out)
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = out.with_name(f".{out.name}.{os.getpid()}.part")
        try:
            with temporary.open("wb") as target:
                yield target
                target.flush()
                os.fsync(target.fileno())
            _must_not_exist(out)
            temporary.rename(out)
        finally:
            temporary.unlink(missing_ok=True)


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise LedgerError(f"{path} does not exist.", "Name the file calls.jsonl of a results folder.")


def _must_not_exist(path: Path) -> None:
    if path.exists():
        raise ResultsFolderError(f"{path} exists already and is not replaced.", "Name another place, or move it away.")
