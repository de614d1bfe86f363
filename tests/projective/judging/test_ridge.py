import numpy as np
import pytest

from valuelex.projective.judging.ridge import AT_ONCE, WIDTH, Ridge, kernel, similar


def unit(rng, n, d=8):
    x = rng.normal(size=(n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_left_out_predictions_equal_refitting_without_the_group():
    rng = np.random.default_rng(1)
    x, y, w = unit(rng, 20), rng.uniform(0, 6, 20), rng.uniform(0.2, 1, 20)
    groups = np.repeat(np.arange(5), 4)
    fitted = Ridge.fit(x, y, w, ridge=0.7, middle=3.0, groups=groups)
    for group in range(5):
        rest = groups != group
        refit = Ridge.fit(x[rest], y[rest], w[rest], ridge=0.7, middle=3.0, groups=groups[rest])
        np.testing.assert_allclose(fitted.left_out[~rest], refit.predict(x[~rest]), rtol=1e-9)


def test_kernel_is_one_for_equal_and_smaller_for_others():
    x = unit(np.random.default_rng(2), 5)
    k = kernel(x, x)
    np.testing.assert_allclose(np.diag(k), 1)
    assert (k[~np.eye(5, dtype=bool)] < 1).all() and (k > 0).all()


def test_far_from_every_anchor_is_the_middle():
    fitted = Ridge.fit(np.eye(3)[:2], np.array([0.0, 6.0]), np.ones(2), ridge=1.0, middle=3.0, groups=np.arange(2))
    assert fitted.predict(np.eye(3)[2:])[0] == pytest.approx(3.0, abs=1e-9)


def test_rows_beyond_one_block_are_predicted_alike():
    rng = np.random.default_rng(3)
    x = unit(rng, 2 * AT_ONCE + 5)
    examples, coefficients = x[:7], rng.normal(size=(7, 2))
    squared = ((x[:, None] - examples) ** 2).sum(axis=-1)  # of unit rows: 2 - 2 cos
    expected = np.exp(-squared / (2 * WIDTH**2)) @ coefficients
    np.testing.assert_allclose(similar(x, examples, coefficients), expected, atol=1e-12)
    assert similar(x[:0], examples, coefficients).shape == (0, 2)
