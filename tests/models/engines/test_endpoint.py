"""The endpoint client against a stub server: both modes, faults, retries. Against the packaged model: the real thing."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.test_request import REQUEST
from valuelex.errors import ArtifactError, EndpointError
from valuelex.models import (
    Caller,
    EndpointEngine,
    Ledger,
    ModelSettings,
    NotNow,
    ReplayEngine,
    Request,
    Response,
    resolve,
)


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
        ask(EndpointEngine(url), REQUEST)


def call(url: str, folder: Path, n: int = 1, **settings) -> list[Response]:
    """Ask a stub `n` times by way of a caller, as a study does."""
    model = resolve(ModelSettings(id="alpha", base_url=url, **settings))
    requests = [replace(REQUEST, model_id="alpha", endpoint=url, sample_index=i) for i in range(n)]
    return Caller(Ledger(folder / "calls.jsonl")).ask("elicit", model, requests)


def test_one_attempt_is_one_call(stub) -> None:
    server = stub("--fail", "503")
    with pytest.raises(NotNow, match="keeps answering 503") as error:
        ask(EndpointEngine(server.url), REQUEST)
    assert error.value.kind == "busy"
    assert len(server.requests()) == 1


@pytest.mark.parametrize("status", ["503", "500"])
def test_a_server_error_is_tried_again(stub, status: str, tmp_path: Path) -> None:
    server = stub("--fail", status, "--fail-times", "2")
    assert call(server.url, tmp_path, max_retries=3)[0].status == "ok"
    assert len(server.requests()) == 3


@pytest.mark.parametrize(("status", "tries"), [("503", 0), ("500", 1)])
def test_a_lasting_server_error_stops_the_run(stub, status: str, tries: int, tmp_path: Path) -> None:
    server = stub("--fail", status)
    with pytest.raises(EndpointError, match=f"keeps answering {status}"):
        call(server.url, tmp_path, max_retries=tries)
    assert len(server.requests()) == tries + 1


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


class RawStubServer:
    """Answers every request with one fixed reply; a stub for endpoints that answer oddly."""

    def __init__(self, status: int, kind: str, body: bytes) -> None:
        import threading
        from http.server import BaseHTTPRequestHandler, HTTPServer

        class Handler(BaseHTTPRequestHandler):
            def reply(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = reply

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def chat_reply(message: str) -> bytes:
    choice = f'{{"index":0,"finish_reason":"stop","message":{message}}}'
    return f'{{"id":"x","object":"chat.completion","created":0,"model":"m","choices":[{choice}]}}'.encode()


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (chat_reply('{"role":"assistant","content":[{"type":"text","text":"honesty"}]}'), "ok", "honesty"),
        (chat_reply('{"role":"assistant","content":"love \\ud83d"}'), "ok", "love ?"),
        (chat_reply('{"role":"assistant","content":null,"refusal":"I cannot."}'), "ok", "I cannot."),
        (chat_reply("null"), "error", ""),
        (b'{"choices":[]}', "error", ""),
        (b'{"choices":[{"index":0,"mess', "error", ""),
        (b"null", "error", ""),
    ],
    ids=["parts", "half an emoji", "refusal", "no message", "no choice", "cut off", "null"],
)
def test_odd_replies_are_rows_and_can_be_read_back(body: bytes, status: str, text: str, tmp_path: Path) -> None:
    server = RawStubServer(200, "application/json", body)
    try:
        asyncio.run(EndpointEngine(server.url).check())
        [found] = call(server.url, tmp_path, max_retries=0)
    finally:
        server.close()
    assert (found.status, found.text) == (status, text)
    assert bool(found.error) == (status == "error")
    assert (
        Ledger(tmp_path / "calls.jsonl").get(
            replace(REQUEST, model_id="alpha", endpoint=server.url, sample_index=0).key
        )
        == found
    )


@pytest.mark.parametrize(
    ("status", "kind", "body", "said"),
    [
        (200, "text/html", b"<html>a web page</html>", "all failed"),
        (400, "application/json", b'{"error":{"message":"API key not valid"}}', "API key not valid"),
        (402, "application/json", b'{"error":{"message":"no credits"}}', "answers 402 .* balance is used up"),
        (
            429,
            "application/json",
            b'{"error":{"message":"pay","code":"insufficient_quota"}}',
            "answers 429 .* balance is used up",
        ),
    ],
)
def test_what_fails_for_every_call_stops_the_run_and_leaves_no_row(
    status: int, kind: str, body: bytes, said: str, tmp_path: Path
) -> None:
    server = RawStubServer(status, kind, body)
    model = resolve(ModelSettings(id="alpha", base_url=server.url, max_retries=0))
    requests = [replace(REQUEST, model_id="alpha", endpoint=server.url, sample_index=i) for i in range(20)]
    ledger = Ledger(tmp_path / "calls.jsonl")
    try:
        with pytest.raises(EndpointError, match=said):
            Caller(ledger).ask("elicit", model, requests)
    finally:
        server.close()
    assert len(ledger) == 0


def test_calls_work_inside_a_running_loop_as_in_a_notebook(stub, tmp_path: Path) -> None:
    server = stub()
    requests = [replace(REQUEST, model_id="alpha", endpoint=server.url, sample_index=i) for i in range(3)]

    async def cell() -> list[Response]:
        return Caller(Ledger(tmp_path / "calls.jsonl")).ask("elicit", stub_model(server.url), requests)

    assert all(r.status == "ok" for r in asyncio.run(cell()))


def test_the_same_request_is_made_once(stub, tmp_path: Path) -> None:
    server = stub()
    request = replace(REQUEST, model_id="alpha", endpoint=server.url)
    both = Caller(Ledger(tmp_path / "calls.jsonl")).ask("elicit", stub_model(server.url), [request, request])
    assert len(server.requests()) == 1
    assert both[0] == both[1]


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert ask(EndpointEngine(stub().url), REQUEST).status == "ok"
