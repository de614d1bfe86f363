"""The judge dossier: tables `judge_agreement`, `judge_effects`, `judge_left_out`, and what could not be known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from valuelex.models.seeds import call_seed
from valuelex.projective.judging.dossier.agreement import agreement
from valuelex.projective.judging.dossier.cells import make_cells
from valuelex.projective.judging.dossier.effects import all_effects
from valuelex.projective.judging.dossier.left_out import left_out
from valuelex.projective.settings import HUMAN
from valuelex.tables import frame


def judge_dossier(
    judgements: pd.DataFrame,
    completions: pd.DataFrame,
    *,
    repeats: pd.DataFrame | None = None,
    judge_families: Mapping[str, str | None] | None = None,
    model_families: Mapping[str, str | None] | None = None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Any]:
    """Return what is known of the judges.

    Parameters
    ----------
    judgements, completions : DataFrame
        The tables of those names.
    repeats : DataFrame, optional
        The table `judge_repeats`.
    judge_families, model_families : mapping, optional
        Id -> family, for self-preference.
    draws : int
        Bootstrap resamples.
    level : float
        Coverage of all intervals, 0-1.
    seed : int
        Of the resamples.

    Returns
    -------
    dict
        The three tables, and ``unknown``: sentences on what cannot be known from these judges.
    """
    cells = make_cells(judgements, completions)
    again = {}
    for kind in ("repeat", "reworded"):
        part = repeats[repeats["kind"] == kind] if repeats is not None else pd.DataFrame()
        if len(part):
            again[kind] = make_cells(part, completions)
    pairs = agreement(cells, again, draws=draws, level=level, seed=call_seed(seed, "agreement"))
    effects = all_effects(
        cells,
        again.get("reworded"),
        judge_families or {},
        model_families or {},
        draws=draws,
        level=level,
        seed=call_seed(seed, "effects"),
    )
    return {
        "judge_agreement": frame("judge_agreement", pairs),
        "judge_effects": frame("judge_effects", effects),
        "judge_left_out": frame("judge_left_out", left_out(cells, level=level)),
        "unknown": _unknown(cells.judges, again) + _unread(judgements, cells.judges),
    }


def _unread(judgements: pd.DataFrame, judges: list[str]) -> list[str]:
    silent = sorted(set(judgements["judge_id"].astype(str)) - set(judges))
    return [f"{judge} gave nothing that could be read: it is in no table of the judges." for judge in silent]


def _unknown(judges: list[str], again: Mapping[str, Any]) -> list[str]:
    said = []
    if not judges:
        return ["No completion was judged."]
    if len(judges) == 1:
        said.append("There is one judge alone: agreement, severity and what hangs on one judge cannot be known.")
    if not any(judge.startswith(HUMAN) for judge in judges):
        said.append("No person has rated: whether the judges see what people see is not known.")
    if "repeat" not in again:
        said.append("Nothing was judged twice: the judges' agreement with themselves is not known.")
    if "reworded" not in again:
        said.append("Nothing was judged by another wording of the rubric: what hangs on the wording is not known.")
    return said
