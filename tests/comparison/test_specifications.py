"""The same contrast by every choice: the study's own among them, and choices that cannot be made left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from valuelex.comparison import ComparisonSettings, read_scores
from valuelex.comparison import run as compare
from valuelex.comparison.covariates import join
from valuelex.comparison.simulation import Design, simulate
from valuelex.comparison.specifications import specifications

WIDE = (-100.0, 100.0)


def test_the_study_s_own_analysis_is_one_of_them() -> None:
    table, facts = simulate(Design(families=8, models=(2, 4), dimensions=2, stems=10, samples=1, judges=1), 3)
    settings = ComparisonSettings(scale=WIDE, adjust_for=["training"], bootstrap=99, power_draws=0, claims=None)
    made = compare(table, facts=facts, settings=settings)
    own = made["specifications"].query("own").set_index(["contrast", "dimension", "measure"])
    like = made["comparisons"].query("scope == 'models like these'").set_index(["contrast", "dimension", "measure"])
    assert len(own) == 2 * 2  # size on two dimensions as level and profile; training cannot be held equal on itself
    for key, row in own.iterrows():
        assert row["estimate"] == like.loc[key, "estimate"]
        assert row["held_equal"] == "training"


def test_what_confounds_moves_the_estimate_when_it_is_held_equal() -> None:
    """Tuned models are larger, and tuning raises scores: size takes the credit until training is held equal."""
    table, facts = simulate(
        Design(families=10, models=(4, 4), dimensions=1, stems=10, samples=1, judges=1, model=0.1), 4
    )
    rng = np.random.default_rng(1)
    tuned = facts["training"] == "aligned"
    facts = facts.assign(parameters=1e9 * 10 ** (tuned * 1.0 + rng.normal(0, 0.3, len(facts))))
    raised = table["model_id"].map(tuned.astype(float)).astype(float)
    scored = read_scores(table.assign(score=table["score"].astype(float) + raised), scale=WIDE)
    found = specifications({"linear": scored}, join(scored.models, facts), ComparisonSettings(scale=WIDE))
    size = found[found["contrast"].str.startswith("parameters")]
    size = size.set_index("held_equal")["estimate"].astype(float)
    assert size["nothing"] > 0.5
    assert abs(size["training"]) < 0.3


def test_developers_are_a_second_kind_of_cluster_where_they_draw_other_lines() -> None:
    table, facts = simulate(Design(families=8, models=(2, 3), dimensions=1, stems=8, samples=1, judges=1), 5)
    scored = read_scores(table, scale=WIDE)
    assert set(specifications({"linear": scored}, join(scored.models, facts), ComparisonSettings())["cluster"]) == {
        "family"
    }
    two = facts.assign(developer=facts["family"].str[-1].astype(int).floordiv(2).astype(str))
    assert set(specifications({"linear": scored}, join(scored.models, two), ComparisonSettings())["cluster"]) == {
        "family",
        "developer",
    }
    nobody = pd.DataFrame(index=facts.index)
    assert len(specifications({"linear": scored}, join(scored.models, nobody), ComparisonSettings())) == 0
