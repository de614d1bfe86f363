"""What clusters of ratings add to the errors of ordinal scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from valuelex.psychometrics.mixed.influence import bias_reduced, constants
from valuelex.psychometrics.mixed.scores import ALONE
from valuelex.psychometrics.ordinal.categories import FloatArray
from valuelex.psychometrics.ordinal.laplace import Problem, information
from valuelex.psychometrics.ordinal.layout import lay_out

_SHIFT = 0.05
"""Step of the differences by a random effect, in its standard deviations."""


def by_cluster(
    problem: Problem, parameters: FloatArray, contrasts: FloatArray, clusters: pd.Series, objects: pd.Index
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], int]:
    """What clusters, and levels of effects that cut across them, add to the errors of contrasts; and the constants.

    Given the effects that cut across clusters, the likelihood is a product over clusters, each with its gradient and its
    information.
    """
    code, names = pd.factorize(clusters, sort=True)
    code = code.astype(np.int64)
    layout, sd, n = problem.layout, problem.sd(parameters), problem.y.size
    keys = dict(zip(layout.names, layout.place, strict=True))
    scale = dict(zip(layout.names, sd, strict=True))
    apart = [name for name, place in keys.items() if pd.Series(code).groupby(place).nunique().max() > 1]
    mode = problem.evaluate(parameters).mode
    offset = np.zeros(n)
    for name in apart:
        offset += mode[keys[name]] * scale[name]
    inside = {name: pd.factorize(place)[0].astype(np.int64) for name, place in keys.items() if name not in apart}
    own = Problem(problem.y, problem.X, lay_out(inside, [code], n), problem.link, code, offset)
    fixed = problem.k + problem.p
    values = np.concatenate([parameters[:fixed], [np.log(scale[name]) for name in inside]])
    of_clusters = information(own, values, np.arange(values.size))
    M = np.linalg.pinv(of_clusters.sum(axis=0), hermitian=True)
    at = np.hstack([contrasts[:, :fixed], np.zeros((len(contrasts), len(inside)))])
    gradients = -own.evaluate(values).gradient
    rows, alone = bias_reduced(zip(gradients, of_clusters, strict=True), M, at)
    across = {ALONE: pd.DataFrame(alone, columns=objects)} if len(alone) else {}
    for name in apart:
        moved = []
        for place in np.unique(keys[name]):
            shift = _SHIFT * scale[name] * (keys[name] == place)
            ahead, behind = (replace(own, offset=offset + sign * shift).evaluate(values).gradient for sign in (1, -1))
            moved.append(-at @ M @ (ahead - behind).sum(axis=0) / (2 * _SHIFT))
        across[name] = pd.DataFrame(np.array(moved), columns=objects)
    influence = pd.DataFrame(rows, index=pd.Index(names, name=clusters.name), columns=objects)
    return influence, across, constants(np.hstack([problem.X, np.ones((n, 1))]), code)
