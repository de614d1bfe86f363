"""The section `instrument`: the projective test, stem by stem."""

from __future__ import annotations

from collections import Counter
from typing import Any

from valuelex.report import figures
from valuelex.report.content import Block, Column, Details, Figure, Section, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.wording import NONE, count, listed, plain_settings, whole
from valuelex.tables import VALENCES

NAME, TITLE = "instrument", "The projective test: the stems"
OURS = "The paper’s stems are not public. Bank, templates, balance over valences and the two forms are our own."
UNSTATED = "not stated"


def section(evidence: Evidence) -> Section:
    """Turn the table `instrument` into the section."""
    table = evidence.table("instrument")
    if table is None:
        return Section(NAME, TITLE, absent=evidence.absent(NAME))
    warnings = evidence.warnings(NAME)
    items = records(table)
    if not items:
        return Section(NAME, TITLE, ["The instrument holds no items."], warnings=warnings)
    valences = [v for v in (*VALENCES, UNSTATED) if any(_valence(i) == v for i in items)]
    scales = list(dict.fromkeys((i["dimension"], i["subdimension"]) for i in sorted(items, key=_by_scale)))
    held = Counter(((i["dimension"], i["subdimension"]), _valence(i)) for i in items)
    blocks: list[Block] = [
        Figure(
            "instrument-balance",
            "Stems by scale and valence",
            f"Stacked bars, one for each scale. {listed(f'{v}: {sum(_valence(i) == v for i in items)}' for v in valences)}.",
            figures.shares([_name(s) for s in scales], {v: [held[s, v] for s in scales] for v in valences}, "stems"),
        ),
        _forms(items, valences),
        Details(f"All {count(len(items), 'stem')}", (_stems(items),)),
    ]
    settings = [] if evidence.given(NAME) else plain_settings(evidence.file.instrument)
    return Section(NAME, TITLE, [_size(items, scales, valences)], blocks, settings, OURS, warnings=warnings)


def _valence(item: dict[str, Any]) -> str:
    return item["valence"] or UNSTATED


def _by_scale(item: dict[str, Any]) -> tuple[str, str]:
    return item["dimension"], item["subdimension"] or ""


def _name(scale: tuple[str, str | None]) -> str:
    return scale[1] or scale[0]


def _size(items: list[dict[str, Any]], scales: list[tuple[str, str | None]], valences: list[str]) -> str:
    forms = sorted({str(i["form"]) for i in items})
    sources = Counter(i["source"] or UNSTATED for i in items)
    dimensions = len({s[0] for s in scales})
    spread = listed(f"{sum(_valence(i) == v for i in items)} {v}" for v in valences)
    origin = listed(f"{n} from {name}" if name != "given" else f"{n} given" for name, n in sorted(sources.items()))
    return (
        f"The test has {count(len(items), 'stem')} in {count(len(forms), 'form')} for {count(dimensions, 'dimension')} "
        f"({count(len(scales), 'scale')}): {spread}; {origin}."
    )


def _forms(items: list[dict[str, Any]], valences: list[str]) -> Table:
    held = Counter((_by_scale(i), str(i["form"]), _valence(i)) for i in items)
    rows: list[list[str]] = []
    for scale in sorted({_by_scale(i) for i in items}):
        for form in sorted({str(i["form"]) for i in items}):
            cells = [held[scale, form, v] for v in valences]
            rows.append([scale[0], scale[1] or NONE, form, *(whole(c) for c in cells), whole(sum(cells))])
    heads = (
        Column("dimension"),
        Column("subdimension"),
        Column("form"),
        *(Column(v, number=True) for v in valences),
        Column("all", number=True),
    )
    note = (
        "Number of stems. A stem is positive, negative, neutral or a trade-off by its wording. Valence can move scores "
        "more than the model does, so it is balanced where the bank allows; the section judge has the scores by "
        "valence."
    )
    return Table("instrument-forms", "Stems by scale, form and valence", heads, [list(r) for r in rows], note)


def _stems(items: list[dict[str, Any]]) -> Table:
    rows: list[list[str]] = [
        [
            i["item_id"],
            i["stem"],
            _name((i["dimension"], i["subdimension"])),
            _valence(i),
            str(i["form"]),
            i["source"] or NONE,
        ]
        for i in items
    ]
    heads = (
        Column("item", code=True),
        Column("stem", wide=True),
        Column("scale"),
        Column("valence"),
        Column("form"),
        Column("source"),
    )
    note = "In the order of the instrument; every model sees them in an order of its own."
    return Table("instrument-stems", "Stems", heads, [list(r) for r in rows], note)
