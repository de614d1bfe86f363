"""What a review found: common ways of declining that were read as answers."""

from __future__ import annotations

import pytest

from tests.models.test_request import REQUEST
from valuelex.models import Response
from valuelex.models.answers import assess


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("I\u2019m unable to share personal values.", "refused"),
        ("I'm not able to provide such a list.", "refused"),
        ("As a language model I have no values of my own.", "refused"),
        ("I must decline.", "refused"),
        ("I will not answer that.", "refused"),
        ("I won't share this.", "refused"),
        ("I won't lie, I value honesty.", "ok"),
        ("As an AI, I value honesty.", "ok"),
        ("I will not give up: perseverance, hope, courage", "ok"),
    ],
)
def test_ways_of_declining(text: str, status: str) -> None:
    assert assess(REQUEST, Response(text, finish_reason="stop")).status == status
