"""One test per misbehaviour, through a real caller: what is asked again, what becomes a row, what stops the run."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.models.calling.conftest import requests, statuses
from valuelex.errors import EndpointError
from valuelex.models import Caller, Ledger


def test_a_storm_of_429_loses_no_call_and_makes_no_row(misbehaving, caller: Caller) -> None:
    """More refusals than any call may be tried: they slow the run down and count against no call."""
    server = misbehaving({"kind": "429", "times": 60, "headers": {"Retry-After": "0.05"}})
    model = server.model(max_retries=2)
    assert statuses(caller.ask("t", model, requests(model, 40))) == ["ok"] * 40
    assert len(server.calls()) == 100
    assert len(list(caller.ledger.rows(every=True))) == 40


@pytest.mark.parametrize("said", ["1", "date+2"])
def test_retry_after_holds_back_the_whole_endpoint(misbehaving, caller: Caller, said: str) -> None:
    server = misbehaving({"kind": "429", "after": 20, "times": 1, "headers": {"Retry-After": said}}, latency=0.01)
    model = server.model()
    assert statuses(caller.ask("t", model, requests(model, 60))) == ["ok"] * 60
    calls = server.calls()
    pause = max(b["at"] - a["at"] for a, b in pairwise(calls))
    assert pause > 0.8
    # After the refusal only calls that were under way already may arrive.
    refused = calls[20]["at"]
    assert sum(refused + 0.15 < call["at"] < refused + 0.8 for call in calls) == 0


def test_a_storm_without_a_hint_slows_down_by_itself(misbehaving, caller: Caller) -> None:
    server = misbehaving({"kind": "429", "times": 4})
    model = server.model()
    started = time.monotonic()
    assert statuses(caller.ask("t", model, requests(model, 10))) == ["ok"] * 10
    assert time.monotonic() - started > 0.3
    assert len(server.calls()) <= 14


def test_the_window_finds_what_the_endpoint_bears(misbehaving, caller: Caller) -> None:
    server = misbehaving({"kind": "crowd", "most": 3, "headers": {"Retry-After": "0.02"}}, latency=0.02)
    model = server.model()
    assert statuses(caller.ask("t", model, requests(model, 150))) == ["ok"] * 150
    refused = sum(call["kind"] == "crowd" for call in server.calls())
    assert 0 < refused < 75, "far fewer refusals than answers"


def test_a_lasting_storm_stops_the_run(misbehaving, caller: Caller) -> None:
    server = misbehaving({"kind": "429", "after": 5, "headers": {"Retry-After": "0.1"}})
    model = server.model()
    caller.patience_s = 0.5
    with pytest.raises(
        EndpointError, match=r"keeps answering 429 .* No call was answered for .* 5 of 20 answers are kept"
    ):
        caller.ask("t", model, requests(model, 20))
    assert len(Ledger(caller.ledger.path)) == 5


def test_a_call_that_is_too_much_by_itself_becomes_a_row_and_the_others_go_on(misbehaving, caller: Caller) -> None:
    """A token limit below one call's size: that call is told 429 for ever, while all others are answered."""
    server = misbehaving({"kind": "429", "body": "question 3 ", "headers": {"Retry-After": "0.01"}}, latency=0.02)
    model = server.model(max_retries=2)
    asked = requests(model, 200)
    marked = [replace(r, messages=(("user", f"question {i} of 200"),)) for i, r in enumerate(asked)]
    found = caller.ask("t", model, marked)
    assert [i for i, status in enumerate(statuses(found)) if status == "error"] == [3]
    assert "refused 20 times while" in str(found[3].error)


def test_a_pause_longer_than_patience_stops_the_run_at_once(misbehaving, caller: Caller) -> None:
    server = misbehaving({"kind": "429", "headers": {"Retry-After": "86400"}})
    with pytest.raises(EndpointError, match="asks to wait 86,400 s"):
        caller.ask("t", server.model(), requests(server.model(), 3))


