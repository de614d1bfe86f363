from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex.psychometrics.correlation.contingency import categorise
from valuelex.psychometrics.correlation.newton import BOUND
from valuelex.psychometrics.correlation.polychoric import Grid, fill_empty, polychoric_core, polychoric_permuted


@pytest.fixture(scope="module")
def items(bfi):
    return bfi.dropna().reset_index(drop=True)


def uneven(items: pd.DataFrame) -> pd.DataFrame:
    """Two, three, four, five and six categories, as make_correlation.R cuts them."""
    columns = {"A1": items["A1"] > 1, "A2": items["A2"] > 4}
    columns |= {name: np.ceil(items[name] / 2) for name in ("C1", "C2")}
    columns |= {"E1": items["E1"].clip(upper=4), "E2": items["E2"].clip(lower=2), "N1": items["N1"], "N2": items["N2"]}
    return pd.DataFrame(columns).astype(float)


def lower(R):
    return np.asarray(R)[np.tril_indices(len(R), -1)]


def loglik(table, data, rho):
    """Log likelihood of a table (I x J x 1) of the first two columns of `data` at rho."""
    grid = Grid.of(data.thresholds[0][:, None], data.thresholds[1][:, None])
    cells = grid.rectangles(np.array([np.arctanh(rho)]))[0]
    return float((table * np.log(np.maximum(cells, 1e-15))).sum())


def test_agrees_with_lavaan_and_psych_on_bfi(items, reference):
    found = polychoric_core(items.to_numpy(float))
    np.testing.assert_allclose(found.R, reference("lavcor_bfi25")["rho"], atol=1e-6)
    want = reference("polychoric_bfi25")
    np.testing.assert_allclose(found.R, want["rho"], atol=5e-5)
    np.testing.assert_allclose(np.array(found.thresholds), want["tau"], atol=1e-10)
    assert found.converged
    assert found.at_bound.shape == (0, 2)
    assert (found.n_pairs == len(items)).all()


def test_two_categories_agree_with_lavaan(items, reference):
    found = polychoric_core((items.iloc[:, :10] > 3).to_numpy(float))
    np.testing.assert_allclose(found.R, reference("lavcor_binary")["rho"], atol=1e-6)


def test_uneven_numbers_of_categories_agree_with_lavaan(items, reference):
    found = polychoric_core(uneven(items).to_numpy())
    np.testing.assert_allclose(found.R, reference("lavcor_categories")["rho"], atol=1e-6)
    assert [len(cuts) for cuts in found.thresholds] == [1, 1, 2, 2, 3, 4, 5, 5]


def test_pairwise_thresholds_use_all_observed_values_as_lavaan_does(bfi, reference):
    X = bfi.iloc[:, :10].to_numpy(float)
    found = polychoric_core(X)
    np.testing.assert_allclose(found.R, reference("lavcor_pairwise")["rho"], atol=1e-6)
    seen = (~np.isnan(X)).astype(int)
    np.testing.assert_array_equal(found.n_pairs, seen.T @ seen)


def test_empty_cells_are_counted_and_count_as_asked(items):
    X = items.iloc[:60, 15:18].to_numpy(float)
    plain, filled = polychoric_core(X), polychoric_core(X, correct=0.5)
    assert plain.empty_cells == filled.empty_cells == 3
    data = categorise(X)
    table = np.zeros((6, 6, 1))
    np.add.at(table[..., 0], (data.codes[:, 0], data.codes[:, 1]), 1)
    for found, counts in ((plain, table), (filled, np.where(table == 0, 0.5, table))):
        best = loglik(counts, data, found.R[1, 0])
        assert all(loglik(counts, data, found.R[1, 0] + d) < best for d in (-1e-3, 1e-3, -0.1, 0.1))
    assert filled.R[1, 0] < plain.R[1, 0] - 0.1
    assert np.array_equal(np.array(plain.thresholds), np.array(filled.thresholds))


