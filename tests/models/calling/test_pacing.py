"""Pace and budget: closed forms on a clock of our own, and limits against a stub."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.calling.conftest import requests, statuses
from tests.models.test_request import REQUEST
from valuelex.errors import BudgetReached, EndpointError, LedgerError, SettingError
from valuelex.models import Budget, Caller, Ledger, NotNow, Price, ReplayEngine, Response, spent_in
from valuelex.models.calling.budget import tokens_in
from valuelex.models.calling.pacing import Pacer, TokenBucket
from valuelex.models.engines.retry_after import retry_after


class FakeClock:
    """A clock that goes when it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def busy(wait: float | None = None) -> NotNow:
    return NotNow("x keeps answering 429.", "Wait.", kind="busy", retry_after=wait)


def test_a_bucket_pays_its_debt_at_its_rate() -> None:
    clock = FakeClock()
    bucket = TokenBucket(60, clock)  # one a second, five at once
    assert [bucket.draw(1.0) for _ in range(8)] == [0, 0, 0, 0, 0, 1.0, 2.0, 3.0]
    clock.now += 3.0
    assert bucket.draw(1.0) == 1.0
    bucket.give_back(1.0)
    assert bucket.draw(1.0) == 1.0
    clock.now += 1000.0
    assert [bucket.draw(1.0) for _ in range(6)][-2:] == [0, 1.0], "what was not used is not saved up"


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 50)), max_size=60))
def test_a_bucket_never_lets_more_through_than_rate_and_burst(draws) -> None:
    clock = FakeClock()
    bucket = TokenBucket(600, clock)
    begun, passed = clock.now, []
    for pause, amount in draws:
        clock.now += pause
        passed.append((clock.now + bucket.draw(amount), amount))
    for end, _ in passed:
        through = sum(amount for at, amount in passed if at <= end)
        assert through <= 50.0 + 10.0 * (end - begun) + 1e-6


def test_the_window_halves_once_per_round_and_grows_by_one_per_window() -> None:
    async def scenario() -> list[float]:
        pacer = Pacer(16, clock=FakeClock())
        first = [await pacer.enter() for _ in range(16)]
        seen = [pacer.window]
        for ticket in first:
            pacer.refused(ticket, busy(0.0))
        seen.append(pacer.window)
        second = [await pacer.enter() for _ in range(8)]
        for ticket in second:
            pacer.answered(ticket, None)
        seen.append(pacer.window)
        third = await pacer.enter()
        pacer.refused(third, busy(0.0))
        seen.append(pacer.window)
        return seen

    full, halved, grown, again = asyncio.run(scenario())
    assert (full, halved) == (16.0, 8.0)
    assert grown == pytest.approx(9.0, abs=0.06)
    assert again == grown / 2


def test_the_window_never_falls_below_one_call() -> None:
    async def scenario() -> float:
        pacer = Pacer(4, clock=FakeClock())
        for _ in range(10):
            pacer.refused(await pacer.enter(), busy(0.0))
        return pacer.window

    assert asyncio.run(scenario()) == 1.0


def test_patience_ends_by_the_clock_that_cannot_be_set() -> None:
    async def scenario() -> None:
        clock = FakeClock()
        pacer = Pacer(4, patience_s=600.0, clock=clock)
        clock.now += 599.0
        pacer.refused(await pacer.enter(), busy(0.0))
        pacer.answered(await pacer.enter(), None)
        clock.now += 599.0
        pacer.refused(await pacer.enter(), busy(0.0))
        clock.now += 2.0
        with pytest.raises(EndpointError, match="No call was answered for 600 s"):
            pacer.refused(await pacer.enter(), busy(0.0))

    asyncio.run(scenario())


def test_pauses_double_within_bounds_and_are_seeded() -> None:
    pauses = [Pacer(1, seed=3).pause(n) for n in range(1, 12)]
    assert pauses == [Pacer(1, seed=3).pause(n) for n in range(1, 12)]
    for n, pause in enumerate(pauses):
        longest = min(30.0, 0.5 * 2**n)
        assert 0.75 * longest <= pause <= longest


def test_retry_after_in_all_its_forms() -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    date = {"date": format_datetime(now, usegmt=True)}
    assert retry_after({"retry-after": "7"}) == 7.0
    assert retry_after({"retry-after-ms": "250", "retry-after": "7"}) == 0.25
    assert retry_after({"retry-after": format_datetime(now + timedelta(seconds=90), usegmt=True), **date}) == 90.0
    assert retry_after({"retry-after": format_datetime(now - timedelta(seconds=90), usegmt=True), **date}) == 0.0
    for nothing in ({}, {"retry-after": "soon"}, {"retry-after": "-3"}, {"retry-after": "nan"}, {"retry-after": ""}):
        assert retry_after(nothing) is None


