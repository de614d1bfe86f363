"""Carrying out many requests: what the ledger holds is not asked again, what returns is written down at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from valuelex.errors import EndpointError
from valuelex.models.artifacts import Tell
from valuelex.models.endpoint import EndpointEngine
from valuelex.models.ledger import Ledger
from valuelex.models.population import Model
from valuelex.models.request import Engine, Request, Response


@dataclass(frozen=True)
class Progress:
    """How far the calls to one model are."""

    stage: str
    model_id: str
    done: int
    planned: int
    tokens_per_s: float
    seconds_left: float | None


@dataclass
class Caller:
    """Asks models on behalf of a stage.

    Parameters
    ----------
    ledger : Ledger
        Looked into before, and written after, every call.
    concurrency : int
        Calls in flight per model.
    on_progress : callable
        Called with a `Progress` after every answer.
    tell : callable
        Called with a sentence when something takes long (a download).
    """

    ledger: Ledger
    concurrency: int = 32
    on_progress: Callable[[Progress], None] = lambda progress: None
    tell: Tell = lambda message: None
    engines: dict[str, Engine] = field(default_factory=dict)
    """Engines to use in place of a model's own, by model id (replay, tests)."""

    def ask(self, stage: str, model: Model, requests: Sequence[Request]) -> list[Response]:
        """Return one response per request, in order.

        Raises
        ------
        EndpointError
            When the endpoint cannot answer at all; everything that was answered before is in the ledger.
        """
        asyncio.run(self._ask(stage, model, requests))
        found = [self.ledger.get(request.key) for request in requests]
        return [response for response in found if response is not None]

    def missing(self, requests: Sequence[Request]) -> int:
        """How many of the requests would have to be made."""
        return sum(request.key not in self.ledger for request in requests)

    async def _ask(self, stage: str, model: Model, requests: Sequence[Request]) -> None:
        todo = [request for request in requests if request.key not in self.ledger]
        pace = _Pace(stage, model.id, len(requests), len(requests) - len(todo))
        self.on_progress(pace.progress())
        if not todo:
            return
        engine = self.engines.get(model.id) or model.engine(self.tell)
        try:
            if isinstance(engine, EndpointEngine):
                await engine.check(key=False)
            await self._run(engine, todo, pace)
        finally:
            if model.id not in self.engines:
                await engine.close()

    async def _run(self, engine: Engine, todo: Sequence[Request], pace: _Pace) -> None:
        queue = iter(todo)

        async def work() -> None:
            for request in queue:
                response = await engine.complete(request)
                self.ledger.append(request, response)
                pace.count(response)
                self.on_progress(pace.progress())

        workers = [asyncio.create_task(work()) for _ in range(min(self.concurrency, len(todo)))]
        done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
        failure = next((task.exception() for task in done if task.exception()), None)
        if failure is None:
            return
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        if isinstance(failure, EndpointError):
            raise EndpointError(f"{failure.what} {pace.done} of {pace.planned} answers are kept.", failure.remedy)
        raise failure


class _Pace:
    """Counts answers and tokens since the start, to say how fast it goes and how long it will take."""

    def __init__(self, stage: str, model_id: str, planned: int, done: int) -> None:
        self.stage, self.model_id, self.planned, self.done = stage, model_id, planned, done
        self._started_with, self._tokens, self._started = done, 0, time.monotonic()

    def count(self, response: Response) -> None:
        self.done += 1
        self._tokens += response.n_tokens_out or 0

    def progress(self) -> Progress:
        seconds = max(time.monotonic() - self._started, 1e-9)
        fresh = self.done - self._started_with
        left = (self.planned - self.done) * seconds / fresh if fresh else None
        return Progress(
            self.stage, self.model_id, self.done, self.planned, self._tokens / seconds if fresh else 0.0, left
        )
