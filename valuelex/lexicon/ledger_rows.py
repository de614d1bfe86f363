"""A line of a call ledger -> its row of the table `responses`. A line in which anything is not what it should be is none."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from valuelex.lexicon.parse import whole
from valuelex.models import Request, Response, setting_id
from valuelex.models.answers import assess
from valuelex.models.request import CONTENT_FILTER
from valuelex.models.seeds import short_id

SCORED = "scored"
"""Why a call of the log-probability mode ended: it holds scores, which only a study can turn into words."""

HELD = ("grammar", "response_format", "guided_choice", "guided_json", "guided_grammar")
"""Parameters that hold an answer to a form: without a place in the design, such a call counts as closed."""

_KEY = re.compile(r"[0-9a-f]{64}")
_RESPONSE = frozenset(Response.__dataclass_fields__)


def row_of(line: bytes, only_placed: bool, shown: Mapping[str, Sequence[str]]) -> dict[str, Any] | None:
    """Return the row of `responses` that a ledger's line stands for, with its key and whether it is usable.

    None if the line is no call, a scored one, or has no place in the design where only placed ones are wanted.
    """
    try:
        call = json.loads(line)
        request, answer = call["request"], call["response"]
        response = Response(**{name: value for name, value in answer.items() if name in _RESPONSE})
        place = call.get("place")
        if response.finish_reason == SCORED or (only_placed and not isinstance(place, Mapping)):
            return None
        design = _design(request, place if isinstance(place, Mapping) else {})
        asked = Request(
            design["model_id"], "", "", design["mode"], request.get("messages") or (), str(request.get("prompt") or "")
        )
        examples = shown.get(design["examples"] or "", ())
        quality = assess(asked, response, language=design["language"], examples=examples)
        return {
            "key": _key(call["key"]),
            "usable": response.status != "error" and response.finish_reason != CONTENT_FILTER,
            "response_id": call["key"][:16],
            **design,
            "text": whole(quality.text),
            "status": quality.status,
            "status_reason": None if quality.reason is None else whole(quality.reason),
            "labels": "|".join(quality.labels) or None,
            "n_tokens_in": _whole_number(response.n_tokens_in),
            "n_tokens_out": _whole_number(response.n_tokens_out),
            "latency_s": round(_number(response.latency_s, math.inf) or 0.0, 3),
        }
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _design(request: Mapping[str, Any], place: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that say where in the design a call stands."""
    temperature, top_p = _number(request["temperature"], math.inf), _number(request["top_p"], 1.0)
    model, mode = whole(str(request["model_id"])), request["mode"]
    if mode not in ("chat", "completion"):
        raise ValueError(mode)
    messages = request.get("messages") or ()
    system = "\n".join([content for role, content in messages if role == "system"])
    asked = "\n".join([content for role, content in messages if role == "user"]) or request.get("prompt") or ""
    persona = _hash(system) if system else None
    respondent = _setting(model, temperature, top_p) + (f"/{persona}" if persona else "")
    held = any(name in (request.get("extra") or {}) for name in HELD)
    out = {
        "respondent_id": respondent,
        "model_id": model,
        "prompt_id": _hash(asked),
        "sample_index": _whole_number(request.get("sample_index")) or 0,
        "temperature": temperature,
        "top_p": top_p,
        "persona": persona,
        "seed": _whole_number(request.get("seed")),
        "mode": mode,
        "elicitation": "closed" if held else "open",
        "language": "en",
        "wording": None,
        "order": 0,
        "examples": None,
    }
    if not place:
        return out
    said = {name: whole(str(place[name])) for name in PLACE if place.get(name) is not None}
    return out | said | ({"order": _whole_number(place["order"]) or 0} if "order" in place else {})


PLACE = ("respondent_id", "prompt_id", "elicitation", "persona", "language", "wording", "examples")
"""What a line may say of its place in words; `order` is a number."""


def _key(value: object) -> str:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise ValueError(value)
    return value


def _number(value: object, high: float) -> float | None:
    """A number between 0 and `high`, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= high:
        raise ValueError(value)
    return float(value)


def _whole_number(value: object) -> int | None:
    """A whole number of 0 or more that a table can hold, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError(value)
    return value


@lru_cache(maxsize=4096)
def _hash(text: str) -> str:
    return short_id(whole(text))[:8]


@lru_cache(maxsize=4096)
def _setting(model: str, temperature: float | None, top_p: float | None) -> str:
    return f"{model}/{setting_id(temperature, top_p)}"
