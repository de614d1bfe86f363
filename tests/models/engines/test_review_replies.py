"""What a review found: keys cut in two or standing in an answer, counts that no table holds, echoes with an opening token."""

from __future__ import annotations

import json

import pytest

from tests.models.engines.test_echo import FRAME, choice
from tests.models.test_request import REQUEST
from valuelex.models import EndpointEngine, Response
from valuelex.models.answers import assess
from valuelex.models.engines.echo import read_echo
from valuelex.models.engines.reply import MOST_TOKENS

KEY = "sk-canary-0123456789"


def engine() -> EndpointEngine:
    return EndpointEngine("http://stub/v1", api_key=KEY, headers={"X-Key": "header-canary"})


@pytest.mark.parametrize("before", range(270, 300, 7))
def test_no_part_of_a_key_is_left_where_a_message_is_cut(before: int) -> None:
    assert "canary" not in engine().said(ValueError("z" * before + KEY + " header-canary"))
    with pytest.raises(Exception, match="no readable form") as caught:
        engine().read(json.dumps({"error": {"message": "z" * (before - 90) + KEY}}).encode(), REQUEST, 0.0)
    assert "canary" not in str(caught.value)


def test_a_key_that_an_answer_repeats_is_not_kept() -> None:
    reply = {"choices": [{"message": {"content": f"You sent {KEY}.", "reasoning": KEY}}]}
    found = engine().read(json.dumps(reply).encode(), REQUEST, 0.0)
    assert found.text == "You sent [secret]." and "canary" not in repr(found)


def test_a_count_that_no_table_can_hold_is_none() -> None:
    reply = {"choices": [{"text": "x", "message": {"content": "x"}}], "usage": {"prompt_tokens": 10**30}}
    assert engine().read(json.dumps(reply).encode(), REQUEST, 0.0).n_tokens_in is None
    reply["usage"] = {"prompt_tokens": MOST_TOKENS, "completion_tokens": 0}
    found = engine().read(json.dumps(reply).encode(), REQUEST, 0.0)
    assert (found.n_tokens_in, found.n_tokens_out) == (MOST_TOKENS, 0)


def test_what_an_endpoint_says_of_a_failure_is_inert_in_a_table() -> None:
    found = assess(REQUEST, Response("", status="error", error="400: \x1b[31mred\x00"))
    assert found.reason == "400: \ufffd[31mred\ufffd"


@pytest.mark.parametrize("opening", ["<s>", "<|begin_of_text|>"])
@pytest.mark.parametrize("offsets", ["counted", "absent", "unknown"])
def test_an_opening_token_is_no_part_of_the_frame(opening: str, offsets: str) -> None:
    """vLLM lists the opening token and counts its characters; SGLang says -1 for every offset."""
    echoed = choice([opening, "Values", ":", " 1", ".", " self", "-care", ","], [None, -1, -1, -2, -3, -4.0, -0.5, -9])
    if offsets == "absent":
        del echoed["logprobs"]["text_offset"]
    elif offsets == "unknown":
        echoed["logprobs"]["text_offset"] = [-1] * 8
    assert read_echo({"choices": [echoed]}, FRAME, [" self-care"]) == [(-4.5, 2)]


def test_an_echo_of_something_else_is_an_error() -> None:
    for tokens in (
        ["Other", ":", " 1", ".", " love"],
        ["Values", ":", " 1", ".", " hate"],
        ["Values", ":", " 1", ".", " lovely"],
    ):
        with pytest.raises(ValueError, match="spell|reaches over the end of the word"):
            read_echo({"choices": [choice(tokens, [None, -1, -1, -1, -1])]}, FRAME, [" love"])
