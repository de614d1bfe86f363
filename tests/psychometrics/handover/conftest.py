"""Solutions that are handed over."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pytest

from valuelex import psychometrics as pm

HOSTILE = "<script>alert(1)</script>"
FOLDER = Path(__file__).parents[2] / "reference" / "efa"


@pytest.fixture(scope="session")
def hs9() -> tuple[pd.DataFrame, int]:
    """Correlations of nine Holzinger-Swineford tests, 301 cases."""
    return pd.read_csv(FOLDER / "cor_hs9.csv", index_col=0), 301


@pytest.fixture
def oblique(two_factors: pd.DataFrame) -> pm.EFAResult:
    """Two correlated factors of raw data."""
    return pm.efa(two_factors, 2, seed=1)


@lru_cache(maxsize=8)
def has_r(*packages: str) -> bool:
    """Whether Rscript and these packages are installed."""
    if shutil.which("Rscript") is None:
        return False
    test = " && ".join(f'requireNamespace("{name}", quietly = TRUE)' for name in packages)
    return subprocess.run(["Rscript", "-e", f"quit(status = !({test}))"], capture_output=True).returncode == 0


def needs_r(*packages: str) -> None:
    """Skip where R or a package is missing."""
    if not has_r(*packages):
        pytest.skip(f"needs R with {', '.join(packages)}")
