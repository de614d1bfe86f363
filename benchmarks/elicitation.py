"""Time the survey: calls against a local stub, the ledger up to a million records, an embedded model beside a bare loop.

    python benchmarks/elicitation.py [--quick] [--only calls,ledger,embedded] [--write docs/benchmarks.md]

The stub runs in a process of its own on the loopback interface and answers after 200 ms. What is timed of valuelex is
`Caller.ask`: keys, pace, calls, reading of replies, ledger and the reading back of all answers. The bare loop is the openai SDK
(async, aiohttp transport) that throws its replies away. Runs are interleaved; the table gives medians.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass, replace
from pathlib import Path

from valuelex.errors import ValuelexError
from valuelex.models import (
    Caller,
    EmbeddedEngine,
    EndpointEngine,
    Ledger,
    Model,
    ModelSettings,
    Request,
    Response,
    locate,
    resolve,
)
from valuelex.models.engines.embedded import _Doors
from valuelex.models.engines.native import NativeServer

ROOT = Path(__file__).parents[1]
LATENCY_S = 0.2
WORDS = (
    "Honesty",
    "Integrity",
    "Compassion",
    "Justice",
    "Freedom",
    "Courage",
    "Kindness",
    "Respect",
    "Wisdom",
    "Humility",
)
TEXT = "\n".join(f"{i}. {word}" for i, word in enumerate(WORDS, start=1))
PROMPT = "If you had to name the ten values that guide you most, which would they be? Answer with ten single words."
START, END = "<!-- elicitation -->", "<!-- /elicitation -->"


def requests(model: Model, n: int, salt: int = 0) -> list[Request]:
    """Return `n` requests that differ in their sample only; `salt` makes them other than any before."""
    plain = Request(
        model.id, model.endpoint, model.endpoint_model, model.mode, temperature=0.7, max_tokens=16, extra=model.sampling
    )
    chat = model.mode == "chat"
    plain = replace(plain, messages=(("user", PROMPT),) if chat else (), prompt="" if chat else "My core values: 1.")
    return [replace(plain, sample_index=i, seed=salt * 1_000_000 + i) for i in range(n)]


class Stub:
    """The stub server in its own process."""

    def __enter__(self) -> Stub:
        command = [sys.executable, str(ROOT / "tests" / "misbehaving_server.py"), "--latency", str(LATENCY_S)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()


def ours(model: Model, asked: list[Request], in_flight: int) -> float:
    """Seconds of a whole `ask` into a fresh ledger on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "calls.jsonl")
        started = time.perf_counter()
        found = Caller(ledger, concurrency=in_flight).ask("elicit", model, asked)
        ledger.close()
        seconds = time.perf_counter() - started
        if len(found) != len(asked) or any(response.status != "ok" for response in found):
            raise SystemExit("the stub failed")
        return seconds


def bare(url: str, asked: list[Request], in_flight: int) -> float:
    """Seconds of the openai SDK alone, its replies thrown away."""
    import openai

    async def loop() -> float:
        client = openai.AsyncOpenAI(
            base_url=url, api_key="none", max_retries=0, http_client=openai.DefaultAioHttpClient(timeout=60)
        )
        queue = iter(asked)

        async def work() -> None:
            for request in queue:
                await client.chat.completions.create(
                    model=request.endpoint_model,
                    messages=[{"role": role, "content": text} for role, text in request.messages],
                    max_tokens=request.max_tokens,
                    temperature=request.temperature,
                    seed=request.seed,
                    extra_body=dict(request.extra),
                )

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(in_flight)))
        seconds = time.perf_counter() - started
        await client.close()
        return seconds

    return asyncio.run(loop())


