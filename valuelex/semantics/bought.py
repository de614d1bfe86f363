"""Embeddings from an endpoint that speaks the OpenAI protocol; what was bought is kept and never bought again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from valuelex.errors import EndpointError
from valuelex.semantics.store import BoughtStore

BATCH = 64
"""Texts per call."""

TRIES = 5
"""Further attempts of a call that was not served, with the SDK's growing pauses."""


class EndpointEmbedder:
    """Asks ``/embeddings`` of a base URL for vectors.

    Every batch is appended to the store before the next is asked for. Whether a vector depends on its text alone is the
    endpoint's affair; a text that was bought once keeps its vector.

    Parameters
    ----------
    base_url : str
        Such as ``https://api.example.com/v1``.
    model : str
        The name that the endpoint knows.
    store : Path
        The file of bought vectors.
    api_key : str or None
        The key itself, which callers take from an environment variable; it is sent and kept nowhere else.
    key_name : str or None
        That variable; named in errors.
    timeout : float
        Seconds for one attempt.
    buy : bool
        Whether what is not in the store may be asked for.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        store: Path,
        api_key: str | None = None,
        key_name: str | None = None,
        timeout: float = 120.0,
        buy: bool = True,
    ) -> None:
        self.base_url, self.model = base_url, model
        self.name = f"endpoint:{model} at {urlsplit(base_url).netloc}"
        self.store = BoughtStore(store, f"{base_url.rstrip('/')} {model}")
        self._api_key, self._key_name, self._timeout, self._buy = api_key, key_name, timeout, buy
        self._known: dict[str, np.ndarray] = {}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return an array of len(texts) x dimensions, rows of length one; only texts that were never bought are asked for.

        Raises
        ------
        EndpointError
            If the endpoint cannot be reached, refuses, or answers something else than one vector per text; or if a vector
            is missing and none may be bought.
        ResultsFolderError
            If what was bought cannot be kept.
        """
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= self.store.read(new)
        new = [text for text in new if text not in self._known]
        if new and not self._buy:
            raise EndpointError(
                f"{self.store.path} lacks {len(new)} of {len(set(texts))} vectors (the first: '{new[0][:80]}').",
                "Run the study instead of replaying it, to buy them.",
            )
        if new:
            # Before the first call is paid for: what cannot be kept must not be bought.
            self.store.write({})
            with self._client() as client:
                for start in range(0, len(new), BATCH):
                    part = new[start : start + BATCH]
                    bought = dict(zip(part, self._ask(client, part), strict=True))
                    self.store.write(bought)
                    self._known |= bought
        sizes = {len(self._known[text]) for text in texts}
        if len(sizes) > 1:
            raise EndpointError(
                f"{self.base_url} gave vectors of different lengths for '{self.model}' ({sorted(sizes)}).",
                f"It serves another model under the same name: remove its lines from {self.store.path}.",
            )
        return np.vstack([self._known[text] for text in texts]) if len(texts) else np.empty((0, 0))

    def _client(self) -> Any:
        import openai

        local = urlsplit(self.base_url).hostname in ("127.0.0.1", "localhost", "::1")
        return openai.OpenAI(
            base_url=self.base_url,
            api_key=self._api_key or "none",
            timeout=self._timeout,
            max_retries=TRIES,
            # A proxy of the environment must not see what stays on this machine.
            http_client=openai.DefaultHttpxClient(timeout=self._timeout, trust_env=not local),
        )

    def _ask(self, client: Any, texts: Sequence[str]) -> list[np.ndarray]:
        import openai

        try:
            reply = client.embeddings.create(model=self.model, input=list(texts), encoding_format="float")
            found = {int(row.index): [float(x) for x in row.embedding] for row in reply.data}
        except (openai.AuthenticationError, openai.PermissionDeniedError):
            key = f"the key in ${self._key_name}" if self._key_name else "to answer without a key"
            raise EndpointError(
                f"{self.base_url} refuses {key}.", "Give the right variable as api_key_env of the embedding."
            ) from None
        except openai.APIConnectionError:
            raise EndpointError(
                f"{self.base_url} cannot be reached.", "Check the address and that the server runs."
            ) from None
        except openai.APIStatusError as error:
            raise EndpointError(
                f"{self.base_url} answers {error.status_code} for the embedding model '{self.model}' "
                f"({self._scrub(str(error))}).",
                "Check the model's name, or wait; what was bought is kept.",
            ) from None
        except (openai.OpenAIError, ValueError, TypeError, AttributeError):
            found = {}
        vectors = [np.array(found.get(i, []), dtype=np.float64) for i in range(len(texts))]
        lengths = [float(np.linalg.norm(v)) for v in vectors]
        if not all(math.isfinite(length) and length > 0 for length in lengths) or len(found) != len(texts):
            raise EndpointError(
                f"{self.base_url} does not answer with one vector per text for '{self.model}'.",
                "Check that it serves an embedding model; what was bought before is kept.",
            )
        return [v / length for v, length in zip(vectors, lengths, strict=True)]

    def _scrub(self, text: str) -> str:
        said = (text.splitlines() or [""])[0]
        if self._api_key and len(self._api_key) >= 6:
            said = said.replace(self._api_key, "[secret]")
        return said[:200]
