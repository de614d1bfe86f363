from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import SettingError

FOLDER = Path(__file__).parents[2] / "reference" / "generalizability"


@pytest.fixture(scope="module")
def study():
    stored = json.loads((FOLDER / "components.json").read_text())
    return pm.g_study(pd.DataFrame(stored["three"]["data"]), ["item", "rater"])


@pytest.fixture(scope="module")
def variance(study):
    return study.components["variance"]


def test_errors_by_the_textbook(study, variance):
    # Brennan (2001), p x I x R: relative error has the three interactions with persons, absolute error all but p.
    row = pm.d_study(study, {"item": 6, "rater": 4}).frame.iloc[0]
    relative = variance["person x item"] / 6 + variance["person x rater"] / 4
    relative += variance["person x item x rater, residual"] / 24
    absolute = relative + variance["item"] / 6 + variance["rater"] / 4 + variance["item x rater"] / 24
    assert row["relative"] == pytest.approx(relative)
    assert row["absolute"] == pytest.approx(absolute)
    assert row["generalizability"] == pytest.approx(variance["person"] / (variance["person"] + relative))
    assert row["dependability"] == pytest.approx(variance["person"] / (variance["person"] + absolute))
    assert row["sem_absolute"] == pytest.approx(absolute**0.5)


def test_a_harmonic_mean_need_not_be_whole(study, variance):
    row = pm.d_study(study, {"item": 2.5, "rater": 1.0}).frame.iloc[0]
    relative = variance["person x item"] / 2.5 + variance["person x rater"]
    relative += variance["person x item x rater, residual"] / 2.5
    assert row["relative"] == pytest.approx(relative)
    with pytest.raises(SettingError, match="item"):
        pm.d_study(study, {"item": 0.5})


def test_more_raters_never_hurt_and_the_smallest_design_is_found(study):
    found = pm.d_study(study, {"item": [2, 4, 8, 16], "rater": [1, 2, 4, 8]})
    assert len(found.frame) == 16
    for _, part in found.frame.groupby("item"):
        assert part.sort_values("rater")["generalizability"].is_monotonic_increasing
    best = found.smallest(0.75)
    reaching = found.frame[found.frame["generalizability"] >= 0.75]
    assert best["item"] * best["rater"] == (reaching["item"] * reaching["rater"]).min()
    assert found.smallest(0.9999) is None


def test_fixed_items_belong_to_the_universe(study, variance):
    row = pm.d_study(study, {"item": 6, "rater": 2}, fixed=["item"]).frame.iloc[0]
    universe = variance["person"] + variance["person x item"] / 6
    relative = variance["person x rater"] / 2 + variance["person x item x rater, residual"] / 12
    absolute = relative + variance["rater"] / 2 + variance["item x rater"] / 12
    assert row["universe"] == pytest.approx(universe)
    assert (row["relative"], row["absolute"]) == pytest.approx((relative, absolute))


def test_raters_of_ones_own_make_their_severity_relative_error(study, variance):
    crossed = pm.d_study(study, {"item": 6, "rater": 2}).frame.iloc[0]
    own = pm.d_study(study, {"item": 6, "rater": 2}, nested_in_object=["rater"]).frame.iloc[0]
    extra = variance["rater"] / 2 + variance["item x rater"] / 12
    assert own["relative"] == pytest.approx(crossed["relative"] + extra)
    assert own["absolute"] == pytest.approx(crossed["absolute"])


def test_a_cut_far_from_the_mean_is_easier(study):
    near, far = (
        pm.d_study(study, {"item": 6, "rater": 2}, cut=study.mean + d).frame.iloc[0]["dependability_at_cut"]
        for d in (0, 3)
    )
    assert far > near
    assert near == pytest.approx(pm.d_study(study, {"item": 6, "rater": 2}).frame.iloc[0]["dependability"])


def test_bad_input(study):
    with pytest.raises(SettingError, match="facet='occasion'"):
        pm.d_study(study, {"occasion": 2})
    with pytest.raises(SettingError, match="All facets are fixed"):
        pm.d_study(study, fixed=["item", "rater"])
    with pytest.raises(SettingError, match=r"n\['item'\]=0"):
        pm.d_study(study, {"item": 0})