def test_a_used_up_quota_stops_the_run_at_once(misbehaving, caller: Caller) -> None:
    server = misbehaving({"kind": "429", "after": 3, "code": "insufficient_quota", "message": "pay"})
    caller.concurrency = 1
    with pytest.raises(EndpointError, match="balance is used up .*3 of 9 answers are kept"):
        caller.ask("t", server.model(), requests(server.model(), 9))
    assert len(server.calls()) == 4


@pytest.mark.parametrize(
    "kind", ["500", "502", "503", "529", "408", "reset", "reset-body", "truncated", "html", "empty", "null"]
)
def test_what_passes_is_tried_again(misbehaving, caller: Caller, kind: str) -> None:
    server = misbehaving({"kind": kind, "after": 4, "times": 3})
    model = server.model()
    assert statuses(caller.ask("t", model, requests(model, 12))) == ["ok"] * 12
    assert len(server.calls()) == 15
    assert len(list(caller.ledger.rows(every=True))) == 12


@pytest.mark.parametrize("kind", ["500", "reset", "reset-body", "truncated", "html", "empty", "null"])
def test_a_call_that_never_goes_through_is_a_row_and_asked_again_the_next_time(
    misbehaving, caller: Caller, kind: str
) -> None:
    server = misbehaving({"kind": kind, "body": '"seed": 7,'}, latency=0.01)
    model = server.model(max_retries=1)
    asked = requests(model, 30)
    found = caller.ask("t", model, asked)
    assert statuses(found) == ["ok"] * 7 + ["error"] + ["ok"] * 22
    assert found[7].error
    assert found[7].text == ""
    server.rules()
    assert statuses(caller.ask("t", model, asked)) == ["ok"] * 30
    assert sum(call["body"]["seed"] == 7 for call in server.calls()) == 3
    assert sum(call["body"]["seed"] == 8 for call in server.calls()) == 1


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_a_call_has_a_deadline_from_first_to_last_byte(misbehaving, caller: Caller, kind: str) -> None:
    server = misbehaving({"kind": kind, "after": 2, "times": 1})
    model = server.model(timeout=0.7)
    started = time.monotonic()
    assert statuses(caller.ask("t", model, requests(model, 10))) == ["ok"] * 10
    assert time.monotonic() - started < 15
    assert len(server.calls()) == 11


def test_a_server_that_goes_away_is_named(misbehaving, caller: Caller) -> None:
    server = misbehaving({"kind": "reset", "after": 6}, latency=0.01)
    model = server.model(max_retries=1)
    with pytest.raises(EndpointError, match="cannot be reached"):
        caller.ask("t", model, requests(model, 30))
    kept = Ledger(caller.ledger.path)
    assert kept.n_answers == 6


