from __future__ import annotations

import numpy as np
import pytest

from tests.psychometrics.handover.conftest import HOSTILE
from valuelex import psychometrics as pm
from valuelex.errors import SettingError


def test_heat_map_shows_every_loading_on_a_symmetric_scale(oblique):
    heat = oblique.plot().data[0]
    np.testing.assert_allclose(np.array(heat.z), oblique.loadings.to_numpy())
    assert heat.zmin == -heat.zmax
    assert np.array(heat.text).shape == (8, 2)
    assert list(oblique.plot().layout.yaxis.ticktext) == list(oblique.loadings.index)


def test_scree_has_the_eigenvalues_and_the_reference(two_factors, oblique):
    found = pm.parallel_analysis(two_factors, 20, seed=1)
    lines = found.plot().data
    np.testing.assert_allclose(lines[0].y, found.eigenvalues)
    np.testing.assert_allclose(lines[1].y, found.reference)
    assert len({line.line.dash for line in lines}) == len({line.marker.symbol for line in lines}) == 3
    assert found.plot().layout.shapes[0].x0 == found.n_factors + 0.5
    np.testing.assert_allclose(oblique.plot("scree").data[0].y, found.eigenvalues)
    panel = pm.retain(two_factors, ("parallel", "map"), n_iter=20, seed=1)
    assert [line.name for line in panel.plot().data] == ["data", "parallel analysis"]
    assert len(pm.retain(two_factors, ("map",), seed=1).plot().data) == 1


def test_intervals_end_where_the_bootstrap_says(oblique):
    found = oblique.bootstrap(20, 1)
    traces = found.plot().data
    assert len({trace.marker.symbol for trace in traces}) == 2
    rows = found.frame[found.frame["factor"] == "F1"]
    np.testing.assert_allclose(np.array(traces[0].x) + np.array(traces[0].error_x.array), rows["ci_high"])
    np.testing.assert_allclose(np.array(traces[0].x) - np.array(traces[0].error_x.arrayminus), rows["ci_low"])


def test_path_diagram_draws_salient_loadings_and_dashes_negative_ones(two_factors):
    found = pm.efa(two_factors.assign(x0=-two_factors["x0"]), 2, seed=1)
    lines = found.plot("path").layout.shapes
    A = found.loadings.to_numpy()
    assert len(lines) == int((abs(A) >= 0.3).sum())
    assert sum(line.line.dash == "dash" for line in lines) == int((A <= -0.3).sum()) == 1
    pm.efa(two_factors, 1, seed=1).plot("path")


def test_labels_are_no_markup_and_kinds_are_checked(two_factors):
    found = pm.efa(two_factors.rename(columns={"x0": HOSTILE}), 2, seed=1)
    for kind in ("loadings", "path"):
        text = found.plot(kind).to_json()
        assert "<script" not in text
        assert "\\u003cscript" not in text
    with pytest.raises(SettingError, match="kind"):
        found.plot("pie")
