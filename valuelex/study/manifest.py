"""The manifest: versions, seeds, settings, the SHA-256 of every input and output. It tells what is up to date."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import valuelex
from valuelex._version import __version__
from valuelex.errors import ResultsFolderError
from valuelex.resources import instruments
from valuelex.tables import replace_file

FILE = "manifest.json"
LEDGER = "calls.jsonl"

PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "pyarrow",
    "onnxruntime",
    "gguf",
    "tokenizers",
    "openai",
    "xllamacpp",
    "pydantic",
)
"""Packages whose version can move a number."""

_BELOW = (
    "errors.py",
    "resources.py",
    "tables",
    "models",
    "semantics",
    "psychometrics",
    "study/stages.py",
    "study/embedding.py",
)


@dataclass
class StageRecord:
    """What one stage was made from and what it made."""

    key: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    finished: str
    seconds: float
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class Manifest:
    """All of manifest.json."""

    study: str
    seed: int
    settings: dict[str, Any]
    valuelex: str = __version__
    python: str = field(default_factory=platform.python_version)
    packages: dict[str, str | None] = field(default_factory=dict)
    stages: dict[str, StageRecord] = field(default_factory=dict)
    plan: str = ""
    """SHA-256 of the frozen plan that lay beside the study file when something last ran: a plan that goes leaves a trace."""

    def write(self, folder: Path) -> None:
        """Write manifest.json, whole."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False, default=str) + "\n"
        replace_file(folder / FILE, text.encode())


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a results folder, or None if it has none.

    Raises
    ------
    ResultsFolderError
        If it cannot be parsed.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        stages = {name: StageRecord(**record) for name, record in content.pop("stages").items()}
        return Manifest(**content, stages=stages)
    except (ValueError, TypeError, KeyError) as error:
        raise ResultsFolderError(
            f"{path}: cannot be read ({error}).",
            f"Delete it; every stage is then made again, and no call of {LEDGER} is repeated.",
        ) from error


def claim(folder: Path, name: str) -> Manifest | None:
    """Check that a results folder is this study's, or free to become it; return its manifest if there is one.

    Raises
    ------
    ResultsFolderError
        If another study made it, or it holds files that no study made.
    """
    found = read_manifest(folder)
    if found is not None:
        if found.study != name:
            raise ResultsFolderError(
                f"{folder}: holds the results of the study '{found.study}', not of '{name}'.",
                "Name another folder with 'results:', or give the study its old name back.",
            )
        return found
    foreign = (
        sorted(p.name for p in folder.iterdir() if not p.name.startswith((".", LEDGER))) if folder.is_dir() else []
    )
    if foreign:
        raise ResultsFolderError(
            f"{folder}: holds {', '.join(foreign[:3])}{' ...' if len(foreign) > 3 else ''} and no {FILE}: no study made it.",
            f"Name another folder with 'results:', or move these files away ({LEDGER} may stay).",
        )
    return None


def packages() -> dict[str, str | None]:
    """Versions of the packages that can move a number; None where one is not installed."""
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


@cache
def sources_digest(room: str) -> str:
    """Return a digest of the code and content a stage rests on: its room, the floors below it, and instruments/."""
    package = Path(valuelex.__file__).parent
    files = [p for part in (*_BELOW, room) for p in _sources(package / part)]
    content = [p for p in instruments().rglob("*") if p.is_file() and "studies" not in p.parts]
    digest = hashlib.sha256()
    for path in sorted(files) + sorted(content):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(path: Path) -> list[Path]:
    return (
        [path] if path.is_file() else [p for p in path.rglob("*") if p.suffix in (".py", ".html", ".css", ".js", ".j2")]
    )
