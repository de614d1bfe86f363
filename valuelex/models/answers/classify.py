"""What kind of answer came back: usable, refused, empty, or degenerate. Nothing is dropped: each gets a label and a reason."""

from __future__ import annotations

import re
from collections import Counter

from valuelex.models.answers.refusals import find_refusal
from valuelex.models.request import Response

_TOKEN = re.compile(r"\w+")

CUT_OFF = "cut off at max_tokens"
"""Reason of an answer that the token limit ended: its last word may be half a word."""

DISCLAIMER = "disclaimer"
"""Reason of an answer that disclaims first and then answers."""

REPETITION = "degenerate repetition"
"""Reason of an answer that says one word over and over."""

REPETITION_SHARE = 0.8
"""An answer of at least eight tokens of which one makes up this share is degenerate."""


def classify(response: Response) -> tuple[str, str | None]:
    """Return the status of an answer (ok, refused, invalid, error) and its reason.

    A disclaimer that is followed by a list of three or more items is an answer and stays "ok", with the reason "disclaimer".
    The phrases of `refusals.LANGUAGES` are known; in other languages a refusal passes as an answer.
    """
    if response.status == "error":
        return "error", response.error or "the endpoint gave no reason"
    text = response.text.strip().replace("\u2019", "'").replace("\u2018", "'")
    if response.finish_reason == "content_filter":
        return "refused", "stopped by the endpoint's content filter"
    if not text:
        return "invalid", "empty"
    if not any(character.isalpha() for character in text):
        return "invalid", "no letters"
    if (refusal := find_refusal(text)) is not None:
        return ("ok", DISCLAIMER) if refusal.answers_after else ("refused", "declines or disclaims")
    words = [token for token in _TOKEN.findall(text.lower()) if token.isalpha()]
    if len(words) >= 8 and Counter(words).most_common(1)[0][1] / len(words) >= REPETITION_SHARE:
        return "invalid", REPETITION
    if response.finish_reason == "length":
        return "ok", CUT_OFF
    return "ok", None
