"""Parallel forms in the section `instrument`: means with standardised differences, counts, and the forms side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from valuelex.report.content import Block, Cell, Column, Details, Table
from valuelex.report.wording import NONE, count, listed, number, whole

LARGEST = 0.1
"""Difference of means, in standard deviations, from which it is set in bold."""

_SAID = {
    "words": "words of a stem",
    "readability": "readability (LIX)",
    "fit": "fit to its scale",
    "margin": "margin over the next scale",
}


def differences(balance: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[Block]]:
    """Return the finding and the table of means; both empty where there is one form."""
    means = [row for row in balance if row["kind"] == "mean" and row["standardised"] is not None]
    counted = [row for row in balance if row["kind"] == "count" and row["difference"] is not None]
    if not means:
        return [], []
    largest = max(abs(row["standardised"]) for row in means)
    most = max((int(abs(row["difference"])) for row in counted), default=0)
    apart = [_SAID[row["property"]] for row in means if abs(row["standardised"]) >= LARGEST]
    said = (
        f"The forms A and B differ by at most {number(largest, 3)} standard deviations in the mean of any property, and by at "
        f"most {count(most, 'item')} in any count."
    )
    if apart:
        said += f" They are not matched on {listed(apart)} (a tenth of a standard deviation or more)."
    rows: list[list[str | Cell]] = [
        [
            _SAID[row["property"]],
            number(row["form_a"]),
            number(row["form_b"]),
            number(row["sd"]),
            Cell(number(row["standardised"], 3), strong=abs(row["standardised"]) >= LARGEST),
        ]
        for row in means
    ]
    heads = (
        Column("mean of"),
        Column("form A", number=True),
        Column("form B", number=True),
        Column("SD", number=True),
        Column("difference / SD", number=True),
    )
    note = (
        "SD over all items. LIX: words + percentage of words of more than six letters. Fit: mean cosine of a stem's themes "
        "with the nearest word of its scale; margin: fit less that of the best other scale. Forms are found by exchanging "
        "items until no exchange brings them nearer. Matched wording is no proof of parallel scores: the section score has "
        "their correlation."
    )
    return [said], [Table("instrument-balance-means", "Forms A and B: means", heads, rows, note)]


def counts(balance: Sequence[Mapping[str, Any]]) -> Details:
    """Return the counts of both forms, behind a summary line."""
    rows: list[list[str | Cell]] = []
    for row in balance:
        if row["kind"] == "count":
            apart = row["difference"]
            strong = apart is not None and abs(apart) > 1
            shown = Cell(whole(apart), strong=strong)
            rows.append([row["property"], row["level"] or NONE, whole(row["form_a"]), whole(row["form_b"]), shown])
    heads = (
        Column("property"),
        Column("level", wide=True),
        Column("form A", number=True),
        Column("form B", number=True),
        Column("difference", number=True),
    )
    return Details(
        "Items of each form by dimension, scale, valence, person and source",
        (
            Table(
                "instrument-balance-counts",
                "Items of each form",
                heads,
                rows,
                "One item too many is as even as odd numbers allow.",
            ),
        ),
    )


def side_by_side(items: Sequence[Mapping[str, Any]]) -> Table:
    """Return the stems of A beside those of B, cell by cell."""
    cells: dict[tuple[str, str], dict[str, list[str]]] = {}
    for item in items:
        cell = (item["subdimension"] or item["dimension"], item["valence"] or "not stated")
        cells.setdefault(cell, {"A": [], "B": []}).setdefault(str(item["form"]), []).append(item["stem"])
    rows: list[list[str | Cell]] = []
    for (scale, valence), forms in sorted(cells.items()):
        pairs = zip_longest(sorted(forms["A"]), sorted(forms["B"]), fillvalue=NONE)
        rows += [[scale, valence, a, b] for a, b in pairs]
    heads = (Column("scale"), Column("valence"), Column("form A", wide=True), Column("form B", wide=True))
    return Table(
        "instrument-side-by-side",
        "Forms side by side",
        heads,
        rows,
        "Stems of one scale and valence; that two stand in one line means nothing more.",
    )
