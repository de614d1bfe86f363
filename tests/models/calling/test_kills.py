"""kill -9 at random moments while the endpoint misbehaves in every way at once: each returned answer is kept exactly once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.models.calling.conftest import requests
from valuelex.models import Ledger

ROOT = Path(__file__).parents[3]

SCRIPT = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from tests.models.calling.conftest import requests
    from valuelex.models import Caller, Ledger, ModelSettings, resolve
    models = [
        resolve(ModelSettings(id=name, base_url=sys.argv[1], timeout=0.6, max_retries=8)) for name in ("alpha", "beta")
    ]
    caller = Caller(Ledger(Path(sys.argv[2]) / "calls.jsonl"), concurrency=8)
    n = int(sys.argv[3])
    print("ready", flush=True)
    caller.gather("t", [(model, requests(model, n)) for model in models])
    """
)

EVERYTHING = [
    {"kind": kind, "share": share, "seed": kind}
    for kind, share in (
        ("429", 0.03), ("500", 0.03), ("reset", 0.02), ("reset-body", 0.02), ("truncated", 0.02), ("html", 0.02),
        ("empty", 0.02), ("hang", 0.005), ("drip", 0.005), ("503", 0.01),
    )
]  # fmt: skip
for _rule in EVERYTHING:
    _rule["headers"] = {"Retry-After": "0.05"}


def n_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def torment(misbehaving, folder: Path, *, kills: int, n: int, seed: int) -> None:
    """Kill a run `kills` times, at random moments spread over it, then let it end; check what it kept."""
    rng = random.Random(seed)
    server = misbehaving(*EVERYTHING, latency=0.01)
    path = folder / "calls.jsonl"
    command = [sys.executable, "-c", SCRIPT, server.url, str(folder), str(n)]
    done = 0
    while done < kills:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True)
        assert process.stdout is not None
        process.stdout.readline()
        wanted = 2 * n * (done + rng.random()) / (kills + 1)
        until = time.monotonic() + 60
        while process.poll() is None and n_lines(path) < wanted:
            assert time.monotonic() < until
            time.sleep(rng.uniform(0.0, 0.01))
        time.sleep(rng.uniform(0.0, 0.02))
        assert process.poll() is None, "the run ended before it could be killed: make it longer"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        done += 1
        # What had been returned and written is whole: at most the last line is not.
        lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
        for line in lines[:-1]:
            json.loads(line)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, timeout=240)

    rows = list(Ledger(path).rows(every=True))
    answers = Counter(row["key"] for row in rows if row["response"]["status"] == "ok")
    wanted = {r.key for name in ("alpha", "beta") for r in requests(server.model(name), n)}
    assert set(answers) == wanted
    assert max(answers.values()) == 1, "an answer was kept twice"
    assert all(row["response"]["text"] for row in rows if row["response"]["status"] == "ok")
    # What an unharmed reply was sent for and not kept was in flight when the process died: at most the window, per kill.
    sent = sum(call["kind"] == "ok" for call in server.calls())
    assert sent - len(answers) <= kills * 8


def test_five_kills(misbehaving, tmp_path: Path) -> None:
    torment(misbehaving, tmp_path, kills=5, n=60, seed=1)


@pytest.mark.slow
def test_thirty_kills(misbehaving, tmp_path: Path) -> None:
    torment(misbehaving, tmp_path, kills=32, n=800, seed=2)


CANARY = "sk-canary-7f3a9c51e0"

LOUD = textwrap.dedent(
    """
    import logging, os, sys, traceback
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    os.environ["OPENAI_LOG"] = "debug"
    from pathlib import Path
    from tests.models.calling.conftest import requests
    from valuelex.models import Caller, Ledger, ModelSettings, resolve
    for i, batch in enumerate((False, False, True)):
        model = resolve(ModelSettings(
            id=f"alpha{i}", base_url=sys.argv[1], api_key_env="STUB_KEY", headers_env={"x-second": "STUB_SECOND"},
            max_retries=1, batch=batch))
        caller = Caller(Ledger(Path(sys.argv[2]) / "calls.jsonl"), concurrency=4, batch_wait=5)
        try:
            caller.ask("t", model, requests(model, 20))
        except Exception:
            traceback.print_exc()
    """
)


@pytest.mark.parametrize("kind", ["401", "400", "429", "truncated"])
def test_a_key_reaches_no_file_no_log_and_no_traceback(misbehaving, tmp_path: Path, kind: str) -> None:
    """Also where the endpoint repeats in its error what it was sent."""
    rule = {
        "kind": kind,
        "after": 10,
        "message": "you sent {key} and " + CANARY[::-1],
        "headers": {"Retry-After": "9999"},
    }
    server = misbehaving(rule)
    environment = os.environ | {"STUB_KEY": CANARY, "STUB_SECOND": CANARY[::-1]}
    done = subprocess.run(
        [sys.executable, "-c", LOUD, server.url, str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert any(call["headers"].get("x-second") == CANARY[::-1] for call in server.calls() if "headers" in call)
    assert "Traceback" in done.stderr or kind in ("400", "truncated")
    for secret in (CANARY, CANARY[::-1]):
        assert secret not in done.stderr + done.stdout
        for path in tmp_path.rglob("*"):
            if path.is_file():
                assert secret.encode() not in path.read_bytes(), path
    assert (tmp_path / "batches.jsonl").is_file()
