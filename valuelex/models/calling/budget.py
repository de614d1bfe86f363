"""A spending cap: no call is begun that could take the study above it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from valuelex.errors import BudgetReached, SettingError
from valuelex.models.engines.echo import continuations
from valuelex.models.engines.scoring import wants_scores
from valuelex.models.population import Model
from valuelex.models.registry import Price
from valuelex.models.request import Request, Response

BYTES_PER_TOKEN = 3.0
"""Fewer than English has, so that input is rather over- than underestimated; other scripts take two or three per character."""

PER_MESSAGE = 8
"""Tokens that a chat template puts around a message."""


def tokens_in(request: Request) -> int:
    """Estimate a request's input in tokens, rather too many."""
    frame = _bytes(request.prompt) + sum(_bytes(role) + _bytes(content) for role, content in request.messages)
    if wants_scores(request):  # the frame is sent with every way of writing every word
        texts, _ = continuations(request)
        return int((frame * len(texts) + sum(map(_bytes, texts))) / BYTES_PER_TOKEN) + PER_MESSAGE * len(texts)
    # A form that an answer is held to is put into the prompt by some endpoints.
    form = _bytes(json.dumps(dict(request.extra))) if request.extra else 0
    return int((frame + form) / BYTES_PER_TOKEN) + PER_MESSAGE * (len(request.messages) + 1)


def tokens_out(request: Request) -> int:
    """The most tokens that can come back: `max_tokens`, or one for each way of writing a word that is scored."""
    return len(continuations(request)[0]) if wants_scores(request) else request.max_tokens


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


@dataclass
class Budget:
    """What may be spent, and what has been.

    A call is begun only if what was spent, what the calls in flight may cost at most, and what it may cost itself stay within
    the cap together. The most that a call may cost is its estimated input and `max_tokens` of output; when it returns, the
    endpoint's own count takes the place of the estimate. A reply that got lost may have been billed, and counts as estimated.

    Parameters
    ----------
    usd : float
        The cap, in US dollars.
    prices : mapping
        Model id -> `Price`. Models that run here need none.
    spent : float
        US dollars spent before; see `spent_in`.
    batch : set of str
        Ids of models asked through the batch API, at its price.
    """

    usd: float
    prices: Mapping[str, Price]
    spent: float = 0.0
    batch: frozenset[str] = frozenset()
    reserved: float = 0.0
    in_flight: int = 0
    _changed: list[asyncio.Future[None]] = field(default_factory=list, repr=False)

    def check(self, models: Sequence[Model]) -> None:
        """Raise `SettingError` if a model that leaves this machine has no price."""
        missing = [m.id for m in models if not m.embedded and m.id not in self.prices]
        if missing:
            raise SettingError(
                f"There is a spending cap, and no price is known for {', '.join(missing)}.",
                "Give 'price: {input: ..., output: ...}' (US dollars per million tokens; 0 for a server of your own).",
            )

    def cost(self, model_id: str, n_in: int, n_out: int, *, batch: bool = False) -> float:
        """US dollars for so many tokens; 0 for a model without a price."""
        price = self.prices.get(model_id)
        if price is None:
            return 0.0
        full = (n_in * price.input + n_out * price.output) / 1e6
        return full * (1.0 - price.batch_discount) if batch else full

    def most(self, request: Request) -> float:
        """The most that a call may cost, in US dollars."""
        return self.cost(
            request.model_id, tokens_in(request), tokens_out(request), batch=request.model_id in self.batch
        )

    def reserve(self, amount: float) -> bool:
        """Set `amount` aside if it stays within the cap; return whether it did."""
        if amount > 0.0 and self.spent + self.reserved + amount > self.usd:
            return False
        self.reserved += amount
        self.in_flight += 1
        return True

    async def begin(self, request: Request) -> float | None:
        """Reserve what a call may cost, waiting for calls in flight; return it, or None if nothing more can begin."""
        amount = self.most(request)
        while not self.reserve(amount):
            if self.in_flight == 0:
                return None
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._changed.append(turn)
            await turn
        return amount

    def settle(self, reserved: float, request: Request, response: Response | None, *, lost: int = 0) -> None:
        """Replace a reservation by what the call cost.

        Parameters
        ----------
        reserved : float
            As returned by `begin`.
        request : Request
        response : Response or None
            None if no answer came.
        lost : int
            Attempts of this call whose reply got lost.
        """
        self.reserved = max(0.0, self.reserved - reserved)
        self.in_flight -= 1
        self.spent += lost * reserved
        if response is not None:
            self.spent += self.price_of(request, response, batch=request.model_id in self.batch)
        waiting, self._changed = self._changed, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    def price_of(self, request: Request, response: Response, *, batch: bool = False) -> float:
        """US dollars of one answer; where the endpoint gave no count, as much as it may have cost."""
        if response.status == "error" and response.n_tokens_out is None:
            return 0.0
        n_in = response.n_tokens_in if response.n_tokens_in is not None else tokens_in(request)
        n_out = response.n_tokens_out if response.n_tokens_out is not None else tokens_out(request)
        return self.cost(request.model_id, n_in, n_out, batch=batch)

    def reached(self, kept: int, planned: int) -> BudgetReached:
        """The error that ends a run at the cap."""
        return BudgetReached(
            f"The spending cap of {self.usd:,.2f} USD allows no further call: {self.spent:,.4f} USD are spent. "
            f"{kept:,} of {planned:,} answers are kept.",
            "Raise 'budget' in the study file to go on; the same command goes on from here.",
        )


def spent_in(rows: Iterable[Mapping[str, Any]], prices: Mapping[str, Price]) -> float:
    """Return what the calls of a ledger cost, in US dollars.

    Parameters
    ----------
    rows : iterable of dict
        ``ledger.rows(every=True)``: errors and repeated calls cost too.
    prices : mapping
        Model id -> `Price`.
    """
    counter = Budget(0.0, prices)
    total = 0.0
    for row in rows:
        request = row["request"]
        if request.get("model_id") in prices:
            messages = tuple((role, content) for role, content in request.get("messages", ()))
            kept = Request(
                request["model_id"],
                "",
                "",
                "chat",
                messages=messages,
                prompt=request.get("prompt", ""),
                max_tokens=request.get("max_tokens", 0),
                extra=request.get("extra") or {},
            )
            total += counter.price_of(kept, Response.from_dict(row["response"]), batch=row.get("via") == "batch")
    return total
