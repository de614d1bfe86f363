"""Reading what an OpenAI-compatible endpoint returned: the answer, its thinking part, its tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from valuelex.models.request import Mode, Response

MOST_TOKENS = 2**40
"""A larger count is none: it could not be kept in a table."""


def read_reply(payload: Any, mode: Mode, latency_s: float, thinking_tags: tuple[str, str]) -> Response:
    """Return the response that a reply's JSON holds.

    Parameters
    ----------
    payload : object
        The decoded body.
    mode : {"chat", "completion"}
    latency_s : float
    thinking_tags : (str, str)
        What stands around a thinking part inside the text.

    Raises
    ------
    ValueError
        If the reply has no readable form; the message says why.
    """
    if not isinstance(payload, Mapping):
        raise ValueError(f"it is a {type(payload).__name__} and no object")
    choices = payload.get("choices")
    if not choices:
        error = payload.get("error")
        message = error.get("message") if isinstance(error, Mapping) else error
        raise ValueError(f"it is an error, {plain(str(message))}" if message else "it holds no choice")
    choice = choices[0] if isinstance(choices, list) else None
    if not isinstance(choice, Mapping):
        raise ValueError("its choice is no object")
    if mode == "chat":
        message = choice.get("message")
        if not isinstance(message, Mapping):
            raise ValueError("its choice has no message")
        text = _text_of(message.get("content")) or _text_of(message.get("refusal"))
        apart = message.get("reasoning_content") or message.get("reasoning")
    else:
        if "text" not in choice:
            raise ValueError("its choice has no text")
        text, apart = _text_of(choice["text"]), choice.get("reasoning")
    text, inside = split_thinking(text, thinking_tags)
    thoughts = [part for part in (apart if isinstance(apart, str) else None, inside) if part]
    n_in, n_out = used([payload.get("usage")])
    reason = choice.get("finish_reason")
    return Response(
        text=plain(text),
        finish_reason=plain(reason) if isinstance(reason, str) else None,
        n_tokens_in=n_in,
        n_tokens_out=n_out,
        latency_s=latency_s,
        reasoning=plain("\n".join(thoughts)) if thoughts else None,
        logprobs=log_probabilities(choice.get("logprobs")),
    )


def split_thinking(text: str, tags: tuple[str, str]) -> tuple[str, str | None]:
    """Return the text without its thinking parts, and these.

    An opening tag that is never closed was cut off: all is thinking. A closing tag that nothing opened ends a thinking part
    that the endpoint's template began: what precedes it is thinking. Empty tags leave the text as it is.
    """
    opening, closing = tags
    if not opening or not closing or (opening not in text and closing not in text):
        return text, None
    kept: list[str] = []
    thoughts: list[str] = []
    at, opened = 0, text.find(opening)
    while at < len(text):
        # Positions, not pieces, and no search in vain: a text of a million tags is read once.
        if 0 <= opened < at:
            opened = text.find(opening, at)
        closed = text.find(closing, at)
        if closed >= 0 and (opened < 0 or closed < opened):
            thoughts += [*kept, text[at:closed]]
            kept = []
            at = closed + len(closing)
        elif opened >= 0:
            kept.append(text[at:opened])
            inside = opened + len(opening)
            if closed < 0:
                return "", "".join([*thoughts, *kept, text[inside:]]).strip()
            thoughts.append(text[inside:closed])
            at = closed + len(closing)
        else:
            kept.append(text[at:])
            break
    return "".join(kept).strip(), "\n".join(t.strip() for t in thoughts)


def log_probabilities(given: Any) -> list[dict[str, Any]] | None:
    """Return token by token what an endpoint sent, in one form for chat and both forms of completions; None if it is none."""
    if not isinstance(given, Mapping):
        return None
    content = given.get("content")
    if isinstance(content, list):
        return [_token(entry) for entry in content if isinstance(entry, Mapping)] or None
    tokens, values, tops = (given.get(name) for name in ("tokens", "token_logprobs", "top_logprobs"))
    if not isinstance(tokens, list) or not isinstance(values, list):
        return None
    out = []
    for i, (token, value) in enumerate(zip(tokens, values, strict=False)):
        entry: dict[str, Any] = {"token": token, "logprob": value}
        top = tops[i] if isinstance(tops, list) and i < len(tops) else None
        if isinstance(top, Mapping):
            entry["top_logprobs"] = [{"token": t, "logprob": v} for t, v in top.items()]
        out.append(_token(entry))
    return out or None


def _token(entry: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"token": plain(str(entry.get("token"))), "logprob": _finite(entry.get("logprob"))}
    tops = entry.get("top_logprobs")
    if isinstance(tops, list) and tops:
        out["top_logprobs"] = [
            {"token": plain(str(top.get("token"))), "logprob": _finite(top.get("logprob"))}
            for top in tops
            if isinstance(top, Mapping)
        ]
    return out


def _finite(value: Any) -> float | None:
    """A number as JSON can hold it; endpoints send -inf for tokens that a grammar forbids, and null for the first."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if number else None


def used(usages: Sequence[Any]) -> tuple[int | None, int | None]:
    """Return the tokens in and out of some replies, from their `usage`; None where one of them gives no count."""
    held = [usage if isinstance(usage, Mapping) else {} for usage in usages]
    return _total([u.get("prompt_tokens") for u in held]), _total([u.get("completion_tokens") for u in held])


def _total(values: Sequence[Any]) -> int | None:
    good = all(isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= MOST_TOKENS for v in values)
    return sum(values) if values and good else None


def _text_of(content: Any) -> str:
    """The text of a message; some endpoints send a list of parts, of which those of type text count."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping)]
        return "".join(str(part.get("text") or "") for part in parts if part.get("type", "text") == "text")
    if content is None or isinstance(content, str):
        return content or ""
    raise ValueError(f"its content is a {type(content).__name__}")


def plain(text: str) -> str:
    """Half a surrogate pair (a cut-off emoji) cannot be written as UTF-8: it becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
