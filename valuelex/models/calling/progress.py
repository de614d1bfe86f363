"""How far the calls to one model are, and how fast they go."""

from __future__ import annotations

import time
from dataclasses import dataclass

from valuelex.models.request import Response


@dataclass(frozen=True)
class Progress:
    """How far the calls to one model are, or another kind of work that is counted in other units than answers."""

    stage: str
    model_id: str
    done: int
    planned: int
    tokens_per_s: float
    seconds_left: float | None
    unit: str = "answers"


class Pace:
    """Counts the answers and tokens of one model, to say how fast it goes and how long it will take.

    The clock starts when the first call that is answered was sent, not before: models that take their turn would look slow.
    """

    EVERY_S = 0.05
    """Seconds between two reports at least; thousands a second would cost more than the calls."""

    def __init__(self, stage: str, model_id: str, planned: int, done: int) -> None:
        self.stage, self.model_id, self.planned, self.done = stage, model_id, planned, done
        self._started_with, self._tokens = done, 0
        self._made, self._started = time.monotonic(), 0.0
        self._told = -1.0

    def count(self, response: Response) -> None:
        """Add one answer."""
        if self.done == self._started_with:
            # A replayed answer took its time in another run.
            self._started = max(self._made, time.monotonic() - response.latency_s)
        self.done += 1
        self._tokens += response.n_tokens_out or 0

    def due(self) -> bool:
        """Whether it is time to report again."""
        now = time.monotonic()
        if self.done < self.planned and now - self._told < self.EVERY_S:
            return False
        self._told = now
        return True

    def progress(self) -> Progress:
        """What there is to report."""
        fresh = self.done - self._started_with
        if not fresh:
            return Progress(self.stage, self.model_id, self.done, self.planned, 0.0, None)
        seconds = max(time.monotonic() - self._started, 1e-9)
        left = (self.planned - self.done) * seconds / fresh
        return Progress(self.stage, self.model_id, self.done, self.planned, self._tokens / seconds, left)
