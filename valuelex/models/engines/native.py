"""What a llama.cpp server offers beside the OpenAI interface, and scoring words needs.

That is its tokenizer, its chat template, and the whole distribution of the next token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valuelex.models.engines.scoring import Forms, forms_of
from valuelex.models.request import NotNow, Request

if TYPE_CHECKING:
    import aiohttp

ALL_TOKENS = 2_000_000
"""More than any vocabulary holds: the server then lists every token's log-probability."""

FORCE = 1000.0
"""Bias that makes the sampler take a token. The server reports the model's own log-probability, from before the bias."""


class NativeServer:
    """One llama.cpp server, spoken to in its own terms.

    Parameters
    ----------
    address : str
        Without ``/v1``.
    token : str
        The server's key.
    """

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address, token
        self._session: aiohttp.ClientSession | None = None
        self._segmented: dict[str, tuple[int, ...]] = {}

    async def score(self, request: Request) -> list[dict[str, Any]]:
        """Return the log-probability of every word of a scoring request.

        The first tokens of all words come from one listing of the whole distribution; each further token from a call that
        forces it. The first call starts from an empty cache and the order is fixed, so that a frame's scores depend on the
        request alone.

        Raises
        ------
        ValueError
            If the server refuses this call, as for a frame that is longer than its context.
        NotNow
            If it gives no reply.
        """
        frame = await self._frame(request)
        forms = await self._forms(request)
        known: dict[tuple[tuple[int, ...], int], float] = {}
        for prefix, tokens in forms.branches.items():
            if prefix:
                for token in tokens:
                    known[prefix, token] = await self._forced([*frame, *prefix], token)
            else:
                listed = await self._distribution(frame)
                known |= {(prefix, token): listed[token] for token in tokens}
        return forms.collect(known)

    async def _frame(self, request: Request) -> list[int]:
        text = request.prompt
        if request.mode == "chat":
            chat = [{"role": role, "content": content} for role, content in request.messages]
            text = (await self._post("/apply-template", {"messages": chat}))["prompt"]
        # A template writes its own opening token; a bare text gets the model's.
        options = {"content": text, "add_special": request.mode != "chat", "parse_special": request.mode == "chat"}
        tokens: list[int] = (await self._post("/tokenize", options))["tokens"]
        return tokens

    async def _forms(self, request: Request) -> Forms:
        missing: list[str] = []
        forms_of(request, lambda text: missing.append(text) or [0])  # type: ignore[func-returns-value]
        for text in dict.fromkeys(missing):
            if text not in self._segmented:
                told = await self._post("/tokenize", {"content": text, "add_special": False, "parse_special": False})
                self._segmented[text] = tuple(told["tokens"])
        return forms_of(request, self._segmented.__getitem__)

    async def _distribution(self, tokens: list[int]) -> dict[int, float]:
        told = await self._post("/completion", _next_token(tokens, n_probs=ALL_TOKENS, cache_prompt=False))
        return {entry["id"]: entry["logprob"] for entry in told["completion_probabilities"][0]["top_logprobs"]}

    async def _forced(self, tokens: list[int], token: int) -> float:
        body = _next_token(tokens, n_probs=1, cache_prompt=True)
        told = await self._post("/completion", body | {"samplers": ["temperature"], "logit_bias": [[token, FORCE]]})
        entry = told["completion_probabilities"][0]
        if entry["id"] != token:
            raise ValueError(f"the server gave token {entry['id']} where {token} was forced")
        return float(entry["logprob"])

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        import aiohttp

        if self._session is None:
            headers = {"Authorization": f"Bearer {self._token}"}
            timeout = aiohttp.ClientTimeout(total=600)
            # A proxy of the environment must not see what stays on this machine: trust_env is off by default.
            # The server ends a connection after so many calls, and one that ends just then would lose the next call.
            connector = aiohttp.TCPConnector(force_close=True)
            self._session = aiohttp.ClientSession(headers=headers, timeout=timeout, connector=connector)
        try:
            async with self._session.post(self._address + path, json=body) as reply:
                told = await reply.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotNow(
                f"The server of the embedded model at {self._address} gives no usable reply ({type(error).__name__}).",
                "Run the same command again; what was answered is kept.",
                kind="connection",
            ) from error
        if reply.status != 200:
            said = told.get("error", told) if isinstance(told, dict) else told
            raise ValueError(str(said.get("message", said) if isinstance(said, dict) else said)[:300])
        return told

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _next_token(tokens: list[int], *, n_probs: int, cache_prompt: bool) -> dict[str, Any]:
    return {"prompt": tokens, "n_predict": 1, "n_probs": n_probs, "temperature": 0, "cache_prompt": cache_prompt}
