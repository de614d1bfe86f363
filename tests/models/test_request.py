"""The key of a request is a contract: changing it orphans every ledger there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from valuelex.models import Request

REQUEST = Request(
    model_id="alpha-7b-chat",
    endpoint="http://127.0.0.1:8000/v1",
    endpoint_model="alpha",
    mode="chat",
    messages=(("user", "Which ten words best describe your values?"),),
    temperature=0.7,
    top_p=0.95,
    max_tokens=80,
    seed=42,
    sample_index=1,
    stop=("\n",),
    extra={"top_k": 40},
)


def test_the_key_is_pinned() -> None:
    """Golden value, computed once by version 0.1.0. Do not change it: mend the code."""
    assert REQUEST.key == "b1b49e74203c136130ec1a08da0951f89d005d46299b95e5b79622bc37bc9e9f"


@pytest.mark.parametrize(
    "change",
    [
        {"model_id": "b"},
        {"endpoint": "http://b"},
        {"endpoint_model": "b"},
        {"mode": "completion"},
        {"messages": (("user", "Which?"),)},
        {"prompt": "p"},
        {"temperature": 0.8},
        {"top_p": None},
        {"max_tokens": 81},
        {"seed": 43},
        {"sample_index": 2},
        {"stop": ()},
        {"extra": {}},
    ],
    ids=lambda c: next(iter(c)),
)
def test_every_parameter_moves_the_key(change: dict) -> None:
    assert replace(REQUEST, **change).key != REQUEST.key


def test_the_key_does_not_depend_on_the_order_of_extra() -> None:
    a, b = replace(REQUEST, extra={"a": 1, "b": 2}), replace(REQUEST, extra={"b": 2, "a": 1})
    assert a.key == b.key
