"""What is asked of a model and what came back, and the key under which the ledger keeps it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, Protocol

from valuelex.errors import EndpointError

KEY_TAG = b"valuelex.request.v1\0"
"""Prefix of every hashed request. Changing it, or the canonical form in `Request.key`, orphans every ledger there is."""

CONTENT_FILTER = "content_filter"
"""Reason for stopping of an answer that the endpoint itself held back."""

Mode = Literal["chat", "completion"]


@dataclass(frozen=True)
class Request:
    """One call, with every parameter that can move its answer.

    Parameters
    ----------
    model_id : str
        The model's id in the study.
    endpoint : str
        The base URL, or ``embedded:SHA256`` for a model file that runs here.
    endpoint_model : str
        The name that the endpoint knows the model by.
    mode : {"chat", "completion"}
        Whether `messages` or `prompt` is sent.
    messages : tuple of (role, content)
        The chat, in order; empty in completion mode.
    prompt : str
        The text to continue; empty in chat mode.
    temperature, top_p : float or None
        Sampling parameters; None sends nothing and leaves the endpoint's default.
    max_tokens : int
        Longest answer, in tokens.
    seed : int or None
        Sent with the call; endpoints may ignore it.
    sample_index : int
        Tells repeated samples of the same cell apart.
    stop : tuple of str
        Texts that end the answer.
    extra : mapping
        Further parameters sent in the body (grammar, response_format, top_k, ...).
    """

    model_id: str
    endpoint: str
    endpoint_model: str
    mode: Mode
    messages: tuple[tuple[str, str], ...] = ()
    prompt: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int = 80
    seed: int | None = None
    sample_index: int = 0
    stop: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Tagged SHA-256 of the canonical JSON of all fields, 64 hex digits."""
        return hashlib.sha256(KEY_TAG + _canonical(self.to_dict()).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, as the ledger writes them."""
        # dataclasses.asdict copies deeply, which at a million calls takes longer than all the rest.
        return {name: getattr(self, name) for name in _REQUEST_FIELDS}


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_REQUEST_FIELDS = tuple(f.name for f in fields(Request))


@dataclass(frozen=True, slots=True)
class Response:
    """What an endpoint returned.

    Parameters
    ----------
    text : str
        The answer as it came; empty for a failure.
    status : {"ok", "error"}
        "error" is a call that the endpoint answered with a refusal to serve (a content filter, a bad request). Whether the
        *answer* is usable is decided by the step that asked.
    finish_reason : str or None
        Why the endpoint stopped ("stop", "length", ...).
    n_tokens_in, n_tokens_out : int or None
        As counted by the endpoint.
    latency_s : float
        Seconds from request to answer.
    error : str or None
        What the endpoint said, for a failure.
    reasoning : str or None
        The thinking part, returned apart from the answer or taken out of its text; never parsed.
    logprobs : list of dict or None
        One entry per token of the answer, as far as the endpoint gives them: token, logprob (natural logarithm, <= 0), and
        top_logprobs where they were asked for. Records older than this field lack it.
    note : str or None
        What was done otherwise than asked, such as a form that the endpoint refused and that was left out.
    """

    text: str
    status: Literal["ok", "error"] = "ok"
    finish_reason: str | None = None
    n_tokens_in: int | None = None
    n_tokens_out: int | None = None
    latency_s: float = 0.0
    error: str | None = None
    reasoning: str | None = None
    logprobs: list[dict[str, Any]] | None = None
    note: str | None = None

    @property
    def usable(self) -> bool:
        """Whether this is an answer. Errors and stops by a content filter are kept as records, and asked again."""
        return self.status == "ok" and self.finish_reason != CONTENT_FILTER

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, as the ledger writes them."""
        return {name: getattr(self, name) for name in _RESPONSE_FIELDS}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Response:
        """Return the response that a ledger row holds; fields that this version does not know are left out."""
        return cls(**{name: row[name] for name in _RESPONSE_FIELDS if name in row})


_RESPONSE_FIELDS = tuple(f.name for f in fields(Response))


Trouble = Literal["busy", "server", "connection", "timeout", "reply"]


class NotNow(EndpointError):
    """One attempt failed in a way that another one may not.

    Parameters
    ----------
    what, remedy : str
        As of every `EndpointError`: what is said if it lasts.
    kind : {"busy", "server", "connection", "timeout", "reply"}
        "busy" is the endpoint's word for all calls (429, 503, 529); "server" another 5xx; "reply" a reply that cannot be read.
    retry_after : float, optional
        Seconds that the endpoint asks to wait.
    said : str, optional
        What stands in the record of the call if it is given up; default: `what`.
    """

    def __init__(
        self, what: str, remedy: str, *, kind: Trouble, retry_after: float | None = None, said: str | None = None
    ) -> None:
        super().__init__(what, remedy)
        self.kind, self.retry_after, self.said = kind, retry_after, said or what


class Engine(Protocol):
    """Anything that answers requests: an endpoint, an embedded model, a replayed ledger."""

    async def complete(self, request: Request) -> Response:
        """Answer one request, in one attempt.

        Raises
        ------
        NotNow
            If trying again may help: rate limits, server errors, lost connections, replies that cannot be read.
        EndpointError
            If no request can be answered (wrong key, unknown model).
        """
        ...

    async def close(self) -> None:
        """Release what the engine holds."""
        ...
