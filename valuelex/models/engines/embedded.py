"""Embedded models: a GGUF file served on loopback by llama.cpp (xllamacpp) and then called like any other endpoint.

Every server has one slot, one thread and no prompt cache, and there is one server for each core. That is what makes an answer
depend on its request alone: with shared slots or a cached prefix, the order in which calls arrive changes the batch shapes, the
rounding, and now and then a sampled word (measured: docs/reproducibility.md).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from pathlib import Path
from typing import Any, NamedTuple

from valuelex.errors import EndpointError, MissingExtra
from valuelex.models.engines.endpoint import EndpointEngine
from valuelex.models.engines.native import NativeServer
from valuelex.models.engines.scoring import wants_scores
from valuelex.models.request import Request, Response

CONTEXT_TOKENS = 2048
"""Longest prompt plus answer of an embedded model."""


class _Doors(NamedTuple):
    """The two ways into one server: answers go through the common interface, scores through its own."""

    common: EndpointEngine
    native: NativeServer


class EmbeddedEngine:
    """Serves one model file with one single-threaded server per core; started at the first request.

    Parameters
    ----------
    path : Path
        A verified GGUF file.
    replicas : int, optional
        Number of servers; default: the usable cores.

    Raises
    ------
    MissingExtra
        If xllamacpp is not installed.
    """

    def __init__(self, path: Path, *, replicas: int | None = None) -> None:
        self.path = path
        self.replicas = replicas or usable_cores()
        self._servers: list[Any] = []
        self._free: asyncio.Queue[_Doors] | None = None

    def _start(self) -> asyncio.Queue[_Doors]:
        try:
            import xllamacpp
        except ImportError as error:
            raise MissingExtra("xllamacpp", "demo", f"Running {self.path.name} on this machine") from error
        free: asyncio.Queue[_Doors] = asyncio.Queue()
        # Loopback is open to every user of the machine: only who holds this run's token is answered.
        token = secrets.token_hex(16)
        for _ in range(self.replicas):
            try:
                server = xllamacpp.Server(self._parameters(xllamacpp, token))
            except RuntimeError as error:
                raise EndpointError(
                    f"{self.path} cannot be served ({error}).",
                    "Delete the file and run the command again to fetch it anew.",
                ) from error
            self._servers.append(server)
            address = server.listening_address
            common = EndpointEngine(f"{address}/v1", api_key=token, timeout=600.0)
            free.put_nowait(_Doors(common, NativeServer(address, token)))
        return free

    def _parameters(self, xllamacpp: Any, token: str) -> Any:
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(self.path)
        parameters.n_ctx = CONTEXT_TOKENS
        parameters.n_parallel = 1
        parameters.cache_prompt = False
        parameters.cache_ram_mib = 0
        parameters.cpuparams.n_threads = 1
        parameters.cpuparams_batch.n_threads = 1
        parameters.n_gpu_layers = 0
        parameters.fit_params = False
        parameters.ui = False
        parameters.endpoint_slots = False
        parameters.verbosity = -1
        parameters.api_keys = [token]
        return parameters

    async def complete(self, request: Request) -> Response:
        """Answer one request, or score its words, on the next free server."""
        if self._free is None:
            self._free = self._start()
        doors = await self._free.get()
        try:
            if not wants_scores(request):
                return await doors.common.complete(request)
            started = time.perf_counter()
            try:
                scored = await doors.native.score(request)
            except ValueError as error:
                return Response("", status="error", latency_s=time.perf_counter() - started, error=str(error))
            return Response("", finish_reason="scored", latency_s=time.perf_counter() - started, logprobs=scored)
        finally:
            self._free.put_nowait(doors)

    async def close(self) -> None:
        """Stop the servers and give back their memory."""
        while self._free is not None and not self._free.empty():
            doors = self._free.get_nowait()
            await doors.common.close()
            await doors.native.close()
        self._free = None
        self._servers.clear()


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
