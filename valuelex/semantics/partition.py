"""Partitions of points into k groups, by several methods; one tree serves every k."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from valuelex.errors import SettingError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

Method = Literal["agglomerative", "average", "kmeans", "hdbscan", "communities"]
METHODS: tuple[str, ...] = get_args(Method)

LINKAGES = ("agglomerative", "average")
"""Methods that cut a tree, which serves every k."""

NOISE = -1
"""Label of a point that HDBSCAN leaves out of all clusters."""

NEIGHBOURS = 10
"""Neighbours per point in the graph whose communities are sought."""

SMALLEST = 5
"""Smallest group that HDBSCAN calls a cluster."""

STARTS = 10
"""Random starts of k-means; the best is kept."""


def partitions(points: FloatArray, ks: Iterable[int], method: Method, seed: int) -> dict[int, IntArray]:
    """Return labels (n) for every k in `ks`; for "hdbscan", which finds its own number, for that one.

    Parameters
    ----------
    points : array, n x d
        Unit vectors for all methods that go by cosine (average, communities); any points for the others.
    ks : iterable of int, range 1 .. n
    method : {"agglomerative", "average", "kmeans", "hdbscan", "communities"}
    seed : int
        Of the starts of k-means, and of the start vector of the graph's eigensolver.

    Raises
    ------
    SettingError
        For an unknown method.
    """
    wanted = list(ks)
    if method in LINKAGES:
        tree = tree_of(linkage_distances(points, method), method)
        return {k: cut(tree, k) for k in wanted}
    if method == "hdbscan":
        labels = _hdbscan(points)
        return {len(set(labels[labels != NOISE].tolist())): labels}
    if method == "kmeans":
        return {k: _kmeans(points, k, seed) for k in wanted}
    if method == "communities":
        graph = _neighbour_graph(points)
        return {k: _communities(graph, k, seed) for k in wanted}
    raise SettingError(f"Clustering method '{method}' is not known.", f"Known: {', '.join(METHODS)}.")


def squared_distances(points: FloatArray) -> FloatArray:
    """Squared Euclidean distances (n x n, zero diagonal) by one matrix product: a tenth of the time of pdist at d = 384."""
    lengths = np.einsum("ij,ij->i", points, points)
    out = lengths[:, None] + lengths[None, :] - 2.0 * (points @ points.T)
    np.maximum(out, 0.0, out=out)
    np.fill_diagonal(out, 0.0)
    return np.asarray(out)


def linkage_distances(points: FloatArray, method: str) -> FloatArray:
    """Distances for Ward's linkage, cosine distances (half the squared ones of unit vectors) for average linkage; n x n."""
    squared = squared_distances(points)
    return np.sqrt(squared, out=squared) if method == "agglomerative" else squared / 2.0


def tree_of(distances: FloatArray, method: str) -> FloatArray:
    """Linkage matrix (n - 1 x 4, as scipy gives it) of a square matrix of distances."""
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    condensed = squareform(distances, checks=False)
    return np.asarray(linkage(condensed, "ward" if method == "agglomerative" else "average"))


def cut(tree: FloatArray, k: int) -> IntArray:
    """Labels (n) of the k groups that are left after the first n - k merges: exactly k, also where merges tie in height."""
    n = len(tree) + 1
    parent = np.arange(2 * n - k)
    for step in range(n - k):
        parent[[int(tree[step, 0]), int(tree[step, 1])]] = n + step
    for node in range(2 * n - k - 1, -1, -1):
        parent[node] = parent[parent[node]]
    return np.asarray(np.unique(parent[:n], return_inverse=True)[1], dtype=np.int64)


def _kmeans(points: FloatArray, k: int, seed: int) -> IntArray:
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(k, n_init=STARTS, random_state=seed).fit(points).labels_, dtype=np.int64)


def _hdbscan(points: FloatArray) -> IntArray:
    from sklearn.cluster import HDBSCAN

    size = max(2, min(SMALLEST, len(points) // 2))
    distances = np.sqrt(squared_distances(points))
    # A tree of neighbours gains nothing in hundreds of dimensions: all distances are computed once.
    return np.asarray(
        HDBSCAN(min_cluster_size=size, metric="precomputed", copy=True).fit(distances).labels_, dtype=np.int64
    )


def _neighbour_graph(points: FloatArray) -> FloatArray:
    """Graph (n x n, symmetric) of each point's nearest neighbours, weighted by cosine, in one piece."""
    from scipy.sparse.csgraph import connected_components

    cosines = points @ points.T
    np.fill_diagonal(cosines, -np.inf)
    n = len(points)
    near = min(NEIGHBOURS, n - 1)
    rows = np.repeat(np.arange(n), near)
    columns = np.argpartition(-cosines, near - 1, axis=1)[:, :near].ravel()
    edge = np.zeros((n, n), dtype=bool)
    edge[rows, columns] = edge[columns, rows] = True
    # Spectral clustering needs one piece: each piece is tied to the others by its strongest cosine until all hang together.
    pieces, piece = connected_components(edge, directed=False)
    while pieces > 1:
        for number in range(pieces):
            inside, outside = np.flatnonzero(piece == number), np.flatnonzero(piece != number)
            i, j = np.unravel_index(np.argmax(cosines[np.ix_(inside, outside)]), (len(inside), len(outside)))
            edge[inside[i], outside[j]] = edge[outside[j], inside[i]] = True
        pieces, piece = connected_components(edge, directed=False)
    return np.where(edge, np.maximum(cosines, 1e-6), 0.0)


def _communities(graph: FloatArray, k: int, seed: int) -> IntArray:
    from scipy.sparse import csr_matrix
    from sklearn.cluster import spectral_clustering

    n = len(graph)
    if k == 1 or k >= n:
        return np.zeros(n, dtype=np.int64) if k == 1 else np.arange(n)
    # The pivoted assignment is deterministic, and needs no starts as k-means on the eigenvectors would.
    labels = spectral_clustering(csr_matrix(graph), n_clusters=k, random_state=seed, assign_labels="cluster_qr")
    return np.asarray(labels, dtype=np.int64)
