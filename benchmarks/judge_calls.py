"""Time 1,000 calls of a language-model judge beside the bare openai SDK with the same messages, against a local stub.

    python benchmarks/judge_calls.py [--quick]

Ours is the whole step: which calls, the rubric, keys, pace, reading and checking of every reply, ledger, and the table of
judgements. The bare loop sends the same bodies, as many at once, and throws the replies away.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import pandas as pd
from elicitation import LATENCY_S, Stub, bare

from valuelex.models import Caller, Ledger
from valuelex.projective import JudgeSettings, judge, plan_judge
from valuelex.projective.manual import hand_written
from valuelex.tables import frame

MANUAL = {"subdimensions": hand_written()}


def completions(n: int, salt: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return n completions that no earlier run had, and the one stem that they complete."""
    item = {"item_id": "i1", "stem": "When a customer waits, I", "dimension": "Competence"}
    item |= {"subdimension": "User-Oriented", "valence": "neutral", "form": "A", "source": "bank", "bank_id": None}
    rows = [
        {"completion_id": f"c{k}", "item_id": "i1", "respondent_id": "m", "model_id": "m", "sample_index": k}
        | {"text": f"look up after {salt * n + k} seconds and ask what is needed.", "status": "ok"}
        | dict.fromkeys(("status_reason", "seed", "n_tokens_in", "n_tokens_out", "latency_s"))
        for k in range(n)
    ]
    return frame("completions", rows), frame("instrument", [item])


def ours(url: str, n: int, in_flight: int, salt: int) -> float:
    """Seconds of the step into a fresh ledger."""
    table, instrument = completions(n, salt)
    one = JudgeSettings(id="stub-judge", base_url=url, repeat=0.0, reworded=0.0)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        ledger = Ledger(Path(folder) / "calls.jsonl")
        caller = Caller(ledger, concurrency=in_flight)
        found = judge(table, instrument, MANUAL, judges=[one], seed=1, caller=caller)
        seconds = time.perf_counter() - started
        ledger.close()
    if len(found["judgements"]) != n * len(MANUAL["subdimensions"]) or found["judgements"]["score"].isna().all():
        raise SystemExit("the stub failed")
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    n, runs = (200, 1) if parser.parse_args().quick else (1000, 5)
    print("| calls | in flight | valuelex | bare openai SDK | ideal | of the SDK | of the ideal |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with Stub() as stub:
        for in_flight in (32, 256):
            mine, theirs = [], []
            for run in range(runs + 1):
                table, instrument = completions(n, run)
                one = JudgeSettings(id="stub-judge", base_url=stub.url, repeat=0.0, reworded=0.0)
                asked = [item.request for item in plan_judge(table, instrument, MANUAL, judges=[one], seed=2)]
                theirs.append(bare(stub.url, asked, in_flight))
                mine.append(ours(stub.url, n, in_flight, run))
            # The first pair warms up.
            seconds, other = statistics.median(mine[1:]), statistics.median(theirs[1:])
            ratio = statistics.median(b / a for a, b in zip(mine[1:], theirs[1:], strict=True))
            ideal = n * LATENCY_S / in_flight
            print(
                f"| {n:,} | {in_flight} | {n / seconds:,.0f}/s | {n / other:,.0f}/s | {n / ideal:,.0f}/s | {ratio:.2f} "
                f"| {ideal / seconds:.2f} |"
            )


if __name__ == "__main__":
    main()
