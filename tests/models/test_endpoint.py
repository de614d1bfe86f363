"""The endpoint client against a stub server: both modes, faults, retries. Against the packaged model: the real thing."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.test_request import REQUEST
from valuelex.errors import ArtifactError, EndpointError
from valuelex.models import Caller, EndpointEngine, Ledger, ModelSettings, ReplayEngine, Request, Response, resolve


def ask(engine: EndpointEngine, request: Request) -> Response:
    async def both() -> Response:
        try:
            return await engine.complete(request)
        finally:
            await engine.close()

    return asyncio.run(both())


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def test_chat_and_completion(stub) -> None:
    server = stub()
    chat = ask(EndpointEngine(server.url), REQUEST)
    assert chat.status == "ok"
    assert chat.n_tokens_out == len(chat.text.split())
    assert chat.latency_s > 0
    raw = ask(EndpointEngine(server.url), replace(REQUEST, mode="completion", prompt="Core values: 1.", messages=()))
    assert raw.text
    assert '"path": "/v1/completions"' in server.requests()[1]


def test_every_parameter_reaches_the_endpoint(stub) -> None:
    server = stub()
    ask(EndpointEngine(server.url), REQUEST)
    sent = server.requests()[0]
    for part in (
        '"temperature": 0.7',
        '"top_p": 0.95',
        '"max_tokens": 80',
        '"seed": 42',
        '"stop": ["\\n"]',
        '"top_k": 40',
    ):
        assert part in sent


def test_what_is_none_is_not_sent(stub) -> None:
    server = stub()
    ask(EndpointEngine(server.url), replace(REQUEST, seed=None, temperature=None, top_p=None))
    assert not [name for name in ("seed", "temperature", "top_p") if f'"{name}"' in server.requests()[0]]


def test_a_wrong_key_is_named_by_its_variable_and_never_shown(stub) -> None:
    server = stub("--key", "right")
    with pytest.raises(EndpointError) as error:
        ask(EndpointEngine(server.url, api_key="s3cret-wrong", key_name="ALPHA_KEY"), REQUEST)
    assert "ALPHA_KEY" in str(error.value)
    assert "s3cret" not in str(error.value)


def test_no_key_where_one_is_wanted(stub) -> None:
    server = stub("--key", "right")
    with pytest.raises(EndpointError, match="api_key_env"):
        ask(EndpointEngine(server.url), REQUEST)


def test_an_endpoint_that_is_down_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(EndpointError, match="cannot be reached"):
        ask(EndpointEngine(url, max_retries=0), REQUEST)


def test_a_server_error_is_tried_again(stub) -> None:
    server = stub("--fail", "503", "--fail-times", "2")
    assert ask(EndpointEngine(server.url, max_retries=3), REQUEST).status == "ok"
    assert len(server.requests()) == 3


def test_a_lasting_server_error_stops_the_run(stub) -> None:
    server = stub("--fail", "503")
    with pytest.raises(EndpointError, match="keeps answering 503"):
        ask(EndpointEngine(server.url, max_retries=1), REQUEST)


def test_a_refused_request_is_a_row_not_a_gap(stub) -> None:
    server = stub("--fail", "400")
    found = ask(EndpointEngine(server.url), REQUEST)
    assert found.status == "error"
    assert found.error
    assert "the stub fails as told" in found.error


def stub_model(url: str):
    return resolve(ModelSettings(id="alpha", base_url=url))


def test_the_caller_asks_only_what_the_ledger_lacks(stub, tmp_path: Path) -> None:
    server = stub()
    model = stub_model(server.url)
    requests = [replace(REQUEST, model_id="alpha", endpoint=server.url, sample_index=i) for i in range(6)]
    ledger = Ledger(tmp_path / "calls.jsonl")
    first = Caller(ledger).ask("elicit", model, requests[:4])
    seen = []
    both = Caller(ledger, on_progress=seen.append).ask("elicit", model, requests)
    assert len(server.requests()) == 6
    assert both[:4] == first
    assert (seen[0].done, seen[-1].done, seen[-1].planned) == (4, 6, 6)
    ledger.close()
    replayed = Caller(Ledger(tmp_path / "other.jsonl"), engines={"alpha": ReplayEngine(Ledger(ledger.path))})
    assert replayed.ask("elicit", model, requests) == both
    assert len(server.requests()) == 6


def test_what_was_answered_before_a_fault_is_kept(stub, tmp_path: Path) -> None:
    server = stub("--fail", "503", "--fail-after", "3")
    model = resolve(ModelSettings(id="alpha", base_url=server.url, max_retries=0))
    requests = [replace(REQUEST, model_id="alpha", endpoint=server.url, sample_index=i) for i in range(6)]
    ledger = Ledger(tmp_path / "calls.jsonl")
    with pytest.raises(EndpointError, match="3 of 6 answers are kept"):
        Caller(ledger, concurrency=1).ask("elicit", model, requests)
    assert len(Ledger(ledger.path)) == 3


def test_replay_refuses_what_it_does_not_hold(tmp_path: Path) -> None:
    engine = ReplayEngine(Ledger(tmp_path / "calls.jsonl"))
    with pytest.raises(EndpointError, match="does not hold this call"):
        asyncio.run(engine.complete(REQUEST))


@pytest.mark.real_models
@pytest.mark.parametrize("model_id", ["smollm2-135m-instruct", "gemma-3-270m"])
def test_a_real_model_gives_the_same_answers_in_any_order(model_id: str, tmp_path: Path) -> None:
    """The measured reason for one slot, one thread, no prompt cache: docs/reproducibility.md."""
    pytest.importorskip("xllamacpp")
    model = resolve(ModelSettings(id=model_id))
    prompts = ["My Core Values (one word each): 1.", "Which ten words best describe your core values?"]
    requests = [
        Request(
            model.id,
            model.endpoint,
            model.endpoint_model,
            model.mode,
            messages=(("user", prompts[i % 2]),) if model.mode == "chat" else (),
            prompt=prompts[i % 2] if model.mode == "completion" else "",
            temperature=0.8,
            top_p=0.95,
            max_tokens=10,
            seed=i,
            extra=model.sampling,
        )
        for i in range(6)
    ]
    try:
        forth = Caller(Ledger(tmp_path / "a.jsonl")).ask("t", model, requests)
    except ArtifactError as error:
        pytest.skip(f"the packaged model cannot be had: {error.what}")
    back = Caller(Ledger(tmp_path / "b.jsonl")).ask("t", model, requests[::-1])[::-1]
    assert [r.text for r in forth] == [r.text for r in back]
    assert all(r.n_tokens_out for r in forth)
