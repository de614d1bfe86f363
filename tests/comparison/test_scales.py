"""Ratings taken as ordered categories, beside the same ratings taken as points."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex.comparison import ComparisonSettings, run
from valuelex.comparison.scales import read_scores
from valuelex.comparison.simulation import Design, simulate
from valuelex.errors import DataError

SCALE = (0.0, 6.0)


def rated(table: pd.DataFrame, up: float = 0.0) -> pd.DataFrame:
    """Whole ratings from 0 to 6, some way up the scale."""
    return table.assign(score=np.clip(np.rint(table["score"].astype(float) + up), 0, 6))


def test_a_ceiling_squeezes_points_and_not_categories() -> None:
    """Six models .6 points apart, the upper ones at the end of the scale."""
    quiet = Design(
        families=6,
        models=(1, 1),
        dimensions=1,
        stems=120,
        samples=2,
        judges=1,
        family=0.0,
        model=0.0,
        halo=0.0,
        model_stem=0.2,
    )
    table, _ = simulate(quiet, 1)
    whole = table.assign(score=table["score"].astype(float) + 0.6 * (table["model_id"].str[-1].astype(float) - 1))
    uncut = whole.groupby("model_id")["score"].mean()
    found = [
        read_scores(rated(whole, up=0.5), scale=SCALE, kind=kind).estimate.iloc[:, 0] for kind in ("linear", "ordinal")
    ]

    def stretch(scores: pd.Series) -> float:
        """What the upper models' difference is of the lower ones', relative to that of ratings without an end."""
        return float((scores.iloc[5] - scores.iloc[3]) / (scores.iloc[2] - scores.iloc[0]))

    points, categories = (stretch(one) / stretch(uncut) for one in found)
    assert points < 0.8
    assert categories == pytest.approx(1.0, abs=0.1)
    # One factor puts both on one scale.
    assert found[1].mean() == pytest.approx(found[0].mean(), abs=0.1)


def test_profiles_of_ordinal_scores_have_the_error_of_differences_within_a_completion() -> None:
    """What a completion has in common on all dimensions is no error of its profile: dimensions are read stem by stem."""
    common = Design(families=4, models=(1, 1), dimensions=2, stems=40, samples=1, judges=1, sample=1.5, residual=0.3)
    table, _ = simulate(common, 2)
    scored = read_scores(rated(table), scale=SCALE, kind="ordinal")
    across, within = np.zeros((4, 2)), np.zeros((4, 2))
    across[:2, 0] = 1.0, -1.0
    within[0] = 1.0, -1.0
    independent = np.sqrt((scored.sources[:, 0] ** 2).sum())
    assert scored.error(within)[0] < 0.9 * independent
    assert scored.error(across)[1] == 39


def test_a_model_at_the_end_of_the_scale_is_left_out_by_name() -> None:
    table, _ = simulate(Design(families=4, models=(1, 1), dimensions=1, stems=12, samples=1, judges=1), 3)
    top = table["model_id"] == "model 02"
    table = rated(table).assign(score=lambda t: t["score"].mask(top, 6.0))
    scored = read_scores(table, scale=SCALE, kind="ordinal")
    assert scored.estimate.iloc[:, 0].isna().tolist() == [False, True, False, False]
    assert "without model 02 (all ratings are 6: no finite estimate)" in scored.methods["dimension001"]


def test_the_step_takes_ratings_as_categories_and_shows_points_beside() -> None:
    table, facts = simulate(Design(families=6, models=(1, 2), dimensions=2, stems=10, samples=1, judges=2), 4)
    settings = ComparisonSettings(contrasts=["training"], scores="ordinal", bootstrap=99, power_draws=0, claims=None)
    found = run(rated(table), facts=facts, settings=settings, seed=1)
    like = found["comparisons"].query("scope == 'models like these' and measure == 'level'").dropna(subset=["estimate"])
    curve = (
        found["specifications"]
        .query("measure == 'level' and held_equal == 'nothing'")
        .set_index(["dimension", "scores"])
    )
    for row in like[like["contrast"] == "training: aligned - pretrained"].to_dict("records"):
        assert curve.loc[(row["dimension"], "ordinal"), "estimate"] == pytest.approx(row["estimate"])
        assert curve.loc[(row["dimension"], "ordinal"), "own"]
        assert not curve.loc[(row["dimension"], "linear"), "own"]
    these = found["comparisons"].query("scope == 'these models'")
    assert these["method"].str.contains("ordinal mixed model over 10 stems").any()


def test_scores_that_are_no_ratings_are_refused_as_categories() -> None:
    table, _ = simulate(Design(families=3, models=(1, 1), dimensions=1, stems=6, samples=1, judges=1), 5)
    with pytest.raises(DataError, match="ratings of dimension001 cannot be: score has 18 different values|cannot be"):
        read_scores(
            pd.concat([table, table.assign(sample_index=1, score=table["score"] / 2)]), scale=(-9, 9), kind="ordinal"
        )
    with pytest.raises(DataError, match="no single ratings"):
        read_scores(table.assign(item_id=None), scale=(-9, 9), kind="ordinal")
