from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError
from valuelex.psychometrics.reliability import lambdas


@pytest.mark.parametrize("name", ["bfi", "hs9"])
def test_bounds_agree_with_psych(name, agreeableness, correlations, expected):
    R, n = (agreeableness.corr(), 2436) if name == "bfi" else correlations["hs9"]
    want = expected("psych_bounds")[name]
    found = pm.guttman(R, n_obs=n).frame.set_index("coefficient")["value"]
    for coefficient in ("lambda2", "lambda3", "lambda4", "lambda6"):
        assert found[coefficient] == pytest.approx(want[coefficient], abs=1e-9)
    assert found["lambda1"] < found["lambda3"] <= found["lambda2"]


@pytest.mark.parametrize("p", [2, 3, 6, 7])
def test_best_split_is_the_best_of_all(p):
    X = np.random.default_rng(p).standard_normal((30, p)) + np.random.default_rng(1).standard_normal((30, 1))
    best = -np.inf
    for half in combinations(range(p), p // 2):
        one = X[:, list(half)].sum(axis=1)
        other = X.sum(axis=1) - one
        best = max(best, 4 * np.cov(one, other)[0, 1] / (one + other).var(ddof=1))
    assert pm.guttman(X).frame["value"][3] == pytest.approx(best)


def test_search_finds_the_best_split(monkeypatch):
    # As good as trying all 6,435 splits of 16 items; more items are only ever searched.
    rng = np.random.default_rng(4)
    C = np.cov((rng.standard_normal((60, 16)) + rng.standard_normal((60, 1))).T)
    _, every = lambdas.best_split(C)
    monkeypatch.setattr(lambdas, "ALL_SPLITS_UP_TO", 4)
    half, found = lambdas.best_split(C)
    assert found == pytest.approx(every)
    assert half.sum() == 0
    for split in lambdas._exchanged(C):
        here = split @ C @ split
        for i in np.flatnonzero(split > 0):
            for j in np.flatnonzero(split < 0):
                other = split.copy()
                other[[i, j]] = -1, 1
                assert other @ C @ other >= here - 1e-9


def test_many_items_are_searched():
    rng = np.random.default_rng(5)
    found = pm.guttman(rng.standard_normal((100, 1)) + rng.standard_normal((100, 21)))
    assert found.settings["splits"] == "best of 100 searches"
    assert len(found.half) == 10
    assert found.frame["value"][3] > found.frame["value"][2]


def test_bootstrap(two_factors):
    found = pm.guttman(two_factors, n_boot=40, seed=1)
    assert (found.frame["ci_low"] < found.frame["ci_high"]).all()
    single = pm.alpha(two_factors, n_boot=40, seed=1)
    assert found.frame["ci_low"][2] == pytest.approx(single.ci_low)
    with pytest.raises(DataError, match="resampled"):
        pm.guttman(two_factors.corr(), n_obs=400, n_boot=5)
