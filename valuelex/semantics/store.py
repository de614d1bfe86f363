"""Embeddings on disk, addressed by content: what made a vector, and of which text."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from valuelex.errors import writing

FloatArray = NDArray[np.floating[Any]]

PATIENCE = 30.0
"""Seconds to wait for another process that writes."""

AT_ONCE = 500
"""Keys looked up in one query; SQLite takes 999 and more."""


def text_key(model: str, text: str) -> bytes:
    """SHA-256 of the model's identity and the text."""
    return hashlib.sha256(f"{model}\0{text}".encode("utf-8", "surrogatepass")).digest()


def identity(*parts: str | Path) -> str:
    """SHA-256 (64 hex digits) of settings and of the content of files."""
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            with part.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
        else:
            whole.update(hashlib.sha256(part.encode()).digest())
    return whole.hexdigest()


class Store(Protocol):
    """Where vectors are kept."""

    def read(self, texts: Sequence[str]) -> dict[str, FloatArray]:
        """Return the vectors that are there, and whole."""
        ...

    def write(self, vectors: Mapping[str, FloatArray]) -> None:
        """Keep vectors."""
        ...


class LocalStore:
    """Vectors that can be computed again, in the 32-bit floats that models return: one SQLite file, written in transactions.

    Entries that do not match their check sum are taken as absent and overwritten. A file that is no database is renamed
    (``.unreadable``) and begun anew. Where the folder cannot be written, nothing is kept and nothing fails.

    Parameters
    ----------
    path : Path
    model : str
        What made the vectors, as `identity` gives it.
    """

    def __init__(self, path: Path, model: str) -> None:
        self.path, self.model = path, model

    def read(self, texts: Sequence[str]) -> dict[str, FloatArray]:
        """Return the vectors that are there, and whole."""
        wanted = {text_key(self.model, text): text for text in texts}
        keys = list(wanted)
        out: dict[str, FloatArray] = {}

        def look(file: sqlite3.Connection) -> None:
            for start in range(0, len(keys), AT_ONCE):
                part = keys[start : start + AT_ONCE]
                marks = ",".join("?" * len(part))
                for key, found, vector in file.execute(
                    f"SELECT key, checked, vector FROM vectors_32 WHERE key IN ({marks})", part
                ):
                    if isinstance(vector, bytes) and found == _check(key, vector) and len(vector) % 4 == 0:
                        out[wanted[key]] = np.frombuffer(vector, dtype="<f4").astype(np.float32)

        if self.path.is_file():
            self._do(look)
        return out

    def write(self, vectors: Mapping[str, FloatArray]) -> None:
        """Keep vectors; one transaction, so that a cut-off run leaves none half."""
        keyed = {text_key(self.model, text): np.asarray(v, dtype="<f4").tobytes() for text, v in vectors.items()}
        rows = [(key, _check(key, content), content) for key, content in keyed.items()]
        self._do(lambda file: file.executemany("INSERT OR REPLACE INTO vectors_32 VALUES (?, ?, ?)", rows))

    def _do(self, task: Callable[[sqlite3.Connection], object]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=PATIENCE)) as file, file:
                file.execute("PRAGMA synchronous=OFF")  # a cut in the power costs entries, which their sums betray
                file.execute("CREATE TABLE IF NOT EXISTS vectors_32 (key BLOB PRIMARY KEY, checked BLOB, vector BLOB)")
                task(file)
        except (OSError, sqlite3.OperationalError):
            return  # a cache that cannot be used costs time, nothing else
        except sqlite3.DatabaseError:
            try:
                self.path.replace(self.path.with_suffix(".unreadable"))
            except OSError:
                return


class BoughtStore:
    """Vectors that were paid for: an append-only file of JSON lines (key, model, text, check, vector), readable by eye.

    A line that is cut off, or does not match its check sum, is passed over and stays where it is; its text is asked again.

    Parameters
    ----------
    path : Path
    model : str
        Endpoint and model.
    """

    def __init__(self, path: Path, model: str) -> None:
        self.path, self.model = path, model
        self.passed_over = 0

    def read(self, texts: Sequence[str]) -> dict[str, FloatArray]:
        """Return the vectors that are there, and whole; `passed_over` counts unreadable lines."""
        wanted = {text_key(self.model, text).hex(): text for text in texts}
        out: dict[str, FloatArray] = {}
        self.passed_over = 0
        if not self.path.is_file() or not wanted:
            return out
        with self.path.open("rb") as file:
            for line in file:
                try:
                    row = json.loads(line) if line.strip() else {"key": ""}
                    key = row["key"]
                    if key not in wanted:
                        continue
                    content = base64.b64decode(row["vector"], validate=True)
                    if row["check"] != _check(bytes.fromhex(key), content).hex() or len(content) % 8:
                        raise ValueError
                    out[wanted[key]] = np.frombuffer(content, dtype="<f8").astype(np.float64)
                except (ValueError, KeyError, TypeError, binascii.Error):
                    self.passed_over += 1
        return out

    def write(self, vectors: Mapping[str, FloatArray]) -> None:
        """Append vectors in one write, and see them on the disk before going on.

        Raises
        ------
        ResultsFolderError
            If the file cannot be written.
        """
        lines = []
        for text, vector in vectors.items():
            key, content = text_key(self.model, text), np.asarray(vector, dtype="<f8").tobytes()
            row = {
                "key": key.hex(),
                "model": self.model,
                "text": text,
                "check": _check(key, content).hex(),
                "vector": base64.b64encode(content).decode(),
            }
            lines.append(json.dumps(row, ensure_ascii=True))
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                # A line that an earlier run left half must not swallow the first new one.
                file.write(b"\n" + "\n".join(lines).encode() + b"\n")
                file.flush()


def _check(key: bytes, content: bytes) -> bytes:
    return hashlib.sha256(key + content).digest()[:8]
