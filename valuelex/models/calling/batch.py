"""The batch API: calls go in as a file, answers come back as a file, cheaper and within a day.

A batch carries its name as metadata. A run that was killed between submitting and writing that down finds the batch by this
name at the endpoint, and submits nothing twice. What comes back goes into the ledger like any other answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from valuelex.errors import BatchPending, EndpointError
from valuelex.models.artifacts import Tell
from valuelex.models.calling.batch_book import Batch, BatchBook
from valuelex.models.calling.lane import Job, Run
from valuelex.models.engines.endpoint import EndpointEngine
from valuelex.models.request import NotNow, Request, Response

MOST_CALLS = 50_000
MOST_BYTES = 100 * 2**20
"""Limits of one batch; OpenAI's are 50,000 calls and 200 MB."""

METADATA = "valuelex"
"""Key of a batch's metadata under which its name stands."""

OVER = frozenset({"completed", "expired", "cancelled", "failed"})
POLL_S = 5.0
LONGEST_POLL_S = 60.0


class BatchLane:
    """Asks one model through the batch API of its endpoint.

    Parameters
    ----------
    job : Job
    engine : EndpointEngine
    book : BatchBook
    run : Run
    wait_s : float
        How long to wait for answers.
    tell : callable
    """

    def __init__(
        self, job: Job, engine: EndpointEngine, book: BatchBook, run: Run, *, wait_s: float, tell: Tell
    ) -> None:
        self._job, self._engine, self._book, self._run, self._wait, self._tell = job, engine, book, run, wait_s, tell
        self._wanted = {request.key: request for request in job.todo}
        self._given_up: set[str] = set()
        self._passing: dict[str, Response] = {}
        """Failures that may pass: asked again in another batch."""
        self._most = job.model.settings.max_retries
        self._under_way: dict[str, dict[str, Request]] = {}
        """Name of a batch -> its calls."""
        self.pending: BatchPending | None = None

    async def carry_out(self) -> None:
        """Submit what is not under way and collect what is ready.

        Failures are left in the run, and in `pending` what is not ready.
        """
        try:
            await self._carry_out()
        except Exception as error:
            self._run.halt(error)
        finally:
            await self._engine.close()

    async def _carry_out(self) -> None:
        until, pause, rounds = time.monotonic() + self._wait, POLL_S, 0
        for batch in self._open():
            self._note(batch, self._book.requests(batch))
        while not self._run.failures:
            if rounds <= self._most:
                rounds += await self._submit()
            for batch in self._open():
                await self._collect(batch)
            if waiting := self._open():
                left = until - time.monotonic()
                if left <= 0:
                    self.pending = self._not_ready(waiting)
                    break
                await asyncio.sleep(min(pause, left))
                pause = min(LONGEST_POLL_S, pause * 1.5)
            elif self._job.short or not self._left():
                break
            elif rounds > self._most:
                lost = Response("", status="error", error="the batches gave no answer to this call")
                for request in self._left():
                    self._keep(request, self._passing.get(request.key, lost))
                break
        if not self._run.failures:
            self._run.flush(self._job)

    def _open(self) -> list[Batch]:
        return self._book.open(self._job.model.endpoint, self._job.model.id)

    def _left(self) -> list[Request]:
        answered = self._run.ledger.answered
        return [r for key, r in self._wanted.items() if key not in self._given_up and not answered(key)]

    def _note(self, batch: Batch, requests: dict[str, Request]) -> None:
        self._under_way[batch.name] = requests
        if self._run.budget is not None:
            self._run.budget.reserved += sum(self._run.budget.most(r) for r in requests.values())

    async def _submit(self) -> int:
        """Send what is in no open batch; return 1 if there was any."""
        for batch in self._open():
            if batch.id is None:  # prepared by a run that was killed: it may or may not have been submitted
                await self._send(batch, look=True)
        under_way = {key for batch in self._open() for key in self._under_way[batch.name]}
        todo = [request for request in self._left() if request.key not in under_way]
        for requests, lines in self._portions(todo):
            batch = self._book.prepare(self._job.model.endpoint, self._job.model.id, requests, lines)
            self._note(batch, {request.key: request for request in requests})
            await self._send(batch, look=False)
            self._tell(f"{self._job.model.id}: {len(requests):,} calls were given to the batch API as {batch.id}.")
        return int(bool(todo))

    def _portions(self, todo: Iterable[Request]) -> Iterator[tuple[list[Request], list[bytes]]]:
        budget = self._run.budget
        requests: list[Request] = []
        lines: list[bytes] = []
        size, cost = 0, 0.0
        for request in todo:
            if budget is not None:
                cost += budget.most(request)
                if budget.spent + budget.reserved + cost > budget.usd:
                    self._job.short = True
                    break
            path, body = self._engine.body(request)
            row = {"custom_id": request.key, "method": "POST", "url": f"/v1{path}", "body": body}
            line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
            if requests and (len(requests) == MOST_CALLS or size + len(line) > MOST_BYTES):
                yield requests, lines
                requests, lines, size = [], [], 0
                cost = budget.most(request) if budget is not None else 0.0
            requests.append(request)
            lines.append(line)
            size += len(line)
        if requests:
            yield requests, lines

    async def _send(self, batch: Batch, *, look: bool) -> None:
        client = self._engine.client
        # What changes nothing may be tried again by the SDK; a batch is created by one call only.
        patient = client.with_options(max_retries=self._most)
        with self._speaking():
            if look:
                async for known in patient.batches.list(limit=100):
                    if (known.metadata or {}).get(METADATA) == batch.name:
                        self._book.submitted(batch, known.id)
                        return
            content = self._book.file(batch).read_bytes()
            uploaded = await patient.files.create(file=(f"{batch.name}.jsonl", content), purpose="batch")
            made = await client.batches.create(
                input_file_id=uploaded.id,
                endpoint=json.loads(content.split(b"\n", 1)[0])["url"],
                completion_window="24h",
                metadata={METADATA: batch.name},
            )
        self._book.submitted(batch, made.id)

    async def _collect(self, batch: Batch) -> None:
        assert batch.id is not None
        patient = self._engine.client.with_options(max_retries=self._most)
        with self._speaking():
            state = await patient.batches.retrieve(batch.id)
            if state.status not in OVER:
                return
            files = [file for file in (state.output_file_id, state.error_file_id) if file]
            contents = [(await patient.files.content(file)).content for file in files]
        failure: Exception | None = None
        for line in (line for content in contents for line in content.splitlines()):
            try:
                self._take(line, batch)
            except EndpointError as error:
                failure = failure or error  # the other answers are paid for as well
        budget = self._run.budget
        if budget is not None:
            budget.reserved -= sum(budget.most(r) for r in self._under_way[batch.name].values())
        self._book.ended(batch, state.status)
        if failure is not None:
            raise failure
        if state.status == "failed" and not files:
            problems = "; ".join(str(p.message) for p in (state.errors.data or [])[:3]) if state.errors else "no reason"
            raise EndpointError(
                f"{self._job.model.endpoint} refuses the batch {batch.id} ({self._engine.scrub(problems)}).",
                "Mend the model's settings in the study file, or set 'batch: false'.",
            )

    def _take(self, line: bytes, batch: Batch) -> None:
        """Keep one line of the results; a call that an earlier, killed run has kept is not kept twice."""
        try:
            row = json.loads(self._engine.without_secrets(line))
            request = self._under_way[batch.name][row["custom_id"]]
            reply, error = row.get("response") or {}, row.get("error")
            status, body = reply.get("status_code", 0), reply.get("body")
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # a call without a readable line is asked again
        if self._run.ledger.answered(request.key):
            return
        try:
            if status == 200:
                response = self._engine.read(body, request, 0.0)
            elif status:
                response = self._engine.refusal(request, status, body, self._message(body), 0.0)
            else:
                self._passing[request.key] = Response("", status="error", error=self._message(error))
                return
        except NotNow as trouble:
            self._passing[request.key] = Response("", status="error", error=trouble.said)
            return
        self._keep(request, response)

    def _message(self, body: Any) -> str:
        error = body.get("error", body) if isinstance(body, dict) else body
        said = error.get("message", error) if isinstance(error, dict) else error
        return self._engine.scrub(str(said or "no reason given"))[:300]

    def _keep(self, request: Request, response: Response) -> None:
        if response.status == "error":
            self._given_up.add(request.key)
        if self._run.budget is not None:
            self._run.budget.spent += self._run.budget.price_of(request, response, batch=True)
        if request.key in self._wanted:
            self._run.keep(self._job, request, response, via="batch")
        else:  # asked by a plan that has changed since, and paid for
            self._run.ledger.append(request, response, place=self._run.place(request), via="batch")

    def _not_ready(self, waiting: Sequence[Batch]) -> BatchPending:
        n, pace = sum(len(self._under_way[batch.name]) for batch in waiting), self._job.pace
        batches = "1 batch" if len(waiting) == 1 else f"{len(waiting)} batches"
        return BatchPending(
            f"{n:,} calls to {self._job.model.id} wait in {batches} at {self._job.model.endpoint}. "
            f"{pace.done:,} of {pace.planned:,} answers are kept.",
            "Run the same command later (within a day, as a rule): it collects them and goes on.",
        )

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn what the SDK raises about files and batches into the errors of an endpoint."""
        import openai

        try:
            yield
        except openai.AuthenticationError as error:
            raise self._engine.refused() from self._engine.cause(error)
        except openai.OpenAIError as error:
            raise EndpointError(
                f"{self._engine.base_url}: the batch API fails ({self._engine.said(error)}).",
                "Run the same command again; nothing is submitted twice. If it lasts, set 'batch: false'.",
            ) from self._engine.cause(error)