def test_requests_per_minute_are_kept_to(misbehaving, caller: Caller) -> None:
    server = misbehaving()
    model = server.model(requests_per_minute=1200)  # 20 a second, 100 at once
    assert statuses(caller.ask("t", model, requests(model, 130))) == ["ok"] * 130
    at = [call["at"] for call in server.calls()]
    assert at[-1] - at[0] > 1.2


def test_tokens_per_minute_are_kept_to(misbehaving, caller: Caller) -> None:
    server = misbehaving()
    model = server.model(tokens_per_minute=24_000)  # 400 a second, 2,000 at once; a call turns out to take about 16
    caller.ask("t", model, requests(model, 160))
    at = [call["at"] for call in server.calls()]
    assert at[-1] - at[0] > 0.8


# ---- many models ----


def test_endpoints_are_asked_at_the_same_time_and_models_of_one_share_its_window(misbehaving, caller: Caller) -> None:
    one, other = misbehaving(latency=0.1), misbehaving(latency=0.1)
    a, b, c = one.model("a", concurrency=3), one.model("b"), other.model("c")
    caller.concurrency = 5
    found = caller.gather("t", [(a, requests(a, 15)), (b, requests(b, 15)), (c, requests(c, 25))])
    assert [statuses(group) for group in found] == [["ok"] * 15, ["ok"] * 15, ["ok"] * 25]
    assert [r.text for r in found[2]] == [caller.ledger.get(request.key).text for request in requests(c, 25)]
    assert (one.log()["most_in_flight"], other.log()["most_in_flight"]) == (3, 5)
    for first, second in ((one, other), (other, one)):
        assert first.calls()[0]["at"] < second.calls()[-1]["at"], "one after the other"
    # The models of one endpoint take turns.
    first = [call["body"]["model"] for call in one.calls()][:6]
    assert sorted(first) == ["a"] * 3 + ["b"] * 3


def test_a_failing_model_stops_the_run_and_answers_in_flight_are_kept(misbehaving, caller: Caller) -> None:
    # The refusal waits, so that a busy machine has asked the other endpoint before it comes.
    bad, slow = misbehaving({"kind": "401", "delay": 0.5}), misbehaving(latency=1.0)
    a, b = bad.model("a"), slow.model("b")
    with pytest.raises(EndpointError) as caught:
        caller.gather("t", [(a, requests(a, 20)), (b, requests(b, 20))])
    asked = len(slow.calls())
    assert 1 <= asked < 20
    assert f"{asked} of 40 answers are kept" in str(caught.value)
    assert Ledger(caller.ledger.path).n_answers == asked


def test_a_million_requests_need_no_million_tasks(caller: Caller) -> None:
    """An engine that answers at once counts the tasks that there are."""

    class CountingFakeEngine:
        most = 0

        async def complete(self, request):
            self.most = max(self.most, len(asyncio.all_tasks()))
            await asyncio.sleep(0)
            return Response("x", finish_reason="stop")

        async def close(self) -> None:
            """Nothing to release."""

    engine = CountingFakeEngine()
    caller.engines["alpha"] = engine
    from valuelex.models import ModelSettings, resolve

    model = resolve(ModelSettings(id="alpha", base_url="http://127.0.0.1:9/v1"))
    assert statuses(caller.ask("t", model, requests(model, 3000))) == ["ok"] * 3000
    assert engine.most <= 8 + 3


def test_errors_of_an_earlier_run_do_not_make_a_later_one_look_like_wrong_settings(misbehaving, caller: Caller) -> None:
    """Ten calls that a filter refuses for good are all that is left: that is no reason to stop."""
    rules = [{"kind": "400", "body": f'"seed": {i},'} for i in range(10, 20)]
    model = misbehaving(*rules).model()
    for _ in range(2):
        assert statuses(caller.ask("t", model, requests(model, 20))) == ["ok"] * 10 + ["error"] * 10


# ---- budget ----

PRICE = Price(input=1.0, output=2.0)


def test_the_cost_of_tokens() -> None:
    budget = Budget(1.0, {"a": PRICE})
    assert budget.cost("a", 1_000_000, 500_000) == 2.0
    assert budget.cost("a", 1_000_000, 500_000, batch=True) == 1.0
    assert budget.cost("embedded", 10**9, 10**9) == 0.0


