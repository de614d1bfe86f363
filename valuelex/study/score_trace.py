"""From a model's score down to every completion, judgement and rationale that it is made of."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.errors import DataError
from valuelex.study.study import Study

RULES = {
    "leave_out": "left out of the mean",
    "zero": "counts as 0",
    "indifferent": "counts as 3",
}
"""What the settings of `scoring.not_applicable` do, in words."""


def show_score_trace(study: Study, model: str, dimension: str) -> str:
    """Return a score's way from the completions: stem, completion, each judge's score and rationale, and what the mean becomes.

    Parameters
    ----------
    study : Study
        With the step `score` run.
    model : str
        Its id.
    dimension : str
        A dimension or subdimension; where a name is both, the dimension.

    Raises
    ------
    DataError
        If there is no such score, or if it was given and not computed.
    """
    scores = study.read("scores")
    models = sorted(scores["model_id"].unique())
    if model not in models:
        raise DataError(f"No score is of the model '{model}'.", f"The models are: {', '.join(models)}.")
    mine = scores[(scores["model_id"] == model) & (scores["dimension"] == dimension)].sort_values("level")
    if mine.empty:
        known = ", ".join(sorted(scores["dimension"].unique()))
        raise DataError(f"No score is on '{dimension}'.", f"The dimensions and subdimensions are: {known}.")
    row = mine.iloc[0]
    level = str(row["level"])
    scored = study.read("completion_scores")
    scored = scored[(scored["model_id"] == model) & (scored["level"] == level) & (scored["dimension"] == dimension)]
    if scored.empty:
        raise DataError(
            "The scores were given, not computed: they cannot be traced.", "Give judgements instead of scores."
        )
    rule = str(study.document("reliability").get("not_applicable") or "leave_out")
    return "\n".join(
        [*_head(row, level, scored), f"not applicable: {RULES[rule]}", *_stems(study, scored, dimension, level)]
    )


def _head(row: pd.Series[Any], level: str, scored: pd.DataFrame) -> list[str]:
    means = scored.assign(score=scored["score"].astype(float)).groupby("item_id")["score"].mean()
    known = means.dropna()
    lines = [
        f"{row['model_id']} on {row['dimension']} ({level}): mean {_n(row['mean'])} "
        f"[{_n(row['ci_low'])}, {_n(row['ci_high'])}], adjusted {_n(row['adjusted'])} "
        f"[{_n(row['adjusted_low'])}, {_n(row['adjusted_high'])}]",
    ]
    if len(known):
        lines.append(
            f"the mean of {len(known)} stems: ({' + '.join(_n(v) for v in known)}) / {len(known)} = {_n(known.mean())}"
        )
    if len(known) < len(means):
        lines.append(f"without {len(means) - len(known)} stems on which nothing counted")
    return lines


def _stems(study: Study, scored: pd.DataFrame, dimension: str, level: str) -> list[str]:
    instrument = study.read("instrument").set_index("item_id")
    completions = study.read("completions").set_index("completion_id")
    scales = {dimension}
    if level == "dimension":
        scales |= set(instrument.loc[instrument["dimension"] == dimension, "subdimension"].dropna().astype(str))
    judgements = study.read("judgements")
    judgements = judgements[judgements["dimension"].isin(scales)]
    by_completion = dict(list(judgements.groupby("completion_id", sort=False)))
    lines: list[str] = []
    for item, group in scored.sort_values(["item_id", "sample_index"]).groupby("item_id", sort=True):
        mean = group["score"].astype(float).mean()
        about = instrument.loc[item] if item in instrument.index else None
        stem = "?" if about is None else f"{about['stem']!s}"
        kind = "" if about is None or pd.isna(about["valence"]) else f", {about['valence']}"
        form = "" if about is None or pd.isna(about["form"]) else f", form {about['form']}"
        lines.append(f"\n{item} {stem!r}{kind}{form}: {_n(mean)}")
        for one in group.to_dict("records"):
            completion = completions.loc[one["completion_id"]]
            text = "" if pd.isna(completion["text"]) else str(completion["text"])
            why = "" if completion["status"] == "ok" else f" ({completion['status']})"
            lines.append(f"  sample {one['sample_index']}{why}, score {_n(one['score'])}: {text!r}")
            lines += [f"    {line}" for line in _judged(by_completion.get(one["completion_id"]), dimension)]
    return lines


def _judged(rows: pd.DataFrame | None, dimension: str) -> list[str]:
    if rows is None:
        return ["not judged"]
    lines = []
    for row in rows.to_dict("records"):
        scale = "" if row["dimension"] == dimension else f", {row['dimension']}"
        said = _n(row["score"]) if row["applicable"] is True and not pd.isna(row["score"]) else "not applicable"
        why = "" if pd.isna(row["rationale"]) else f": {row['rationale']}"
        lines.append(f"{row['judge_id']}{scale}: {said}{why}")
    return lines


def _n(value: Any) -> str:
    return "-" if pd.isna(value) else f"{float(value):.2f}"
