"""Partitions of random weighted networks by igraph's walktrap: `python make_walktrap.py`, with igraph 1.0.0 installed.

igraph (GPL-2) is no dependency of this project; it only made these numbers.
"""

import json
from pathlib import Path

import igraph
import numpy as np

rng = np.random.default_rng(5)
cases = []
for _ in range(8):
    p, k = int(rng.integers(8, 18)), int(rng.integers(2, 5))
    label = np.arange(p) % k
    W = rng.random((p, p)) * (rng.random((p, p)) < 0.35) + 0.6 * (label[:, None] == label) * rng.random((p, p))
    W = np.triu(W, 1).round(4)
    graph = igraph.Graph.Weighted_Adjacency((W + W.T).tolist(), mode="undirected")
    found = graph.community_walktrap(weights="weight", steps=4).as_clustering()
    upper = W[np.triu_indices(p, 1)].tolist()
    cases.append(
        {
            "p": p,
            "upper": upper,
            "membership": found.membership,
            "modularity": graph.modularity(found, weights="weight"),
        }
    )
(Path(__file__).parent / "walktrap_igraph.json").write_text(json.dumps(cases) + "\n")
