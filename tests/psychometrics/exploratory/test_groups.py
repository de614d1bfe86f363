from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError

L = np.array([[0.8, 0], [0.7, 0], [0.6, 0], [0.7, 0], [0, 0.7], [0, 0.8], [0, 0.6], [0, 0.7]])


def groups(moved: float = 0.0, n: int = 2000) -> pd.DataFrame:
    """Two groups of one structure, but that the first variable moves to the other factor in the second."""
    rng = np.random.default_rng(2)
    parts = []
    for label, shift in (("a", 0.0), ("b", moved)):
        loadings = L.copy()
        loadings[0] = [0.8 - shift, shift]
        phi = np.array([[1, 0.3], [0.3, 1]])
        common = rng.standard_normal((n, 2)) @ np.linalg.cholesky(phi).T @ loadings.T
        X = common + rng.standard_normal((n, 8)) * 0.6
        parts.append(pd.DataFrame(X, columns=[f"v{i}" for i in range(8)]).assign(group=label))
    return pd.concat(parts, ignore_index=True)


def test_groups_of_one_structure_agree():
    found = pm.compare_groups(groups(), 2, group="group", seed=1)
    assert found.congruence[["group", "with"]].to_numpy().tolist() == [["a", "b"]]
    assert (found.congruence[["F1", "F2"]] > 0.99).all().all()
    assert found.differences(0.2).empty
    assert set(found.results) == {"a", "b"}


def test_a_variable_that_moves_is_named():
    found = pm.compare_groups(groups(0.6), 2, group="group", seed=1)
    assert set(found.differences(0.3)["variable"]) == {"v0"}


def test_alignment_undoes_a_mere_rotation():
    # The same data in both groups, but one group's solution starts from other axes: after alignment nothing differs.
    data = groups().query("group == 'a'").drop(columns="group")
    twice = pd.concat([data.assign(g=1), data.assign(g=2)])
    found = pm.compare_groups(twice, 2, group="g", rotation="geomin", seed=1)
    one, two = found.loadings.loc["1"], found.loadings.loc["2"]
    pd.testing.assert_frame_equal(one, two)
    own = pm.efa(data, 2, rotation="geomin", seed=1)
    np.testing.assert_allclose(one, own.loadings, atol=1e-5)
    np.testing.assert_allclose(found.phi, own.phi, atol=1e-5)


def test_groups_can_be_turned_to_a_published_pattern():
    found = pm.compare_groups(groups(), 2, group="group", target=L, seed=1)
    assert found.settings["aligned_to"] == "target"
    for name in ("a", "b"):
        assert (np.diag(pm.congruence(found.loadings.loc[name].to_numpy(), L)) > 0.9).all()


def test_bad_input():
    data = groups(n=50)
    with pytest.raises(DataError, match="no column 'sex'"):
        pm.compare_groups(data, 2, group="sex")
    with pytest.raises(DataError, match=r"has 1 group"):
        pm.compare_groups(data.assign(one=1).drop(columns="group"), 2, group="one")
    small = data.copy()
    small.loc[small.index[50:55], "group"] = "c"
    with pytest.raises(DataError, match=r"Group 'c' \(n = 5\): There are no more cases"):
        pm.compare_groups(small, 2, group="group")
    with pytest.raises(DataError, match="target is 3 x 2"):
        pm.compare_groups(data, 2, group="group", target=L[:3])
