"""The test as a test, in the section `score`: reliability, generalizability, structure, other methods, items, short form."""

from __future__ import annotations

from typing import Any

import pandas as pd

from valuelex.report import examined_details as details
from valuelex.report import figures
from valuelex.report.content import Block, Cell, Column, Details, Figure, Note, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.judge import agreement_rows
from valuelex.report.wording import NONE, count, interval, listed, number, percent


def findings(reliability: dict[str, Any]) -> list[str]:
    """Return what is known of the test, in sentences; what is missing says why once."""
    scales = reliability.get("scales") or {}
    upper = {n: s for n, s in scales.items() if s.get("level") == "dimension"} or scales
    told = [_generalizability(upper), _structure(reliability), _methods(reliability)]
    return [sentence for sentence in told if sentence]


def _generalizability(scales: dict[str, Any]) -> str:
    known = {n: s["generalizability"] for n, s in scales.items() if (s.get("generalizability") or {}).get("n")}
    if not known:
        why = {str((s.get("generalizability") or {}).get("reason") or "") for s in scales.values()} - {""}
        return f"How far scores generalise to other stems is not known: {_plain(min(why))}" if why else ""
    low = min(known, key=lambda n: known[n]["generalizability"])
    one = known[low]
    asked, rests = one["n"], (one.get("rests_on") or {}).get("stems")
    stems = count(asked["stems"], "stem")
    if rests is not None and rests < 0.95 * asked["stems"]:
        stems += f", of which a model has a score on {number(rests, 1)} (harmonic mean)"
    return (
        f"With {stems}, {count(asked['samples'], 'sample')} and {count(asked['judges'], 'judge')} "
        f"comparisons between models generalise worst on {low}, {number(one['generalizability'])}. {one['sentence']}"
    )


def _plain(why: str) -> str:
    return why[:1].lower() + why[1:]


def _structure(reliability: dict[str, Any]) -> str:
    return str((reliability.get("structure") or {}).get("sentence") or "")


def _methods(reliability: dict[str, Any]) -> str:
    found = (reliability.get("multitrait") or {}).get("forms") or {}
    if found.get("convergent") is None:
        return ""
    low, high = found.get("difference_ci") or (None, None)
    spread = f" (difference {interval(low, high)})" if low is not None else ""
    where = "in the elicited words"
    if (reliability.get("multitrait") or {}).get("words"):
        where = "on the other form"  # no elicited words: the same judges read both, so that it is no other method
    return (
        f"The same dimension {where} correlates {number(found['convergent'])} on average, another dimension "
        f"{where} {number(found['discriminant'])}{spread}, over {count(found['n_models'], 'model')}."
    )


def blocks(evidence: Evidence, reliability: dict[str, Any]) -> list[Block]:
    """Return figures, tables and details on the test."""
    made: list[Block] = []
    designs = evidence.table("d_study")
    if designs is not None and len(designs):
        made.append(_curves(designs, reliability, evidence.file.scoring.target))
    made.append(_reliability_table(reliability, evidence.file.scoring.target))
    studies, structure = evidence.table("g_study"), evidence.table("dimension_structure")
    pairs, crossed = evidence.table("dimension_pairs"), evidence.table("multitrait")
    if studies is not None and len(studies):
        made.append(_components(studies))
    if pairs is not None and pairs["r"].notna().any():
        made.append(_pairs(pairs))
    if crossed is not None and len(crossed):
        made.append(Details("Multitrait-multimethod matrix", tuple(details.matrix(crossed, reliability))))
    elif reliability.get("multitrait"):
        why = reliability["multitrait"]["forms"]["reason"]
        made.append(Note(f"There is no multitrait-multimethod matrix. {why}"))
    if structure is not None and len(structure):
        made.append(Details("Is it more than one halo?", (details.structure_table(structure),)))
    effects, items = evidence.table("score_effects"), evidence.table("items")
    if effects is not None and len(effects):
        made.append(Details("What adjusted scores have taken out", (details.effects_table(effects),)))
    if items is not None and len(items):
        made.append(Details("Items", tuple(details.items_tables(items, evidence.table("instrument")))))
    short = details.short_form(reliability)
    if short is not None:
        made.append(Details("Short form", (short,)))
    return made


def _curves(designs: pd.DataFrame, reliability: dict[str, Any], target: float) -> Figure:
    """Generalizability over the number of stems, with as many samples and judges as there were."""
    scales = reliability.get("scales") or {}
    data: list[dict[str, Any]] = []
    said = []
    level = "dimension" if (designs["level"] == "dimension").any() else "subdimension"
    for k, (name, part) in enumerate(designs[designs["level"] == level].groupby("dimension", sort=True)):
        own = (s for s in scales.values() if (s.get("level"), s.get("dimension")) == (level, str(name)))
        mine: dict[str, Any] = next(own, {})
        n = (mine.get("generalizability") or {}).get("n") or {}
        samples, judges = (
            max(v for v in part[c].unique() if v <= n.get(c, 1)) if (part[c] <= n.get(c, 1)).any() else part[c].min()
            for c in ("samples", "judges")
        )
        points = records(part[(part["samples"] == samples) & (part["judges"] == judges)].sort_values("stems"))
        rest = f"{count(int(samples), 'sample')}, {count(int(judges), 'judge')}"
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": figures.label(name),
                "x": [r["stems"] for r in points],
                "y": [r["generalizability"] for r in points],
                "line": {"color": figures.colour(k), "width": 2},
                "marker": {"color": figures.colour(k), "symbol": figures.symbol(k), "size": 8},
                "hovertemplate": f"%{{x}} stems, {rest}: %{{y:.2f}}<extra>{figures.label(name)}</extra>",
            }
        )
        said.append(f"{name} {number(points[0]['generalizability'])} to {number(points[-1]['generalizability'])}")
    top = max((max(one["x"]) for one in data if one["x"]), default=1)
    layout = {
        "xaxis": {"title": {"text": "stems"}, "rangemode": "tozero", "range": [0, top * 1.04]},
        "yaxis": {"title": {"text": "generalizability"}, "range": [0, 1.03]},
        "shapes": [
            {
                "type": "line",
                "x0": 0,
                "x1": top * 1.04,
                "y0": target,
                "y1": target,
                "line": {"color": figures.GREY, "dash": "dot"},
            }
        ],
    }
    return Figure(
        "score-generalizability",
        "How many stems a comparison of models needs",
        f"Generalizability rises with the number of stems. {listed(said)}.",
        figures.finished(data, layout, 360),
        "Decision study: samples and judges as in this study, stems evenly over the same valences, judges as sampled. "
        f"Dotted: {target:g}.",
    )


