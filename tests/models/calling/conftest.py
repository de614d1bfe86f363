"""Stub endpoints that misbehave, and callers that ask them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.models.test_request import REQUEST
from valuelex.models import Caller, Ledger, Model, ModelSettings, Request, Response, resolve

TESTS = Path(__file__).parents[2]


@dataclass
class Misbehaving:
    """A running stub server that misbehaves on command."""

    url: str
    pid: int

    def log(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.url.replace("/v1", "/log")) as reply:
            return json.loads(reply.read())

    def calls(self) -> list[dict[str, Any]]:
        return self.log()["calls"]

    def rules(self, *rules: dict[str, Any]) -> None:
        urllib.request.urlopen(self.url.replace("/v1", "/rules"), json.dumps(rules).encode()).close()

    def model(self, model_id: str = "alpha", **settings: Any) -> Model:
        return resolve(ModelSettings(id=model_id, base_url=self.url, **settings))


def requests(model: Model, n: int, **changes: Any) -> list[Request]:
    plain = replace(
        REQUEST, model_id=model.id, endpoint=model.endpoint, endpoint_model=model.endpoint_model, extra=model.sampling
    )
    return [replace(plain, sample_index=i, seed=i, **changes) for i in range(n)]


@pytest.fixture(scope="session")
def nursery() -> Iterator[subprocess.Popen]:
    """The process that starts stub servers, which has imported what they need."""
    command = [sys.executable, str(TESTS / "misbehaving_server.py"), "--nursery"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture
def misbehaving(nursery: subprocess.Popen) -> Iterator[Callable[..., Misbehaving]]:
    """``misbehaving({"kind": "429", "times": 5}, latency=.05)``: stub servers that end with the test."""
    running: list[Misbehaving] = []

    def start(*rules: dict[str, Any], **options: Any) -> Misbehaving:
        arguments = ["--rules", json.dumps(rules)]
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}", str(value)]
        assert nursery.stdin is not None and nursery.stdout is not None
        print(json.dumps(arguments), file=nursery.stdin, flush=True)
        pid, url = nursery.stdout.readline().split()
        running.append(Misbehaving(url, int(pid)))
        return running[-1]

    yield start
    for server in running:
        os.kill(server.pid, signal.SIGKILL)


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    return Caller(Ledger(tmp_path / "calls.jsonl"), concurrency=8)


def statuses(responses: list[Response]) -> list[str]:
    return [response.status for response in responses]
