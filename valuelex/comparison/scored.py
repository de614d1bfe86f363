"""Scores of models with what is uncertain of them: the one thing that every question of this step is put to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.errors import DataError, ValuelexError

FloatArray = NDArray[np.float64]
_INF = float("inf")
NAMES = {"model_id": "model", "item_id": "stem", "sample_index": "sample", "judge_id": "judge"}


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


def read_scores(
    table: pd.DataFrame,
    *,
    scale: tuple[float, float],
    sampled_judges: bool = False,
    level: str = "dimension",
) -> Scored:
    """Return the scores in a table `item_scores`.

    Where items are known: the mixed model of the step `score` (stems, samples and judges taken out), with the part of each stem
    in the error. Where a score is all there is: that score, with its standard error where it has one.

    Parameters
    ----------
    table : DataFrame
        The table `item_scores`.
    scale : tuple of float
        Lowest and highest score possible.
    sampled_judges : bool
        Whether judges are taken as a sample of judges.
    level : str
        dimension or subdimension; where the table lacks it, what it has.

    Raises
    ------
    DataError
        Scores outside the scale, or no scores.
    """
    if table.empty:
        raise DataError("There are no scores to compare.", "Give at least two models with scores.")
    _in_scale(table, scale)
    upper = table[table["level"] == level]
    upper = table if upper.empty else upper
    parts = {str(name): _one_scale(rows, sampled_judges) for name, rows in upper.groupby("dimension", sort=True)}
    models = sorted(set(upper["model_id"].astype(str)))
    stems = sorted({stem for part in parts.values() for stem in part.stems.index})
    estimate = pd.DataFrame({name: part.estimate.reindex(models) for name, part in parts.items()}, index=models)
    by_stem = np.stack(
        [part.stems.reindex(index=stems, columns=models).fillna(0.0).to_numpy() for part in parts.values()], axis=2
    )
    others = []
    for k, part in enumerate(parts.values()):
        rest = np.zeros((len(part.rest), len(models), len(parts)))
        rest[:, :, k] = part.rest.reindex(columns=models).fillna(0.0).to_numpy()
        others.append(rest)
    sources = np.concatenate([by_stem.reshape(len(stems), len(models), len(parts)), *others])
    df = np.stack([part.df.reindex(models).fillna(_INF).to_numpy(dtype=np.float64) for part in parts.values()], axis=1)
    return Scored(
        estimate,
        np.asarray(sources, dtype=np.float64),
        len(stems),
        df,
        min((part.rest_df for part in parts.values()), default=_INF),
        frozenset(name for name, part in parts.items() if not part.known),
        {name: part.method for name, part in parts.items()},
    )


def _in_scale(table: pd.DataFrame, scale: tuple[float, float]) -> None:
    score = table["score"].astype(float)
    outside = (score < scale[0] - 1e-9) | (score > scale[1] + 1e-9)
    if outside.any():
        row = table[outside.to_numpy()].iloc[0]
        raise DataError(
            f"item_scores: {int(outside.sum())} of {len(table)} scores lie outside {scale[0]:g} to {scale[1]:g}, such as "
            f"{float(row['score']):g} of {row['model_id']} on {row['dimension']}.",
            "Mend them, or name the scale that they are on: comparison: {scale: [low, high]}.",
        )


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


@dataclass(frozen=True)
class _Part:
    """One scale: estimates by model, what stems and other sources (rows) add to each model's error (columns)."""

    estimate: pd.Series
    stems: pd.DataFrame
    rest: pd.DataFrame
    df: pd.Series
    rest_df: float
    known: bool
    method: str


def _one_scale(rows: pd.DataFrame, sampled_judges: bool) -> _Part:
    long = rows.rename(columns=NAMES).assign(score=rows["score"].astype(float))
    if long["stem"].isna().any():
        return _without_items(long)
    why = "one stem alone" if long["stem"].nunique() < 2 else ""
    if not why and long["model"].nunique() > 1:
        effects, fixed = pm.crossed_effects(long, sampled_raters=sampled_judges)
        mix = long.drop_duplicates("stem")["valence"].value_counts()
        weights = {name: {str(v): float(n) for v, n in mix.items()} if name == "valence" else None for name in fixed}
        try:
            found = pm.mixed_scores(
                long.astype({"valence": object}), effects, object="model", fixed=weights, clusters="stem"
            )
        except ValuelexError as error:
            why = error.what.rstrip(".")
        else:
            assert found.influence is not None
            nothing = found.influence.iloc[:0]
            rest = pd.concat([nothing, *found.across.values()]).reset_index(drop=True)
            sampled = sampled_judges and long["judge"].nunique() > 1
            method = f"mixed model over {len(found.influence)} stems, {'judges sampled' if sampled else 'these judges'}"
            stems = long.groupby("model")["stem"].nunique() - found.settings["cluster_constants"]
            rest_df = float((long["judge"].nunique() - 1) * (len(found.scores) - 1)) if sampled else _INF
            df = stems.clip(lower=1).astype(float)
            return _Part(found.scores["estimate"], found.influence, rest, df, rest_df, True, method)
    # Plain means over stems: what a mixed model cannot be fitted to still has an order.
    cells = long.groupby(["stem", "model"])["score"].mean().unstack()
    n = cells.notna().sum()
    known = bool((n > 1).all())
    influence = ((cells - cells.mean()) / n * np.sqrt(n / (n - 1).clip(lower=1))).fillna(0.0) * float(known)
    method = (
        f"plain means over {len(cells)} stems" + (f" ({why})" if why else "") + ("" if known else ", errors unknown")
    )
    return _Part(cells.mean(), influence, influence.iloc[:0], (n - 1).clip(lower=1).astype(float), _INF, known, method)


def _without_items(long: pd.DataFrame) -> _Part:
    repeated = long.duplicated(["model"])
    if long["stem"].notna().any() or repeated.any():
        model = str(long[repeated]["model"].iloc[0]) if repeated.any() else str(long["model"].iloc[0])
        raise DataError(
            f"item_scores: '{model}' has several scores on {long['dimension'].iloc[0]}, not all with an item.",
            "Give one score a model and dimension, or an item_id in every row.",
        )
    by_model = long.set_index("model")
    se = by_model["se"].astype(float)
    known = bool(se.notna().all())
    rest = pd.DataFrame(np.diag(se.fillna(0.0) * float(known)), columns=list(by_model.index))
    told = "with their standard errors" if known else "errors unknown"
    if not known and se.notna().any():
        told = "errors unknown of some, so that none is used"
    nothing = pd.DataFrame(index=pd.Index([], dtype=object), columns=list(by_model.index), dtype=float)
    df = pd.Series(_INF, index=by_model.index)
    return _Part(by_model["score"], nothing, rest, df, _INF, known, f"given scores, {told}")
