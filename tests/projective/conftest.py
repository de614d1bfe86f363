"""Fixtures of the projective room: the real embedder and reader, and a scripted engine behind a real caller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from valuelex.errors import ArtifactError
from valuelex.models import Caller, Ledger, Model, ModelSettings, Request, Response, resolve
from valuelex.projective import InstrumentSettings, build


class HashedWordsEmbedder:
    """A FAKE embedder for tests of bookkeeping: a bag of hashed words. It knows nothing of meaning."""

    name = "hashed-words-fake"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        import zlib

        out = np.zeros((len(texts), 64))
        for row, text in enumerate(texts):
            for word in text.lower().split():
                out[row, zlib.crc32(word.encode()) % 64] += 1
            out[row, 0] += 1e-6
        return out / np.linalg.norm(out, axis=1, keepdims=True)


class ScriptedEngine:
    """A FAKE engine: answers with what a function makes of the request, and remembers every request."""

    def __init__(self, answer: Callable[[Request], str | Response]) -> None:
        self._answer = answer
        self.seen: list[Request] = []

    async def complete(self, request: Request) -> Response:
        self.seen.append(request)
        made = self._answer(request)
        return made if isinstance(made, Response) else Response(made, finish_reason="stop")

    async def close(self) -> None:
        """Nothing to release."""


@pytest.fixture(scope="session")
def real_embedder(embedder):
    return embedder


@pytest.fixture(scope="session")
def reader():
    """The packaged reader of stance; tests that need it skip where its file cannot be had."""
    from valuelex.projective import open_reader

    try:
        return open_reader(print)
    except ArtifactError as error:
        pytest.skip(f"the packaged language model cannot be had: {error.what}")


@pytest.fixture
def fake_embedder() -> HashedWordsEmbedder:
    return HashedWordsEmbedder()


@pytest.fixture
def scripted(tmp_path: Path):
    """``scripted(model_id=function)`` -> a caller whose engines answer by script, and the engines by model id."""

    def make(**answers) -> tuple[Caller, dict[str, ScriptedEngine]]:
        engines = {name: ScriptedEngine(answer) for name, answer in answers.items()}
        return Caller(Ledger(tmp_path / "calls.jsonl"), engines=dict(engines)), engines

    return make


def endpoint(model_id: str, **keys) -> Model:
    return resolve(ModelSettings(id=model_id, base_url="http://127.0.0.1:9/v1", **keys))


@pytest.fixture(scope="session")
def published(real_embedder):
    """The instrument and manual of the published taxonomy with 60 stems."""
    settings = InstrumentSettings(taxonomy="valuelex")
    return build({}, settings, seed=7, embedder=real_embedder, folder=Path())
