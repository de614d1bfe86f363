"""Every answer gets a label and a reason."""

from __future__ import annotations

import pytest

from valuelex.models import Response
from valuelex.models.answers import classify


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("honesty, respect, love", "ok", None),
        ("1. Honesty\n2. Respect\n3. Love", "ok", None),
        ("", "invalid", "empty"),
        ("  \n ", "invalid", "empty"),
        ("1. 2. 3. 4. 5.", "invalid", "no letters"),
        ("I'm sorry, but I can't help with that.", "refused", "declines or disclaims"),
        ("As an AI language model, I do not have personal values.", "refused", "declines or disclaims"),
        ("I don't have personal beliefs or feelings.", "refused", "declines or disclaims"),
        ("As an AI, I don't have values, but I aim for: honesty, care, fairness, clarity.", "ok", "disclaimer"),
        ("love love love love love love love love love", "invalid", "degenerate repetition"),
        ("I don't have patience for liars.", "ok", None),
        ("I\u2019m sorry, but I can\u2019t assist with that.", "refused", "declines or disclaims"),
    ],
)
def test_status_and_reason(text: str, status: str, reason: str | None) -> None:
    assert classify(Response(text)) == (status, reason)


def test_a_failed_call_keeps_what_the_endpoint_said() -> None:
    assert classify(Response("", status="error", error="content filter")) == ("error", "content filter")


def test_a_cut_off_answer_is_usable_and_says_so() -> None:
    assert classify(Response("honesty, respect, lo", finish_reason="length")) == ("ok", "cut off at max_tokens")
