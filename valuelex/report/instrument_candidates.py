"""Candidates for stems in the section `instrument`: what the filters dropped and why, and what was left unused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from valuelex.projective.instrument.filters import (
    FEWEST_WORDS,
    HARDEST,
    LEAST_FIT,
    LEAST_MARGIN,
    LEAST_TEXT_FIT,
    LEAST_TEXT_MARGIN,
    MOST_COSINE,
    MOST_OVERLAP,
    MOST_WORDS,
)
from valuelex.report.content import Block, Cell, Column, Details, Table
from valuelex.report.wording import NONE, count, listed, number, percent, whole

EXAMPLES, LISTED = 3, 200
"""Stems shown for each filter, and dropped candidates listed at most; the table stem_candidates holds all."""

_ABOUT = {
    "form": "a language model's reply that is no beginning of a sentence, or cannot be read",
    "leakage": "names its scale, or (but for templates) one of its words",
    "readability": f"not {FEWEST_WORDS} to {MOST_WORDS} words, or LIX above {HARDEST:.0f}",
    "fit": f"fit below {LEAST_FIT} (by text alone {LEAST_TEXT_FIT}): far from the words of its scale",
    "ambiguity": f"margin below {LEAST_MARGIN} (by text alone {LEAST_TEXT_MARGIN}): fits another scale as well, or better",
    "duplicate": f"cosine of {MOST_COSINE} or {MOST_OVERLAP:.0%} of the words of an earlier candidate",
}


def dropped(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what became of the candidates, in a sentence."""
    verdicts = Counter(row["verdict"] for row in rows)
    sources = Counter(row["source"] for row in rows)
    return (
        f"Of {count(len(rows), 'candidate')} ({listed(f'{n} from {name}' for name, n in sorted(sources.items()))}), "
        f"{verdicts['dropped']:,} fell through a filter ({percent(verdicts['dropped'] / max(len(rows), 1), 0)}), "
        f"{verdicts['kept']:,} are in the test and {verdicts['unused']:,} were good but not needed."
    )


def candidates(rows: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Return the table of filters, and the dropped candidates behind a summary line."""
    fallen = [row for row in rows if row["verdict"] == "dropped"]
    if not fallen:
        return []
    by_filter: dict[str, list[Mapping[str, Any]]] = {}
    for row in fallen:
        by_filter.setdefault(str(row["reason"]).partition(":")[0], []).append(row)
    table: list[list[str | Cell]] = [
        [
            name,
            whole(len(by_filter[name])),
            about,
            "; ".join(str(r["stem"] or NONE) for r in by_filter[name][:EXAMPLES]),
        ]
        for name, about in _ABOUT.items()
        if name in by_filter
    ]
    heads = (
        Column("filter"),
        Column("dropped", number=True),
        Column("what falls", wide=True),
        Column("examples", wide=True),
    )
    note = "A candidate counts under the first filter that it fell through; the table stem_candidates has all measures of all."
    shown: list[list[str | Cell]] = [
        [
            str(row["stem"] or NONE),
            row["source"],
            row["subdimension"] or row["dimension"] or NONE,
            row["valence"],
            number(row["fit"]),
            number(row["margin"]),
            str(row["reason"]),
        ]
        for row in fallen[:LISTED]
    ]
    columns = (
        Column("stem", wide=True),
        Column("source"),
        Column("scale"),
        Column("valence"),
        Column("fit", number=True),
        Column("margin", number=True),
        Column("reason", wide=True),
    )
    more = "" if len(fallen) <= LISTED else f"The first {LISTED} of {len(fallen):,}."
    return [
        Table("instrument-filters", "What the filters dropped", heads, table, note),
        Details(
            f"All {count(len(fallen), 'dropped candidate')}",
            (Table("instrument-dropped", "Dropped candidates", columns, shown, more),),
        ),
    ]
