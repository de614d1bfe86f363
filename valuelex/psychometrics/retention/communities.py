"""Communities of a weighted network: walktrap and Louvain. Array core.

Written from the papers in numpy: networks of variables are small, igraph is GPL, and networkx has no walktrap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

WALK = 4


def modularity(W: FloatArray, membership: IntArray) -> float:
    """Newman's (2004) modularity of a partition of W (p x p, weights >= 0, zero diagonal)."""
    total = W.sum()
    if total == 0:
        return 0.0
    strength = W.sum(axis=1)
    same = membership[:, None] == membership[None, :]
    return float(np.sum((W - np.outer(strength, strength) / total)[same]) / total)


def walktrap(W: FloatArray, steps: int = WALK) -> IntArray:
    """Communities (p labels from 0) where random walks of `steps` steps get trapped (Pons & Latapy, 2005).

    Each node gets a loop of its mean edge weight, as the source's program does. The two adjacent communities whose union
    raises the squared distance of the walks least are merged; the partition of largest modularity is kept. A node
    without edges is a community of its own.
    """
    p = W.shape[0]
    degree = (W > 0).sum(axis=1)
    loops = np.where(degree > 0, W.sum(axis=1) / np.maximum(degree, 1), 1.0)
    A = W + np.diag(loops)
    strength = A.sum(axis=1)
    walks = np.linalg.matrix_power(A / strength[:, None], steps) / np.sqrt(strength)
    members = {i: [i] for i in range(p)}
    centre = {i: walks[i] for i in range(p)}
    near = W > 0
    cost = {(i, j): _merge_cost(1, 1, walks[i], walks[j], p) for i in range(p) for j in range(i) if near[i, j]}
    membership = np.arange(p)
    best, kept = modularity(W, membership), membership.copy()
    new = p
    while cost:
        i, j = min(cost, key=lambda pair: (cost[pair], pair))
        a, b = len(members[i]), len(members[j])
        members[new] = members.pop(i) + members.pop(j)
        centre[new] = (a * centre.pop(i) + b * centre.pop(j)) / (a + b)
        neighbours = {x for pair in cost if i in pair or j in pair for x in pair} - {i, j}
        cost = {pair: value for pair, value in cost.items() if i not in pair and j not in pair}
        for x in sorted(neighbours):
            cost[(new, x)] = _merge_cost(a + b, len(members[x]), centre[new], centre[x], p)
        membership[members[new]] = new
        found = modularity(W, membership)
        if found > best + 1e-12:
            best, kept = found, membership.copy()
        new += 1
    return relabel(kept)


def louvain(W: FloatArray, seed: int, n_orders: int = 20) -> IntArray:
    """Communities (p labels from 0) of largest modularity by the Louvain method (Blondel et al., 2008).

    The result depends on the order in which nodes are visited: the best of `n_orders` random orders is kept.
    """
    best, kept = -np.inf, np.zeros(W.shape[0], dtype=np.int64)
    for stream in np.random.SeedSequence(seed).spawn(n_orders):
        membership = _louvain_once(W, np.random.default_rng(stream))
        found = modularity(W, membership)
        if found > best + 1e-12:
            best, kept = found, membership
    return relabel(kept)


def relabel(membership: IntArray) -> IntArray:
    """Labels 0, 1, ... in the order in which communities first appear."""
    _, first, label = np.unique(membership, return_index=True, return_inverse=True)
    rank = np.empty(first.size, dtype=np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    return np.asarray(rank[label])


def _merge_cost(a: int, b: int, x: FloatArray, y: FloatArray, p: int) -> float:
    return float(a * b / (a + b) * np.sum((x - y) ** 2) / p)


def _louvain_once(W: FloatArray, rng: np.random.Generator) -> IntArray:
    total = W.sum()
    membership = np.arange(W.shape[0])
    if total == 0:
        return membership
    graph = W.copy()
    while True:
        q = graph.shape[0]
        label = np.arange(q)
        strength = graph.sum(axis=1)
        weight = strength.copy()  # of each community
        moved = True
        while moved:
            moved = False
            for v in rng.permutation(q):
                row = graph[v].copy()
                row[v] = 0.0
                weight[label[v]] -= strength[v]
                gain = np.bincount(label, row, q) - weight * strength[v] / total
                target = int(np.argmax(gain))
                if gain[target] > gain[label[v]] + 1e-12:
                    label[v] = target
                    moved = True
                weight[label[v]] += strength[v]
        label = relabel(label)
        membership = label[membership]
        count = int(label.max()) + 1
        if count == q:
            return membership
        groups = np.eye(count)[label]
        graph = groups.T @ graph @ groups
