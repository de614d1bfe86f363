"""Fixtures that several rooms share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from valuelex.cli import main
from valuelex.errors import ArtifactError

TESTS = Path(__file__).parent

LONG = (
    "test_notebooks.py",
    "study/test_pack.py",
    "study/test_resume.py",
    "report/test_browser.py",
    "models/engines/test_scoring.py",
    "study/test_inputs.py",
    "lexicon/test_chunks.py",
    "study/test_multiverse.py",
    "models/calling/test_kills.py",
    "models/calling/test_misbehaviour.py",
    "taxonomy/test_recovery.py",
    "study/test_validation.py",
    "report/test_page.py",
)
"""Files that take longest, the longest first: for one that begins last, all other processes would wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {TESTS / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@dataclass
class StubEndpoint:
    """A running stub server."""

    url: str
    log: Path
    process: subprocess.Popen

    def requests(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def asked(self) -> int:
        """How many requests were made; for loops that wait."""
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Callable[..., StubEndpoint]]:
    """Start stub servers: ``stub("--key", "s3cret")``; they end with the test."""
    running: list[subprocess.Popen] = []

    def start(*options: str) -> StubEndpoint:
        log = tmp_path / f"stub-{len(running)}.jsonl"
        command = [sys.executable, str(TESTS / "stub_server.py"), "--log", str(log), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        return StubEndpoint(process.stdout.readline().strip(), log, process)

    yield start
    for process in running:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="session")
def embedder():
    """The packaged sentence-embedding model; tests that need it skip where its files cannot be had."""
    from valuelex.models import embedding_files
    from valuelex.semantics import OnnxEmbedder

    try:
        return OnnxEmbedder("all-minilm-l6-v2", **embedding_files("all-minilm-l6-v2"))
    except ArtifactError as error:
        pytest.skip(f"the packaged embedding model cannot be had: {error.what}")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ../shared with data that stays outside the project; its tests skip without it."""
    folder = TESTS.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is not here")
    return folder


@pytest.fixture
def stub_study(tmp_path: Path) -> Callable[..., Path]:
    """Write a study of two stub models and return its folder: ``stub_study(url, name="a", elicitation={...})``."""

    def write(url: str, *, folder: str = "study", **changes: Any) -> Path:
        content: dict[str, Any] = {
            "name": "stubbed",
            "seed": 11,
            "models": [
                {"id": "alpha-7b-chat", "base_url": url, "model": "alpha", "family": "alpha", "training": "aligned",
                 "parameters": 7.0e9},
                {"id": "alpha-1b", "base_url": url, "model": "alpha-base", "family": "alpha", "training": "pretrained",
                 "parameters": 1.0e9},
            ],
            "respondents": {"temperature": [0.3, 0.7, 1.0], "top_p": [0.9]},
            "elicitation": {"samples": 1, "max_tokens": 40, "concurrency": 4},
            "lexicon": {"unknown": False},
            "taxonomy": {"bootstrap": 10},
            "instrument": {"stems": 12},
            "administration": {"samples": 1, "max_tokens": 40, "concurrency": 4},
        }  # fmt: skip
        for key, value in changes.items():
            if value is None:
                content.pop(key, None)
            elif isinstance(value, dict) and isinstance(content.get(key), dict):
                content[key] = content[key] | value
            else:
                content[key] = value
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / "study.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        return place

    return write


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command in this process; return exit code, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["valuelex", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as leave:
            code = int(leave.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call
