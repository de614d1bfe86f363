"""What clusters of rows add to the error of estimates, without trust in what the model says of rows within them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from valuelex.psychometrics.mixed.blocks import FloatArray, IntArray

_SETTLED = 1e-6
"""A leverage this near 1 is 1: the cluster settles something alone."""


def constants(X: FloatArray, clusters: IntArray) -> int:
    """How many degrees of freedom of clusters are spent: one for the mean, one for each column that varies between them alone.

    Parameters
    ----------
    X : array, n x columns
        Fixed columns, a constant among what they span.
    clusters : array of int, n
    """
    means = np.zeros((int(clusters.max()) + 1, X.shape[1]))
    np.add.at(means, clusters, X)
    within = X - (means / np.bincount(clusters)[:, None])[clusters]
    return 1 + X.shape[1] - int(np.linalg.matrix_rank(np.hstack([within, np.ones((len(X), 1))])))


def bias_reduced(
    clusters: Iterable[tuple[FloatArray, FloatArray]], M: FloatArray, contrasts: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What each cluster adds to the error of each contrast, and what a cluster settles alone; rows x contrasts both.

    The first has a row for each cluster: the contrast's derivative by the cluster's weight, with the cluster's own leverage
    taken out (bias-reduced linearisation, Bell & McCaffrey, 2002): under the model the sum of squares is the sampling variance
    without bias, and without the model it holds whatever goes on inside clusters. What one cluster alone tells of is fitted
    exactly, so that its residuals say nothing: the second has the model's error of it.

    Parameters
    ----------
    clusters : iterable of (array, parameters; array, parameters x parameters)
        Gradient of the log-likelihood and information of each cluster.
    M : array, parameters x parameters
        Inverse of the whole information.
    contrasts : array, contrasts x parameters
    """
    values, vectors = np.linalg.eigh(M)
    half = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    front = contrasts @ half
    rows, alone = [], []
    for gradient, information in clusters:
        leverage, v = np.linalg.eigh(half @ information @ half)
        settled = leverage > 1 - _SETTLED
        scaled = np.where(settled, 0.0, 1 / np.sqrt(np.where(settled, 1.0, 1 - leverage)))
        rows.append(front @ (v * scaled) @ (v.T @ (half @ gradient)))
        alone.append((front @ v[:, settled]).T)
    return np.array(rows), np.concatenate(alone)