def time_calls(quick: bool) -> list[str]:
    """Calls a second at 32 and at 256 in flight."""
    n, runs = (500, 1) if quick else (2000, 3)
    lines = [
        "| calls | in flight | valuelex | bare openai SDK | ideal | of the SDK | of the ideal |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    with Stub() as stub:
        model = resolve(ModelSettings(id="stub", base_url=stub.url))
        for in_flight in (32, 256):
            mine, theirs = [], []
            for run in range(runs + 1):
                asked = requests(model, n, salt=run)
                theirs.append(bare(stub.url, asked, in_flight))
                mine.append(ours(model, asked, in_flight))
            # The first pair warms up: imports, connections, caches.
            seconds, other = statistics.median(mine[1:]), statistics.median(theirs[1:])
            ideal = n * LATENCY_S / in_flight
            ratio = statistics.median(b / a for a, b in zip(mine[1:], theirs[1:], strict=True))
            lines.append(
                f"| {n:,} | {in_flight} | {n / seconds:,.0f}/s | {n / other:,.0f}/s | {n / ideal:,.0f}/s | {ratio:.2f} "
                f"| {ideal / seconds:.2f} |"
            )
    return lines


_OPEN = textwrap.dedent(
    """
    import resource, sys, time
    from pathlib import Path
    from valuelex.models import Ledger
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    ledger = Ledger(Path(sys.argv[1]))
    seconds = time.perf_counter() - started
    print(len(ledger), seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
    """
)


def time_ledger(quick: bool) -> list[str]:
    """Writing, and reopening in a fresh process, of 10^4 to 10^6 records."""
    lines = ["| records | file | written | reopened | memory of the reopening process |", "|---:|---:|---:|---:|---:|"]
    model = resolve(ModelSettings(id="stub", base_url="http://127.0.0.1:9/v1"))
    response = Response(TEXT, finish_reason="stop", n_tokens_in=40, n_tokens_out=42, latency_s=0.2)
    for n in (10_000, 100_000) if quick else (10_000, 100_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "calls.jsonl"
            ledger = Ledger(path)
            started = time.perf_counter()
            plain = requests(model, 1)[0]
            for i in range(n):
                ledger.append(replace(plain, sample_index=i, seed=i), response)
            ledger.close()
            written = time.perf_counter() - started
            said = subprocess.run(
                [sys.executable, "-c", _OPEN, str(path)], capture_output=True, text=True, check=True
            ).stdout.split()
            if int(said[0]) != n:
                raise SystemExit("the ledger lost records")
            lines.append(
                f"| {n:,} | {path.stat().st_size / 2**20:,.0f} MB | {written:,.1f} s | {float(said[1]):,.2f} s "
                f"| {float(said[2]):.2f} GB |"
            )
    return lines


class SameServers(EmbeddedEngine):
    """The embedded engine on servers that run already, so that the bare loop meets the very same ones."""

    def __init__(self, path: Path, addresses: list[str], token: str) -> None:
        super().__init__(path, replicas=len(addresses))
        self._addresses, self._token = addresses, token

    def _start(self) -> asyncio.Queue:
        free: asyncio.Queue = asyncio.Queue()
        for address in self._addresses:
            common = EndpointEngine(f"{address}/v1", api_key=self._token, timeout=600.0)
            free.put_nowait(_Doors(common, NativeServer(address, self._token)))
        return free


@dataclass(frozen=True)
class ServedModel(Model):
    """A registry model whose servers run already."""

    path: Path = Path()
    addresses: tuple[str, ...] = ()
    token: str = ""

    def engine(self, tell: object = None) -> EmbeddedEngine:
        return SameServers(self.path, list(self.addresses), self.token)


async def bare_loop(asked: list[Request], addresses: tuple[str, ...], token: str) -> float:
    """Seconds of plain HTTP calls, one in flight per server, replies thrown away."""
    import aiohttp

    queue = iter(asked)

    async def work(address: str) -> None:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
            for request in queue:
                body = {
                    "model": request.endpoint_model,
                    "messages": [{"role": "user", "content": PROMPT}],
                    "max_tokens": request.max_tokens,
                    "temperature": request.temperature,
                    "seed": request.seed,
                    **request.extra,
                }
                async with session.post(f"{address}/v1/chat/completions", json=body) as reply:
                    reply.raise_for_status()
                    await reply.read()

    started = time.perf_counter()
    await asyncio.gather(*(work(address) for address in addresses))
    return time.perf_counter() - started


def time_embedded(quick: bool) -> list[str]:
    """Answers a second of an embedded model: by a caller, and by a bare HTTP loop on the very same servers."""
    import xllamacpp

    known = resolve(ModelSettings(id="smollm2-135m-instruct"))
    assert known.entry.artifact is not None
    path, token = locate(known.entry.artifact), secrets.token_hex(16)
    factory = EmbeddedEngine(path)
    servers = [xllamacpp.Server(factory._parameters(xllamacpp, token)) for _ in range(factory.replicas)]
    addresses = tuple(server.listening_address for server in servers)
    model = ServedModel(known.entry, known.settings, known.mode, path=path, addresses=addresses, token=token)
    n, runs = (16, 1) if quick else (48, 3)
    mine, theirs = [], []
    for run in range(runs + 1):
        asked = requests(model, n, salt=run)
        theirs.append(asyncio.run(bare_loop(asked, addresses, token)))
        mine.append(ours(model, asked, 32))
    ratio = statistics.median(b / a for a, b in zip(mine[1:], theirs[1:], strict=True))
    rates = [n / statistics.median(seconds[1:]) for seconds in (mine, theirs)]
    return [
        "| embedded model | servers | valuelex | bare HTTP loop | ratio |",
        "|---|---:|---:|---:|---:|",
        f"| {model.id} | {len(servers)} | {rates[0]:.2f}/s | {rates[1]:.2f}/s | {ratio:.2f} |",
    ]


SECTIONS = {"calls": time_calls, "ledger": time_ledger, "embedded": time_embedded}


def main() -> None:
    """Time, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small numbers, one run")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, comma-separated")
    parser.add_argument("--write", type=Path, help="put the tables into this page, between its marks")
    arguments = parser.parse_args()
    tables = []
    for name in arguments.only.split(","):
        try:
            tables.append("\n".join(SECTIONS[name](arguments.quick)))
        except ValuelexError as error:
            tables.append(f"{name}: not timed here ({error.what})")
    head = (
        "## Elicitation\n\nMade by `python benchmarks/elicitation.py --write docs/benchmarks.md`: a stub server in a process "
        f"of its own on the loopback interface, {LATENCY_S * 1000:.0f} ms latency; medians of interleaved runs. Python "
        f"{platform.python_version()}, {len(os.sched_getaffinity(0))} shared cores, which the stub uses too."
    )
    text = "\n\n".join([head, *tables])
    print(text)
    if arguments.write:
        page = arguments.write.read_text(encoding="utf-8") if arguments.write.exists() else "# Speed\n"
        block = f"{START}\n{text}\n{END}"
        found = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)
        page = found.sub(lambda _: block, page) if found.search(page) else f"{page.rstrip()}\n\n{block}\n"
        arguments.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
