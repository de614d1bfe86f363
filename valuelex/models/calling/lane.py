"""The calls to one endpoint: attempts, what counts as an answer, and when it is the settings that are wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from valuelex.errors import EndpointError
from valuelex.models.calling.budget import Budget, tokens_in, tokens_out
from valuelex.models.calling.pacing import Pacer
from valuelex.models.calling.progress import Pace, Progress
from valuelex.models.engines.endpoint import EndpointEngine
from valuelex.models.engines.replay import ReplayEngine
from valuelex.models.ledger import Ledger
from valuelex.models.population import Model
from valuelex.models.request import Engine, NotNow, Request, Response

ALL_FAIL = 5
"""When this many calls to a model fail and none succeeded, it is the settings that are wrong, not the calls."""

LASTING_FAIL = 50
"""When this many calls to a model fail one after the other, something has changed for good: an access, a limit, a model."""

STUBBORN = 20
"""A call that is told "too much" so often while as many others are answered is too much by itself: larger than a limit."""

Place = Callable[[Request], Mapping[str, Any] | None]


@dataclass
class Job:
    """What one model is still to be asked."""

    model: Model
    todo: list[Request]
    pace: Pace
    answered: bool
    """Whether the model has answered anything, now or in an earlier run."""
    held: list[tuple[Request, Response, str | None]] = field(default_factory=list)
    """Errors, until the first answer shows that not everything fails."""
    failing: int = 0
    replayed: bool = False
    """Whether a ledger answers: its errors are what happened then, and nothing follows from them now."""
    short: bool = False
    """Whether the budget allowed no further call."""


@dataclass
class Run:
    """What all lanes of one `gather` share: where answers go, what ends it."""

    ledger: Ledger
    budget: Budget | None
    place: Place
    on_progress: Callable[[Progress], None]
    failures: list[BaseException] = field(default_factory=list)
    workers: set[asyncio.Task[None]] = field(default_factory=set)
    calling: set[asyncio.Task[None]] = field(default_factory=set)

    def halt(self, error: BaseException) -> None:
        """Begin no new call. Those in flight may still come back: they are paid for."""
        self.failures.append(error)
        for worker in self.workers - self.calling - {asyncio.current_task()}:
            worker.cancel()

    def keep(self, job: Job, request: Request, response: Response, *, via: str | None = None) -> None:
        """Write an answer down, or hold an error back until something was answered.

        Raises
        ------
        EndpointError
            If everything fails.
        """
        if response.status == "error" and not job.answered and not job.replayed:
            job.held.append((request, response, via))
            if len(job.held) >= ALL_FAIL:
                raise EndpointError(
                    f"The first {len(job.held)} calls to {request.model_id} all failed: {response.error}.",
                    "Mend the model's settings in the study file; these failures were not kept.",
                )
            return
        job.answered = True
        job.failing = job.failing + 1 if response.status == "error" else 0
        self.flush(job)
        self._write(job, request, response, via)
        if job.failing >= LASTING_FAIL and not job.replayed:
            raise EndpointError(
                f"The last {job.failing} calls to {request.model_id} all failed: {response.error}.",
                "Mend what has changed there; the same command asks these calls again.",
            )

    def flush(self, job: Job) -> None:
        """Write down what was held back."""
        for kept in job.held:
            self._write(job, *kept)
        job.held.clear()

    def _write(self, job: Job, request: Request, response: Response, via: str | None) -> None:
        self.ledger.append(request, response, place=self.place(request), via=via)
        job.pace.count(response)
        if job.pace.due():
            self.on_progress(job.pace.progress())


class Lane:
    """Asks the models of one endpoint, side by side, within one window of calls in flight.

    Parameters
    ----------
    jobs : sequence of Job
    open_engine : callable
        Job -> its engine and whether the lane is to close it.
    pacer : Pacer
    run : Run
    one_by_one : bool
        One model after the other: for models that take the whole machine.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        open_engine: Callable[[Job], tuple[Engine, bool]],
        pacer: Pacer,
        run: Run,
        *,
        one_by_one: bool = False,
    ) -> None:
        self._jobs, self._open, self._pacer, self._run, self._one_by_one = jobs, open_engine, pacer, run, one_by_one
        self._engines: dict[str, Engine] = {}

    async def carry_out(self) -> None:
        """Ask all that is to be asked, or stop when the run is halted; failures are left in the run."""
        for jobs in [[job] for job in self._jobs] if self._one_by_one else [self._jobs]:
            if self._run.failures:
                return
            mine: list[Engine] = []
            try:
                await self._prepare(jobs, mine)
                await self._ask(jobs)
            except Exception as error:
                self._run.halt(error)
            finally:
                for engine in mine:
                    await engine.close()

    async def _prepare(self, jobs: Sequence[Job], mine: list[Engine]) -> None:
        for job in jobs:
            engine, own = self._open(job)
            self._engines[job.model.id] = engine
            job.replayed = isinstance(engine, ReplayEngine)
            if own:
                mine.append(engine)
        first = next((engine for engine in mine if isinstance(engine, EndpointEngine)), None)
        if first is not None:
            await first.check(key=False)

    async def _ask(self, jobs: Sequence[Job]) -> None:
        queue = _in_turn(jobs)
        n = min(self._pacer.most, sum(len(job.todo) for job in jobs))
        workers = [asyncio.create_task(self._work(queue)) for _ in range(n)]
        self._run.workers.update(workers)
        try:
            await asyncio.gather(*workers, return_exceptions=True)  # what went wrong stands in run.failures
        finally:
            self._run.workers.difference_update(workers)
        if not self._run.failures:
            for job in jobs:
                self._run.flush(job)

    async def _work(self, queue: Iterable[tuple[Job, Request]]) -> None:
        try:
            for job, request in queue:
                if self._run.failures:
                    return
                if not job.short:
                    await self._one(job, request)
        except asyncio.CancelledError:
            if not self._run.failures:
                raise
        except Exception as error:
            self._run.halt(error)

    async def _one(self, job: Job, request: Request) -> None:
        budget, reserved = self._run.budget, 0.0
        if budget is not None:
            begun = await budget.begin(request)
            if begun is None:
                job.short = True
                return
            reserved = begun
        response, lost = None, [0]
        try:
            response = await self._attempts(job, request, lost)
        finally:
            if budget is not None:
                budget.settle(reserved, request, response, lost=lost[0])
        self._run.keep(job, request, response)

    async def _attempts(self, job: Job, request: Request, lost: list[int]) -> Response:
        pacer, engine, most = self._pacer, self._engines[job.model.id], job.model.settings.max_retries
        tokens = tokens_in(request) + tokens_out(request) if pacer.counts_tokens else 0.0
        before, tries, refused = pacer.answers, 0, 0
        worker = asyncio.current_task()
        assert worker is not None
        while not self._run.failures:
            ticket = await pacer.enter(tokens)
            self._run.calling.add(worker)
            try:
                response = await engine.complete(request)
                pacer.answered(ticket, _used(response))
                return response
            except NotNow as trouble:
                pacer.refused(ticket, trouble)
                lost[0] += trouble.kind in ("timeout", "reply")
                # "Too much" slows all calls down and is no failure of this one, unless only this one hears it.
                if trouble.kind == "busy" and most > 0:
                    refused += 1
                    if refused >= STUBBORN and pacer.answers - before >= STUBBORN:
                        said = f"refused {refused} times while {pacer.answers - before} other calls were answered"
                        return Response("", status="error", error=f"{said}: {trouble.said}")
                    continue
                tries += 1
                if tries > most:
                    # Others were answered meanwhile: it is this call that cannot be, and not the endpoint that is down.
                    if trouble.kind == "reply" or (trouble.kind != "busy" and pacer.answers > before):
                        return Response("", status="error", error=trouble.said)
                    raise
            except BaseException:
                pacer.given_up(ticket)
                raise
            finally:
                self._run.calling.discard(worker)
            await asyncio.sleep(pacer.pause(tries))
        raise asyncio.CancelledError  # the run was halted while this call waited for another attempt


def _used(response: Response) -> float | None:
    if response.n_tokens_in is None or response.n_tokens_out is None:
        return None
    return float(response.n_tokens_in + response.n_tokens_out)


def _in_turn(jobs: Sequence[Job]) -> Iterator[tuple[Job, Request]]:
    """One request of each model, then the next of each: no model waits for another's end."""
    running = [(job, iter(job.todo)) for job in jobs]
    while running:
        still = []
        for job, requests in running:
            request = next(requests, None)
            if request is not None:
                yield job, request
                still.append((job, requests))
        running = still
