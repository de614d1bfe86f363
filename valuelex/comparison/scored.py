"""Scores of models with what is uncertain of them: the one thing that every question of this step is put to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError

FloatArray = NDArray[np.float64]
_INF = float("inf")


@dataclass(frozen=True)
class Scored:
    """Scores of models on dimensions and their sampling error.

    Attributes
    ----------
    estimate : DataFrame
        models x dimensions, NaN where a model has no score.
    sources : array, r x models x dimensions
        What each sampled source (stem, judge, a standard error that was given) adds to the error of each score: the sampling
        covariance of any two scores is the sum of products over r. Sources are independent.
    stems : int
        How many of the sources, the first ones, are stems.
    df : array, models x dimensions
        Degrees of freedom of the stems' part of each score: its stems less what is fixed from stem to stem.
    rest_df : float
        Of the rest; infinite where its errors were given or are the model's.
    unknown : frozenset of str
        Dimensions of whose scores the error is not known: nothing is in `sources` there, and no interval can be had.
    methods : dict of str -> str
        Dimension -> how its scores came about.
    """

    estimate: pd.DataFrame
    sources: FloatArray
    stems: int
    df: FloatArray
    rest_df: float
    unknown: frozenset[str]
    methods: dict[str, str]

    @property
    def models(self) -> list[str]:
        return [str(m) for m in self.estimate.index]

    @property
    def dimensions(self) -> list[str]:
        return [str(d) for d in self.estimate.columns]

    @property
    def error_known(self) -> bool:
        """Whether every dimension's scores have an error."""
        return not self.unknown

    def value(self, model: int, dimension: int) -> float:
        """One score, by places."""
        return float(self.estimate.to_numpy(dtype=np.float64)[model, dimension])

    def covariance(self, dimension: str) -> FloatArray:
        """Sampling covariance of the models' scores on one dimension, models x models."""
        rows = self.sources[:, :, self.dimensions.index(dimension)]
        return np.asarray(rows.T @ rows)

    def error(self, weights: FloatArray) -> tuple[float, float]:
        """Standard error and degrees of freedom of a weighted sum of scores; weights are models x dimensions.

        Scores that rest on other numbers of stems have their degrees of freedom put together as Welch does, those of stems
        and of the rest as Satterthwaite does.
        """
        used = weights != 0
        parts = np.einsum("rmd,md->r", self.sources, weights)
        stems, rest = float((parts[: self.stems] ** 2).sum()), float((parts[self.stems :] ** 2).sum())
        own = (self.sources[: self.stems][:, used] ** 2).sum(axis=0) * weights[used] ** 2
        total = stems + rest
        uncertain = rest**2 / self.rest_df
        if stems > 0:
            uncertain += stems**2 / min(float(self.df[used].max()), own.sum() ** 2 / (own**2 / self.df[used]).sum())
        return float(np.sqrt(total)), total**2 / uncertain if uncertain > 0 else float("inf")

    def interval(self, model: int, dimension: int, level: float) -> tuple[float, float, float]:
        """Standard error and t interval of one score, by places."""
        from scipy.special import stdtrit

        weights = np.zeros(self.estimate.shape)
        weights[model, dimension] = 1.0
        se, df = self.error(weights)
        half = float(stdtrit(min(df, 1e8), 0.5 + level / 2)) * se
        value = self.value(model, dimension)
        return se, value - half, value + half

    def draws(self, n: int, seed: int) -> FloatArray:
        """Return n drawn score matrices (n x models x dimensions), normal around the estimates."""
        rng = np.random.default_rng(seed)
        shape = self.estimate.shape
        if not self.sources.size:
            return np.broadcast_to(self.estimate.to_numpy(dtype=np.float64), (n, *shape)).copy()
        noise = rng.standard_normal((n, len(self.sources))) @ self.sources.reshape(len(self.sources), -1)
        return np.asarray(self.estimate.to_numpy(dtype=np.float64) + noise.reshape(n, *shape))

    def mapped(self, matrix: pd.DataFrame) -> Scored:
        """Linear combinations of dimensions (matrix: dimensions x new ones); a model needs all that enter with weight."""
        A = matrix.to_numpy(dtype=np.float64)
        values = self.estimate.to_numpy(dtype=np.float64)
        gaps = np.isnan(values).astype(float) @ (A != 0) > 0
        made = np.where(gaps, np.nan, np.nan_to_num(values) @ A)
        estimate = pd.DataFrame(made, index=self.estimate.index, columns=matrix.columns)
        methods, unknown = {}, set()
        df = np.empty(made.shape)
        for k, name in enumerate(matrix.columns):
            used = [d for d, weight in zip(self.dimensions, A[:, k], strict=True) if weight]
            methods[str(name)] = "; ".join(dict.fromkeys(self.methods[d] for d in used))
            df[:, k] = self.df[:, A[:, k] != 0].min(axis=1, initial=_INF)
            unknown |= {str(name)} if self.unknown & set(used) else set()
        sources = self.sources @ A
        return replace(self, estimate=estimate, sources=sources, df=df, unknown=frozenset(unknown), methods=methods)

    def grouped(self, groups: Mapping[str, Sequence[str]]) -> Scored:
        """Dimensions as means of the scales that `groups` names; raise `DataError` for scales that there are none of."""
        return self.mapped(_grouping(groups, self.dimensions))

    def ipsatised(self) -> Scored:
        """Profiles: each model's scores less their mean over dimensions, so that what is common to all of them is gone."""
        d = len(self.dimensions)
        centring = np.eye(d) - 1 / d
        return self.mapped(pd.DataFrame(centring, index=self.dimensions, columns=self.dimensions))

    def of(self, models: Sequence[str]) -> Scored:
        """The same for some of the models."""
        places = [self.models.index(m) for m in models]
        return replace(self, estimate=self.estimate.iloc[places], sources=self.sources[:, places], df=self.df[places])


def _grouping(groups: Mapping[str, Sequence[str]], have: Sequence[str]) -> pd.DataFrame:
    absent = sorted({name for names in groups.values() for name in names} - set(have))
    if absent:
        raise DataError(
            f"comparison.dimensions names {', '.join(absent)}, which the scores lack.", f"They have: {', '.join(have)}."
        )
    matrix = pd.DataFrame(0.0, index=list(have), columns=list(groups))
    for name, members in groups.items():
        matrix.loc[list(members), name] = 1 / len(members)
    return matrix