def test_a_key_revoked_half_way(misbehaving, tmp_path, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_KEY", "canary-0123456789")
    server = misbehaving({"kind": "401", "after": 10}, latency=0.02)
    model = server.model(api_key_env="STUB_KEY")
    with pytest.raises(EndpointError, match=r"refuses the key in \$STUB_KEY.* answers are kept"):
        caller.ask("t", model, requests(model, 60))
    assert Ledger(caller.ledger.path).n_answers == 10
    server.rules()
    assert statuses(caller.ask("t", model, requests(model, 60))) == ["ok"] * 60
    assert sum(call["kind"] == "ok" for call in server.calls()) == 60


def test_a_refusal_that_never_ends_stops_the_run(misbehaving, caller: Caller) -> None:
    """403 may be meant for one prompt; fifty in a row are meant for us."""
    server = misbehaving({"kind": "403", "after": 10})
    model = server.model()
    with pytest.raises(EndpointError, match="The last 50 calls to alpha all failed"):
        caller.ask("t", model, requests(model, 400))
    assert len(server.calls()) < 80


def test_duplicate_ids_of_replies_are_no_matter(misbehaving, caller: Caller) -> None:
    """The stub calls every reply 'stub'; thirty samples are thirty records, also from the ledger alone."""
    model = misbehaving().model()
    found = caller.ask("t", model, requests(model, 30))
    assert len({request.key for request in requests(model, 30)}) == 30
    assert Caller(Ledger(caller.ledger.path), engines={"alpha": None}).ask("t", model, requests(model, 30)) == found


def test_a_clock_that_is_set_anew_moves_nothing(misbehaving, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    server = misbehaving({"kind": "429", "after": 3, "times": 6, "headers": {"Retry-After": "0.2"}}, latency=0.01)
    model = server.model(requests_per_minute=6000)
    caller.patience_s = 30
    days = iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: (-1) ** next(days) * next(days) * 86400.0)
    started = time.monotonic()
    assert statuses(caller.ask("t", model, requests(model, 20))) == ["ok"] * 20
    assert 0.2 < time.monotonic() - started < 20


def test_a_refused_form_is_named_with_what_to_do(misbehaving, caller: Caller) -> None:
    """Asking without it would keep an answer under a key that says otherwise."""
    server = misbehaving({"kind": "400", "message": "'response_format' of type 'json_schema' is not supported"})
    model = server.model(extra_body={"response_format": {"type": "json_schema"}})
    with pytest.raises(EndpointError, match="refuses response_format") as error:
        caller.ask("t", model, requests(model, 3))
    assert "structured: none" in error.value.remedy
    assert len(caller.ledger) == 0


@pytest.mark.parametrize(("thinking", "text", "thoughts"), [
    ("field", True, "hidden thoughts"), ("tags", True, "hidden thoughts"), ("unclosed", False, "hidden thoughts "),
])  # fmt: skip
def test_thinking_is_kept_apart(misbehaving, caller: Caller, thinking: str, text: bool, thoughts: str) -> None:
    model = misbehaving(thinking=thinking).model()
    [found] = caller.ask("t", model, requests(model, 1))
    assert "hidden" not in found.text
    assert bool(found.text) == text
    assert found.reasoning is not None
    assert found.reasoning.startswith(thoughts)


@pytest.mark.parametrize("mode", ["chat", "completion"])
def test_log_probabilities_are_kept_when_offered(misbehaving, caller: Caller, mode: str) -> None:
    server = misbehaving()
    model = server.model(mode=mode, logprobs=True)
    changes = {} if mode == "chat" else {"messages": (), "prompt": "My values: 1."}
    [found] = caller.ask("t", model, requests(model, 1, mode=mode, **changes))
    assert found.logprobs is not None
    assert [entry["token"] for entry in found.logprobs] == found.text.split()
    assert found.logprobs[-1]["logprob"] == -0.5
    assert found.logprobs[0]["logprob"] == (-0.5 if mode == "chat" else None)
    assert server.calls()[0]["body"]["logprobs"] == (True if mode == "chat" else 1)
    assert Ledger(caller.ledger.path).get(requests(model, 1, mode=mode, **changes)[0].key) == found


def test_organisation_headers_and_the_name_of_the_limit_reach_the_endpoint(
    misbehaving, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "of-the-environment")
    server = misbehaving()
    plain = server.model("plain")
    full = server.model(
        "full",
        organization="org-1",
        headers={"X-Title": "a study"},
        token_limit="max_completion_tokens",
        extra_body={"reasoning_effort": "low"},
    )
    caller.gather("t", [(plain, requests(plain, 1)), (full, requests(full, 1))])
    first, second = sorted(server.calls(), key=lambda call: call["body"]["model"] == "full")
    assert "openai-organization" not in first["headers"]
    assert first["body"]["max_tokens"] == 80
    assert second["headers"]["openai-organization"] == "org-1"
    assert second["headers"]["x-title"] == "a study"
    assert (second["body"]["max_completion_tokens"], second["body"]["reasoning_effort"]) == (80, "low")
    assert "max_tokens" not in second["body"]
