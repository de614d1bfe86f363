"""The section `instrument`: the projective test, how far its forms agree, what the filters dropped, and every stem."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from valuelex.report import figures
from valuelex.report.content import Block, Column, Details, Figure, Section, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.instrument_candidates import candidates, dropped
from valuelex.report.instrument_forms import counts, differences, side_by_side
from valuelex.report.wording import NONE, count, listed, number, plain_settings, whole
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
        *_more(evidence, items),
        Details(f"All {count(len(items), 'stem')}", (_stems(items),)),
    ]
    settings = [] if evidence.given(NAME) else plain_settings(evidence.file.instrument)
    findings = [_size(items, scales, valences), *_findings(evidence, items)]
    return Section(NAME, TITLE, findings, blocks, settings, OURS, warnings=warnings)


def _findings(evidence: Evidence, items: list[dict[str, Any]]) -> list[str]:
    """What became of the candidates, how far the forms agree, and which version this is."""
    rows, balance = _made(evidence)
    found = [] if rows is None or not _own(rows, items) else [dropped(records(rows))]
    found += [] if balance is None else differences(records(balance))[0]
    manual = evidence.document("manual") or {}
    if manual.get("sha256"):
        based = manual.get("based_on")
        edited = f", edited by hand from {str(based)[:16]}" if based else ""
        found.append(
            f"instrument.yaml is version {manual.get('version', 1)}{edited}; SHA-256 of its content {manual['sha256']}."
        )
    return found


def _more(evidence: Evidence, items: list[dict[str, Any]]) -> list[Block]:
    rows, balance = _made(evidence)
    found: list[Block] = []
    if balance is not None:
        found += [*differences(records(balance))[1], counts(records(balance))]
    if len({i["form"] for i in items}) == 2:
        found.append(Details("The forms side by side", (side_by_side(items),)))
    if rows is not None and _own(rows, items):
        found += candidates(records(rows))
    return found


def _made(evidence: Evidence) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Candidates and balance; neither where the instrument was given: what is there is left over from before."""
    given = bool(evidence.given(NAME))
    return (None, None) if given else (evidence.table("stem_candidates"), evidence.table("form_balance"))


def _own(rows: pd.DataFrame, items: list[dict[str, Any]]) -> bool:
    """Whether the candidates are those of this instrument, and not left over from before it was edited or given."""
    kept = set(rows["stem"][rows["verdict"] == "kept"].dropna())
    return kept == {item["stem"] for item in items}


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
            i.get("person") or NONE,
            str(i["form"]),
            i["source"] or NONE,
            number(i.get("fit")),
            number(i.get("margin")),
            whole(i.get("readability")),
        ]
        for i in items
    ]
    heads = (
        Column("item", code=True),
        Column("stem", wide=True),
        Column("scale"),
        Column("valence"),
        Column("person"),
        Column("form"),
        Column("source"),
        Column("fit", number=True),
        Column("margin", number=True),
        Column("LIX", number=True),
    )
    note = "In the order of the instrument; every model sees them in an order of its own."
    return Table("instrument-stems", "Stems", heads, [list(r) for r in rows], note)
