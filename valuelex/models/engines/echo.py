"""Scoring words at an endpoint whose raw completions echo the prompt with its log-probabilities (vLLM, SGLang and others)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from valuelex.models.engines.scoring import KEY, combine, written
from valuelex.models.request import Request

AT_ONCE = 64
"""Continuations that one call carries."""


def continuations(request: Request) -> tuple[list[str], list[int]]:
    """Return every way of writing every word, with what leads to it, and the number of the word that each belongs to."""
    asked = request.extra[KEY]
    texts: list[str] = []
    owner: list[int] = []
    for number, word in enumerate(asked["words"]):
        for text in dict.fromkeys(asked["lead"] + written(word, case) for case in asked["cases"]):
            texts.append(text)
            owner.append(number)
    return texts, owner


def bodies(request: Request, texts: Sequence[str]) -> Iterator[tuple[Sequence[str], dict[str, Any]]]:
    """Yield the continuations of each call and its body; one token is generated, since not every server takes 0."""
    for start in range(0, len(texts), AT_ONCE):
        part = texts[start : start + AT_ONCE]
        yield (
            part,
            {
                "model": request.endpoint_model,
                "prompt": [request.prompt + text for text in part],
                "max_tokens": 1,
                "temperature": 0,
                "echo": True,
                "logprobs": 1,
            },
        )


def read_echo(payload: Any, frame: str, texts: Sequence[str]) -> list[tuple[float, int]]:
    """Return the log-probability and the number of tokens of each continuation.

    Raises
    ------
    ValueError
        If the reply holds no log-probabilities of the prompt, or a token reaches over the end of the frame: the probability
        of a continuation alone can then not be told.
    """
    choices = payload.get("choices") if isinstance(payload, Mapping) else None
    if not isinstance(choices, list) or len(choices) != len(texts):
        raise ValueError(f"{len(texts)} continuations were sent and another number of choices came back")
    ordered = sorted(choices, key=lambda choice: choice.get("index", 0))
    return [_continuation(choice.get("logprobs"), frame, text) for choice, text in zip(ordered, texts, strict=True)]


def _continuation(logprobs: Any, frame: str, text: str) -> tuple[float, int]:
    if not isinstance(logprobs, Mapping) or not all(
        isinstance(logprobs.get(name), list) for name in ("tokens", "token_logprobs")
    ):
        raise ValueError(
            "the endpoint does not echo the prompt with its log-probabilities ('echo: true' in the study file)"
        )
    # Places are counted along the tokens: text_offset counts an opening token with it (vLLM) or says nothing (SGLang).
    pairs = [(str(token), value) for token, value in zip(logprobs["tokens"], logprobs["token_logprobs"], strict=True)]
    spelt = "".join(token for token, _ in pairs)
    if not spelt.startswith(frame) and pairs:
        spelt = spelt[len(pairs.pop(0)[0]) :]
    if not spelt.startswith(frame + text):
        raise ValueError("the echo ends before the word, or its tokens do not spell the prompt")
    total, n, start, at = 0.0, 0, len(frame), 0
    for token, value in pairs:
        end = at + len(token)
        if at < start < end:
            raise ValueError(f"the token {token!r} reaches over the end of the frame")
        if start <= at < start + len(text):
            if end > start + len(text):
                raise ValueError(f"the token {token!r} reaches over the end of the word")
            if value is None:
                raise ValueError("a token of the word has no log-probability")
            total, n = total + float(value), n + 1
        at = end
    return total, n


def collect(request: Request, owner: Sequence[int], found: Sequence[tuple[float, int]]) -> list[dict[str, Any]]:
    """Return one entry per word, its ways of being written added up."""
    return combine(request.extra[KEY]["words"], owner, [total for total, _ in found], [n for _, n in found])
