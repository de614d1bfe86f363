"""Carrying out many requests: what the ledger holds is not asked again, what returns is written down at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from valuelex.errors import EndpointError
from valuelex.models.artifacts import Tell
from valuelex.models.engines.endpoint import EndpointEngine
from valuelex.models.ledger import Ledger
from valuelex.models.population import Model
from valuelex.models.request import Engine, Request, Response

ALL_FAIL = 5
"""When this many calls to a model fail and none succeeded, it is the settings that are wrong, not the calls."""


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
        if self.missing(requests):
            _run_to_end(self._ask(stage, model, requests))
        else:
            self.on_progress(_Pace(stage, model.id, len(requests), len(requests)).progress())
        found = [self.ledger.get(request.key) for request in requests]
        return [response for response in found if response is not None]

    def missing(self, requests: Sequence[Request]) -> int:
        """How many of the requests would have to be made."""
        return sum(request.key not in self.ledger for request in requests)

    async def _ask(self, stage: str, model: Model, requests: Sequence[Request]) -> None:
        # Two places of a design may ask the very same thing: it is asked once.
        todo = list({request.key: request for request in requests if request.key not in self.ledger}.values())
        pace = _Pace(stage, model.id, len(requests), len(requests) - self.missing(requests))
        self.on_progress(pace.progress())
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
        failures: list[BaseException] = []
        held: list[tuple[Request, Response]] = []  # errors, until the first answer shows that not everything fails
        answered = False

        async def work() -> None:
            nonlocal answered
            for request in queue:
                if failures:
                    return
                try:
                    response = await engine.complete(request)
                    if response.status == "error" and not answered:
                        held.append((request, response))
                        if len(held) >= ALL_FAIL:
                            raise EndpointError(
                                f"The first {len(held)} calls to {request.model_id} all failed: {held[-1][1].error}.",
                                "Mend the model's settings in the study file; these failures were not kept.",
                            )
                        continue
                    answered = True
                    for kept in (*held, (request, response)):
                        self.ledger.append(*kept)
                        pace.count(kept[1])
                    held.clear()
                    self.on_progress(pace.progress())
                except Exception as error:
                    failures.append(error)
                    return

        # After a failure no new call is begun, and those in flight may still come back: they are paid for.
        await asyncio.gather(*(work() for _ in range(min(self.concurrency, len(todo)))))
        if not failures:
            for kept in held:
                self.ledger.append(*kept)
                pace.count(kept[1])
            self.on_progress(pace.progress())
            return
        failure = failures[0]
        if isinstance(failure, EndpointError):
            raise EndpointError(f"{failure.what} {pace.done} of {pace.planned} answers are kept.", failure.remedy)
        raise failure


def _run_to_end(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine from plain code, also where a loop runs already, as it does in every notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


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
