"""Status rates of answers, the same for what the elicitation and the projective test got back."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from valuelex.report import figures
from valuelex.report.content import Column, Figure, Table
from valuelex.report.wording import count, listed, percent, percent_interval, whole, wilson
from valuelex.tables import STATUSES

_SHOWN = {"ok": "usable", "refused": "refused", "invalid": "invalid", "error": "error"}


def status_counts(table: pd.DataFrame, models: list[str]) -> dict[str, dict[str, int]]:
    """Model -> status -> number of answers, for the models that have any."""
    found: dict[str, dict[str, int]] = {}
    for model in models:
        held = Counter(table.loc[table["model_id"] == model, "status"].astype(str))
        if held:
            found[model] = {status: held[status] for status in STATUSES}
    return found


def usable_finding(counts: dict[str, dict[str, int]], noun: str) -> str:
    """Say how many answers were usable, overall and per model, with Wilson intervals."""
    ok, n = sum(c["ok"] for c in counts.values()), sum(sum(c.values()) for c in counts.values())
    parts = [f"{model} {_rate(c['ok'], sum(c.values()))}" for model, c in counts.items()]
    tail = f": {listed(parts, 8)}" if len(parts) > 1 else ""
    return f"{ok:,} of {count(n, noun)} were usable, {_rate(ok, n)}{tail}."


def _rate(k: int, n: int) -> str:
    found = wilson(k, n)
    return f"{percent(k / n)} (95 % interval {_span(*found)})" if found else "none"


def _span(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {100 * high:.1f}"


def remark_finding(table: pd.DataFrame, noun: str) -> str:
    """Name the commonest remark on usable answers (such as being cut off), or nothing."""
    usable = table[table["status"] == "ok"]
    reasons = Counter(str(r) for r in usable["status_reason"].dropna())
    if not reasons:
        return ""
    reason, k = min(reasons.items(), key=lambda item: (-item[1], item[0]))
    found = wilson(k, len(usable))
    spread = f", 95 % interval {_span(*found)}" if found else ""
    share = f"{k:,} of {len(usable):,} ({percent(k / len(usable))}{spread})"
    return f"The commonest remark on usable {noun} is “{reason}”: {share}."


def status_figure(name: str, counts: dict[str, dict[str, int]], noun: str) -> Figure:
    parts = {_SHOWN[s]: [c[s] for c in counts.values()] for s in STATUSES}
    said = [
        f"{model}: " + ", ".join(f"{percent(c[s] / sum(c.values()), 0)} {_SHOWN[s]}" for s in STATUSES if c[s])
        for model, c in counts.items()
    ]
    return Figure(
        name,
        f"What became of the {noun}, by model",
        f"Stacked bars, one for each model. {listed(said, 8)}.",
        figures.shares(list(counts), parts, noun),
    )


def status_table(name: str, counts: dict[str, dict[str, int]], noun: str) -> Table:
    heads = [Column("model", code=True, look="model"), Column(noun, number=True)]
    heads += [Column(f"{_SHOWN[s]}, %", number=True) for s in STATUSES]
    heads.insert(3, Column("95 % interval", number=True))
    rows = []
    for model, held in counts.items():
        n = sum(held.values())
        found = wilson(held["ok"], n)
        cells = [f"{100 * held[s] / n:.1f}" if held[s] else "0" for s in STATUSES]
        rows.append([model, whole(n), cells[0], percent_interval(*found) if found else "–", *cells[1:]])
    note = (
        "Intervals are Wilson's score intervals. They take answers as independent draws; answers of one model are more "
        "alike than that, so the true uncertainty is larger. Usable: read further; refused: declines or disclaims; "
        "invalid: nothing usable; error: the endpoint failed."
    )
    return Table(name, f"Status of the {noun}, by model", tuple(heads), [list(row) for row in rows], note)


def reasons_table(name: str, table: pd.DataFrame, models: list[str]) -> Table | None:
    """Return what was remarked on the answers, by status and model; None where nothing was."""
    remarked = table[table["status_reason"].notna()]
    if remarked.empty:
        return None
    held = Counter(
        zip(
            remarked["status"].astype(str),
            remarked["status_reason"].astype(str),
            remarked["model_id"].astype(str),
            strict=True,
        )
    )
    there = [m for m in models if any(key[2] == m for key in held)]
    pairs = sorted({key[:2] for key in held}, key=lambda pair: (STATUSES.index(pair[0]), pair[1]))
    rows = [[_SHOWN[status], reason, *(whole(held[status, reason, m]) for m in there)] for status, reason in pairs]
    heads = (Column("status"), Column("reason", wide=True), *(Column(m, number=True, code=True) for m in there))
    return Table(name, "Why an answer has its status", heads, [list(row) for row in rows], "Counts of answers.")
