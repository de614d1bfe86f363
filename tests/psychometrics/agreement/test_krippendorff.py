from __future__ import annotations

import joblib
import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError

_ = np.nan
# Krippendorff (2011), "Computing Krippendorff's alpha-reliability": twelve units, four observers.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
).T


@pytest.mark.parametrize(("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorff_published_example(level, value):
    found = pm.krippendorff_alpha(KRIPPENDORFF, level, n_boot=100, seed=1)
    assert found.alpha == pytest.approx(value, abs=6e-4)
    assert found.ci_low < found.alpha < found.ci_high
    assert found.n_units == 11
    assert found.n_pairable == 40
    again = pm.krippendorff_alpha(KRIPPENDORFF, level, n_boot=100, seed=1)
    assert (again.ci_low, again.ci_high) == (found.ci_low, found.ci_high)


def test_krippendorff_invariances():
    base = pm.krippendorff_alpha(KRIPPENDORFF, "interval", n_boot=0).alpha
    assert pm.krippendorff_alpha(3 * KRIPPENDORFF - 7, "interval", n_boot=0).alpha == pytest.approx(base)
    assert pm.krippendorff_alpha(KRIPPENDORFF[:, ::-1], "interval", n_boot=0).alpha == pytest.approx(base)
    ordinal = pm.krippendorff_alpha(KRIPPENDORFF, "ordinal", n_boot=0).alpha
    assert pm.krippendorff_alpha(np.exp(KRIPPENDORFF), "ordinal", n_boot=0).alpha == pytest.approx(ordinal)


def test_krippendorff_text_codes_and_chance():
    words = pd.DataFrame([["a", "a"], ["b", "b"], ["a", "b"], [None, "a"]])
    assert pm.krippendorff_alpha(words, "nominal", n_boot=0).n_units == 3
    noise = np.random.default_rng(0).integers(0, 3, (3000, 2)).astype(float)
    assert pm.krippendorff_alpha(noise, "nominal", n_boot=0).alpha == pytest.approx(0, abs=0.05)
    assert pm.krippendorff_alpha([[1, 1], [2, 2], [3, 3]], n_boot=0).alpha == 1


def test_krippendorff_bad_input():
    with pytest.raises(DataError, match="two raters"):
        pm.krippendorff_alpha([[1, np.nan], [np.nan, 2]])
    with pytest.raises(DataError, match="All ratings are equal"):
        pm.krippendorff_alpha([[1, 1], [1, 1]])
    with pytest.raises(SettingError, match="nominal, ordinal, interval, ratio"):
        pm.krippendorff_alpha([[1, 2]], "polar")
    with pytest.raises(DataError, match="no negative ratings"):
        pm.krippendorff_alpha([[1, -2], [1, 1]], "ratio")


def test_ratio_scale_does_not_care_for_the_unit():
    # Krippendorff (2011) gives .797 for these data.
    found = pm.krippendorff_alpha(KRIPPENDORFF, "ratio", n_boot=0).alpha
    assert found == pytest.approx(0.797, abs=5e-4)
    assert pm.krippendorff_alpha(1000 * KRIPPENDORFF, "ratio", n_boot=0).alpha == pytest.approx(found)


def test_resamples_are_the_same_wherever_they_run():
    alone = pm.krippendorff_alpha(KRIPPENDORFF, n_boot=60, seed=2)
    with joblib.parallel_config("threading", n_jobs=2):
        again = pm.krippendorff_alpha(KRIPPENDORFF, n_boot=60, seed=2)
    assert (alone.ci_low, alone.ci_high) == (again.ci_low, again.ci_high)
