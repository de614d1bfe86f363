"""How fast an endpoint may be asked: calls in flight, pauses, and rate limits, for all models of one base URL together.

The window of calls in flight follows the rule of TCP (additive increase, multiplicative decrease; Chiu & Jain, 1989, Computer
Networks 17, 1-14): it is halved when the endpoint says that it is too much, at most once per round trip, and grows by one call
per window of answers. All times come from the monotonic clock: a clock that is set anew moves nothing.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from valuelex.errors import EndpointError
from valuelex.models.request import NotNow

PATIENCE_S = 600.0
"""Seconds without one answer after which an endpoint that keeps refusing stops the run."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
JITTER = 0.25
"""Share of a pause that is drawn at random, so that many calls do not come back at the same moment."""

BURST_S = 5.0
"""Seconds of a rate limit's allowance that may be used at once."""


class TokenBucket:
    """A rate limit that is drawn on in advance: whoever draws is told how long to wait.

    Parameters
    ----------
    per_minute : int
    clock : callable
        Seconds, never going back.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60.0
        self._most = max(1.0, self._rate * BURST_S)
        self._level, self._clock, self._at = self._most, clock, clock()

    def draw(self, amount: float) -> float:
        """Take `amount` out, into debt if need be; return the seconds after which the debt is paid."""
        now = self._clock()
        self._level = min(self._most, self._level + (now - self._at) * self._rate) - amount
        self._at = now
        return max(0.0, -self._level / self._rate)

    def give_back(self, amount: float) -> None:
        """Correct an estimate: positive if less was used than drawn."""
        self._level = min(self._most, self._level + amount)


@dataclass(frozen=True)
class Ticket:
    """Leave to make one attempt."""

    round: int
    tokens: float


class Pacer:
    """Says when the next attempt at one endpoint may begin, and learns from how it ended.

    Parameters
    ----------
    most : int
        Largest number of calls in flight; the window starts there.
    requests_per_minute, tokens_per_minute : int, optional
        Rate limits.
    patience_s : float
        Seconds without one answer after which a refusing endpoint counts as lasting.
    seed : int
        Of the jitter; it moves times, never an answer.
    clock : callable
        Seconds, never going back.
    """

    def __init__(
        self,
        most: int,
        *,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        patience_s: float = PATIENCE_S,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = most
        self.limits = (requests_per_minute, tokens_per_minute)
        self.window = float(most)
        self.in_flight = 0
        self.answers = 0
        self.last_answer = clock()
        self._patience = patience_s
        self._clock = clock
        self._random = random.Random(seed)
        self._requests = TokenBucket(requests_per_minute, clock) if requests_per_minute else None
        self._tokens = TokenBucket(tokens_per_minute, clock) if tokens_per_minute else None
        self._not_before = clock()
        self._round = 0
        self._streak = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def counts_tokens(self) -> bool:
        """Whether there is a limit of tokens: without one nobody needs to estimate them."""
        return self._tokens is not None

    def start(self) -> None:
        """Begin, or begin again after a pause of one's own: patience counts from here, what was learned stays."""
        self.in_flight = 0
        self._waiting.clear()
        self.last_answer = self._clock()

    async def enter(self, tokens: float = 0.0) -> Ticket:
        """Wait until an attempt of about `tokens` tokens may begin, and count it as in flight."""
        while self.in_flight >= max(1, int(self.window)):
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        self.in_flight += 1
        try:
            if self._requests is not None and (wait := self._requests.draw(1.0)):
                await asyncio.sleep(wait)
            if self._tokens is not None and (wait := self._tokens.draw(tokens)):
                await asyncio.sleep(wait)
            while (wait := self._not_before - self._clock()) > 0:
                await asyncio.sleep(wait)
        except BaseException:
            self._leave()
            raise
        return Ticket(self._round, tokens)

    def answered(self, ticket: Ticket, used: float | None) -> None:
        """An answer came: the window grows, an estimate of tokens becomes a count.

        Parameters
        ----------
        ticket : Ticket
        used : float or None
            Tokens in and out by the endpoint's own count.
        """
        self.answers += 1
        self.last_answer = self._clock()
        self._streak = 0
        self.window = min(float(self.most), self.window + 1.0 / max(self.window, 1.0))
        if self._tokens is not None and used is not None:
            self._tokens.give_back(ticket.tokens - used)
        self._leave()

    def refused(self, ticket: Ticket, trouble: NotNow) -> None:
        """An attempt failed; hold back the whole endpoint where the trouble is the endpoint's.

        Raises
        ------
        EndpointError
            If it asks for a longer pause than there is patience, or has given no answer for as long.
        """
        now = self._clock()
        if trouble.kind in ("busy", "connection", "timeout") and ticket.round == self._round:
            # One decrease for all calls that were in flight together.
            self.window = max(1.0, self.window / 2.0)
            self._round += 1
            self._streak += 1
            if trouble.kind == "busy" and trouble.retry_after is None:
                self._not_before = max(self._not_before, now + self.pause(self._streak))
        if trouble.retry_after is not None:
            self._not_before = max(self._not_before, now + trouble.retry_after)
        self._leave()
        if trouble.retry_after is not None and trouble.retry_after > self._patience:
            raise EndpointError(f"{trouble.what} It asks to wait {trouble.retry_after:,.0f} s.", trouble.remedy)
        if trouble.kind == "busy" and now - self.last_answer > self._patience:
            raise EndpointError(f"{trouble.what} No call was answered for {self._patience:,.0f} s.", trouble.remedy)

    def given_up(self, ticket: Ticket) -> None:
        """An attempt ended in something that says nothing about the pace."""
        if self._tokens is not None:
            self._tokens.give_back(ticket.tokens)
        self._leave()

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row: doubling, bounded, with jitter."""
        seconds = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16))
        return seconds * (1.0 - JITTER * self._random.random())

    def _leave(self) -> None:
        self.in_flight -= 1
        free = max(1, int(self.window)) - self.in_flight
        while free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1
