"""What kind of answer came back: usable, refused, empty, or degenerate. Nothing is dropped: each gets a label and a reason."""

from __future__ import annotations

import re
from collections import Counter

from valuelex.models.request import Response

# A language model that declines or disclaims; matched at the start of the answer only, where such phrases stand.
_REFUSAL = re.compile(
    r"\b(?:i(?:'| a)?m sorry,? (?:but )?i (?:can(?:no|')t|am unable)"
    r"|(?:i (?:can(?:no|')t|won't|will not)|i(?:'| a)m (?:not able|unable) to) "
    r"(?:help|assist|answer|provide|comply|do that|share|give|list|name|choose|complete)"
    r"|i (?:must|have to|respectfully) decline"
    r"|as an? (?:ai|artificial|language|large language|virtual|digital)\b[^.]{0,80}"
    r"\b(?:do not|don't|cannot|can't|lack|am not|unable|have no|possess no|hold no)\b"
    r"|i (?:do not|don't) (?:have|possess|hold) (?:any )?(?:personal |own |real |human )?"
    r"(?:values|beliefs|opinions|feelings|emotions|preferences|experiences))",
    re.IGNORECASE,
)
_ITEM = re.compile(
    r"(?:^|[,;\n*•-]|\d{1,2}[.):])\s*\**\"?[A-Za-z][A-Za-z' -]{1,30}\"?\**\s*(?=$|[,;.\n:*•]|\d{1,2}[.):])"
)
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
    if _REFUSAL.search(text[:240]):
        if len(_ITEM.findall(text)) >= 3:
            return "ok", DISCLAIMER
        return "refused", "declines or disclaims"
    words = [token for token in _TOKEN.findall(text.lower()) if token.isalpha()]
    if len(words) >= 8 and Counter(words).most_common(1)[0][1] / len(words) >= REPETITION_SHARE:
        return "invalid", REPETITION
    if response.finish_reason == "length":
        return "ok", CUT_OFF
    return "ok", None
