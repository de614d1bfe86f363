"""Answers as tables and as ledgers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from valuelex.models import Request
from valuelex.tables import frame

BLANK: dict[str, Any] = {
    "prompt_id": "p1",
    "sample_index": 0,
    "temperature": 1.0,
    "top_p": 1.0,
    "persona": None,
    "seed": 1,
    "mode": "chat",
    "elicitation": "open",
    "language": "en",
    "wording": None,
    "order": 0,
    "examples": None,
    "labels": None,
    "status": "ok",
    "status_reason": None,
    "n_tokens_in": 1,
    "n_tokens_out": 1,
    "latency_s": 0.1,
}


def make_responses(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Make a table `responses` of dicts: text and respondent_id, and what differs from a plain answer."""
    return frame(
        "responses",
        [
            {**BLANK, "response_id": f"r{i}", "model_id": str(row["respondent_id"]).split("/")[0], **row}
            for i, row in enumerate(rows)
        ],
    )


@pytest.fixture(scope="session")
def table() -> Callable[..., pd.DataFrame]:
    return make_responses


@pytest.fixture(scope="session")
def line() -> Callable[..., str]:
    """Make one line of a ledger."""

    def make(text: str, *, model: str = "m", place: dict | None = None, finish: str = "stop", **more: Any) -> str:
        answer = {
            key: more.pop(key) for key in ("status", "error", "n_tokens_in", "n_tokens_out", "reasoning") if key in more
        }
        more = {"messages": (("user", "Which ten words?"),), "temperature": 0.7, "top_p": 0.95, **more}
        request = Request(model, "http://127.0.0.1:9/v1", model, more.pop("mode", "chat"), **more)
        row = {
            "key": request.key,
            "at": "2026-01-01T00:00:00.000+00:00",
            **({"place": place} if place else {}),
            "request": request.__dict__,
            "response": {"text": text, "finish_reason": finish, "latency_s": 0.25, **answer},
        }
        return json.dumps(row, separators=(",", ":")) + "\n"

    return make


@pytest.fixture(scope="session")
def written() -> Callable[[dict[str, pd.DataFrame], Path], dict[str, bytes]]:
    """The bytes of tables as they are written."""
    from valuelex.tables import write

    def make(tables: dict[str, pd.DataFrame], folder: Path) -> dict[str, bytes]:
        paths = [path for name, value in tables.items() for path in write(name, value, folder)]
        return {path.name: path.read_bytes() for path in paths}

    return make
