"""What a review found: lists with the commas of other scripts were one word."""

from __future__ import annotations

import pytest

from valuelex.lexicon.parse import parse
from valuelex.models.engines.reply import read_reply


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("诚实、尊重、责任。", ["诚实", "尊重", "责任"]),
        ("公平，正义；善良", ["公平", "正义", "善良"]),
        ("1. 诚实\n2. 尊重：说明", ["诚实", "尊重"]),
        ("誠実、尊敬", ["誠実", "尊敬"]),
        ("الصدق، الاحترام", ["الصدق", "الاحترام"]),
        ("honesty, love", ["honesty", "love"]),
    ],
)
def test_lists_are_cut_at_the_commas_of_their_script(text: str, items: list[str]) -> None:
    assert [candidate.raw for candidate in parse(text)] == items


def test_a_part_without_text_adds_none_to_an_answer() -> None:
    content = [{"type": "text", "text": None}, {"type": "text", "text": "love"}]
    found = read_reply({"choices": [{"message": {"content": content}}]}, "chat", 0.0, ("<think>", "</think>"))
    assert found.text == "love"
