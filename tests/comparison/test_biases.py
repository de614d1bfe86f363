"""Shares of what scores are made of, against the components that were put in."""

from __future__ import annotations

import numpy as np
import pytest

from valuelex.comparison import ComparisonSettings
from valuelex.comparison.biases import bias_shares, profile_shares
from valuelex.comparison.simulation import Design, simulate

SETTINGS = ComparisonSettings()


def test_components_that_were_put_in_come_out() -> None:
    design = Design(families=15, models=(3, 3), stems=60, samples=2, judges=2, stem=0.3, model_stem=0.5, sample=0.6)
    found = bias_shares(simulate(design, 2)[0], SETTINGS).set_index("source")
    variance = found["variance"].astype(float)
    assert variance["model x dimension"] == pytest.approx(2 * 0.25**2, rel=0.35)
    assert variance["model"] == pytest.approx(0.3**2, rel=0.5)
    assert variance["model x stem x dimension"] == pytest.approx(0.5**2, rel=0.15)
    assert variance["sample"] == pytest.approx(0.6**2 / 2, rel=0.1)
    assert variance["sample x dimension"] == pytest.approx(0.6**2 / 2, rel=0.1)
    assert variance["residual"] == pytest.approx(0.5**2, rel=0.1)
    assert found["share"].astype(float).sum() == pytest.approx(1)
    assert (found["note"].dropna() == "not varied in this study").all()


def test_models_that_answer_to_the_stem_show_as_valence_bias() -> None:
    """Half of the stems invite a good answer; models differ in how much they follow."""
    table, _ = simulate(Design(families=12, models=(3, 3), dimensions=2, stems=24, samples=1, judges=1), 5)
    rng = np.random.default_rng(1)
    stem = table["item_id"].str[4:].astype(int)
    follows = dict(zip(sorted(set(table["model_id"])), rng.normal(0, 0.6, 36), strict=True))
    sign = np.where(stem % 2, 1.0, -1.0)
    table = table.assign(
        valence=np.where(stem % 2, "positive", "negative"),
        score=table["score"].astype(float) + sign * table["model_id"].map(follows).astype(float),
    )
    found = bias_shares(table, SETTINGS).set_index("source")
    # Models' levels at either valence: half of the squared distance between them is the interaction's component.
    assert float(found.loc["model x valence", "variance"]) == pytest.approx(2 * 0.6**2, rel=0.4)


def test_scores_without_items_have_no_shares() -> None:
    table, _ = simulate(Design(families=3, models=(2, 2), stems=4, samples=1, judges=1), 1)
    assert len(bias_shares(table.assign(item_id=None), SETTINGS)) == 0
    assert len(bias_shares(table[table["model_id"] == "model 01"], SETTINGS)) == 0


def test_what_one_models_scores_are_made_of_is_its_own() -> None:
    """One model answers what the stem invites, the others do not; the first has a steep profile besides."""
    table, _ = simulate(
        Design(families=3, models=(1, 1), dimensions=4, stems=40, samples=2, judges=1, family=0.0, model=0.0), 6
    )
    stem = table["item_id"].str[4:].astype(int)
    first = (table["model_id"] == "model 01").to_numpy()
    sign = np.where(stem % 2, 1.0, -1.0)
    steep = table["dimension"].str[-1].astype(float) - 2.5
    table = table.assign(
        valence=np.where(stem % 2, "positive", "negative"),
        score=table["score"].astype(float) + first * (1.0 * sign + 0.8 * steep),
    )
    found = profile_shares(table, SETTINGS).set_index(["model_id", "source"])
    variance = found["variance"].astype(float)
    # Half of the squared distance of 2 between the valences; the variance of -1.2, -.4, .4, 1.2 over four dimensions.
    assert variance["model 01", "valence"] == pytest.approx(2.0, rel=0.35)
    assert variance["model 01", "dimension"] == pytest.approx(0.8**2 * 5 / 3, rel=0.35)
    for other in ("model 02", "model 03"):
        assert abs(variance[other, "valence"]) < 0.15
        assert abs(variance[other, "dimension"]) < 0.15
    shares = found["share"].astype(float).groupby(level=0).sum()
    assert shares.tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert set(found["note"].dropna()) == {"not varied in this study", "a level per case: part of the residual"}
    assert len(profile_shares(table.assign(item_id=None), SETTINGS)) == 0
