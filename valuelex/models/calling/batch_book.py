"""What was given to batch APIs, on disk: nothing is submitted twice and nothing that was paid for is lost.

``batches/`` beside the ledger holds two files per batch: the one that is uploaded, as it is, and the requests that it was made
from. ``batches.jsonl`` holds what became of them, lines that are only ever added: prepared (the files are whole), submitted
(the endpoint's id), ended (all that the batch will ever give is in the ledger).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from valuelex.errors import ResultsFolderError, writing
from valuelex.models.request import Request


@dataclass
class Batch:
    """One batch, as ``batches.jsonl`` knows it."""

    name: str
    base_url: str
    model_id: str
    id: str | None = None
    over: bool = False


class BatchBook:
    """The file ``batches.jsonl`` and the folder ``batches/`` beside a ledger.

    Parameters
    ----------
    ledger : Path
        ``calls.jsonl``.
    """

    def __init__(self, ledger: Path) -> None:
        self._path = ledger.with_name("batches.jsonl")
        self._folder = ledger.with_name("batches")
        self._token = ""
        self.batches: dict[str, Batch] = {}
        if self._path.is_file():
            for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            row = json.loads(line)
            name, event = row["name"], row["event"]
            if event == "begun":
                self._token = name
            elif event == "prepared":
                self.batches[name] = Batch(name, row["base_url"], row["model_id"])
            elif event == "submitted":
                self.batches[name].id = row["id"]
            elif event == "ended":
                self.batches[name].over = True
        except (ValueError, KeyError, TypeError):
            return  # a line cut off by a killed process: what it said is found out again

    def _write(self, **row: Any) -> None:
        line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **row}) + "\n"
        with writing(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                if file.tell():
                    file.seek(-1, 2)
                    if file.read(1) != b"\n":  # the last line was cut off: nothing is glued onto it
                        line = "\n" + line
                file.write(line.encode())

    def prepare(self, base_url: str, model_id: str, requests: Sequence[Request], lines: Sequence[bytes]) -> Batch:
        """Put the files of a batch into the folder and note them.

        Parameters
        ----------
        base_url, model_id : str
        requests : sequence of Request
        lines : sequence of bytes
            What is uploaded, a line per request.
        """
        if not self._token:
            # Two studies may ask the very same calls of one account: their batches have different names.
            self._token = secrets.token_hex(8)
            self._write(event="begun", name=self._token)
        # A batch that ended without some of its answers is followed by another one: the number tells them apart.
        named = [self._token, str(len(self.batches)), *(request.key for request in requests)]
        batch = Batch(hashlib.sha256("\n".join(named).encode()).hexdigest()[:32], base_url, model_id)
        own = "".join(json.dumps(r.to_dict(), ensure_ascii=False) + "\n" for r in requests)
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            for path, content in ((self._requests(batch), own.encode()), (self.file(batch), b"".join(lines))):
                temporary = path.with_suffix(".part")
                temporary.write_bytes(content)
                temporary.rename(path)
        self._write(event="prepared", name=batch.name, base_url=base_url, model_id=model_id, calls=len(requests))
        self.batches[batch.name] = batch
        return batch

    def file(self, batch: Batch) -> Path:
        """The uploaded file of a batch."""
        return self._folder / f"{batch.name}.jsonl"

    def _requests(self, batch: Batch) -> Path:
        return self._folder / f"{batch.name}.requests.jsonl"

    def requests(self, batch: Batch) -> dict[str, Request]:
        """Key -> request of a batch's calls.

        Raises
        ------
        ResultsFolderError
            If the file is gone or no longer whole: what comes back could not be told apart.
        """
        path, found = self._requests(batch), {}
        try:
            with path.open(encoding="utf-8") as file:
                for line in file:
                    row = json.loads(line)
                    messages = tuple((role, content) for role, content in row["messages"])
                    request = Request(**{**row, "messages": messages, "stop": tuple(row["stop"])})
                    found[request.key] = request
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ResultsFolderError(
                f"{path}: a batch waits at {batch.base_url}, and the calls that it holds cannot be read.",
                f"Put the file back; or give its answers up: move {self._path.name} and {self._folder.name}/ away.",
            ) from error
        return found

    def submitted(self, batch: Batch, identifier: str) -> None:
        """Note the endpoint's id."""
        batch.id = identifier
        self._write(event="submitted", name=batch.name, id=identifier)

    def ended(self, batch: Batch, status: str) -> None:
        """Note that all that a batch will ever give is in the ledger."""
        batch.over = True
        self._write(event="ended", name=batch.name, status=status)

    def open(self, base_url: str, model_id: str) -> list[Batch]:
        """Batches of a model that have not ended."""
        place = (base_url, model_id)
        return [b for b in self.batches.values() if not b.over and (b.base_url, b.model_id) == place]
