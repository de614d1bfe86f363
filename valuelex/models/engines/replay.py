"""The replay engine: answers from a ledger alone, with no key and no network."""

from __future__ import annotations

from valuelex.errors import EndpointError
from valuelex.models.ledger import Ledger
from valuelex.models.request import Request, Response


class ReplayEngine:
    """Answers every request that the ledger holds; raises `EndpointError` for any other."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def complete(self, request: Request) -> Response:
        """Look the request up."""
        found = self._ledger.get(request.key)
        if found is None:
            raise EndpointError(
                f"The ledger {self._ledger.path} does not hold this call to {request.model_id}.",
                "Replay only what was run with the same study file, or run it with the endpoint.",
            )
        return found

    async def close(self) -> None:
        """Nothing to release."""
