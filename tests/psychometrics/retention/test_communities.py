from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex.psychometrics.retention import communities

# Zachary's (1977) karate club: members of each edge, from 0.
KARATE = (
    "0-1 0-2 0-3 0-4 0-5 0-6 0-7 0-8 0-10 0-11 0-12 0-13 0-17 0-19 0-21 0-31 1-2 1-3 1-7 1-13 1-17 1-19 1-21 1-30 2-3 "
    "2-7 2-8 2-9 2-13 2-27 2-28 2-32 3-7 3-12 3-13 4-6 4-10 5-6 5-10 5-16 6-16 8-30 8-32 8-33 9-33 13-33 14-32 14-33 "
    "15-32 15-33 18-32 18-33 19-33 20-32 20-33 22-32 22-33 23-25 23-27 23-29 23-32 23-33 24-25 24-27 24-31 25-31 26-29 "
    "26-33 27-33 28-31 28-33 29-32 29-33 30-32 30-33 31-32 31-33 32-33"
)


@pytest.fixture(scope="module")
def karate() -> np.ndarray:
    W = np.zeros((34, 34))
    for edge in KARATE.split():
        a, b = map(int, edge.split("-"))
        W[a, b] = W[b, a] = 1
    return W


def test_modularity_of_the_club(karate):
    assert karate.sum() / 2 == 78
    assert communities.modularity(karate, np.zeros(34, dtype=int)) == pytest.approx(0)
    best = communities.louvain(karate, seed=1)
    # The largest modularity of this network is .4198, with four communities (Brandes et al., 2008).
    assert communities.modularity(karate, best) == pytest.approx(0.4198, abs=1e-4)
    assert best.max() == 3


def test_walktrap_agrees_with_igraph(reference):
    for case in reference("walktrap_igraph"):
        W = np.zeros((case["p"], case["p"]))
        W[np.triu_indices(case["p"], 1)] = case["upper"]
        W += W.T
        found = communities.walktrap(W)
        assert np.array_equal(found, communities.relabel(np.array(case["membership"])))
        assert communities.modularity(W, found) == pytest.approx(case["modularity"], abs=1e-10)


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(st.integers(2, 4), st.integers(0, 1000))
def test_separate_cliques_are_found_in_any_order(k, seed):
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(k), 4)[rng.permutation(4 * k)]
    W = np.where(truth[:, None] == truth, 0.5, 0.0) + 0.01 * (rng.random((4 * k, 4 * k)) < 0.2)
    W = np.triu(W, 1) + np.triu(W, 1).T
    want = communities.relabel(truth)
    assert np.array_equal(communities.walktrap(W), want)
    assert np.array_equal(communities.louvain(W, seed), want)


def test_a_node_without_edges_is_alone():
    W = np.zeros((5, 5))
    W[:2, :2] = W[2:4, 2:4] = 1 - np.eye(2)
    assert communities.walktrap(W).tolist() == [0, 0, 1, 1, 2]
    assert communities.louvain(W, 1).tolist() == [0, 0, 1, 1, 2]
    assert communities.louvain(np.zeros((3, 3)), 1).tolist() == [0, 1, 2]
