"""From judgements to long tables of scores: one row a judge's score, or one row a completion's."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from valuelex.errors import DataError
from valuelex.projective.judging.unjudged import unjudged
from valuelex.tables import empty, frame

KEYS = ["completion_id", "model_id", "item_id", "sample_index"]
COUNTS_AS = {"leave_out": None, "zero": 0.0, "indifferent": 3.0}
"""What a score is where a judge said *not applicable*, by the setting `scoring.not_applicable`."""


def parents(instrument: pd.DataFrame) -> dict[str, str]:
    """Return finest scale -> dimension, as the instrument says; a scale that is a dimension itself is not among them."""
    known = instrument.dropna(subset=["subdimension"])
    return dict(zip(known["subdimension"].astype(str), known["dimension"].astype(str), strict=True))


def judge_scores(
    judgements: pd.DataFrame,
    completions: pd.DataFrame,
    dimension_of: Mapping[str, str],
    *,
    not_applicable: str = "leave_out",
) -> pd.DataFrame:
    """Return one score per completion, judge and scale, at both levels.

    Parameters
    ----------
    judgements, completions : DataFrame
        The tables of those names.
    dimension_of : mapping
        Finest scale -> dimension; a scale that has no dimension above it maps to itself.
    not_applicable : str
        leave_out (missing), zero (0) or indifferent (3). A completion that nobody judged is missing in any case.

    Returns
    -------
    DataFrame
        Columns completion_id, model_id, item_id, sample_index, judge_id, level, dimension, score (float, NaN: missing), judged
        and applicable (counts of finest scales). A dimension is the mean of its subdimensions.

    Raises
    ------
    DataError
        If a judgement's completion is not among the completions.
    """
    unknown = sorted(set(judgements["completion_id"]) - set(completions["completion_id"]))
    if unknown:
        raise DataError(
            f"{len(unknown)} completion_id of the judgements are not among the completions, such as '{unknown[0]}'.",
            "Correct the ids, or give the completions that these judgements belong to.",
        )
    joined = judgements.merge(completions[[*KEYS, "status"]], on="completion_id")
    usable = joined["status"].eq("ok") & ~unjudged(joined)
    applicable = joined["applicable"].fillna(False).astype(bool) & joined["score"].notna()
    score = joined["score"].astype(float).where(applicable)
    instead = COUNTS_AS[not_applicable]
    if instead is not None:
        said = ~joined["applicable"].fillna(False).astype(bool) & usable
        score = score.mask(said, instead)
    fine = joined[[*KEYS, "judge_id", "dimension"]].assign(
        score=score, applicable=applicable.astype(int), judged=(usable | applicable).astype(int)
    )
    upper = fine["dimension"].map(lambda name: dimension_of.get(name, name))
    coarse = (
        fine.assign(dimension=upper)
        .groupby([*KEYS, "judge_id", "dimension"], sort=True)
        .agg(score=("score", "mean"), applicable=("applicable", "sum"), judged=("judged", "sum"))
        .reset_index()
    )
    parts = [coarse.assign(level="dimension")]
    if bool((upper != fine["dimension"]).any()):
        parts.append(fine.assign(level="subdimension"))
    return pd.concat(parts, ignore_index=True)


def completion_scores(rated: pd.DataFrame, dimension_of: Mapping[str, str]) -> pd.DataFrame:
    """Return the table `completion_scores`: one score per completion and scale, at both levels.

    Judges are averaged within a completion first, then subdimensions within their dimension: a completion counts once.

    Parameters
    ----------
    rated : DataFrame
        What `judge_scores` gives.
    dimension_of : mapping
        Finest scale -> dimension.
    """
    if rated.empty:
        return empty("completion_scores")
    finest = "subdimension" if (rated["level"] == "subdimension").any() else "dimension"
    fine = (
        rated[rated["level"] == finest]
        .groupby([*KEYS, "dimension"], sort=True)
        .agg(score=("score", "mean"), applicable=("applicable", "sum"), judged=("judged", "sum"))
        .reset_index()
    )
    parts = [fine.assign(level=finest)]
    if finest == "subdimension":
        upper = fine["dimension"].map(lambda name: dimension_of.get(name, name))
        coarse = fine.assign(dimension=upper).groupby([*KEYS, "dimension"], sort=True)
        above = coarse.agg(score=("score", "mean"), applicable=("applicable", "sum"), judged=("judged", "sum"))
        parts.insert(0, above.reset_index().assign(level="dimension"))
    return frame("completion_scores", pd.concat(parts, ignore_index=True))


def scale_names(table: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return (level, dimension) -> the name of that scale in the document `reliability`.

    A dimension may be named like one of its subdimensions: it is then told apart as "Care (dimension)".
    """
    pairs = [(str(level), str(name)) for level, name in table[["level", "dimension"]].drop_duplicates().to_numpy()]
    finer = {name for level, name in pairs if level == "subdimension"}
    return {
        (level, name): f"{name} (dimension)" if level == "dimension" and name in finer else name
        for level, name in pairs
    }


def item_means(scored: pd.DataFrame) -> pd.DataFrame:
    """Return the mean score of each model on each item: samples of one stem are repetitions, not further stems."""
    keys = ["level", "dimension", "model_id", "item_id"]
    return scored.assign(score=scored["score"].astype(float)).groupby(keys)["score"].mean().dropna().reset_index()