def test_the_cap_is_never_passed_and_what_returns_frees_what_was_reserved(misbehaving, caller: Caller) -> None:
    server = misbehaving(latency=0.01)
    model = server.model(price={"input": 1.0, "output": 2.0})
    asked = requests(model, 200)
    per_call = 10 / 1e6 + 2 * 6 / 1e6  # as the stub counts: 10 tokens in, about 6 words out
    cap = 60 * per_call
    caller.budget = Budget(cap, {"alpha": PRICE})
    with pytest.raises(BudgetReached, match=r"of 200 answers are kept"):
        caller.ask("t", model, asked)
    rows = list(caller.ledger.rows(every=True))
    spent = sum(r["response"]["n_tokens_in"] + 2 * r["response"]["n_tokens_out"] for r in rows) / 1e6
    assert spent == pytest.approx(caller.budget.spent)
    assert spent <= cap
    most = (tokens_in(asked[0]) + 2 * asked[0].max_tokens) / 1e6
    assert spent + most > cap, "it went as far as one more call allowed"
    assert (caller.budget.reserved, caller.budget.in_flight) == (pytest.approx(0.0, abs=1e-12), 0)
    assert per_call < most
    # A second run knows from the ledger what the first one spent.
    again = spent_in(Ledger(caller.ledger.path).rows(every=True), {"alpha": PRICE})
    assert again == pytest.approx(spent)
    before = len(server.calls())
    resumed = Caller(Ledger(caller.ledger.path), budget=Budget(cap, {"alpha": PRICE}, spent=again))
    with pytest.raises(BudgetReached) as error:
        resumed.ask("t", model, asked)
    assert len(server.calls()) == before
    assert error.value.exit_code == 1


def test_a_cheaper_model_goes_on(misbehaving, caller: Caller) -> None:
    server = misbehaving()
    dear, free = server.model("dear"), server.model("free")
    prices = {"dear": Price(input=1e6, output=1e6), "free": Price(input=0.0, output=0.0)}
    caller.budget = Budget(1.0, prices)
    with pytest.raises(BudgetReached, match="20 of 40"):
        caller.gather("t", [(dear, requests(dear, 20)), (free, requests(free, 20))])


def test_a_model_without_a_price_is_refused_before_any_call(misbehaving, caller: Caller) -> None:
    server = misbehaving()
    caller.budget = Budget(1.0, {})
    with pytest.raises(SettingError, match="no price is known for alpha"):
        caller.ask("t", server.model(), requests(server.model(), 2))
    assert server.calls() == []


def test_where_the_endpoint_gives_no_count_the_most_is_taken(misbehaving, caller: Caller) -> None:
    server = misbehaving(usage=0)
    model = server.model()
    caller.budget = Budget(1.0, {"alpha": PRICE})
    caller.ask("t", model, requests(model, 3))
    assert caller.budget.spent == pytest.approx(3 * caller.budget.most(requests(model, 1)[0]))
    assert spent_in(caller.ledger.rows(), {"alpha": PRICE}) == pytest.approx(caller.budget.spent)


def test_a_lost_reply_may_have_been_billed(misbehaving, caller: Caller) -> None:
    server = misbehaving({"kind": "truncated", "times": 2})
    model = server.model()
    caller.budget = Budget(1.0, {"alpha": PRICE})
    caller.concurrency = 1
    [found] = caller.ask("t", model, requests(model, 1))
    budget = Budget(1.0, {"alpha": PRICE})
    request = requests(model, 1)[0]
    assert caller.budget.spent == pytest.approx(2 * budget.most(request) + budget.price_of(request, found))


def test_the_estimate_of_tokens_is_rather_too_high() -> None:
    text = "Which ten words best describe the values that you hold? " * 20  # 11 words and a mark: 12 tokens of GPT-4's
    assert 240 <= tokens_in(replace(REQUEST, messages=(("user", text),))) <= 480


# ---- replay ----


def test_a_ledger_alone_answers_errors_and_all_and_nothing_is_asked_or_written(misbehaving, caller: Caller) -> None:
    server = misbehaving(*[{"kind": "400", "body": f'"seed": {i},'} for i in range(1, 9)])
    model = server.model()
    caller.concurrency = 1
    found = caller.ask("t", model, requests(model, 12))
    assert statuses(found).count("error") == 8
    before, asked = caller.ledger.path.read_bytes(), len(server.calls())
    replayed = Caller(Ledger(caller.ledger.path), replay=True)
    assert replayed.ask("t", model, requests(model, 12)) == found
    assert (caller.ledger.path.read_bytes(), len(server.calls())) == (before, asked)
    with pytest.raises(LedgerError, match="lacks calls of the stage t: 1 to alpha"):
        replayed.ask("t", model, requests(model, 13))
    other = Caller(
        Ledger(caller.ledger.path.with_name("other.jsonl")),
        engines={"alpha": ReplayEngine(Ledger(caller.ledger.path))},
        concurrency=1,
    )
    assert other.ask("t", model, requests(model, 12)[::-1]) == found[::-1]
