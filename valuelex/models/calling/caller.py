"""Carrying out many requests: what the ledger holds is not asked again, what returns is written down at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from valuelex.errors import EndpointError, LedgerError
from valuelex.models.artifacts import Tell
from valuelex.models.calling.batch import BatchLane
from valuelex.models.calling.batch_book import BatchBook
from valuelex.models.calling.budget import Budget
from valuelex.models.calling.lane import Job, Lane, Place, Run
from valuelex.models.calling.pacing import PATIENCE_S, Pacer
from valuelex.models.calling.progress import Pace, Progress
from valuelex.models.engines.endpoint import EndpointEngine
from valuelex.models.ledger import Ledger
from valuelex.models.population import Model
from valuelex.models.request import Engine, Request, Response


@dataclass
class Caller:
    """Asks models on behalf of a stage.

    Parameters
    ----------
    ledger : Ledger
        Looked into before, and written after, every call.
    concurrency : int
        Calls in flight per endpoint, where its models name no number of their own.
    on_progress : callable
        Called with a `Progress` of one model as answers come in, some twenty times a second at most.
    tell : callable
        Called with a sentence when something takes long (a download).
    engines : dict
        Engines to use in place of a model's own, by model id (replay, tests).
    budget : Budget, optional
        A spending cap.
    patience_s : float
        Seconds without one answer after which an endpoint that keeps refusing (429, 503, 529) stops the run.
    batch_wait : float
        Seconds to wait for batches of the batch API before the run ends; see `BatchPending`.
    replay : bool
        Ask nothing: every response is the ledger's, an error where there is no better record.
    """

    ledger: Ledger
    concurrency: int = 32
    on_progress: Callable[[Progress], None] = lambda progress: None
    tell: Tell = lambda message: None
    engines: dict[str, Engine] = field(default_factory=dict)
    budget: Budget | None = None
    patience_s: float = PATIENCE_S
    batch_wait: float = 0.0
    replay: bool = False
    _pacers: dict[str, Pacer] = field(default_factory=dict, init=False, repr=False)

    def ask(
        self, stage: str, model: Model, requests: Sequence[Request], *, place: Place = lambda request: None
    ) -> list[Response]:
        """Return one response per request, in order; `gather` of one group."""
        return self.gather(stage, [(model, requests)], place=place)[0]

    def gather(
        self,
        stage: str,
        groups: Sequence[tuple[Model, Sequence[Request]]],
        *,
        place: Place = lambda request: None,
    ) -> list[list[Response]]:
        """Return one response per request, group by group, in order.

        Different endpoints are asked at the same time. Models of one base URL share its window of calls in flight, its limits
        and its pauses. Embedded models, which take all cores, run one after the other, beside the remote ones.

        Parameters
        ----------
        stage : str
            Named in progress.
        groups : sequence of (Model, sequence of Request)
        place : callable, optional
            Request -> where in the design it stands; kept in the ledger's line.

        Raises
        ------
        EndpointError
            When an endpoint cannot answer at all; everything that was answered before is in the ledger.
        BudgetReached
            When the spending cap allows no further call.
        BatchPending
            When calls wait at a batch API.
        LedgerError
            When nothing may be asked and the ledger lacks a call.
        SettingError
            When there is a spending cap and a model without a price.
        """
        jobs = self._jobs(stage, groups)
        open_jobs = [job for job in jobs if job.todo]
        if self.budget is not None and not self.replay:
            self.budget.check([job.model for job in open_jobs])
        for job in jobs:
            self.on_progress(job.pace.progress())
        if self.replay:
            self._must_hold(jobs)
        elif open_jobs:
            _run_to_end(self._carry_out(open_jobs, place))
        keys = [[request.key for request in requests] for _, requests in groups]
        found = dict(self.ledger.get_many({key for group in keys for key in group}))
        return [[found[key] for key in group] for group in keys]

    def missing(self, requests: Sequence[Request]) -> int:
        """How many of the requests would have to be made: those without a usable record."""
        return sum(not self.ledger.answered(request.key) for request in requests)

    def _must_hold(self, jobs: Sequence[Job]) -> None:
        lacking = {j.model.id: sum(not self.ledger.recorded(request.key) for request in j.todo) for j in jobs}
        if any(lacking.values()):
            counts = ", ".join(f"{n:,} to {model_id}" for model_id, n in lacking.items() if n)
            raise LedgerError(
                f"{self.ledger.path} lacks calls of the stage {jobs[0].pace.stage}: {counts}.",
                "Replay with the study file that the calls were made with, or run the study to make them.",
            )

    def _jobs(self, stage: str, groups: Sequence[tuple[Model, Sequence[Request]]]) -> list[Job]:
        """One job per model. Two places of a design may ask the very same thing: it is asked once."""
        wanted: dict[str, tuple[Model, dict[str, Request]]] = {}
        for model, requests in groups:
            wanted.setdefault(model.id, (model, {}))[1].update((request.key, request) for request in requests)
        jobs = []
        for model, by_key in wanted.values():
            todo = [request for key, request in by_key.items() if not self.ledger.answered(key)]
            done = len(by_key) - len(todo)
            jobs.append(Job(model, todo, Pace(stage, model.id, len(by_key), done), answered=done > 0))
        return jobs

    async def _carry_out(self, jobs: Sequence[Job], place: Place) -> None:
        run = Run(self.ledger, self.budget, place, self.on_progress)
        waiting = [
            job for job in jobs if job.model.settings.batch and not self._replaced(job) and not job.model.embedded
        ]
        book = BatchBook(self.ledger.path)
        for job in jobs:
            if job not in waiting and not self._replaced(job) and book.open(job.model.endpoint, job.model.id):
                self.tell(
                    f"{job.model.id}: a batch with calls to it still waits at {job.model.endpoint}. What it holds is asked, "
                    "and paid for, once more; with 'batch: true' it would be fetched."
                )
        batches = [self._batch_lane(job, book, run) for job in waiting]
        lanes: list[Lane | BatchLane] = [*batches]
        for name, members in self._lanes([job for job in jobs if job not in waiting]).items():
            pacer = self._pacer(name, members)
            lanes.append(Lane(members, self._engine, pacer, run, one_by_one=name == _EMBEDDED))
        await asyncio.gather(*(lane.carry_out() for lane in lanes))
        done, planned = sum(job.pace.done for job in jobs), sum(job.pace.planned for job in jobs)
        if run.failures:
            failure = run.failures[0]
            if isinstance(failure, EndpointError):
                kept = f"{failure.what} {done} of {planned} answers are kept."
                raise EndpointError(kept, failure.remedy) from failure
            raise failure
        if self.budget is not None and any(job.short for job in jobs):
            raise self.budget.reached(done, planned)
        for lane in batches:
            if lane.pending is not None:
                raise lane.pending

    def _replaced(self, job: Job) -> bool:
        return job.model.id in self.engines

    def _batch_lane(self, job: Job, book: BatchBook, run: Run) -> BatchLane:
        engine = job.model.engine(self.tell)
        assert isinstance(engine, EndpointEngine)
        return BatchLane(job, engine, book, run, wait_s=self.batch_wait, tell=self.tell)

    def _lanes(self, jobs: Sequence[Job]) -> dict[str, list[Job]]:
        lanes: dict[str, list[Job]] = {}
        for job in jobs:
            name = _EMBEDDED if job.model.embedded and not self._replaced(job) else job.model.endpoint
            lanes.setdefault(name, []).append(job)
        return lanes

    def _engine(self, job: Job) -> tuple[Engine, bool]:
        given = self.engines.get(job.model.id)
        return (given, False) if given is not None else (job.model.engine(self.tell), True)

    def _pacer(self, name: str, jobs: Sequence[Job]) -> Pacer:
        """What an earlier stage learned of an endpoint holds for the next."""
        settings = [job.model.settings for job in jobs]
        most = _least(s.concurrency for s in settings) or self.concurrency
        limits = (_least(s.requests_per_minute for s in settings), _least(s.tokens_per_minute for s in settings))
        known = self._pacers.get(name)
        if known is None or (known.most, known.limits) != (most, limits):
            known = Pacer(most, requests_per_minute=limits[0], tokens_per_minute=limits[1], patience_s=self.patience_s)
            self._pacers[name] = known
        known.start()
        return known


_EMBEDDED = "embedded"


def _least(values: Any) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _run_to_end(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine from plain code, also where a loop runs already, as it does in every notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()
