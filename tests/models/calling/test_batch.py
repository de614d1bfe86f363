"""The batch API, against a stub that works like OpenAI's: nothing submitted twice, every answer kept once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.models.calling.conftest import requests, statuses
from valuelex.errors import BatchPending, BudgetReached, EndpointError
from valuelex.models import Budget, Caller, Ledger, Price
from valuelex.models.calling import batch as module


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_S", 0.02)


def test_a_batch_is_submitted_once_and_collected_later(misbehaving, caller: Caller) -> None:
    server = misbehaving(batch_polls=3)
    model = server.model(batch=True)
    asked = requests(model, 40)
    for _ in range(2):
        with pytest.raises(BatchPending, match="40 calls to alpha wait in 1 batch .* 0 of 40 answers are kept"):
            caller.ask("t", model, asked)
        caller = Caller(Ledger(caller.ledger.path))
    found = caller.ask("t", model, asked)
    assert statuses(found) == ["ok"] * 40
    log = server.log()
    assert (log["batches"], log["files"]) == (1, 3), "one upload, one file of answers, one of errors"
    rows = list(caller.ledger.rows(every=True))
    assert len(rows) == 40
    assert {row["via"] for row in rows} == {"batch"}
    # The same answers as call by call: the stub answers by the body alone.
    plain = server.model()
    other = Caller(Ledger(caller.ledger.path.with_name("plain.jsonl"))).ask("t", plain, requests(plain, 40))
    assert [r.text for r in other] == [r.text for r in found]


def test_it_may_be_waited_for_beside_other_models(misbehaving, caller: Caller) -> None:
    server, other = misbehaving(batch_polls=3), misbehaving()
    caller.batch_wait = 30
    slow, quick = server.model("slow", batch=True), other.model("quick")
    found = caller.gather("t", [(slow, requests(slow, 10)), (quick, requests(quick, 10))])
    assert [statuses(group) for group in found] == [["ok"] * 10] * 2


def test_what_expired_is_asked_again(misbehaving, caller: Caller) -> None:
    server = misbehaving(batch_lose=0.4)
    caller.batch_wait = 30
    model = server.model(batch=True, max_retries=12)
    assert statuses(caller.ask("t", model, requests(model, 60))) == ["ok"] * 60
    assert server.log()["batches"] > 1
    seeds = [call["body"]["seed"] for call in server.calls()]
    assert sorted(seeds) == list(range(60)), "no call that was answered is made again"
    assert len(list(caller.ledger.rows(every=True))) == 60


def test_what_never_comes_back_is_a_row(misbehaving, caller: Caller) -> None:
    server = misbehaving(batch_lose=0.3)
    caller.batch_wait = 30
    model = server.model(batch=True, max_retries=0)
    found = caller.ask("t", model, requests(model, 60))
    assert 0 < statuses(found).count("error") < 40
    assert "could not be executed in time" in next(r.error for r in found if r.error)


def test_a_refused_batch_is_named_and_not_collected_for_ever(misbehaving, caller: Caller) -> None:
    server = misbehaving(batch_fails=1)
    model = server.model(batch=True)
    with pytest.raises(EndpointError, match="refuses the batch batch-0 .the stub refuses the file"):
        caller.ask("t", model, requests(model, 3))
    with pytest.raises(EndpointError, match="refuses the batch batch-1"):
        Caller(Ledger(caller.ledger.path)).ask("t", model, requests(model, 3))


def test_the_budget_counts_the_discount_and_what_is_under_way(misbehaving, caller: Caller) -> None:
    server = misbehaving(batch_polls=2)
    price = Price(input=0.0, output=1e6 / 80)  # one dollar for a whole answer of 80 tokens, half of it in a batch
    model = server.model(batch=True, price=price.model_dump())
    asked = requests(model, 10)
    caller.budget = Budget(3.2, {"alpha": price}, batch=frozenset({"alpha"}))
    with pytest.raises(BudgetReached):
        caller.ask("t", model, asked)
    again = Caller(Ledger(caller.ledger.path), budget=Budget(3.2, {"alpha": price}, batch=frozenset({"alpha"})))
    again.batch_wait = 10
    with pytest.raises(BudgetReached) as error:
        again.ask("t", model, asked)
    assert again.budget is not None
    assert again.budget.spent <= 3.2
    assert again.budget.reserved == pytest.approx(0.0)
    assert again.ledger.n_answers >= 6
    assert str(again.ledger.n_answers) in str(error.value)


SCRIPT = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from tests.models.calling.conftest import requests
    from valuelex.errors import BatchPending
    from valuelex.models import Caller, Ledger, ModelSettings, resolve
    from valuelex.models.calling import batch
    batch.POLL_S = .01
    model = resolve(ModelSettings(id="alpha", base_url=sys.argv[1], batch=True))
    caller = Caller(Ledger(Path(sys.argv[2]) / "calls.jsonl"), batch_wait=60)
    print("ready", flush=True)
    caller.ask("t", model, requests(model, 400))
    """
)


def test_killed_at_any_moment_it_submits_nothing_twice(misbehaving, tmp_path: Path) -> None:
    server = misbehaving(batch_polls=12, latency=0.15)
    command = [sys.executable, "-c", SCRIPT, server.url, str(tmp_path)]
    for kill in range(6):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.02 if kill == 0 else 0.12 * kill)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[3], timeout=60)
    assert server.log()["batches"] == 1
    keys = [row["key"] for row in Ledger(tmp_path / "calls.jsonl").rows(every=True)]
    assert len(keys) == len(set(keys)) == 400
    events = [json.loads(line)["event"] for line in (tmp_path / "batches.jsonl").read_text().splitlines()]
    assert events == ["begun", "prepared", "submitted", "ended"]


def test_killed_between_submitting_and_noting_it_finds_the_batch_again(misbehaving, caller: Caller) -> None:
    server = misbehaving(batch_polls=3)
    model = server.model(batch=True)
    with pytest.raises(BatchPending):
        caller.ask("t", model, requests(model, 5))
    book = caller.ledger.path.with_name("batches.jsonl")
    lines = book.read_text().splitlines(keepends=True)
    assert json.loads(lines[-1])["event"] == "submitted"
    book.write_text("".join(lines[:-1]) + lines[-1][:20])
    again = Caller(Ledger(caller.ledger.path), batch_wait=10)
    assert statuses(again.ask("t", model, requests(model, 5))) == ["ok"] * 5
    assert server.log()["batches"] == 1