def test_one_empty_cell_of_four(reference):
    X = np.repeat([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [30, 12, 18], axis=0)
    bound = polychoric_core(X)
    assert bound.R[1, 0] == BOUND
    assert bound.at_bound.tolist() in ([[0, 1]], [[1, 0]])
    assert polychoric_core(X * [1, -1]).R[1, 0] == -BOUND
    want = reference("lavcor_empty_2x2")
    kept = polychoric_core(X, correct=0.5, keep_margins=True)
    assert kept.R[1, 0] == pytest.approx(want["keep"], abs=1e-6)
    assert kept.at_bound.size == 0
    assert polychoric_core(X, correct=0.5).R[1, 0] == pytest.approx(want["fill"], abs=1e-6)


def test_margins_stay_when_one_empty_cell_is_filled():
    tables = np.array([[[30.0], [12.0]], [[0.0], [18.0]]])
    filled = fill_empty(tables, 0.5, True)
    np.testing.assert_allclose(filled.sum(axis=0), tables.sum(axis=0))
    np.testing.assert_allclose(filled.sum(axis=1), tables.sum(axis=1))
    assert filled[1, 0, 0] == 0.5


@pytest.mark.parametrize("rho", [-0.9999, -0.95, -0.3, 0.0, 0.2, 0.6, 0.9, 0.99, 0.9999])
def test_normal_integral_agrees_with_scipy(rho):
    from scipy.stats import multivariate_normal

    a, b = np.array([-2.5, -0.4, 1.1]), np.array([-1.2, -0.41, 3.0])
    z = np.array([np.arctanh(rho)])
    grid = Grid.of(a[:, None], b[:, None])
    corners = grid.corners(z)[..., 0]
    law = multivariate_normal([0, 0], [[1, rho], [rho, 1]], allow_singular=True)
    want = [[law.cdf([x, y]) for y in b] for x in a]
    np.testing.assert_allclose(corners[1:-1, 1:-1], want, atol=1e-9)
    pi, slope, bend = (part[..., 0] for part in grid.rectangles(z))
    assert pi.sum() == pytest.approx(1, abs=1e-12)
    if abs(rho) < 0.99:
        step = 1e-5
        before, after = grid.rectangles(z - step), grid.rectangles(z + step)
        np.testing.assert_allclose(slope, (after[0] - before[0])[..., 0] / (2 * step), atol=1e-8)
        np.testing.assert_allclose(bend, (after[1] - before[1])[..., 0] / (2 * step), atol=1e-8)


def test_tetrachoric_at_the_medians_has_a_closed_form():
    # Both cut at the median: P(both high) = 1/4 + arcsin(rho) / (2 pi) (Sheppard, 1899).
    X = np.repeat([[0.0, 0], [1, 1], [0, 1], [1, 0]], [40, 40, 10, 10], axis=0)
    assert polychoric_core(X).R[1, 0] == pytest.approx(np.sin(2 * np.pi * (0.4 - 0.25)), abs=1e-12)


def test_identical_columns_reach_the_bound_and_no_common_case_gives_nan():
    rng = np.random.default_rng(5)
    x = rng.integers(1, 6, 300).astype(float)
    found = polychoric_core(np.column_stack([x, x, 6 - x]))
    np.testing.assert_array_equal(lower(found.R), [BOUND, -BOUND, -BOUND])
    assert len(found.at_bound) == 3
    apart = np.array([[1.0, np.nan], [2, np.nan], [np.nan, 1], [np.nan, 2]])
    assert np.isnan(polychoric_core(apart).R[1, 0])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(2, 6), st.floats(-0.97, 0.97))
def test_spacing_order_and_direction(seed, k, m, rho):
    """Codes count by order only; reversing one column turns the sign, swapping columns changes nothing."""
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((150, 2)) @ np.linalg.cholesky([[1, rho], [rho, 1]]).T
    X = np.column_stack([np.digitize(Z[:, c], np.sort(rng.normal(size=size - 1))) for c, size in ((0, k), (1, m))])
    X = X.astype(float)
    if np.ptp(X, axis=0).min() == 0:
        return
    r = polychoric_core(X).R[1, 0]
    assert -1 < r < 1
    assert polychoric_core(X**2 * 1.5 - 7).R[1, 0] == pytest.approx(r, abs=1e-7)
    assert polychoric_core(X[:, ::-1].copy()).R[1, 0] == pytest.approx(r, abs=1e-7)
    assert polychoric_core(X * [1, -1]).R[1, 0] == pytest.approx(-r, abs=1e-6)


def test_permuted_sets_agree_with_the_full_estimate(items):
    X = items.iloc[:500, :8].to_numpy(float, copy=True)
    X[::9, 2] = np.nan
    streams = np.random.SeedSequence(3).spawn(4)
    found = polychoric_permuted(X, streams)
    again = polychoric_permuted(X, streams[2:3])
    np.testing.assert_array_equal(found[2], again[0])
    rng = np.random.default_rng(streams[2])
    shuffled = X.copy()
    for j in range(8):
        rows = np.flatnonzero(~np.isnan(X[:, j]))
        shuffled[rows, j] = rng.permutation(X[rows, j])
    want = polychoric_core(shuffled, tolerance=1e-10).R
    np.testing.assert_allclose(found[2], want, atol=1e-6)
    np.testing.assert_allclose(np.linalg.eigvalsh(found[2]), np.linalg.eigvalsh(want), atol=1e-4)
    assert np.abs(lower(found.mean(axis=0))).max() < 0.15


def test_sparse_tables_end_at_the_best_point_of_a_grid():
    """Small samples with rare categories: no warning, no lost search, no local end."""
    rng = np.random.default_rng(0)
    grid_z = np.linspace(-4.95, 4.95, 400)
    for _ in range(60):
        n, share = int(rng.integers(8, 120)), rng.uniform()
        Z = np.sqrt(share) * rng.normal(size=(n, 1)) * np.sign(rng.normal(size=4))
        Z = Z + np.sqrt(1 - share) * rng.normal(size=(n, 4))
        cuts = [np.sort(rng.normal(size=rng.integers(1, 7)) * 1.3) for _ in range(4)]
        X = np.column_stack([np.digitize(z, cut) for z, cut in zip(Z.T, cuts, strict=True)]).astype(float)
        if np.ptp(X, axis=0).min() == 0:
            continue
        found, data = polychoric_core(X), categorise(X)
        assert found.converged
        table = np.zeros((*data.sizes[:2], 1))
        np.add.at(table[..., 0], (data.codes[:, 0], data.codes[:, 1]), 1)
        a, b = (np.repeat(cut[:, None], len(grid_z), axis=1) for cut in data.thresholds[:2])
        cells = np.maximum(Grid.of(a, b).rectangles(grid_z)[0], 1e-15)
        best = (table * np.log(cells)).sum(axis=(0, 1)).max()
        assert loglik(table, data, found.R[1, 0]) > best - 1e-3
