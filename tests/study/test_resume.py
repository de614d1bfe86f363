"""kill -9 at any moment, then the same command: nothing is asked twice, nothing is lost, the tables are the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from valuelex.tables import CSV_ONLY, DOCUMENTS, TABLES, read

TIMED = ["latency_s"]


def start(folder: Path) -> subprocess.Popen:
    # A process group of its own, so that nothing but this run is killed.
    return subprocess.Popen(
        [sys.executable, "-m", "valuelex", "run", str(folder), "--to", "compare"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def lines(folder: Path) -> list[str]:
    ledger = folder / "results" / "calls.jsonl"
    return ledger.read_text().splitlines(keepends=True) if ledger.exists() else []


def written(folder: Path) -> int:
    """Lines of the ledger; the run under way needs the processor more than this look at it does."""
    ledger = folder / "results" / "calls.jsonl"
    return ledger.read_bytes().count(b"\n") if ledger.exists() else 0


def kill_when(process: subprocess.Popen, ready: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not ready():
        assert process.poll() is None, (
            f"the run ended before it could be killed: {process.stderr and process.stderr.read()}"
        )
        assert time.monotonic() < until
        time.sleep(0.005)  # a call takes four times as long
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def seeds(requests: list[str]) -> list[int]:
    return [json.loads(line)["seed"] for line in requests]


def test_killed_runs_end_in_the_tables_of_an_undisturbed_one(stub, stub_study) -> None:
    calm_server, server = stub(), stub("--delay", "0.02")
    calm = stub_study(calm_server.url, folder="calm")
    done = start(calm)
    _, said = done.communicate(timeout=240)
    assert done.returncode == 0, said
    planned = len(lines(calm))
    assert planned == 2 * 3 * 15 + 12 * 2

    folder = stub_study(server.url, folder="killed")
    for limit in (3, planned // 3, 95, planned - 5):
        process = start(folder)
        kill_when(process, lambda limit=limit: written(folder) >= limit)
        returned = {json.loads(line)["request"]["seed"] for line in lines(folder) if line.endswith("}\n")}
        asked_before = len(server.requests())
        assert asked_before >= len(returned)
        resumed = start(folder)
        kill_when(resumed, lambda n=asked_before: server.asked() > n + 1)
        assert not returned & set(seeds(server.requests()[asked_before:])), "a call that had returned was made again"
    # And once while a table-making stage is at work.
    process = start(folder)
    kill_when(process, lambda: (folder / "results" / "completions.parquet").exists())
    last = start(folder)
    _, said = last.communicate(timeout=240)
    assert last.returncode == 0, said

    keys = [json.loads(line)["key"] for line in lines(folder)]
    assert len(keys) == len(set(keys)) == planned
    compared = 0
    for name in [*TABLES, *(d for d in DOCUMENTS if d != "report")]:
        a, b = calm / "results", folder / "results"
        if name in ("responses", "completions"):
            pd.testing.assert_frame_equal(read(name, a).drop(columns=TIMED), read(name, b).drop(columns=TIMED))
            compared += 1
            continue
        suffixes = [".csv"] if name in CSV_ONLY else [".parquet", ".csv"]
        files = [DOCUMENTS[name]] if name in DOCUMENTS and name not in TABLES else [name + s for s in suffixes]
        for file in files:
            assert (a / file).exists() == (b / file).exists(), f"{file} is in one of them only"
            if not (a / file).exists():
                continue  # a table that this design has nothing to say in
            assert (a / file).read_bytes() == (b / file).read_bytes(), f"{file} differs"
            compared += 1
    assert compared >= 20


def test_the_ledger_alone_rebuilds_everything_without_a_call(stub, stub_study) -> None:
    import valuelex

    server = stub()
    folder = stub_study(server.url)
    study = valuelex.Study.load(folder)
    assert study.run("compare")[0] == "elicit"
    before = {
        p.name: p.read_bytes()
        for p in study.results.iterdir()
        if p.suffix in (".parquet", ".json") and p.name != "manifest.json"
    }
    asked = len(server.requests())
    for path in study.results.iterdir():
        if path.name != "calls.jsonl":
            path.unlink()
    valuelex.Study.load(folder).run("compare")
    after = {
        p.name: p.read_bytes()
        for p in study.results.iterdir()
        if p.suffix in (".parquet", ".json") and p.name != "manifest.json"
    }
    assert after == before
    assert len(server.requests()) == asked
