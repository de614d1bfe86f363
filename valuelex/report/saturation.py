"""Were there enough answers? Curves of the words that came, and how complete the lexicon of each model is."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.report import survey_figures as figures
from valuelex.report.content import Block, Column, Details, Figure, Table
from valuelex.report.evidence import Evidence, records, texts
from valuelex.report.survey import MODES, MOST_SERIES, modes_of, spread
from valuelex.report.wording import (
    NONE,
    count,
    is_missing,
    listed,
    number,
    percent,
    percent_interval,
    whole,
)

ALL = "(all)"


def saturation_blocks(evidence: Evidence) -> tuple[list[str], list[Block]]:
    """Return a sentence, a picture per mode and a table; nothing where the tables are not there."""
    richness, curves = evidence.table("richness"), evidence.table("saturation")
    if richness is None or richness.empty:
        return [], []
    modes = modes_of(richness)
    order = [*evidence.model_ids, ALL]
    findings = [f for mode in modes[:1] for f in (_finding(richness, mode, order),) if f]
    pictures = []
    if curves is not None and not curves.empty:
        pictures = [f for mode in modes for f in (_figure(curves, richness, mode, order),) if f]
    blocks: list[Block] = [*pictures[:1], _table(richness, modes, order)]
    if len(pictures) > 1:
        blocks.append(Details("Saturation curves of the other modes of asking", tuple(pictures[1:])))
    return findings, blocks


def _rows(table: pd.DataFrame, mode: str, order: list[str]) -> dict[str, dict[str, Any]]:
    """Model -> its row, in the order of the page; one model alone needs no row for all."""
    held = {str(row["model_id"]): row for row in records(table[table["elicitation"] == mode])}
    if len(held) == 2 and ALL in held:
        del held[ALL]
    return {model: held[model] for model in order if model in held}


def _finding(richness: pd.DataFrame, mode: str, order: list[str]) -> str:
    held = {model: row for model, row in _rows(richness, mode, order).items() if not is_missing(row["coverage"])}
    if not held:
        return ""
    whole_ = held.pop(ALL, None)
    if len(held) > MOST_SERIES:  # the least complete come first where not all can be named
        held = dict(sorted(held.items(), key=lambda item: float(item[1]["coverage"])))
    parts = [
        f"from {model}, {percent(row['coverage'])}{spread(row['coverage_low'], row['coverage_high'])}"
        for model, row in held.items()
    ]
    said = f"Of further value words in {MODES[mode]} answers {listed(parts, MOST_SERIES)} would be known ones"
    if whole_ is None:
        return f"{said}."
    return (
        f"{said}; over all models {percent(whole_['coverage'])}{spread(whole_['coverage_low'], whole_['coverage_high'])}, and "
        f"there are at least {whole(whole_['chao2'])} value words to be named"
        f"{_words_spread(whole_)} where {whole(whole_['observed'])} were seen."
    )


def _words_spread(row: dict[str, Any]) -> str:
    if is_missing(row["chao2_low"]) or is_missing(row["chao2_high"]):
        return ""
    return f" (Chao2; 95 % interval {whole(row['chao2_low'])} to {whole(row['chao2_high'])})"


def _figure(curves: pd.DataFrame, richness: pd.DataFrame, mode: str, order: list[str]) -> Figure | None:
    held = _rows(richness, mode, order)
    chosen = [model for model in held if model != ALL]
    if len(chosen) > MOST_SERIES - 1:
        chosen = sorted(chosen, key=lambda m: 1.0 if is_missing(held[m]["coverage"]) else float(held[m]["coverage"]))
    shown = [*chosen[: MOST_SERIES - 1], *([ALL] if ALL in held else [])]
    mine = curves[curves["elicitation"] == mode].sort_values("n_answers")
    series, said = [], []
    for k, model in enumerate(shown):
        points = [
            (float(row["n_answers"]), float(row["expected"]), row["ci_low"], row["ci_high"])
            for row in records(mine[mine["model_id"] == model])
        ]
        if not points:
            continue
        row, name = held[model], "all models" if model == ALL else model
        series.append(figures.Curve(name, points, (float(row["n_answers"]), float(row["observed"])), k))
        last = points[-1]
        said.append(
            f"{name}: {whole(row['observed'])} words in {whole(row['n_answers'])} answers, {number(last[1], 0)} expected in "
            f"{number(last[0], 0)}"
        )
    if not series:
        return None
    left = len(chosen) - (MOST_SERIES - 1)
    note = (
        "A point is what was observed; the line before it what fewer answers would have held on average (rarefaction), dashed "
        "beyond it what more answers are expected to hold; shaded: 95 % interval. A curve that is flat at its point has seen "
        "nearly all there is to see with these prompts and settings."
    )
    if left > 0:
        note += f" Shown: the {MOST_SERIES - 1} least complete models; {count(left, 'other model')} in saturation.csv."
    return Figure(
        f"lexicon-saturation-{mode}",
        f"Value words against {MODES[mode]} answers",
        f"Rising lines that level off. {'; '.join(said)}.",
        figures.curves(series, ("answers", "different value words")),
        note,
    )


def _table(richness: pd.DataFrame, modes: list[str], order: list[str]) -> Table:
    rows = []
    for mode in modes:
        for model, row in _rows(richness, mode, order).items():
            cover = (
                percent_interval(row["coverage_low"], row["coverage_high"])
                if not is_missing(row["coverage_low"])
                else ""
            )
            rows.append(
                [
                    "all models" if model == ALL else model,
                    MODES[mode],
                    whole(row["n_answers"]),
                    whole(row["n_words"]),
                    whole(row["observed"]),
                    f"{whole(row['singletons'])}, {whole(row['doubletons'])}",
                    NONE if is_missing(row["coverage"]) else f"{number(100 * row['coverage'], 1)} {cover}".rstrip(),
                    _least(row, "chao1"),
                    _least(row, "chao2"),
                ]
            )
    heads = (
        Column("model", code=True, look="model"),
        Column("mode"),
        Column("answers", number=True),
        Column("words", number=True),
        Column("types", number=True),
        Column("once, twice", number=True),
        Column("coverage, %", number=True),
        Column("Chao1", number=True),
        Column("Chao2", number=True),
    )
    method = texts(richness["method"])
    note = (
        "Types: different words. Coverage: the share of further value words that would be known ones (Good-Turing). "
        "Chao1 and Chao2: how many words "
        "there are at least, from how often words came and from how many answers hold them. Brackets: 95 % intervals. "
        f"Rare words count here, before they are set aside. Method: {method[0] if method else 'not said'}."
    )
    return Table("lexicon-richness", "How complete the lexicon is", heads, [list(row) for row in rows], note)


def _least(row: dict[str, Any], name: str) -> str:
    if is_missing(row[name]):
        return NONE
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return number(row[name], 0) + (
        "" if is_missing(low) or is_missing(high) else f" [{number(low, 0)}, {number(high, 0)}]"
    )
