"""Numbers as words."""

from __future__ import annotations

import pandas as pd
import pytest
from scipy.stats import t

from valuelex.report.wording import (
    count,
    interval,
    is_missing,
    listed,
    mean_interval,
    number,
    p_phrase,
    p_value,
    percent,
    shorten,
    size,
    wilson,
)


def test_numbers_have_a_true_minus_and_no_negative_zero():
    assert number(-1.234) == "−1.23"
    assert number(-0.001) == "0.00"
    assert number(1234.5, 1) == "1,234.5"
    assert number(pd.NA) == number(None) == number(float("nan")) == "–"


def test_percent_and_p():
    assert percent(0.9701) == "97.0\u00a0%"
    assert p_value(0.0004) == "< 0.001"
    assert p_phrase(0.0004) == "p < 0.001"
    assert p_phrase(0.04) == "p = 0.040"
    assert interval(None, 1) == "–"


def test_lists_and_counts():
    assert listed([]) == "none"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed("abcdef", 2) == "a, b and 4 more"
    assert count(1, "answer") == "1 answer"
    assert count(1200, "family", "families") == "1,200 families"
    assert shorten("abcdef", 4) == "abc…"
    assert size(134.5e6) == "134.5 million"
    assert size(None) == "unknown size"
    assert is_missing(pd.NA) and is_missing("x") and not is_missing(0)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(582, 600, 0.953, 0.981), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0)]
)
def test_wilson(k: int, n: int, low: float, high: float):
    # By hand from Wilson (1927), and as R's binom::binom.wilson gives them.
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-4)


def test_wilson_of_nothing():
    assert wilson(0, 0) is None


def test_mean_interval_is_students():
    values = [1.0, 2.0, 4.0]
    mean, low, high = mean_interval(values)
    expected = t.interval(0.95, 2, loc=pd.Series(values).mean(), scale=pd.Series(values).sem())
    assert (mean, low, high) == pytest.approx((7 / 3, *expected))
    assert mean_interval([2.0]) == (2.0, None, None)
    assert mean_interval([]) == (None, None, None)
