"""Time the table build (ledger -> responses -> words -> lexicon ...) from 10^4 to 10^6 answers on two cores; print the curve.

    python benchmarks/counting.py [--sizes 10000 100000 1000000] [--jobs 2] [--embed] [--write docs/benchmarks.md]

The answers are made up: a seeded generator draws words from the value lexicon, some words outside it, and puts them into the
forms in which models answer (comma lists, numbered lists, bullets, JSON, prose, refusals, answers cut off). No model was asked.
Each build runs in a process of its own; its memory is that of all its processes together, sampled ten times a second. Words
outside the value lexicon are set aside without the embedding unless --embed is given: their number, not that of the answers, is
what embedding takes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SEED = 7
MARK = ("<!-- counting -->", "<!-- /counting -->")
OUTSIDE = ["quokka", "synergy", "banana", "zeitgeist", "mindset", "hustle", "table", "vibes", "grit", "thing", "blorp"]
OPENINGS = ["", "", "", "Here are ten words: ", "My core values are: ", "Sure! The values that guide me are: "]
PROSE = [
    "I would say that {} and {} guide me in all that I do, and that {} comes first.",
    "What matters most to me is always {}. I also care about {} because it makes a society whole, and {} too.",
    "Above everything else I try to act with {} towards those I meet, with {} in what I say, and never do a thing without {}.",
]


def answers(n: int, *, seed: int = SEED) -> list[tuple[str, str]]:
    """Return n made-up answers with their finish reasons: lists of 3 to 10 words, prose, refusals."""
    from valuelex.lexicon import load_lexicon

    lexicon = load_lexicon("values", Path())
    rng = np.random.default_rng(seed)
    forms = sorted(lexicon.forms)
    share = 1 / np.arange(1, len(forms) + 1) ** 1.1
    share = share / share.sum()
    names = [forms[i] for i in rng.permutation(len(forms))]
    out = []
    for start in range(0, n, 10_000):
        size = min(10_000, n - start)
        drawn = rng.choice(len(names), (size, 10), p=share)
        length, form, opening = rng.integers(3, 11, size), rng.random(size), rng.integers(0, len(OPENINGS), size)
        odd, case = rng.random(size), rng.random(size)
        for i in range(size):
            words = [names[j] for j in drawn[i, : length[i]]]
            if odd[i] < 0.2:
                words[-1] = OUTSIDE[int(odd[i] * 1000) % len(OUTSIDE)]
            if odd[i] < 0.002:  # words that nobody else says: the tail of every real survey
                words[0] = f"{names[drawn[i, 9]].split()[0]}ness{start + i}".translate(DIGITS)
            if case[i] < 0.4:
                words = [word.capitalize() for word in words]
            out.append(_form(words, form[i], OPENINGS[opening[i]]))
    return out


DIGITS = str.maketrans("0123456789", "abcdefghij")


def _form(words: list[str], form: float, opening: str) -> tuple[str, str]:
    if form < 0.45:
        return opening + ", ".join(words), "stop"
    if form < 0.7:
        return opening + "\n" + "\n".join(f"{i}. {word}" for i, word in enumerate(words, 1)), "stop"
    if form < 0.8:
        return "\n".join(f"- **{word}**: it matters to all of us" for word in words), "stop"
    if form < 0.87:
        return json.dumps({"values": words}), "stop"
    if form < 0.93:
        return PROSE[len(words) % 3].format(*words[:3]), "stop"
    if form < 0.97:
        return (opening + ", ".join(words))[:-2], "length"
    return "I'm sorry, but I can't provide personal values as I am a language model.", "stop"


def design(n: int) -> pd.DataFrame:
    """Return the place of each of n answers: 30 models x 6 settings x 15 prompts, as many samples as it takes."""
    i = np.arange(n)
    prompt, setting, model = i % 15, i // 15 % 6, i // 90 % 30
    return pd.DataFrame({"model": model, "setting": setting, "prompt": prompt, "sample": i // 2700})


def ledger(folder: Path, n: int, *, files: int = 4, seed: int = SEED) -> None:
    """Write n made-up calls into `files` ledgers, in the form of calls.jsonl."""
    from valuelex.models import Request

    folder.mkdir(parents=True, exist_ok=True)
    made, place = answers(n, seed=seed), design(n)
    paths = [folder / f"calls-{i}.jsonl" for i in range(files)]
    handles = [path.open("w", encoding="utf-8") for path in paths]
    columns = zip(place["model"], place["setting"], place["prompt"], place["sample"], strict=True)
    for i, ((model, setting, prompt, sample), (text, finish)) in enumerate(zip(columns, made, strict=True)):
        temperature, top_p = (0.5, 0.7, 1.0)[setting % 3], (0.7, 0.95)[setting // 3]
        request = Request(
            f"model-{model:02d}",
            "http://127.0.0.1:8000/v1",
            f"made-up-{model:02d}",
            "chat",
            messages=(
                ("user", f"Prompt {prompt}: if you had to say in ten words what matters to you, what are they?"),
            ),
            temperature=temperature,
            top_p=top_p,
            seed=i,
            sample_index=int(sample),
        )
        row = {
            "key": request.key,
            "at": "2026-01-01T00:00:00.000+00:00",
            "request": request.__dict__,
            "response": {
                "text": text,
                "status": "ok",
                "finish_reason": finish,
                "n_tokens_in": 30,
                "n_tokens_out": len(text) // 4,
                "latency_s": 0.2,
                "error": None,
                "reasoning": None,
            },
        }
        handles[i % files].write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    for handle in handles:
        handle.close()


def child(folder: Path, jobs: int, embed: bool) -> None:
    """Build and write the tables of the ledgers in `folder`; print what each part took."""
    from valuelex.lexicon import LexiconSettings, build
    from valuelex.tables import write

    embedder = None
    if embed:
        from valuelex.models import embedding_files
        from valuelex.semantics import OnnxEmbedder

        model, tokenizer = embedding_files()
        embedder = OnnxEmbedder("all-MiniLM-L6-v2", model, tokenizer)
    started = time.perf_counter()
    paths = sorted(folder.glob("*.jsonl"))
    built = build(paths, LexiconSettings(unknown=embed), embedder=embedder, folder=folder, n_jobs=jobs)
    done = time.perf_counter()
    for name, table in built.tables.items():
        write(name, table, folder / "tables")
    ended = time.perf_counter()
    sizes = {name: len(table) for name, table in built.tables.items()}
    print(json.dumps({"build": done - started, "write": ended - done, "rows": sizes, "set_aside": built.set_aside}))


def measured(folder: Path, jobs: int, embed: bool) -> dict[str, Any]:
    """Run `child` and watch the memory and the processor time of all its processes."""
    import psutil

    command = [sys.executable, __file__, "--child", str(folder), "--jobs", str(jobs), *(["--embed"] if embed else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    top, spent = 0, {}
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        total = 0
        try:
            for one in (watched, *watched.children(recursive=True)):
                try:
                    total += one.memory_info().rss
                    times = one.cpu_times()
                    spent[one.pid] = times.user + times.system
                except psutil.NoSuchProcess:
                    continue
        except psutil.NoSuchProcess:
            break
        top = max(top, total)
        time.sleep(0.1)
    assert process.stdout is not None
    out = process.stdout.read()
    if process.wait() != 0:
        raise SystemExit("The build failed.")
    return {**json.loads(out.splitlines()[-1]), "rss": top, "cpu": sum(spent.values())}


def table(rows: list[dict[str, Any]]) -> str:
    """The Markdown table, and how the time grows between its rows."""
    lines = [
        "| answers | ledger | words | build | writing | answers a second | processor time | memory of all processes |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        lines.append(
            f"| {row['n']:,} | {row['bytes'] / 1e6:,.0f} MB | {row['rows']['words']:,} | {row['build']:.1f} s | "
            f"{row['write']:.1f} s | {row['n'] / (row['build'] + row['write']):,.0f} | {row['cpu']:.0f} s | "
            f"{row['rss'] / 2**30:.2f} GiB |"
        )
    steps = [
        f"{low['n']:,} to {high['n']:,}: {math.log(high['cpu'] / low['cpu']) / math.log(high['n'] / low['n']):.2f}"
        for low, high in pairwise(rows)
    ]
    grows = f"Exponent of the growth of processor time (1 is linear): {'; '.join(steps)}." if steps else ""
    return "\n".join(lines) + ("\n\n" + grows if grows else "")


def put(page: Path, section: str) -> None:
    """Write the section into `page`, over an earlier one, else at its end."""
    text = page.read_text(encoding="utf-8") if page.is_file() else "# Speed\n"
    if MARK[0] in text and MARK[1] in text:
        before, after = text.split(MARK[0])[0], text.split(MARK[1])[1]
    else:
        before, after = text.rstrip() + "\n\n", "\n"
    page.write_text(f"{before}{MARK[0]}\n{section}\n{MARK[1]}{after}", encoding="utf-8")


def main() -> None:
    """Make ledgers, time their builds, print, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--jobs", type=int, default=2, help="worker processes")
    parser.add_argument("--embed", action="store_true", help="decide on unknown words by embedding")
    parser.add_argument("--folder", type=Path, help="where the ledgers are made, and kept for the next run")
    parser.add_argument("--write", type=Path, help="put the table into this page")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.jobs, arguments.embed)
        return
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for n in arguments.sizes:
            folder = (arguments.folder or Path(temporary)) / f"{n}-answers"
            if not folder.is_dir():
                ledger(folder, n)
            size = sum(path.stat().st_size for path in folder.glob("*.jsonl"))
            row = {"n": n, "bytes": size, **measured(folder, arguments.jobs, arguments.embed)}
            rows.append(row)
            print(f"{n:,}: {row['build'] + row['write']:.1f} s, {row['rss'] / 2**30:.2f} GiB", flush=True)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    section = (
        "## Table build\n\nMade by `python benchmarks/counting.py --write docs/benchmarks.md`. From call ledgers (four files) "
        "to all tables of the steps *elicit* and *lexicon*, written to disk. The answers are made up: a seeded generator puts "
        "words of the value lexicon, and some others, into comma lists, numbered lists, bullets, JSON, prose, refusals and "
        "cut-off answers. "
        f"{'Unknown words are embedded' if arguments.embed else 'Unknown words are set aside without embedding'}. Python "
        f"{platform.python_version()}, {arguments.jobs} worker processes on {cores} shared cores; memory is summed over all "
        f"processes, pages that they share counted each time. Load average at the end {os.getloadavg()[0]:.1f}: where it is "
        f"above {arguments.jobs}, other work had its part of the cores, and processor time says more than the clock.\n\n"
        f"{table(rows)}\n"
    )
    print("\n" + section)
    if arguments.write:
        put(arguments.write, section)


if __name__ == "__main__":
    main()
