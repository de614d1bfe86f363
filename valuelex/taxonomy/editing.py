"""Replaying a person's edits on top of the computed taxonomy. Nothing but places and names changes: no loading, no statistic.

An edit that no longer fits (its piece or words are gone after a new computation) is kept in the log as not applied, with the
reason. Edits always start from the computed taxonomy, so that replaying them twice is replaying them once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from valuelex.tables import empty, frame
from valuelex.taxonomy.edits import Edits
from valuelex.taxonomy.pieces import Dimension, Pieces, Subdimension, Unfit, places

BY_HAND = "edit"
"""`placed_by` of a word whose dimension was given by hand."""

UNASSIGNED_BY_HAND = f"unassigned: {BY_HAND}"

Outputs = dict[str, Any]


def apply_edits(outputs: Mapping[str, Any], edits: Edits) -> Outputs:
    """Return the step's tables and documents with the edits replayed.

    `taxonomy` gets `edited: true`, the edited `dimensions`, and the computed ones under `computed`; `interpretable` and
    `reasons` stay as computed. `assignments` gets the edited places beside `computed_dimension` and `computed_subdimension`;
    words whose dimension is another one than computed have `placed_by` "edit" and no `probability`, which was that of the
    computed dimension. The table `edits` says of each edit whether it was applied.

    Parameters
    ----------
    outputs : mapping
        Of `taxonomy.run`, or of an earlier `apply_edits`; with `taxonomy` and `assignments`.
    edits : Edits
    """
    document, table = dict(outputs["taxonomy"]), outputs["assignments"]
    if not len(edits):
        return dict(outputs)
    dimensions: list[dict[str, Any]] = document.get("computed") or document["dimensions"]
    computed = _state(dimensions)
    before = places(computed)
    state = Pieces(_state(dimensions), [str(w) for w in table["word"]])
    rows = []
    for number, edit in enumerate(edits.items, start=1):
        row = {
            "number": number,
            "operation": edit.operation,
            "target": edit.target,
            "reason": edit.reason,
            "by": edit.by,
        }
        try:
            done = state.apply(edit)
        except Unfit as unfit:
            rows.append(row | {"applied": "no", "why": str(unfit), "words": None, "n_words": 0})
            continue
        rows.append(
            row
            | {
                "applied": "in part" if done.remarks else "yes",
                "why": " ".join(done.remarks) or None,
                "words": ", ".join(done.words) or None,
                "n_words": len(done.words),
            }
        )
    state.find_origins(computed)
    document["edited"] = any(row["applied"] != "no" for row in rows)
    document["dimensions"] = [
        {
            "name": d.name,
            "words": list(d.words),
            "subdimensions": [{"name": s.name, "words": list(s.words)} for s in d.subs],
        }
        for d in state.dims
    ]
    document["unassigned"] = state.unassigned()
    document["computed"] = [dict(d) for d in dimensions]
    log = frame("edits", rows) if rows else empty("edits")
    return {**outputs, "taxonomy": document, "assignments": _assignments(table, before, state), "edits": log}


def _state(dimensions: Sequence[Mapping[str, Any]]) -> list[Dimension]:
    return [
        Dimension(
            str(d["name"]),
            [str(w) for w in d["words"]],
            [Subdimension(str(s["name"]), [str(w) for w in s["words"]]) for s in d.get("subdimensions") or []],
            str(d["name"]),
        )
        for d in dimensions
    ]


def _assignments(
    table: pd.DataFrame, before: Mapping[str, tuple[Dimension, Subdimension | None]], state: Pieces
) -> pd.DataFrame:
    after = places(state.dims)
    old_reason = table["placed_by"] if "placed_by" in table else pd.Series([None] * len(table))
    old_share = table["probability"] if "probability" in table else pd.Series([None] * len(table))
    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            "dimension",
            "subdimension",
            "computed_dimension",
            "computed_subdimension",
            "placed_by",
            "probability",
        )
    }
    for word, reason, share in zip(table["word"].astype(str), old_reason, old_share, strict=True):
        was, is_ = before.get(word), after.get(word)
        own = was[0].name if was else None
        by_hand = (is_[0].origin if is_ else None) != own or (is_ is None) != (was is None)
        columns["dimension"].append(is_[0].name if is_ else None)
        columns["subdimension"].append(is_[1].name if is_ and is_[1] else None)
        columns["computed_dimension"].append(own)
        columns["computed_subdimension"].append(was[1].name if was and was[1] else None)
        columns["placed_by"].append((BY_HAND if is_ else UNASSIGNED_BY_HAND) if by_hand else reason)
        columns["probability"].append(None if by_hand else share)
    return frame(
        "assignments", table.assign(**{k: pd.Series(v, dtype=object, index=table.index) for k, v in columns.items()})
    )
