"""The likelihood's derivatives against differences, its blocks against one another, and its value against quadrature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from valuelex.psychometrics.ordinal.categories import expected, rows
from valuelex.psychometrics.ordinal.laplace import Problem
from valuelex.psychometrics.ordinal.layout import Layout, blocked_by, lay_out


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_derivatives_of_one_rating_are_those_of_differences(link: Any) -> None:
    rng = np.random.default_rng(0)
    y, eta, thresholds, h = rng.integers(0, 5, 200), rng.normal(0, 2, 200), np.array([-2, -0.5, 0.3, 2.0]), 1e-5
    at = rows(y, eta, thresholds, link)
    for lower, upper in (("loglik", "d1"), ("d1", "d2"), ("d2", "d3")):
        ahead, behind = (getattr(rows(y, eta + sign * h, thresholds, link), lower) for sign in (1, -1))
        assert getattr(at, upper) == pytest.approx((ahead - behind) / (2 * h), abs=1e-6)
    for k in range(4):
        step = h * np.eye(4)[k]
        for order, name in enumerate(("loglik", "d1", "d2")):
            ahead, behind = (getattr(rows(y, eta, thresholds + sign * step, link), name) for sign in (1, -1))
            own = at.upper[order] * (y == k) + at.lower[order] * (y == k + 1)
            assert own == pytest.approx((ahead - behind) / (2 * h), abs=1e-5)


def test_ratings_far_out_in_a_tail_have_finite_likelihoods() -> None:
    for link in ("logit", "probit"):
        at = rows(np.array([0, 2, 1, 1]), np.array([30.0, -30.0, 30.0, -30.0]), np.array([-1.0, 1.0]), link)  # type: ignore[arg-type]
        assert np.isfinite(at.loglik).all()
        assert np.isfinite(at.d2).all()


def test_the_expected_rating_is_that_of_integration() -> None:
    thresholds, values = np.array([-1.0, 0.5]), np.array([0.0, 2.0, 5.0])

    def mean(u: float) -> float:
        above = stats.logistic.sf(thresholds - 0.3 - u)
        return float(values[0] + above @ np.diff(values)) * float(stats.norm.pdf(u, scale=0.8))

    assert expected(np.array([0.3]), thresholds, values, 0.8, "logit") == pytest.approx(integrate.quad(mean, -8, 8)[0])


def crossed(seed: int = 1) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    person, item, rater = (a.ravel() for a in np.meshgrid(range(4), range(6), range(3), indexing="ij"))
    kept = rng.random(person.size) > 0.2
    person, item, rater = person[kept], item[kept], rater[kept]
    pair = np.unique(person * 6 + item, return_inverse=True)[1]
    return {"item": item, "pair": pair, "rater": rater}, rng.integers(0, 4, person.size), np.eye(4)[person][:, 1:]


def test_whatever_the_blocks_the_likelihood_and_its_gradient_are_the_same() -> None:
    effects, y, X = crossed()
    parameters = np.array([-1.0, 0.1, 0.2, 0.3, -0.2, 0.5, -0.3, 0.2, -0.4])
    found = []
    for block in (np.zeros(y.size, dtype=np.int64), effects["item"], effects["pair"], effects["rater"]):
        layout: Layout = blocked_by(block, effects)
        problem = Problem(y, X, layout, "logit", np.zeros(y.size, dtype=np.int64), np.zeros(y.size))
        found.append(problem.evaluate(parameters))
        assert found[-1].value == pytest.approx(found[0].value, abs=1e-7)
        assert found[-1].gradient == pytest.approx(found[0].gradient, abs=1e-5)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_the_gradient_is_that_of_differences(link: Any) -> None:
    effects, y, X = crossed(2)
    problem = Problem(y, X, lay_out(effects, [], y.size), link, np.zeros(y.size, dtype=np.int64), np.zeros(y.size))
    at = np.array([-1.0, 0.1, 0.2, 0.3, -0.2, 0.5, -0.3, 0.2, -0.4])
    gradient = problem.evaluate(at).gradient.sum(axis=0)
    for j in range(at.size):
        step = 1e-4 * np.eye(at.size)[j]
        difference = (problem.evaluate(at + step).value - problem.evaluate(at - step).value) / 2e-4
        assert gradient[j] == pytest.approx(difference, abs=1e-4)


def test_clusters_gradients_add_up() -> None:
    effects, y, X = crossed(3)
    inside = {name: effects[name] for name in ("item", "pair")}
    at = np.array([-1.0, 0.1, 0.2, 0.3, -0.2, 0.5, -0.3, 0.2])
    layout, zero = lay_out(inside, [], y.size), np.zeros(y.size)
    apart = Problem(y, X, layout, "logit", effects["item"], zero).evaluate(at).gradient
    whole = Problem(y, X, layout, "logit", np.zeros(y.size, dtype=np.int64), zero).evaluate(at).gradient
    assert apart.shape == (6, 8)
    assert apart.sum(axis=0) == pytest.approx(whole[0], abs=1e-8)
    # The gradient of one cluster is that of its rows alone.
    own = effects["item"] == 2
    pair = np.unique(effects["pair"][own], return_inverse=True)[1]
    alone = Problem(y[own], X[own], lay_out({"item": np.zeros(own.sum(), dtype=np.int64), "pair": pair}, [], int(own.sum())),
                    "logit", np.zeros(own.sum(), dtype=np.int64), zero[own])  # fmt: skip
    assert alone.k == 3
    assert alone.evaluate(at).gradient[0] == pytest.approx(apart[2], abs=1e-5)
