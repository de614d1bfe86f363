"""Agreement of judges: every pair, all together, people as one, and each language model with itself."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from valuelex import psychometrics as pm
from valuelex.errors import ValuelexError
from valuelex.models.seeds import call_seed
from valuelex.projective.judging.dossier.cells import (
    ALL,
    LEAST_CELLS,
    Cells,
    FloatArray,
    alpha_interval,
    clusters,
    make_cells,
    percentiles,
)
from valuelex.projective.manual import LEVELS
from valuelex.projective.settings import EMBEDDED, HUMAN
from valuelex.psychometrics.agreement.krippendorff import krippendorff_core

PEOPLE = "people"


def agreement(
    cells: Cells, repeats: Mapping[str, Cells], *, draws: int, level: float, seed: int
) -> list[dict[str, Any]]:
    """Return the rows of the table `judge_agreement`.

    Parameters
    ----------
    cells : Cells
        Of the judgements that count.
    repeats : mapping
        "repeat" and "reworded" -> cells of what was judged again.
    draws : int
        Of the bootstrap.
    level : float
        Coverage.
    seed : int
    """
    scales = [*dict.fromkeys(cells.places["dimension"]), ALL]
    rows = []
    own = {
        judge: {kind: _with_itself(cells, again, judge) for kind, again in repeats.items()} for judge in cells.judges
    }
    reliability = {judge: _reliability(judge, own[judge].get("repeat"), scales) for judge in cells.judges}
    people = [judge for judge in cells.judges if judge.startswith(HUMAN)]
    columns = {judge: (cells.scores[judge], cells.applicable[judge]) for judge in cells.judges}
    if len(people) > 1:
        columns[PEOPLE] = (cells.scores[people].mean(axis=1, skipna=False), cells.applicable[people].min(axis=1))
        reliability[PEOPLE] = {scale: _of_mean(cells.of(scale).scores[people]) for scale in scales}
    pairs = list(combinations(cells.judges, 2))
    if len(people) > 1:
        pairs += [(judge, PEOPLE) for judge in cells.judges if judge not in people]
    for a, b in pairs:
        kind = "human" if HUMAN in a[: len(HUMAN)] or HUMAN in b[: len(HUMAN)] or b == PEOPLE else "judges"
        both = _two(cells, columns[a], columns[b])
        for scale in scales:
            place = {"judge_a": a, "judge_b": b, "kind": kind, "dimension": scale}
            known = reliability[a][scale], reliability[b][scale]
            rows.append(place | _compare(both.of(scale), draws, level, call_seed(seed, a, b, scale), known))
    for judge in cells.judges:
        for kind, both_times in own[judge].items():
            if both_times is None:
                continue
            for scale in scales:
                place = {"judge_a": judge, "judge_b": judge, "kind": kind, "dimension": scale}
                found = _compare(both_times.of(scale), draws, level, call_seed(seed, judge, kind, scale))
                rows.append(place | found)
    if len(cells.judges) > 2:
        for scale in scales:
            place = {"judge_a": ALL, "judge_b": ALL, "kind": "judges", "dimension": scale}
            rows.append(place | _compare(cells.of(scale), draws, level, call_seed(seed, ALL, scale)))
    return rows


def _two(cells: Cells, a: tuple[pd.Series, pd.Series], b: tuple[pd.Series, pd.Series]) -> Cells:
    scores = pd.DataFrame({"a": a[0], "b": b[0]})
    applicable = pd.DataFrame({"a": a[1], "b": b[1]})
    return Cells(cells.places, scores, applicable, scores * np.nan)


def _with_itself(cells: Cells, again: Cells, judge: str) -> Cells | None:
    if judge not in again.judges:
        return None
    keys = ["completion_id", "dimension"]
    first = pd.MultiIndex.from_frame(cells.places[keys])
    second = pd.MultiIndex.from_frame(again.places[keys])
    at = first.get_indexer(second)
    kept = (at >= 0) & again.applicable[judge].notna().to_numpy()
    if not kept.any():
        return None
    part = cells.places.iloc[at[kept]].reset_index(drop=True)
    before = cells.scores[judge].iloc[at[kept]], cells.applicable[judge].iloc[at[kept]]
    after = again.scores[judge][kept], again.applicable[judge][kept]
    a, b = (tuple(column.reset_index(drop=True) for column in pair) for pair in (before, after))
    return _two(Cells(part, pd.DataFrame(), pd.DataFrame(), pd.DataFrame()), (a[0], a[1]), (b[0], b[1]))


def _reliability(judge: str, again: Cells | None, scales: list[str]) -> dict[str, float | None]:
    """Agreement of a judge with itself: by definition 1 for the embedded one, not known of a single person."""
    if judge == EMBEDDED:
        return dict.fromkeys(scales, 1.0)
    if again is None:
        return dict.fromkeys(scales, None)
    found = {}
    for scale in scales:
        values = again.of(scale).scores.dropna().to_numpy(dtype=float)
        found[scale] = _correlation(values) if len(values) >= LEAST_CELLS else None
    return found


def _of_mean(scores: pd.DataFrame) -> float | None:
    values = scores.dropna()
    if len(values) < LEAST_CELLS:
        return None
    try:
        return float(pm.icc(values).frame["icc"].to_dict()["ICC3k"])
    except ValuelexError:
        return None


def _correlation(values: FloatArray) -> float | None:
    if len(values) < 3 or np.ptp(values[:, 0]) < 1e-12 or np.ptp(values[:, 1]) < 1e-12:
        return None
    return float(np.corrcoef(values[:, 0], values[:, 1])[0, 1])


_NUMBERS = (
    *("icc_2_1", "icc_2_1_low", "icc_2_1_high", "icc_3_1", "icc_3_1_low", "icc_3_1_high", "kappa", "kappa_low"),
    *("kappa_high", "alpha", "alpha_low", "alpha_high", "alpha_ordinal", "r", "r_corrected", "difference"),
    *("same_applicable", "kappa_applicable"),
)


def _compare(
    cells: Cells,
    draws: int,
    level: float,
    seed: int,
    reliability: tuple[float | None, float | None] | None = None,
) -> dict[str, Any]:
    """Every coefficient of two or more columns of scores."""
    out: dict[str, Any] = dict.fromkeys(_NUMBERS)
    notes: list[str] = []
    values = cells.scores.to_numpy(dtype=float)
    complete = cells.scores.dropna().set_axis([f"J{j}" for j in range(values.shape[1])], axis=1)
    out["n"] = len(complete)
    out |= _applicability(cells.applicable)
    if len(complete) < LEAST_CELLS:
        notes.append(f"{len(complete)} cells have a score of each; at least {LEAST_CELLS} are needed.")
        return out | {"note": " ".join(notes)}
    if (np.ptp(complete.to_numpy(dtype=float), axis=0) < 1e-12).any():
        notes.append("A judge gives one score to all: it tells nothing apart.")
    try:
        table = pm.icc(complete, level=level).frame.to_dict("index")
        for form, name in (("ICC2", "icc_2_1"), ("ICC3", "icc_3_1")):
            row = table[form]
            out |= {
                name: _finite(row["icc"]),
                f"{name}_low": _finite(row["ci_low"]),
                f"{name}_high": _finite(row["ci_high"]),
            }
    except ValuelexError as error:
        notes.append(error.what)
    groups, unit = clusters(cells.places)
    alpha, drawn = alpha_interval(values, groups, draws, seed)
    low, high = percentiles(drawn, level)
    out |= {"alpha": _finite(alpha), "alpha_low": low, "alpha_high": high}
    notes.append(f"Bootstrap over {unit}.")
    whole = np.floor(values + 0.5)
    counts = np.stack([(whole == one).sum(axis=1) for one in LEVELS], axis=1).astype(float)
    counts = counts[counts.sum(axis=1) > 1]
    used = counts.sum(axis=0) > 0
    out["alpha_ordinal"] = _finite(krippendorff_core(counts[:, used], np.array(LEVELS, float)[used], "ordinal"))
    if values.shape[1] == 2:
        both = complete.to_numpy(dtype=float)
        out["difference"] = float((both[:, 1] - both[:, 0]).mean())
        out["r"] = _correlation(both)
        try:
            kappa = pm.cohen_kappa(
                np.floor(both + 0.5), weights="quadratic", categories=[*map(float, LEVELS)], level=level
            )
            out |= {
                "kappa": _finite(kappa.kappa),
                "kappa_low": _finite(kappa.ci_low),
                "kappa_high": _finite(kappa.ci_high),
            }
        except ValuelexError as error:
            notes.append(error.what)
        if reliability is not None:
            known = [one for one in reliability if one is not None and one > 0]
            if len(known) == 2 and out["r"] is not None:
                out["r_corrected"] = out["r"] / float(np.sqrt(known[0] * known[1]))
            elif len(known) < 2:
                notes.append("The reliability of a judge is not known: r is not corrected.")
    return out | {"note": " ".join(notes)}


def _applicability(applicable: pd.DataFrame) -> dict[str, Any]:
    both = applicable.dropna().to_numpy(dtype=float)
    out: dict[str, Any] = {"n_both": len(both), "same_applicable": None, "kappa_applicable": None}
    if not len(both):
        return out
    out["same_applicable"] = float((both.min(axis=1) == both.max(axis=1)).mean())
    if both.shape[1] == 2 and len(both) >= LEAST_CELLS and np.ptp(both) > 0:
        try:
            out["kappa_applicable"] = _finite(pm.cohen_kappa(both).kappa)
        except ValuelexError:
            out["kappa_applicable"] = None
    return out


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


__all__ = ["PEOPLE", "agreement", "make_cells"]
