"""Power by simulation, against the noncentral t of a balanced design."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nct, t

from valuelex.comparison import ComparisonSettings, read_scores
from valuelex.comparison.power import power_table
from valuelex.comparison.simulation import Design, simulate

WIDE = (-100.0, 100.0)


def test_training_within_families_is_the_t_test_of_the_families_differences() -> None:
    """Balanced within families: the error of the difference is sd * 2 / sqrt(models), on families - 1 degrees of freedom."""
    table, facts = simulate(Design(families=10, models=(4, 4), stems=20, samples=1, judges=1), 1)
    settings = ComparisonSettings(scale=WIDE, smallest_effect=0.3, power_draws=400)
    found = power_table(read_scores(table, scale=WIDE), facts["family"], settings, seed=1)
    row = found[(found["contrast"] == "training: tuned - base") & (found["n_families"] == 8)].iloc[0]
    se = np.hypot(row["model_sd"], row["error_sd"]) * 2 / np.sqrt(32)
    df = 8 - 1
    expected = nct.sf(t.ppf(0.975, df), df, 0.3 / se) + nct.cdf(-t.ppf(0.975, df), df, 0.3 / se)
    assert row["power"] == pytest.approx(expected, abs=0.07)
    assert row["method"].endswith("as estimated from these models")
    assert row["model_sd"] == pytest.approx(np.hypot(0.25, 0.3), rel=0.35)


def test_more_families_find_more_and_too_few_models_have_assumed_components() -> None:
    table, facts = simulate(Design(families=2, models=(1, 1), stems=8, samples=1, judges=1), 1)
    settings = ComparisonSettings(scale=(-3.0, 9.0), power_draws=60)
    found = power_table(read_scores(table, scale=WIDE), facts["family"], settings)
    assert found["method"].str.contains("assumed").all()
    assert set(found["model_sd"]) == {0.5}
    size = found[found["contrast"].str.startswith("parameters")]
    assert size["detectable"].is_monotonic_decreasing
    none = settings.model_copy(update={"power_draws": 0})
    assert len(power_table(read_scores(table, scale=WIDE), facts["family"], none)) == 0
