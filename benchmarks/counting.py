"""Time the table build (ledger -> responses -> words -> lexicon) from 10^4 to 10^6 answers on two cores; print the curve.

    python benchmarks/counting.py [--sizes 10000 100000 1000000] [--write docs/benchmarks.md]

The answers are made up: a seeded generator draws words from the value lexicon, some words outside it, and puts them into the
forms in which models answer (comma lists, numbered lists, bullets, JSON, prose, refusals, answers cut off). No model was asked.
Each build runs in a process of its own; its memory is that of all its processes together, sampled ten times a second.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 7
MARK = ("<!-- counting -->", "<!-- /counting -->")
OUTSIDE = ["quokka", "synergy", "banana", "zeitgeist", "mindset", "hustle", "table", "vibes", "grit", "thing", "blorp"]
OPENINGS = ["", "", "", "Here are ten words: ", "My core values are: ", "Sure! The values that guide me are: "]
PROSE = [
    "I would say that {} and {} guide me in all that I do, and that {} comes first.",
    "What matters most to me is {}. I also care about {} because it makes a society whole, and {} too.",
    "Above everything else I try to act with {} towards those I meet, with {}, and never without {}.",
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
