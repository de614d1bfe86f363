"""What a review found: batches whose files are gone, and batches that a changed setting would forget."""

from __future__ import annotations

import pytest

from tests.models.calling.conftest import requests
from valuelex.errors import BatchPending, ResultsFolderError
from valuelex.models import Caller, Ledger


@pytest.mark.parametrize("harm", ["gone", "cut"])
def test_a_batch_whose_calls_cannot_be_read_is_named(misbehaving, caller: Caller, harm: str) -> None:
    server = misbehaving(batch_polls=100)
    model = server.model(batch=True)
    with pytest.raises(BatchPending):
        caller.ask("t", model, requests(model, 3))
    [path] = caller.ledger.path.with_name("batches").glob("*.requests.jsonl")
    path.unlink() if harm == "gone" else path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ResultsFolderError, match=r"requests.jsonl: a batch waits at http"):
        Caller(Ledger(caller.ledger.path)).ask("t", model, requests(model, 3))
    assert server.log()["batches"] == 1


def test_a_batch_that_is_left_waiting_is_said(misbehaving, caller: Caller) -> None:
    server = misbehaving(batch_polls=100)
    model = server.model(batch=True)
    with pytest.raises(BatchPending):
        caller.ask("t", model, requests(model, 3))
    said: list[str] = []
    model = server.model()
    Caller(Ledger(caller.ledger.path), tell=said.append).ask("t", model, requests(model, 3))
    assert len(said) == 1 and "once more" in said[0]
