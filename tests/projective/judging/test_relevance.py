import numpy as np
import pytest

from valuelex.projective.judging.relevance import youden


def test_youden():
    assert youden(np.array([0.5, 0.6]), [np.array([-0.2, 0.105])]) == pytest.approx(0.11)
    assert youden(np.array([0.5]), [np.array([])]) == -1.0
