"""From ratings to scores with their error, one scale at a time: the first of the two stages that every answer here rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.comparison.scored import Scored
from valuelex.errors import DataError, ValuelexError
from valuelex.psychometrics.mixed.scores import ALONE

_INF = float("inf")
NAMES = {"model_id": "model", "item_id": "stem", "sample_index": "sample", "judge_id": "judge"}
Kind = Literal["linear", "ordinal"]


def read_scores(
    table: pd.DataFrame,
    *,
    scale: tuple[float, float],
    sampled_judges: bool = False,
    level: str = "dimension",
    kind: Kind = "linear",
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
    kind : {"linear", "ordinal"}
        Whether ratings are points on a scale or ordered categories (`psychometrics.ordinal_scores`): then a model's score is
        its place on the latent scale, in points that a latent unit is worth on average over models.

    Raises
    ------
    DataError
        Scores outside the scale, no scores, or ratings that cannot be ordered categories.
    """
    if table.empty:
        raise DataError("There are no scores to compare.", "Give at least two models with scores.")
    _once(table)
    _in_scale(table, scale)
    upper = table[table["level"] == level]
    upper = table if upper.empty else upper
    parts = {str(name): _one_scale(rows, sampled_judges, kind) for name, rows in upper.groupby("dimension", sort=True)}
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


def _once(table: pd.DataFrame) -> None:
    key = ["model_id", "item_id", "sample_index", "judge_id", "level", "dimension"]
    repeated = table.duplicated(key) & table["item_id"].notna()
    if repeated.any():
        row = table[repeated.to_numpy()].iloc[0]
        raise DataError(
            f"item_scores: {int(repeated.sum())} rows repeat the model, item, sample, judge and dimension of an earlier one, "
            f"such as one of {row['model_id']} on {row['dimension']}.",
            "Keep one of them, or tell samples apart by sample_index.",
        )


def _in_scale(table: pd.DataFrame, scale: tuple[float, float]) -> None:
    score = pd.to_numeric(table["score"], errors="coerce").astype(float)
    wrong = table["score"].notna() & score.isna()
    if wrong.any():
        text = table.loc[wrong.to_numpy(), "score"].iloc[0]
        raise DataError(f"item_scores: the score {text!r} is no number.", "Give numbers; leave a missing score empty.")
    outside = (score < scale[0] - 1e-9) | (score > scale[1] + 1e-9)
    if outside.any():
        row = table[outside.to_numpy()].iloc[0]
        raise DataError(
            f"item_scores: {int(outside.sum())} of {len(table)} scores lie outside {scale[0]:g} to {scale[1]:g}, such as "
            f"{float(row['score']):g} of {row['model_id']} on {row['dimension']}.",
            "Mend them, or name the scale that they are on: comparison: {scale: [low, high]}.",
        )


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


def _one_scale(rows: pd.DataFrame, sampled_judges: bool, kind: Kind) -> _Part:
    long = rows.rename(columns=NAMES).assign(score=rows["score"].astype(float)).astype({"valence": object})
    if long["stem"].isna().any():
        if kind == "ordinal":
            raise DataError(
                "comparison.scores is ordinal, and item_scores has scores without an item: these are no single ratings.",
                "Leave comparison.scores at linear.",
            )
        return _without_items(long)
    if kind == "ordinal":
        return _as_categories(long, sampled_judges)
    if long["stem"].nunique() < 2:
        return _plain_means(long, "one stem alone")
    if long["model"].nunique() < 2:
        return _plain_means(long, "")
    try:
        return _as_points(long, sampled_judges)
    except ValuelexError as error:
        return _plain_means(long, error.what.rstrip("."))


def _as_points(long: pd.DataFrame, sampled_judges: bool) -> _Part:
    effects, fixed = _design(long, sampled_judges)
    found = pm.mixed_scores(long, effects, object="model", fixed=fixed, clusters="stem")
    return _part(found, found.scores["estimate"], long, sampled_judges, 1.0, "mixed model")


def _as_categories(long: pd.DataFrame, sampled_judges: bool) -> _Part:
    """Latent scores, put on the scale of the ratings by one factor: what a latent unit is worth on average over models."""
    effects, fixed = _design(long, sampled_judges)
    try:
        found = pm.ordinal_scores(long, effects, object="model", fixed=fixed, clusters="stem")
    except ValuelexError as error:
        where = f"comparison.scores is ordinal, and the ratings of {long['dimension'].iloc[0]} cannot be: {error.what}"
        raise DataError(where, f"Leave comparison.scores at linear, or: {error.remedy}") from error
    latent = found.scores["estimate"].astype(float)
    finite = np.isfinite(latent)
    unit = found.settings["points_per_unit"]
    level = float(found.scores.loc[finite, "expected"].astype(float).mean())
    method = "ordinal mixed model"
    if not finite.all():
        noted = (f"{model} ({note})" for model, note in found.scores.loc[~finite, "note"].items())
        method += f", without {', '.join(noted)}"
    return _part(found, level + unit * latent[finite], long, sampled_judges, unit, method)


def _design(
    long: pd.DataFrame, sampled_judges: bool
) -> tuple[dict[str, list[str]], dict[str, dict[str, float] | None]]:
    """Random effects, and fixed covariates with the weights of their levels: of valences, as many as there are stems."""
    effects, fixed = pm.crossed_effects(long, sampled_raters=sampled_judges)
    mix = long.drop_duplicates("stem")["valence"].value_counts()
    return effects, {name: {str(v): float(n) for v, n in mix.items()} if name == "valence" else None for name in fixed}


def _part(
    found: pm.MixedScoresResult | pm.OrdinalScoresResult,
    estimate: pd.Series,
    long: pd.DataFrame,
    sampled_judges: bool,
    unit: float,
    method: str,
) -> _Part:
    assert found.influence is not None
    rest = pd.concat([found.influence.iloc[:0], *found.across.values()]).reset_index(drop=True)
    sampled = sampled_judges and long["judge"].nunique() > 1
    method = f"{method} over {len(found.influence)} stems, {'judges sampled' if sampled else 'these judges'}"
    stems = long.groupby("model")["stem"].nunique() - found.settings["cluster_constants"]
    rest_df = float((long["judge"].nunique() - 1) * (len(estimate) - 1)) if sampled else _INF
    if ALONE in found.across:
        # The model's error of what one stem alone has settled rests on components, and these on all stems.
        rest_df = min(rest_df, float(max(len(found.influence) - found.settings["cluster_constants"], 1)))
    df = stems.clip(lower=1).astype(float)
    return _Part(estimate, unit * found.influence, unit * rest, df, rest_df, True, method)


def _plain_means(long: pd.DataFrame, why: str) -> _Part:
    """Means over stems: what a mixed model cannot be fitted to still has an order."""
    cells = long.groupby(["stem", "model"])["score"].mean().unstack()
    n = cells.notna().sum()
    # Scores that are all the same have no error that one could know of, and not one of 0.
    known = bool((n > 1).all() and (cells.max() > cells.min()).any())
    influence = ((cells - cells.mean()) / n * np.sqrt(n / (n - 1).clip(lower=1))).fillna(0.0) * float(known)
    method = f"plain means over {len(cells)} stems{f' ({why})' if why else ''}{'' if known else ', errors unknown'}"
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
