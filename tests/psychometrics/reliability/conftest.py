"""Items and reference values of tests/reference/reliability."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "reference" / "reliability"


@pytest.fixture(scope="session")
def expected() -> Callable[[str], Any]:
    """Load one reference file of this room by its name."""
    return lambda name: json.loads((FOLDER / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def complete(bfi):
    """The 2,436 complete cases of bfi."""
    return bfi.dropna()


@pytest.fixture
def agreeableness(bfi):
    items = bfi.dropna()[["A1", "A2", "A3", "A4", "A5"]].copy()
    items["A1"] = 7 - items["A1"]
    return items
