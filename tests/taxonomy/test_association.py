"""Coefficients of association against closed forms and another engine."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.covariance import LedoitWolf

from valuelex import psychometrics as pm
from valuelex.taxonomy import respondent_word_matrix
from valuelex.taxonomy.association import adequacy_of, association, log_odds, observations, shrunken
from valuelex.taxonomy.recovery import lexicon_of
from valuelex.taxonomy.simulation import Population, simulate

SMALL = Population(n_dimensions=2, n_words=16, n_models=10, n_settings=8, n_answers=2, popularity=0.3)


@pytest.fixture(scope="module")
def matrix():
    drawn = simulate(SMALL, 4)
    return respondent_word_matrix(drawn.words, lexicon_of(drawn.words), "binary")


def test_log_odds_of_a_two_by_two_table() -> None:
    """30 name both, 10 and 15 one of two, 45 neither: odds ratio with .5 added, to the power .75 (Digby, 1983)."""
    named = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [30, 10, 15, 45], axis=0).astype(float)
    w = (30.5 * 45.5 / (10.5 * 15.5)) ** 0.75
    assert log_odds(named)[0, 1] == pytest.approx((w - 1) / (w + 1))
    tetrachoric = pm.tetrachoric(pd.DataFrame(named, columns=["a", "b"])).correlations.iloc[0, 1]
    assert log_odds(named)[0, 1] == pytest.approx(tetrachoric, abs=0.05)


@pytest.mark.parametrize("kind", ["residual", "log-ratio", "pearson", "tetrachoric", "log-odds"])
def test_every_coefficient_gives_a_symmetric_matrix_of_its_words(matrix, kind) -> None:
    data = observations(matrix, np.arange(8), kind)
    R = association(data, kind)
    assert list(R.index) == matrix.words[:8]
    np.testing.assert_allclose(R, R.T, atol=1e-12)
    np.testing.assert_allclose(np.diag(R), 1.0)
    assert (np.abs(R.to_numpy()) <= 1 + 1e-12).all()


def test_pearson_of_the_binary_matrix_is_phi(matrix) -> None:
    data = observations(matrix, np.array([0, 1]), "pearson")
    table = pd.crosstab(data.iloc[:, 0], data.iloc[:, 1]).to_numpy().astype(float)
    (d, c), (b, a) = table
    phi = (a * d - b * c) / np.sqrt((a + b) * (c + d) * (a + c) * (b + d))
    assert association(data, "pearson").iloc[0, 1] == pytest.approx(phi)


def test_shrinkage_is_that_of_scikit_learn(matrix) -> None:
    data = observations(matrix, np.arange(12), "residual")
    R, intensity = shrunken(data)
    fitted = LedoitWolf().fit((data - data.mean()) / data.std(ddof=0))
    assert intensity == pytest.approx(fitted.shrinkage_)
    scale = np.sqrt(np.diag(fitted.covariance_))
    np.testing.assert_allclose(R, fitted.covariance_ / np.outer(scale, scale), atol=1e-12)


def test_adequacy_exists_where_the_composition_makes_the_sample_matrix_singular(matrix) -> None:
    everything = observations(matrix, np.arange(len(matrix.words)), "log-ratio")
    with pytest.raises(Exception, match="singular"):
        pm.kmo(everything)
    assert 0.3 < adequacy_of(everything)["kmo"] < 1
