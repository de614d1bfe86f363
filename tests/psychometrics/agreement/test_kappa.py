from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError

_ = None
# Krippendorff (2011): twelve units, four observers; also cac.raw4raters of the R package irrCAC.
FOUR = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ],
    dtype=object,
).T
# Ten units, fourteen raters, five categories: the example of the literature on Fleiss' kappa, .210.
COUNTS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)
MANY = np.array([np.repeat(np.arange(1, 6), row) for row in COUNTS])


def two_raters(n: int = 120, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, 5, n)
    other = np.where(rng.random(n) < 0.6, truth, rng.integers(1, 5, n))
    return np.column_stack([truth, other])


@pytest.mark.parametrize(("weights", "theirs"), [(None, None), ("linear", "linear"), ("quadratic", "quadratic")])
def test_cohen_agrees_with_statsmodels(weights, theirs):
    rater = pytest.importorskip("statsmodels.stats.inter_rater")
    data = two_raters()
    table = pd.crosstab(data[:, 0], data[:, 1]).to_numpy()
    want = rater.cohens_kappa(table, wt=theirs)
    found = pm.cohen_kappa(data, weights=weights)
    assert found.kappa == pytest.approx(want.kappa)
    assert found.se == pytest.approx(want.std_kappa)
    assert found.z == pytest.approx(want.kappa / want.std_kappa0)
    assert (found.ci_low, found.ci_high) == pytest.approx((want.kappa_low, want.kappa_upp))


def test_cohen_of_a_table_that_can_be_done_by_hand():
    # 20 + 15 agreements of 50, margins 25/25 and 30/20: (.7 - .5) / .5.
    data = [["yes", "yes"]] * 20 + [["yes", "no"]] * 5 + [["no", "yes"]] * 10 + [["no", "no"]] * 15
    found = pm.cohen_kappa(data)
    assert found.kappa == pytest.approx(0.4)
    assert (found.observed, found.expected) == pytest.approx((0.7, 0.5))


def test_quadratic_weights_give_the_intraclass_correlation_in_the_limit():
    # Fleiss & Cohen (1973): with quadratic weights kappa is ICC(2,1) but for a term of order 1/n.
    data = two_raters(20_000, 3).astype(float)
    icc = pm.icc(data).frame.loc["ICC2", "icc"]
    assert pm.cohen_kappa(data, weights="quadratic").kappa == pytest.approx(icc, abs=1e-4)


def test_given_weights_and_order_of_categories():
    data = [
        ["low", "mid"],
        ["mid", "mid"],
        ["high", "low"],
        ["high", "high"],
        ["low", "low"],
        ["mid", "high"],
        ["mid", "high"],
    ]
    order = ["low", "mid", "high"]
    by_place = pm.cohen_kappa(data, weights="linear", categories=order)
    given = pm.cohen_kappa(data, weights=[[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]], categories=order)
    assert by_place.kappa == pytest.approx(given.kappa)
    assert by_place.kappa != pytest.approx(pm.cohen_kappa(data, weights="linear").kappa)


def test_fleiss_published_example_and_statsmodels():
    rater = pytest.importorskip("statsmodels.stats.inter_rater")
    found = pm.fleiss_kappa(MANY)
    assert found.kappa == pytest.approx(0.210, abs=5e-4)
    assert found.kappa == pytest.approx(rater.fleiss_kappa(COUNTS))
    weights = found.by_category["share"] * (1 - found.by_category["share"])
    assert np.average(found.by_category["kappa"], weights=weights) == pytest.approx(found.kappa)


def test_fleiss_test_holds_its_level_under_chance():
    rng = np.random.default_rng(1)
    z = [pm.fleiss_kappa(rng.choice(3, (40, 4), p=[0.5, 0.3, 0.2])).z for _ in range(400)]
    assert np.std(z) == pytest.approx(1, abs=0.1)
    assert np.mean(np.abs(z) > 1.96) < 0.09


def test_interval_of_fleiss_matches_the_scatter_over_samples():
    rng = np.random.default_rng(2)

    def draw() -> np.ndarray:
        truth = rng.integers(0, 3, 60)
        return np.where(rng.random((60, 4)) < 0.7, truth[:, None], rng.integers(0, 3, (60, 4)))

    found = [pm.fleiss_kappa(draw()) for _ in range(300)]
    assert np.std([one.kappa for one in found]) == pytest.approx(np.mean([one.se for one in found]), rel=0.15)


def test_gwet_published_example():
    # irrCAC: gwet.ac1.raw(cac.raw4raters) gives .77544 with a standard error of .14295.
    found = pm.gwet_ac(FOUR)
    assert found.kappa == pytest.approx(0.77544, abs=1e-5)
    assert found.se == pytest.approx(0.14295, abs=1e-5)


def test_gwet_stays_where_kappa_collapses():
    # 90 of 100 units are "no" for both: high agreement, kappa below zero (Feinstein & Cicchetti, 1990).
    data = [["no", "no"]] * 90 + [["no", "yes"]] * 5 + [["yes", "no"]] * 5
    assert pm.cohen_kappa(data).kappa < 0
    assert pm.gwet_ac(data).kappa > 0.85


def test_light_is_the_mean_of_pairs():
    rng = np.random.default_rng(5)
    data = np.column_stack([two_raters(80), rng.integers(1, 5, 80)])
    pairs = [pm.cohen_kappa(data[:, [a, b]]).kappa for a, b in ((0, 1), (0, 2), (1, 2))]
    found = pm.light_kappa(data)
    assert found.kappa == pytest.approx(np.mean(pairs))
    assert 0 < found.se < 0.2
    assert np.isnan(found.z)


def test_perfect_agreement_is_one_and_bad_input_is_named():
    same = np.repeat(np.array([[1], [2], [3], [1]]), 3, axis=1)
    for coefficient in (pm.fleiss_kappa, pm.light_kappa, pm.gwet_ac):
        assert coefficient(same).kappa == pytest.approx(1)
    with pytest.raises(DataError, match=r"two raters; there are 3.*\n.*fleiss_kappa"):
        pm.cohen_kappa(same)
    with pytest.raises(DataError, match="All ratings are equal"):
        pm.cohen_kappa(np.ones((5, 2)))
    with pytest.raises(DataError, match=r"same number of ratings.*\n.*krippendorff"):
        pm.fleiss_kappa(FOUR)
    with pytest.raises(DataError, match="mix numbers and text"):
        pm.cohen_kappa([["a", 1], ["b", 2]])
    with pytest.raises(DataError, match="'b', which is not among"):
        pm.cohen_kappa([["a", "b"], ["a", "a"]], categories=["a", "c"])
    with pytest.raises(SettingError, match="'cubic' is not known"):
        pm.cohen_kappa(two_raters(), weights="cubic")
    with pytest.raises(SettingError, match="symmetric 4 x 4"):
        pm.cohen_kappa(two_raters(), weights=np.ones((2, 2)))


@pytest.mark.parametrize("n", range(10, 300, 7))
@pytest.mark.parametrize("weights", [None, "quadratic"])
def test_whole_agreement_is_one_and_no_more(n, weights):
    codes = np.arange(n) % 7
    kappa = pm.cohen_kappa(np.column_stack([codes, codes]), weights=weights).kappa
    assert kappa == pytest.approx(1.0) and kappa <= 1.0
