"""The engine for any OpenAI-compatible endpoint: chat and raw completions through the openai SDK over aiohttp.

One attempt per call. What may go better another time is raised as `NotNow`; whether and when to try again is decided where all
calls to an endpoint are seen together: `valuelex.models.calling`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from valuelex.errors import EndpointError
from valuelex.models.engines.echo import bodies, collect, continuations, read_echo
from valuelex.models.engines.reply import plain, read_reply, used
from valuelex.models.engines.retry_after import retry_after
from valuelex.models.engines.scoring import wants_scores
from valuelex.models.request import NotNow, Request, Response, Trouble

if TYPE_CHECKING:
    import openai

BUSY = frozenset({429, 503, 529})
"""Status codes by which an endpoint speaks of all calls and not of this one."""

AGAIN = frozenset({408, 409, 425})
"""Other status codes below 500 that say "not now"."""

STRUCTURE = ("response_format", "json_schema", "guided_json", "grammar")
"""Parameters that hold an answer to a form, as an endpoint that refuses them would name them."""


class EndpointEngine:
    """Calls one base URL.

    Parameters
    ----------
    base_url : str
        Such as ``https://api.example.com/v1``.
    api_key : str or None
        The key itself; it is sent and kept nowhere else. None sends a placeholder, for endpoints that want no key.
    key_name : str or None
        The environment variable that the key came from; named in errors.
    headers : mapping, optional
        Sent with every call; secret like the key.
    plain_headers : mapping, optional
        Sent with every call; no secret.
    organization : str, optional
        Whom calls are billed to. None sends none, also where the environment names one.
    token_limit : {"max_tokens", "max_completion_tokens"}
        The endpoint's name for the longest answer.
    thinking_tags : (str, str)
        What stands around thinking parts inside a text.
    timeout : float
        Seconds for one attempt from its first to its last byte.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        key_name: str | None = None,
        headers: Mapping[str, str] | None = None,
        plain_headers: Mapping[str, str] | None = None,
        organization: str | None = None,
        token_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens",
        thinking_tags: tuple[str, str] = ("<think>", "</think>"),
        timeout: float = 120.0,
    ) -> None:
        self.base_url = base_url
        self.thinking_tags = thinking_tags
        self._api_key = api_key
        self._key_name = key_name
        self._headers = {**(plain_headers or {}), **(headers or {})}
        self._organization = organization
        self._token_limit = token_limit
        self._timeout = timeout
        self._client: openai.AsyncOpenAI | None = None
        self._secrets = tuple(s for s in (api_key, *(headers or {}).values()) if s and len(s) >= 6)

    @property
    def client(self) -> openai.AsyncOpenAI:
        """The SDK's client, opened at first use; it never tries again by itself."""
        if self._client is None:
            import openai

            headers: dict[str, Any] = {"OpenAI-Organization": self._organization or openai.Omit()}
            self._client = openai.AsyncOpenAI(
                base_url=self.base_url,
                api_key=self._api_key or "none",
                default_headers=headers | self._headers,
                timeout=self._timeout,
                max_retries=0,
                # A proxy of the environment must not see what stays on this machine.
                http_client=openai.DefaultAioHttpClient(
                    timeout=self._timeout, trust_env=not _on_loopback(self.base_url)
                ),
            )
        return self._client

    async def check(self, *, key: bool = True) -> None:
        """Ask the endpoint for its models, once.

        Parameters
        ----------
        key : bool
            Whether a refused key counts. Some endpoints guard this list with another header than their models: before a run
            only the first real call decides.

        Raises
        ------
        EndpointError
            If it cannot be reached or refuses the key. An endpoint that has no such list passes.
        """
        import openai

        try:
            await self.client.with_options(timeout=min(self._timeout, 15.0)).models.list()
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            if key:
                raise self.refused() from self.cause(error)
        except openai.APIConnectionError as error:
            raise EndpointError(*self._unreachable()) from error
        except (openai.OpenAIError, ValueError, AttributeError, TypeError):
            return  # it answers, and has no such list or writes it in its own way

    async def complete(self, request: Request) -> Response:
        """Send one request, once; what the endpoint says against this one call is a `Response` of status "error".

        Raises
        ------
        NotNow
            For rate limits, server errors, lost or silent connections, and replies that cannot be read.
        EndpointError
            If the endpoint refuses the key, does not know the model, has no balance left, or refuses a declared form.
        """
        started = time.perf_counter()
        if wants_scores(request):
            return await self._score(request, started)
        path, body = self.body(request)
        content = await self._send(request, path, body, started)
        return content if isinstance(content, Response) else self.read(content, request, time.perf_counter() - started)

    async def _score(self, request: Request, started: float) -> Response:
        """Score the words of a request by having the endpoint echo them."""
        texts, owner = continuations(request)
        found: list[tuple[float, int]] = []
        counted: list[Any] = []
        for part, body in bodies(request, texts):
            content = await self._send(request, "/completions", body, started)
            if isinstance(content, Response):
                return content
            try:
                payload = json.loads(content)
                found += read_echo(payload, request.prompt, part)
                counted.append(payload.get("usage"))
            except (ValueError, TypeError, AttributeError, RecursionError) as error:
                return Response(
                    "", status="error", latency_s=time.perf_counter() - started, error=self.scrub(str(error))
                )
        scored = collect(request, owner, found)
        n_in, n_out = used(counted)
        return Response(
            "",
            finish_reason="scored",
            n_tokens_in=n_in,
            n_tokens_out=n_out,
            latency_s=time.perf_counter() - started,
            logprobs=scored,
        )

    async def _send(self, request: Request, path: str, body: dict[str, Any], started: float) -> bytes | Response:
        """Return the body of the reply, or the record of what the endpoint said against the call."""
        import openai

        try:
            async with asyncio.timeout(self._timeout):
                reply = await self.client.post(path, cast_to=object, body=body, options={"headers": _RAW})
                return _content(reply)
        except (TimeoutError, openai.APIConnectionError) as error:
            raise self._lost(error) from self.cause(error)
        except openai.APIStatusError as error:
            status = error.status_code
            wait = retry_after(error.response.headers)
            return self.refusal(
                request, status, error.body, self.said(error), time.perf_counter() - started, wait, error
            )
        except openai.OpenAIError as error:
            raise self._not_now("reply", self.said(error)) from self.cause(error)

    def body(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Return the path below the base URL and the body that is sent to it."""
        body: dict[str, Any] = {"model": request.endpoint_model, self._token_limit: request.max_tokens}
        for name in ("temperature", "top_p", "seed"):
            value = getattr(request, name)
            if value is not None:
                body[name] = value
        if request.stop:
            body["stop"] = list(request.stop)
        body |= request.extra
        if request.mode == "chat":
            messages = [{"role": role, "content": content} for role, content in request.messages]
            return "/chat/completions", {"messages": messages, **body}
        return "/completions", {"prompt": request.prompt, **body}

    def read(self, content: Any, request: Request, latency_s: float) -> Response:
        """Return the response that a body holds; raise `NotNow` if it has no readable form."""
        try:
            payload = json.loads(self.without_secrets(content)) if isinstance(content, bytes) else content
            return read_reply(payload, request.mode, latency_s, self.thinking_tags)
        except (ValueError, RecursionError) as error:
            reason = "it is no JSON" if isinstance(error, json.JSONDecodeError) else str(error)
            raise self._not_now("reply", f"the reply has no readable form: {self.scrub(reason)[:300]}") from None

    def refusal(
        self,
        request: Request,
        status: int,
        body: Any,
        said: str,
        latency_s: float,
        wait: float | None = None,
        error: Exception | None = None,
    ) -> Response:
        """Return the error record of a call that was answered with `status`, or raise what concerns more than this call."""
        if status == 401:
            raise self.refused() from self.cause(error)
        if status == 404:
            raise EndpointError(
                f"{self.base_url} does not know the model '{request.endpoint_model}' or its {request.mode} endpoint ({said}).",
                "Check 'model', 'mode' and 'base_url' of this model in the study file.",
            ) from self.cause(error)
        if status == 402 or (status == 429 and _code(body) == "insufficient_quota"):
            raise EndpointError(
                f"{self.base_url} answers {status} for '{request.endpoint_model}': the account's balance is used up ({said}).",
                "Mend the account; the same command goes on where this one stopped.",
            ) from self.cause(error)
        if status in BUSY or status in AGAIN or status >= 500:
            raise NotNow(
                f"{self.base_url} keeps answering {status} for '{request.endpoint_model}' ({said}).",
                "Wait, mend the account, or lower the concurrency; the same command goes on where this one stopped.",
                kind="busy" if status in BUSY else "server",
                retry_after=wait,
                said=f"{status}: {said}",
            ) from self.cause(error)
        named = next((name for name in STRUCTURE if name in said and name in json.dumps(dict(request.extra))), None)
        if status in (400, 422) and named:
            # Asking without the form would keep an answer under a key that says otherwise.
            raise EndpointError(
                f"{self.base_url} refuses {named} for '{request.endpoint_model}' ({said}).",
                "Set 'structured: none' for this model (or grammar, json_schema, if it has one of them).",
            ) from self.cause(error)
        return Response("", status="error", latency_s=latency_s, error=said)

    def said(self, error: Exception) -> str:
        """The first line of what the endpoint said, without what is secret."""
        # Scrubbed before it is cut: a key that the cut goes through would not be found.
        return self.scrub((str(error).splitlines() or ["no reason given"])[0])[:300]

    def scrub(self, text: str) -> str:
        """Return `text` without keys and header values: some endpoints repeat what they were sent."""
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return plain(text)

    def without_secrets(self, content: bytes) -> bytes:
        """Return a reply without keys and header values, as `scrub` does for messages: an answer, too, may repeat them."""
        for secret in self._secrets:
            if secret.encode() in content:
                content = content.replace(secret.encode(), b"[secret]")
        return content

    def cause(self, error: BaseException | None) -> BaseException | None:
        """Return `error`, to be chained, unless its text would show a secret in a traceback."""
        shown = f"{error} {getattr(error, 'body', '')}"
        return None if any(secret in shown for secret in self._secrets) else error

    def _lost(self, error: BaseException) -> NotNow:
        """What became of a call without a reply; the SDK calls all of it a time-out, the transport's own errors know better."""
        chain = list(_chain(error))
        if any(type(e).__name__ in ("ClientPayloadError", "ReadError", "RemoteProtocolError") for e in chain):
            return self._not_now("reply", "the connection broke off within the reply")
        if any(isinstance(e, TimeoutError) for e in chain):
            return self._not_now("timeout", f"it took longer than {self._timeout:g} s")
        return NotNow(*self._unreachable(), kind="connection", said="the connection was lost")

    def _not_now(self, kind: Trouble, said: str) -> NotNow:
        return NotNow(
            f"{self.base_url} gives no usable reply ({said}).",
            "Check the server, or raise 'timeout' for this model; what was answered is kept.",
            kind=kind,
            said=said,
        )

    def refused(self) -> EndpointError:
        """The error of a refused key."""
        if self._key_name is None:
            return EndpointError(
                f"{self.base_url} refuses to answer without a key.",
                "Name the environment variable that holds it with 'api_key_env' in the study file.",
            )
        return EndpointError(
            f"{self.base_url} refuses the key in ${self._key_name}.",
            "Check the key, and that it is one of this endpoint's.",
        )

    def _unreachable(self) -> tuple[str, str]:
        return (
            f"{self.base_url} cannot be reached.",
            "Check 'base_url' in the study file and that the server runs; what was answered is kept.",
        )

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None


# As `with_raw_response` of the SDK: the reply comes back as it is, and what cannot be read is judged here. Its typed methods
# would check every parameter against their types, which takes a third of a call's computing time.
_RAW = {"X-Stainless-Raw-Response": "true"}


def _content(reply: Any) -> bytes:
    response = reply.http_response
    if "json" not in response.headers.get("content-type", "json").lower():
        return b""  # a web page or a stream of events: no JSON
    content: bytes = response.content
    return content


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _code(body: Any) -> Any:
    error = body.get("error", body) if isinstance(body, Mapping) else None
    return (error.get("code") or error.get("type")) if isinstance(error, Mapping) else None


def _on_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
