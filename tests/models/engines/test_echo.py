"""Scoring words at an endpoint that echoes the prompt: reading its offsets, and a whole call against a stub."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from valuelex.models import EndpointEngine, ModelSettings, Request, resolve
from valuelex.models.engines.echo import AT_ONCE, read_echo
from valuelex.models.engines.scoring import scoring

FRAME = "Values: 1."


def choice(tokens: list[str], values: list[float | None], index: int = 0, first: int = 0) -> dict:
    offsets, at = [], first
    for token in tokens:
        offsets.append(at)
        at += len(token)
    return {"index": index, "logprobs": {"tokens": tokens, "token_logprobs": values, "text_offset": offsets}}


def test_only_the_tokens_of_the_word_count_and_the_generated_one_does_not() -> None:
    payload = {
        "choices": [
            choice(["Values", ":", " 1", ".", " self", "-care", ","], [None, -1, -2, -3, -4.0, -0.5, -9], index=1),
            choice(["Values", ":", " 1", ".", " love", " and"], [None, -1, -2, -3, -2.5, -7]),
        ]
    }
    assert read_echo(payload, FRAME, [" love", " self-care"]) == [(-2.5, 1), (-4.5, 2)]


def test_offsets_may_count_from_elsewhere() -> None:
    payload = {"choices": [choice(["Values", ":", " 1", ".", " love"], [None, -1, -2, -3, -2.5], first=7)]}
    assert read_echo(payload, FRAME, [" love"]) == [(-2.5, 1)]


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"choices": []}, "another number of choices"),
        ({"choices": [{"index": 0, "text": "love", "logprobs": None}]}, "does not echo the prompt"),
        ({"choices": [choice(["Values", ":", " 1", ". lo", "ve"], [None, -1, -2, -3, -4])]}, "reaches over the end"),
        ({"choices": [choice(["Values", ":", " 1", ".", " love"], [None, -1, -2, -3, None])]}, "no log-probability"),
        ({"choices": [choice(["Values", ":", " 1", "."], [None, -1, -2, -3])]}, "ends before the word"),
        ([], "another number of choices"),
    ],
)
def test_what_cannot_be_told_is_an_error(payload: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_echo(payload, FRAME, [" love"])


class StubEchoHandler(BaseHTTPRequestHandler):
    """A STUB that echoes, one token per character; a character's log-probability is minus its place in the alphabet / 10."""

    calls: int = 0

    def log_message(self, *args: object) -> None: ...

    def do_POST(self) -> None:
        type(self).calls += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert body["echo"] and body["logprobs"] == 1
        choices = [
            choice([*prompt, "!"], [None, *(-(ord(c.lower()) - 96) / 10 for c in prompt[1:]), -99.0], index)
            for index, prompt in enumerate(body["prompt"])
        ]
        content = json.dumps({"choices": choices}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def test_an_endpoint_that_echoes_scores_every_word() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), StubEchoHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    words = ["ab", "c", *(f"word{'x' * i}" for i in range(AT_ONCE))]
    request = Request(
        "m",
        "http://stub/v1",
        "m",
        "completion",
        prompt=FRAME,
        max_tokens=1,
        extra=scoring(words, " ", ["lower", "title"]),
    )

    async def ask():
        engine = EndpointEngine(f"http://127.0.0.1:{server.server_address[1]}/v1")
        try:
            return await engine.complete(request)
        finally:
            await engine.close()

    try:
        answer = asyncio.run(ask())
    finally:
        server.shutdown()
        server.server_close()
    assert answer.status == "ok" and answer.finish_reason == "scored" and answer.logprobs
    assert [w["word"] for w in answer.logprobs] == words
    space = (96 - ord(" ")) / 10
    # Both cases of a word are as likely here: twice the probability of one.
    assert answer.logprobs[0]["logprob"] == pytest.approx(space - 0.1 - 0.2 + math.log(2), abs=1e-5)
    assert answer.logprobs[1]["n_tokens"] == 2
    assert StubEchoHandler.calls == math.ceil(2 * len(words) / AT_ONCE)


def test_who_can_be_scored() -> None:
    def model(**settings):
        return resolve(ModelSettings(id="m", base_url="http://stub/v1", **settings)).can_score

    assert model(echo=True, training="pretrained")
    assert not model(echo=True), "a chat has no echo"
    assert not model(training="pretrained")
    assert resolve(ModelSettings(id="smollm2-135m-instruct")).can_score
