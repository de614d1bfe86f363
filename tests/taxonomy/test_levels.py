"""The multilevel view: against R's psych, against one-way analysis of variance, and on populations that differ by level."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f_oneway

from valuelex.taxonomy import TaxonomySettings, analyse, respondent_word_matrix
from valuelex.taxonomy.levels import by_level, levels
from valuelex.taxonomy.recovery import lexicon_of
from valuelex.taxonomy.simulation import Population, simulate

GROUPS = np.repeat(np.arange(6), [3, 5, 4, 7, 2, 6])
ROWS = pd.DataFrame(
    np.array(
        [2.999, -1.735, -0.324, 3.587, -0.99, -0.854, 1.858, -0.995, 1.586, -0.837, -0.98, 0.651, -1.454, -1.028, 0.531,
         0.013, -0.645, 0.319, -3.396, 0.285, -1.311, -2.236, -0.46, 0.349, -2.465, -2.318, -0.909, -2.073, 0.164, -0.187,
         -1.826, -0.13, -1.14, -2.946, -0.658, -0.352, 3.108, 1.104, -0.056, 0.829, 2.577, 0.206, 1.684, 1.949, -1.249,
         4.08, -0.147, -1.199, 4.033, 3.044, -2.443, 2.825, 2.215, -0.894, 4.914, 0.696, 0.07, -1.33, 0.597, -1.277,
         -0.654, -2.527, 0.426, 0.362, 1.04, 1.044, -0.042, -0.353, -0.894, -1.191, 1.657, -1.554, -0.987, -0.035, 0.131,
         0.185, -0.963, -1.824, -0.395, 1.5, 0.663]
    ).reshape(27, 3),
    columns=list("abc"),
)  # fmt: skip


def test_within_and_between_are_those_of_psych() -> None:
    """`statsBy(d, "g")` of R's psych 2.4: rwg and rbg."""
    found = levels(ROWS, GROUPS)
    assert found is not None
    below = np.tril_indices(3, -1)
    np.testing.assert_allclose(found.within.to_numpy()[below], [-0.373696, 0.000509, -0.124484], atol=1e-6)
    np.testing.assert_allclose(found.between.to_numpy()[below], [0.590383, -0.274942, -0.706477], atol=1e-6)
    assert (found.n_respondents, found.n_models) == (27, 6)


def test_icc_is_that_of_the_analysis_of_variance() -> None:
    """(F - 1) / (F - 1 + n0), F from scipy."""
    found = levels(ROWS, GROUPS)
    assert found is not None
    sizes = np.bincount(GROUPS)
    size = (27 - (sizes**2).sum() / 27) / 5
    for name in ROWS:
        F = f_oneway(*(ROWS[name][g == GROUPS] for g in range(6))).statistic
        assert found.icc[name] == pytest.approx((F - 1) / (F - 1 + size))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_levels_are_what_the_total_consists_of(seed: int) -> None:
    """Total = within + between sums of squares: the total correlation is theirs, weighted by standard deviations."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 4, 30)
    data = pd.DataFrame(rng.normal(size=(30, 3)) + rng.normal(size=(4, 3))[groups], columns=list("xyz"))
    found = levels(data, groups)
    assert found is not None
    means = data.groupby(groups).transform("mean")
    within, total = (data - means).to_numpy(), (data - data.mean()).to_numpy()
    between = (means - data.mean()).to_numpy()
    parts = [
        R.to_numpy() * np.outer(np.linalg.norm(part, axis=0), np.linalg.norm(part, axis=0))
        for R, part in ((found.within, within), (found.between, between))
    ]
    np.testing.assert_allclose(parts[0] + parts[1], total.T @ total, atol=1e-9)


def test_one_level_is_none() -> None:
    assert levels(ROWS, [1] * 27) is None
    assert levels(ROWS, list(range(27))) is None


def test_a_word_without_variance_on_a_level_has_no_correlation_there() -> None:
    data = ROWS.assign(d=GROUPS.astype(float))
    found = levels(data, GROUPS)
    assert found is not None
    assert found.within["d"].isna().all()
    assert found.between["d"].notna().all()
    assert found.icc["d"] == 1


def planted(between: float) -> tuple[float, list[float]]:
    drawn = simulate(Population(3, 45, n_models=60, n_settings=12, between=between), seed=3)
    matrix = respondent_word_matrix(drawn.words, lexicon_of(drawn.words), "binary")
    models = drawn.words.drop_duplicates("respondent_id").set_index("respondent_id")["model_id"]
    models = models.reindex(matrix.respondents)
    chosen = TaxonomySettings()
    found = analyse(matrix, models, chosen, seed=1).solution
    assert found is not None
    split = levels(found.data, models)
    assert split is not None
    recovered = {r.unit: float(np.nanmean(r.congruence)) for r in by_level(found, split, seed=1)}
    return float(split.icc.mean()), [recovered["within models"], recovered["between models"]]


def test_dimensions_that_live_within_models_are_told_from_those_between() -> None:
    icc_within, within = planted(0.05)
    icc_between, between = planted(0.95)
    assert icc_within < icc_between
    assert within[0] > 0.9
    assert between[1] > 0.9
    assert within[0] > within[1]
    assert between[1] > between[0]
