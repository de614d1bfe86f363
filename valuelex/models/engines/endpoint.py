"""The engine for any OpenAI-compatible endpoint: chat and raw completions through the openai SDK over aiohttp."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from valuelex.errors import EndpointError
from valuelex.models.request import Request, Response

if TYPE_CHECKING:
    import openai


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
        Sent with every call.
    timeout : float
        Seconds for one call.
    max_retries : int
        How often 408, 409, 429, 5xx and lost connections are tried again, with exponential back-off and Retry-After
        (the SDK's own rule).
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        key_name: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 120.0,
        max_retries: int = 5,
    ) -> None:
        self.base_url = base_url
        self._api_key = api_key
        self._key_name = key_name
        self._headers = dict(headers or {})
        self._timeout = timeout
        self._max_retries = max_retries
        self._client: openai.AsyncOpenAI | None = None

    def _open(self) -> openai.AsyncOpenAI:
        if self._client is None:
            import openai

            self._client = openai.AsyncOpenAI(
                base_url=self.base_url,
                api_key=self._api_key or "none",
                default_headers=self._headers,
                timeout=self._timeout,
                max_retries=self._max_retries,
                # A proxy of the environment must not see what stays on this machine.
                http_client=openai.DefaultAioHttpClient(
                    timeout=self._timeout, trust_env=not _on_loopback(self.base_url)
                ),
            )
        return self._client

    async def check(self, *, key: bool = True) -> None:
        """Ask the endpoint for its models, once and without retrying.

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
            await self._open().with_options(max_retries=0, timeout=min(self._timeout, 15.0)).models.list()
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            if key:
                raise self._refused() from error
        except openai.APIConnectionError as error:
            raise self._unreachable() from error
        except (openai.OpenAIError, ValueError, AttributeError, TypeError):
            return  # it answers, and has no such list or writes it in its own way

    async def complete(self, request: Request) -> Response:
        """Send one request; a call that the endpoint answers with an error of its own is a `Response` of status "error".

        Raises
        ------
        EndpointError
            If the endpoint cannot be reached, refuses the key, or still fails after the retries.
        """
        import openai

        body = self._body(request)
        started = time.perf_counter()
        try:
            if request.mode == "chat":
                messages: Any = [{"role": role, "content": content} for role, content in request.messages]
                reply = await self._open().chat.completions.create(messages=messages, **body)
            else:
                reply = await self._open().completions.create(prompt=request.prompt, **body)
            return _response(reply, request, time.perf_counter() - started)
        except openai.AuthenticationError as error:
            raise self._refused() from error
        except openai.NotFoundError as error:
            raise EndpointError(
                f"{self.base_url} does not know the model '{request.endpoint_model}' or its {request.mode} endpoint "
                f"({_said(error)}).",
                "Check 'model', 'mode' and 'base_url' of this model in the study file.",
            ) from error
        except openai.APIConnectionError as error:
            raise self._unreachable() from error
        except openai.APIStatusError as error:
            if error.status_code in LASTING or error.status_code >= 500:
                raise EndpointError(
                    f"{self.base_url} keeps answering {error.status_code} for '{request.endpoint_model}' ({_said(error)}).",
                    "Wait, mend the account, or lower the concurrency; the same command goes on where this one stopped.",
                ) from error
            return Response("", status="error", latency_s=time.perf_counter() - started, error=_clean(_said(error)))
        except (openai.OpenAIError, ValueError, AttributeError, TypeError) as error:
            said = f"the reply has no readable form: {_said(error)}"
            return Response("", status="error", latency_s=time.perf_counter() - started, error=_clean(said))

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {"model": request.endpoint_model, "max_tokens": request.max_tokens}
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.top_p is not None:
            body["top_p"] = request.top_p
        if request.seed is not None:
            body["seed"] = request.seed
        if request.stop:
            body["stop"] = list(request.stop)
        if request.extra:
            body["extra_body"] = dict(request.extra)
        return body

    def _refused(self) -> EndpointError:
        if self._key_name is None:
            return EndpointError(
                f"{self.base_url} refuses to answer without a key.",
                "Name the environment variable that holds it with 'api_key_env' in the study file.",
            )
        return EndpointError(
            f"{self.base_url} refuses the key in ${self._key_name}.",
            "Check the key, and that it is one of this endpoint's.",
        )

    def _unreachable(self) -> EndpointError:
        return EndpointError(
            f"{self.base_url} cannot be reached.",
            "Check 'base_url' in the study file and that the server runs; what was answered is kept.",
        )

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None


LASTING = frozenset({402, 408, 409, 429})
"""Status codes that say "not now": no account balance, time-outs, rate limits. They stop the run and leave no row."""


def _on_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _plain_text(content: Any) -> str:
    """The text of a message; some endpoints send a list of parts, of which those of type text count."""
    if isinstance(content, list):
        parts = [p if isinstance(p, dict) else getattr(p, "__dict__", {}) for p in content]
        return "".join(str(p.get("text", "")) for p in parts if p.get("type", "text") == "text")
    if content is None or isinstance(content, str):
        return content or ""
    raise TypeError(f"content is a {type(content).__name__}")


def _clean(text: str) -> str:
    """Half a surrogate pair (a cut-off emoji) cannot be written as UTF-8: it becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def key_from_environment(variable: str | None) -> str | None:
    """Read a key; raise `EndpointError` naming the variable when it is not set."""
    if variable is None:
        return None
    value = os.environ.get(variable)
    if not value:
        raise EndpointError(
            f"The environment variable {variable} (api_key_env) is not set.", f"Set it: export {variable}=..."
        )
    return value


def _said(error: Exception) -> str:
    """The first line of what the endpoint said; keys never stand in it, since the SDK does not echo headers."""
    return (str(error).splitlines() or ["no reason given"])[0][:300]


def _response(reply: Any, request: Request, latency: float) -> Response:
    usage = getattr(reply, "usage", None)
    tokens_in, tokens_out = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
    choices = getattr(reply, "choices", None) or []
    if not choices:
        return Response("", status="error", latency_s=latency, error="the endpoint returned no choice")
    choice = choices[0]
    if request.mode == "chat":
        text = _plain_text(choice.message.content) or _plain_text(getattr(choice.message, "refusal", None))
        reasoning = getattr(choice.message, "reasoning_content", None) or getattr(choice.message, "reasoning", None)
    else:
        text, reasoning = _plain_text(choice.text), None
    return Response(
        text=_clean(text),
        finish_reason=choice.finish_reason,
        n_tokens_in=tokens_in,
        n_tokens_out=tokens_out,
        latency_s=latency,
        reasoning=_clean(reasoning) if isinstance(reasoning, str) else None,
    )
