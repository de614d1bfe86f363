"""What a review found: calls that cost more than the spending cap took them for."""

from __future__ import annotations

from dataclasses import replace

from tests.models.test_request import REQUEST
from valuelex.models import Response
from valuelex.models.calling import Budget
from valuelex.models.calling.budget import tokens_in, tokens_out
from valuelex.models.engines.scoring import scoring
from valuelex.models.registry import Price


def test_scoring_sends_the_frame_once_for_every_way_of_writing_every_word() -> None:
    words = [f"word{i}" for i in range(100)]
    frame = "Ten values: 1." * 20
    scored = replace(REQUEST, mode="completion", messages=(), prompt=frame, max_tokens=1, extra=scoring(words, " "))
    # At least four characters a token, 200 texts; and one token generated for each.
    assert tokens_in(scored) >= 200 * len(frame) / 4
    assert tokens_out(scored) == 200
    budget = Budget(1.0, {REQUEST.model_id: Price(input=1.0, output=2.0)})
    assert budget.most(scored) >= (200 * len(frame) / 4 + 2 * 200) / 1e6
    uncounted = Response("", finish_reason="scored")
    assert budget.price_of(scored, uncounted) == budget.most(scored)


def test_scripts_with_a_token_per_character_are_not_underestimated() -> None:
    asked = "请列出十个最能代表你价值观的词"
    assert tokens_in(replace(REQUEST, messages=(("user", asked),), extra={})) >= len(asked)


def test_the_form_of_an_answer_counts() -> None:
    form = {"response_format": {"enum": [f"value{i}" for i in range(200)]}}
    assert tokens_in(replace(REQUEST, extra=form)) - tokens_in(replace(REQUEST, extra={})) >= 200 * len("value00") / 4
