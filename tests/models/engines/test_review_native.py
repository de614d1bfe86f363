"""What a review found: a frame longer than an embedded model's context ended the run with a traceback."""

from __future__ import annotations

import asyncio

import pytest

from valuelex.errors import ArtifactError
from valuelex.models import ModelSettings, Request, resolve
from valuelex.models.engines.scoring import scoring


def test_a_frame_that_is_too_long_to_be_scored_is_an_error_record() -> None:
    pytest.importorskip("xllamacpp")
    model = resolve(ModelSettings(id="smollm2-135m-instruct"))
    try:
        engine = model.engine()
    except ArtifactError as error:
        pytest.skip(error.what)
    request = Request(model.id, model.endpoint, model.id, "completion", max_tokens=1, extra=scoring(["love"], " "))

    async def ask(prompt: str):
        return await engine.complete(Request(**{**request.to_dict(), "prompt": prompt}))

    async def both():
        try:
            return await ask("word " * 3000), await ask("Values: 1.")
        finally:
            await engine.close()

    too_long, good = asyncio.run(both())
    assert too_long.status == "error" and too_long.error and "context" in too_long.error
    assert good.finish_reason == "scored", "the server answers on"