def _reliability_table(reliability: dict[str, Any], target: float) -> Table | Note:
    rows: list[list[str | Cell]] = []
    reasons: list[str] = []
    for name, found in (reliability.get("scales") or {}).items():
        parts = {key: found.get(key) or {} for key in ("omega", "forms", "retest", "generalizability")}
        needed = parts["generalizability"].get("needed")
        rows.append(
            [
                name,
                number(found.get("alpha"))
                + (f" ({found['n_items']} stems)" if found.get("alpha") is not None and "n_items" in found else ""),
                interval(*(found.get("ci") or (None, None))),
                number(parts["omega"].get("total")),
                number(parts["forms"].get("r")),
                number(parts["forms"].get("spearman_brown")),
                number(parts["retest"].get("icc_3_1")),
                number(parts["generalizability"].get("generalizability")),
                number(parts["generalizability"].get("dependability")),
                " × ".join(str(n) for n in needed.values()) if needed else NONE,
            ]
        )
        told = {"alpha": found, "omega": parts["omega"], "forms": parts["forms"], "retest": parts["retest"]}
        told["generalizability"] = parts["generalizability"]
        reasons += [f"{key}: {_plain(str(one['reason']))}" for key, one in told.items() if one.get("reason")]
    name, value, spread, remark = agreement_rows(reliability)
    rows.append([name, value, spread, *[NONE] * 7])
    heads = (
        Column("scale", wide=True),
        Column("alpha", number=True),
        Column("95 % interval", number=True),
        Column("omega", number=True),
        Column("forms A, B", number=True),
        Column("both forms", number=True),
        Column("retest", number=True),
        Column("generaliz.", number=True),
        Column("depend.", number=True),
        Column(f"needed for {target:g}", number=True),
    )
    note = (
        "Alpha: over stems, model x sample records as cases. Omega: one factor, the scale's own items. Forms: r over models; "
        "both: by Spearman-Brown. Retest: ICC(3,1) of samples over models. Generalizability: of comparisons between models; "
        "dependability: of scores as such. Needed: stems × samples × judges, fewest judgements of the designs tried. "
        f"Judges: {_plain(remark)}{'' if remark.endswith('.') else '.'}"
    )
    why = "; ".join(r.removesuffix(".") for r in dict.fromkeys(reasons))
    if all(cell == NONE for row in rows for cell in row[1:]):
        # A table of dashes says less than its reasons.
        return Note(f"No reliability can be had. Judges: {_plain(remark).removesuffix('.')}. {why}.")
    if reasons:
        note += f" Dashes: {why}."
    return Table("score-reliability", "Reliability", heads, rows, note)


def _components(studies: pd.DataFrame) -> Table:
    upper = studies[studies["level"] == "dimension"]
    upper = upper if len(upper) else studies
    scales = list(dict.fromkeys(upper["dimension"]))
    wide = upper.pivot(index="effect", columns="dimension", values="share")
    rows: list[list[str | Cell]] = [
        [str(effect), *(percent(wide.loc[effect, s], 0) if pd.notna(wide.loc[effect, s]) else NONE for s in scales)]
        for effect in dict.fromkeys(upper["effect"])
    ]
    heads = (Column("source", wide=True), *(Column(str(s), number=True) for s in scales))
    note = (
        f"Shares of the variance of single scores, {upper['method'].iloc[0]}; negative estimates as 0. x: crossed; a:b: a "
        "within b. Sources that name the model make comparisons between models uncertain, all others only scores as such."
    )
    return Table("score-components", "What makes scores differ", heads, rows, note)


def _pairs(pairs: pd.DataFrame) -> Table:
    rows: list[list[str | Cell]] = []
    for r in records(pairs):
        below = r["ci_high"] is not None and r["ci_high"] < 1
        rows.append(
            [
                f"{r['first']} – {r['second']}",
                number(r["r"]),
                Cell(number(r["r_universe"]), strong=below),
                interval(r["ci_low"], r["ci_high"]),
                r["note"] or ("surely below 1" if below else ""),
            ]
        )
    heads = (
        Column("scales", wide=True),
        Column("r", number=True),
        Column("error taken out", number=True),
        Column("interval", number=True),
        Column("remark", wide=True),
    )
    note = (
        "Over models: r of their means, and the correlation of universe scores (errors of stems and samples taken out); "
        "jackknife over models, not cut off at 1. Bold: the interval lies below 1, so the two are not the same thing."
    )
    return Table("score-pairs", "Do the scales measure different things?", heads, rows, note)
