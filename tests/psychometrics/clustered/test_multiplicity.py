"""Adjusted p values against statsmodels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from valuelex import psychometrics as pm


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_both_rules_are_statsmodels(p: list[float]) -> None:
    assert pm.holm(p) == pytest.approx(list(multipletests(p, method="holm")[1]), abs=1e-12)
    assert pm.benjamini_hochberg(p) == pytest.approx(list(multipletests(p, method="fdr_bh")[1]), abs=1e-12)


def test_missing_ones_stay_missing_and_do_not_count() -> None:
    assert pm.holm([0.01, None, 0.04]) == [0.02, None, 0.04]
    assert pm.benjamini_hochberg([None, 0.01, 0.04]) == [None, 0.02, 0.04]
