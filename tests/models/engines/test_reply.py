"""Reading replies: thinking parts never stay in an answer, whatever is sent ends in a response or a named reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valuelex.models import Response
from valuelex.models.engines.reply import log_probabilities, read_reply, split_thinking

TAGS = ("<think>", "</think>")


@pytest.mark.parametrize(
    ("text", "answer", "thoughts"),
    [
        ("honesty", "honesty", None),
        ("<think>hm</think>honesty", "honesty", "hm"),
        ("<think>\nhm\n</think>\n\nhonesty, love", "honesty, love", "hm"),
        ("hm, then</think>honesty", "honesty", "hm, then"),
        ("<think>hm, and then it was cut", "", "hm, and then it was cut"),
        ("First <think>hm</think> and last", "First  and last", "hm"),
        ("<think>a</think>love<think>b</think>, care", "love, care", "a\nb"),
        ("<think>a</think>love<think>b", "", "aloveb"),
        ("a</think>b</think>honesty", "honesty", "a\nb"),
        ("<think></think>honesty", "honesty", ""),
    ],
)
def test_the_thinking_part_is_taken_out(text: str, answer: str, thoughts: str | None) -> None:
    assert split_thinking(text, TAGS) == (answer, thoughts)


def test_empty_tags_leave_a_text_alone() -> None:
    assert split_thinking("<think>a</think>b", ("", "")) == ("<think>a</think>b", None)


@given(st.lists(st.sampled_from(["<think>", "</think>", "a", "b\n", " ", "<", "think>"]), max_size=30).map("".join))
def test_no_tag_survives_and_no_answer_precedes_a_closing_one(text: str) -> None:
    answer, thoughts = split_thinking(text, TAGS)
    assert "</think>" not in answer
    if TAGS[0] in text or TAGS[1] in text:
        assert thoughts is not None
        # What follows the last closing tag is the answer's end, or thinking that was cut off.
        tail = text.rpartition("</think>")[2]
        assert answer == "" or answer.endswith(tail.strip().rpartition("\n")[2][-1:])


def test_a_million_tags_take_no_quadratic_time() -> None:
    """A quadratic reading of 4 MB would not end within the test run."""
    assert split_thinking("<think>a</think>b" * 200_000, TAGS)[0] == "b" * 200_000
    assert split_thinking("</think>" * 400_000 + "b", TAGS)[0] == "b"
    assert split_thinking("<think>" * 400_000, TAGS)[0] == ""


def test_both_forms_of_log_probabilities_and_what_json_cannot_hold() -> None:
    chat = {"content": [{"token": "a", "logprob": -1.5, "top_logprobs": [{"token": "b", "logprob": float("-inf")}]}]}
    assert log_probabilities(chat) == [
        {"token": "a", "logprob": -1.5, "top_logprobs": [{"token": "b", "logprob": None}]}
    ]
    old = {"tokens": ["a", "b"], "token_logprobs": [None, -0.25], "top_logprobs": [None, {"b": -0.25}]}
    assert log_probabilities(old) == [
        {"token": "a", "logprob": None},
        {"token": "b", "logprob": -0.25, "top_logprobs": [{"token": "b", "logprob": -0.25}]},
    ]
    for nothing in (None, {}, {"content": []}, {"tokens": None}, "x"):
        assert log_probabilities(nothing) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["choices", "message", "content", "text", "logprobs", "usage", "finish_reason", "prompt_tokens",
                         "tokens", "token_logprobs", "type", "reasoning", "error"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.sampled_from(["chat", "completion"]))
def test_whatever_is_sent_is_a_response_that_can_be_written_or_a_reason(payload, mode) -> None:
    try:
        found = read_reply(payload, mode, 0.1, TAGS)
    except ValueError as error:
        assert str(error)
        return
    written = json.loads(json.dumps(found.to_dict(), allow_nan=False).encode("utf-8"))
    assert Response.from_dict(written) == found
