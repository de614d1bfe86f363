"""Raters who each give every target one rating, but not the same one."""

import numpy as np
import pytest

from valuelex.errors import DataError
from valuelex.psychometrics import icc


def test_targets_that_nobody_tells_apart_are_refused() -> None:
    with pytest.raises(DataError, match="cannot be told apart"):
        icc(np.tile([5.0, 2.0], (10, 1)))
    assert np.isfinite(icc(np.column_stack([np.arange(10.0), np.full(10, 2.0)])).frame["icc"]).all()
