"""Recovery of dimensions under resampling: what comes back, what does not, and the same whoever does the work."""

from __future__ import annotations

import joblib
import numpy as np
import pandas as pd
import pytest

from valuelex.taxonomy import TaxonomySettings, analyse, respondent_word_matrix
from valuelex.taxonomy.recovery import lexicon_of
from valuelex.taxonomy.simulation import Population, simulate
from valuelex.taxonomy.stability import _extended, leave_out, recover, summary_rows

SETTINGS = TaxonomySettings()


def analysed(population: Population, seed: int):
    drawn = simulate(population, seed)
    matrix = respondent_word_matrix(drawn.words, lexicon_of(drawn.words), "binary")
    models = drawn.words.drop_duplicates("respondent_id").set_index("respondent_id")["model_id"]
    models = models.reindex(matrix.respondents)
    return analyse(matrix, models, SETTINGS, seed=1).solution, models


@pytest.fixture(scope="module")
def clear():
    return analysed(Population(3, 45, 24, 10, strength=1.3), 5)


def resampled(solution, units, n: int = 12, **more):
    return recover(solution, None, units, SETTINGS, unit_name="units", n=n, seed=2, **more)


def test_clear_dimensions_come_back_whatever_is_resampled(clear) -> None:
    solution, models = clear
    assert solution.groups.n_groups == 3
    for units in (None, models):
        found = resampled(solution, units)
        assert found.n_failed == 0
        assert found.jaccard.shape == (12, 3)
        assert found.jaccard.mean() > 0.85
        assert found.congruence.mean() > 0.9
        assert np.nanmean(found.same) > 0.9


def test_whole_models_are_more_cautious_than_respondents_where_models_are_alike() -> None:
    solution, models = analysed(Population(3, 45, 20, 12, between=0.8, strength=1.3), 6)
    one, all_ = resampled(solution, None, n=30), resampled(solution, models, n=30)
    assert all_.congruence.mean() < one.congruence.mean()


def test_an_identical_sample_gives_the_identical_groups(clear) -> None:
    """Leaving out a family that is not there leaves everything: Jaccard 1, congruence 1."""
    solution, _ = clear
    nobody = pd.Series(["here"] * len(solution.data))
    found = leave_out(solution, None, nobody.replace("here", "all"), SETTINGS, seed=1)
    assert found["all"].n_failed == 1, "nobody is left"


def test_leaving_out_a_family_is_named(clear) -> None:
    solution, models = clear
    families = models.map(lambda m: f"f{int(m[1:]) % 3}")
    found = leave_out(solution, None, families, SETTINGS, seed=1)
    assert sorted(found) == ["f0", "f1", "f2"]
    assert all(r.jaccard.shape == (1, 3) for r in found.values())
    assert found["f0"].unit == "f0 left out"


def test_extension_in_a_resample_is_that_of_the_resampled_rows() -> None:
    rng = np.random.default_rng(3)
    data, others, A = rng.normal(size=(40, 6)), rng.normal(size=(40, 9)) + 2, rng.normal(size=(6, 2))
    rows = rng.integers(0, 40, 40)
    Z, E = ((x[rows] - x[rows].mean(0)) / x[rows].std(0) for x in (data, others))
    plain = (E.T @ Z / 40) @ A @ np.linalg.inv(A.T @ A)
    found = _extended(others, data, np.bincount(rows, minlength=40).astype(float), A)
    np.testing.assert_allclose(found, plain, atol=1e-10)


def test_words_that_share_a_dimension_are_together(clear) -> None:
    solution, _ = clear
    found = resampled(solution, None, n_together=20)
    labels = solution.groups.labels[:20]
    assert found.together is not None
    np.testing.assert_allclose(found.together, found.together.T)
    same = (labels[:, None] == labels[None, :]) & (labels >= 0)[:, None]
    off = ~np.eye(20, dtype=bool)
    assert found.together[same & off].mean() > 0.8 > 0.2 > found.together[~same & off].mean()


def test_one_process_or_two_give_the_same(clear) -> None:
    solution, models = clear
    alone = resampled(solution, models)
    with joblib.parallel_config(n_jobs=2):
        spread = resampled(solution, models)
    np.testing.assert_array_equal(alone.jaccard, spread.jaccard)
    np.testing.assert_allclose(alone.congruence, spread.congruence, atol=1e-9)


def test_rows_say_what_was_measured_and_how(clear) -> None:
    solution, _ = clear
    rows = summary_rows(resampled(solution, None), ["A", "B", "C"], what="respondents resampled")
    assert len(rows) == 6
    assert {row["name"] for row in rows} == {"A", "B", "C"}
    assert rows[0]["statistic"].startswith("Jaccard similarity, respondents resampled")
    assert all(row["ci_low"] <= row["mean"] <= row["ci_high"] for row in rows)
