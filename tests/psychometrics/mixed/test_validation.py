"""Simulated tests whose components are known: are they recovered, and do 95 % intervals hold true scores in 95 %?

Fast here, with wide bounds; the figures of docs/validation.md are checked by the slow tests. The simulations are those of
benchmarks/scoring.py.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


def benchmark() -> ModuleType:
    path = Path(__file__).parents[3] / "benchmarks" / "scoring.py"
    spec = importlib.util.spec_from_file_location("scoring_benchmark", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def simulations() -> ModuleType:
    return benchmark()


def test_components_are_recovered_from_a_few_unbalanced_tests(simulations: ModuleType) -> None:
    """Within what 8 draws allow; those of thousands of levels (standard error of the mean at most 5 %) within 15 %."""
    table = simulations.recovery(8, 0.3).set_index("component")
    assert (abs(table["mean"] - table["true"]) < 4 * table["sd"] / 8**0.5).all()
    sure = ["model x stem", "sample", "residual"]
    np.testing.assert_allclose(table.loc[sure, "ratio"], 1, atol=0.15)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_intervals_hold_true_scores(simulations: ModuleType, missing: float) -> None:
    found = simulations.coverage(25, random=False, stems=12, missing=missing, models=6)
    for method in ("mixed", "t", "bootstrap"):
        assert 0.87 <= found[method] <= 1, method
    assert found["mixed width"] < found["t width"], "the mixed model pools the models' errors"


def test_intervals_for_sampled_judges_hold_true_scores(simulations: ModuleType) -> None:
    found = simulations.coverage(12, random=True, stems=10, missing=0.3, models=6)
    assert found["mixed"] >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_components_are_recovered_within_ten_percent(simulations: ModuleType, missing: float) -> None:
    table = simulations.recovery(200, missing)
    assert table["ratio"].between(0.9, 1.1).all()


@pytest.mark.slow
@pytest.mark.parametrize("stems", [10, 30, 60])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_coverage_lies_between_93_and_97_percent(simulations: ModuleType, stems: int, missing: float) -> None:
    """A binomial error of 300 draws, whose ten models share their stems, is about .01."""
    found = simulations.coverage(300, random=False, stems=stems, missing=missing)
    assert 0.92 <= found["mixed"] <= 0.98
    assert 0.92 <= found["t"] <= 0.98
