"""What was computed is kept: one file for all extractions from the same data, named by a hash of what can move them.

A line is written when an extraction is done, so that a run that is killed loses at most one; a torn last line is left out.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from valuelex.errors import writing


@dataclass(frozen=True)
class Ground:
    """What extractions from the same data share.

    Attributes
    ----------
    n_respondents : int
    reasons : tuple of str
        Why nothing can be factored; empty where it can.
    """

    n_respondents: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Solved:
    """One extraction: the group of every word, or why there is none.

    Attributes
    ----------
    labels : tuple of int or None
        In the order of the view's words; -1 for words in no group.
    n_factors : int
    reason : str
    """

    labels: tuple[int, ...] | None
    n_factors: int = 0
    reason: str = ""


class Kept:
    """What is known of one `Ground`: read at the start, added to line by line.

    Parameters
    ----------
    path : Path or None
        None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.ground: Ground | None = None
        self.solved: dict[str, Solved] = {}
        if path is not None and path.is_file():
            self._read(path)

    def _read(self, path: Path) -> None:
        whole = 0
        content = path.read_bytes()
        for line in content.splitlines(keepends=True):
            try:
                if not line.endswith(b"\n"):
                    break
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError):
                break
            whole += len(line)
        if whole < len(content):  # what comes next must not be glued to half a line
            with writing(path), path.open("r+b") as file:
                file.truncate(whole)

    def _take(self, row: dict[str, Any]) -> None:
        if row["kind"] == "ground":
            self.ground = Ground(int(row["n_respondents"]), tuple(row["reasons"]))
            return
        labels = row["labels"]
        self.solved[row["key"]] = Solved(None if labels is None else tuple(labels), row["n_factors"], row["reason"])

    def put_ground(self, ground: Ground) -> None:
        """Keep what the extractions share."""
        self.ground = ground
        self._add({"kind": "ground", **asdict(ground)})

    def put(self, key: str, solved: Solved) -> None:
        """Keep an extraction."""
        self.solved[key] = solved
        self._add({"kind": "solved", "key": key, **asdict(solved)})

    def _add(self, row: dict[str, Any]) -> None:
        if self._path is None:
            return
        with writing(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")
