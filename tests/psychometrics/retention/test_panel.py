from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.retention.panel import CRITERIA

QUICK = [name for name in CRITERIA if name != "comparison_data"]


def counts(found: pm.RetentionResult) -> dict[str, int]:
    return dict(zip(found.frame["criterion"], found.frame["n_factors"], strict=True))


def test_frame_vote_and_range(correlations):
    R, n = correlations["harman74"]
    with pytest.warns(pm.PsychometricsWarning, match="over-factors"):
        found = pm.retain(R, ("parallel", "map", "map4", "ekc", "kaiser"), n_obs=n, seed=1, n_iter=100)
    assert list(found.frame.columns) == ["criterion", "n_factors", "settings"]
    assert counts(found) == {"parallel": 3, "map": 4, "map4": 3, "ekc": 4, "kaiser": 5}
    assert found.vote == 3, "a tie of 3 and 4 goes to the smaller"
    assert found.disagreement == 1, "kaiser does not count"
    assert all(isinstance(json.loads(text), dict) for text in found.frame["settings"])
    assert json.loads(found.frame["settings"][0])["seed"] == 1
    assert found.eigenvalues.shape == (24,)
    assert found.reference is not None


@pytest.mark.filterwarnings("ignore::valuelex.psychometrics.checks.PsychometricsWarning")
def test_every_criterion_finds_a_clear_structure(two_factors):
    found = pm.retain(two_factors, QUICK, seed=1, n_iter=100)
    wrong = {name: k for name, k in counts(found).items() if k != 2}
    assert set(wrong) <= {"aic", "chi2", "sabic"}, (
        "these follow what is significant, noise included, one time in twenty"
    )
    assert found.vote == 2
    assert set(found.details) == set(QUICK)


@pytest.mark.filterwarnings("ignore::valuelex.psychometrics.checks.PsychometricsWarning")
def test_criteria_in_the_panel_say_what_they_say_alone(two_factors):
    found = pm.retain(two_factors, ("parallel_smc", "nest", "hull", "hull_cfi", "bic", "ega"), seed=5)
    alone = {
        "parallel_smc": pm.parallel_analysis(two_factors, kind="fa", seed=5),
        "nest": pm.nest(two_factors, seed=5),
        "hull": pm.hull(two_factors, seed=5),
        "hull_cfi": pm.hull(two_factors, "cfi", seed=5),
        "ega": pm.ega(two_factors, seed=5),
    }
    for name, result in alone.items():
        assert counts(found)[name] == result.n_factors
        assert found.details[name].to_frame().equals(result.to_frame())
    assert counts(found)["bic"] == pm.fit_sequence(two_factors, ("bic",)).n_factors["bic"]


@pytest.mark.filterwarnings("ignore::valuelex.psychometrics.checks.PsychometricsWarning")
def test_polychorics_name_what_each_row_rests_on(two_factors):
    coarse = pd.DataFrame(np.digitize(two_factors, [0.3, 1.0, 1.6]))
    found = pm.retain(coarse, ("parallel", "nest", "ekc", "hull", "bic"), correlation="polychoric", n_iter=30, seed=1)
    told = {row.criterion: json.loads(row.settings) for row in found.frame.itertuples()}
    assert told["parallel"]["reference"] == "permutation"
    assert told["nest"]["effective_n"] < 400
    assert told["ekc"]["effective_n"] < 400
    assert told["bic"]["correlation"] == "pearson"
    assert "pearson of the same data" in told["bic"]["substitute"]
    assert found.vote == 2


def test_what_cannot_be_computed_says_so(two_factors):
    few = two_factors.iloc[:8]
    with pytest.warns(pm.PsychometricsWarning, match="parallel_smc could not be computed"):
        found = pm.retain(few, ("parallel", "map", "parallel_smc"), n_iter=50, seed=1)
    assert found.frame["n_factors"].isna().tolist() == [False, False, True]
    assert "singular" in json.loads(found.frame["settings"][2])["not computed"]
    assert found.vote is not None
    with pytest.raises(DataError, match="singular"):
        pm.retain(few, ("parallel_smc",), seed=1)


def test_ensemble_has_no_vote_but_names_its_members(two_factors):
    found = pm.retain(two_factors, ("ensemble",), seed=1)
    assert found.vote is None
    assert set(json.loads(found.frame["settings"][0])["members"])
    assert counts(found)["ensemble"] == 2


def test_without_voters_and_with_unknown(two_factors):
    with pytest.warns(pm.PsychometricsWarning):
        found = pm.retain(two_factors, ("kaiser",))
    assert found.vote is None
    assert found.reference is None
    with pytest.raises(SettingError, match="parallel, parallel_mean"):
        pm.retain(two_factors, ("scree",))
    with pytest.raises(SettingError, match="empty"):
        pm.retain(two_factors, ())
    with pytest.raises(SettingError, match="percentile"):
        pm.retain(two_factors, ("ekc",), percentile=0)


def test_same_seed_same_frame(two_factors):
    with pytest.warns(pm.PsychometricsWarning, match="over-factors"):
        one, two = (pm.retain(two_factors, seed=7).frame for _ in range(2))
    assert one.equals(two)
