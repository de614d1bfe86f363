"""The judges as instruments, in the section `judge`: agreement, severity and halo, biases, what hangs on one of them."""

from __future__ import annotations

from typing import Any

from valuelex.report import figures
from valuelex.report.content import Block, Bullets, Cell, Column, Details, Figure, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.wording import NONE, count, interval, is_missing, listed, number, percent, whole

ALL = "all"
_EFFECTS = {
    "position": "position: points per place down the call",
    "length": "length: points per doubling of words",
    "length_beyond": "length, beyond the other judges",
    "self_preference": "own family, beyond judges of others",
    "wording": "other wording of the rubric, points",
    "halo": "halo: share common to a completion’s scales",
    "halo_difference": "halo, less that of the other judges",
}
_KINDS = {"repeat": "asked twice", "reworded": "other wording"}


def warnings(evidence: Evidence) -> list[str]:
    """Return what a reader has to know first: judges that judge their own family."""
    kin = (evidence.document("judging") or {}).get("kin") or {}
    return [
        f"The judge {judge} is of the family of {listed(models)}, which it judges: models favour texts of their own kind. See "
        "its self-preference below."
        for judge, models in kin.items()
    ]


def findings(evidence: Evidence) -> list[str]:
    """Return agreement, replies that could not be read, and what hangs on one judge, in sentences."""
    return [said for said in (_agreement(evidence), _replies(evidence), _left_out(evidence)) if said]


def _agreement(evidence: Evidence) -> str:
    rows = [r for r in _rows(evidence, "judge_agreement") if r["dimension"] == ALL and r["alpha"] is not None]
    pairs = [r for r in rows if r["judge_a"] != r["judge_b"] and "people" not in (r["judge_a"], r["judge_b"])]
    if not pairs:
        return ""
    low, high = min(pairs, key=lambda r: r["alpha"]), max(pairs, key=lambda r: r["alpha"])
    if low is high:
        return f"{low['judge_a']} and {low['judge_b']} agree with Krippendorff’s alpha {_alpha(low)}."
    return (
        f"Over {count(len(pairs), 'pair')} of judges Krippendorff’s alpha runs from {_alpha(low)} ({low['judge_a']} and "
        f"{low['judge_b']}) to {_alpha(high)} ({high['judge_a']} and {high['judge_b']})."
    )


def _alpha(row: dict[str, Any]) -> str:
    return f"{number(row['alpha'])} {interval(row['alpha_low'], row['alpha_high'])}"


def _replies(evidence: Evidence) -> str:
    table = evidence.table("judge_replies")
    if table is None or table.empty:
        return ""
    first, second = (int((table["attempt"] == attempt).sum()) for attempt in (1, 2))
    return (
        f"{count(first, 'reply', 'replies')} of language models could not be read, or not wholly; each was asked for again; "
        f"after that {whole(second)} still could not (table judge_replies). Nothing was guessed."
    )


def _left_out(evidence: Evidence) -> str:
    rows = [r for r in _rows(evidence, "judge_left_out") if r["n_pairs"]]
    if not rows:
        return ""
    flips: dict[str, tuple[int, int]] = {}
    for row in rows:
        flipped, pairs = flips.get(row["judge_id"], (0, 0))
        flips[row["judge_id"]] = flipped + row["flipped"], pairs + row["n_pairs"]
    worst = max(flips, key=lambda judge: flips[judge][0] / flips[judge][1])
    flipped, pairs = flips[worst]
    if not flipped:
        return "No verdict on two models (higher, lower, not told apart) changes when one judge is left out."
    return (
        f"Most hangs on {worst}: without it the verdict on two models (higher, lower, not told apart) changes in "
        f"{whole(flipped)} of {whole(pairs)} comparisons."
    )


def _rows(evidence: Evidence, name: str) -> list[dict[str, Any]]:
    table = evidence.table(name)
    return [] if table is None else records(table)


def blocks(evidence: Evidence) -> list[Block]:
    """Return tables and figures; nothing where the study has no dossier."""
    made: list[Block] = []
    pairs, effects = _rows(evidence, "judge_agreement"), _rows(evidence, "judge_effects")
    if pairs:
        made.append(
            _agreement_table("judge-agreement", "How far judges agree", [r for r in pairs if r["dimension"] == ALL])
        )
        parts = [r for r in pairs if r["dimension"] != ALL]
        made.append(
            Details(
                "Agreement on each scale",
                (_agreement_table("judge-agreement-scales", "How far judges agree, by scale", parts),),
            )
        )
    made += _severity(effects)
    if effects:
        made.append(_biases(effects))
    left = _rows(evidence, "judge_left_out")
    if left:
        made.append(Details("One judge left out", (_left_table(left),)))
    unknown = (evidence.document("judging") or {}).get("unknown") or []
    if unknown:
        made.append(Bullets("What is not known of these judges", tuple(str(said) for said in unknown)))
    return made


def _agreement_table(name: str, caption: str, rows: list[dict[str, Any]]) -> Table:
    scales = any(r["dimension"] != ALL for r in rows)
    body: list[list[str | Cell]] = []
    for r in rows:
        again = _KINDS.get(r["kind"])
        both = (
            f"{r['judge_a']}, {again}"
            if again
            else "all judges"
            if r["judge_a"] == ALL
            else f"{r['judge_a']} – {r['judge_b']}"
        )
        body.append(
            [
                both,
                *([r["dimension"]] if scales else []),
                whole(r["n"]),
                number(r["icc_2_1"]),
                interval(r["icc_2_1_low"], r["icc_2_1_high"]),
                number(r["kappa"]),
                interval(r["kappa_low"], r["kappa_high"]),
                number(r["alpha"]),
                interval(r["alpha_low"], r["alpha_high"]),
                number(r["r"]),
                number(r["r_corrected"]),
                percent(r["same_applicable"], 0),
            ]
        )
    heads = (
        Column("judges"),
        *([Column("scale")] if scales else []),
        Column("cells", number=True),
        Column("ICC(2,1)", number=True),
        Column("interval", number=True),
        Column("weighted κ", number=True),
        Column("interval", number=True),
        Column("alpha", number=True),
        Column("interval", number=True),
        Column("r", number=True),
        Column("r corrected", number=True),
        Column("same on applicable, %", number=True),
    )
    drawn = {"stems" if "over stems" in str(r["note"]) else "models" for r in rows if "Bootstrap" in str(r["note"])}
    note = (
        "Cell: a completion on a scale that both scored. ICC(2,1): absolute agreement; weighted κ: quadratic weights, scores "
        "rounded; their intervals take cells as independent and are too short where completions of a model are alike. Alpha: "
        f"Krippendorff’s, interval; bootstrap over {listed(sorted(drawn)) if drawn else 'models'}. r corrected: for both "
        "judges’ unreliability, where that is known. ICC(3,1), ordinal alpha and κ of applicability: judge_agreement.csv."
    )
    return Table(name, caption, heads, body, note)


def _severity(effects: list[dict[str, Any]]) -> list[Block]:
    known = [r for r in effects if r["effect"] == "severity" and r["estimate"] is not None]
    if not known:
        return []
    judges = list(dict.fromkeys(r["judge_id"] for r in known))
    scales = sorted({r["dimension"] for r in known}, key=lambda s: (s != ALL, s))
    cells = {(r["judge_id"], r["dimension"]): (r["estimate"], r["ci_low"], r["ci_high"]) for r in known}
    series = [
        figures.Series(j, [cells.get((j, s), (None, None, None)) for s in scales], k) for k, j in enumerate(judges)
    ]
    said = listed((f"{j} {number(cells[j, ALL][0])}" for j in judges if (j, ALL) in cells), 8)
    return [
        Figure(
            "judge-severity",
            "Severity of the judges, by scale",
            f"Points with intervals: how far each judge lies below the mean of the judges. Over all scales: {said}.",
            figures.dots(scales, series, "points below the judges’ mean", band=0.0),
            "To the right: severe. By scale from a mixed model (models and judges fixed; stems, completions, stem x judge, "
            "model x judge random); all: cells that every judge scored, over stems.",
        )
    ]


def _biases(effects: list[dict[str, Any]]) -> Table:
    rows: list[list[str | Cell]] = []
    for name, title in _EFFECTS.items():
        for r in (r for r in effects if r["effect"] == name):
            low, high = r["ci_low"], r["ci_high"]
            away = name != "halo" and not is_missing(low) and not is_missing(high) and (low > 0 or high < 0)
            rows.append(
                [
                    title,
                    r["judge_id"],
                    Cell(number(r["estimate"]), strong=away),
                    interval(low, high) if not is_missing(low) else NONE,
                    whole(r["n"]),
                    r["note"] or "",
                ]
            )
    heads = (
        Column("effect"),
        Column("judge", code=True),
        Column("estimate", number=True),
        Column("95 % interval", number=True),
        Column("cells", number=True),
        Column("remark", wide=True),
    )
    note = (
        "Bold: the interval leaves 0 out; many are looked at, so one in twenty does so by chance. "
        "Position and length: slopes within stem and scale. "
        "Own family: difference in differences against judges of other families. What a judge’s bias is cannot be told from "
        "what the others lack: each is relative to these judges."
    )
    return Table("judge-biases", "Biases of the judges", heads, rows, note)


def _left_table(rows: list[dict[str, Any]]) -> Table:
    body: list[list[str | Cell]] = [
        [
            r["judge_id"],
            r["dimension"],
            number(r["spearman"]),
            number(r["largest_change"]),
            r["model_id"] or NONE,
            f"{whole(r['flipped'])} of {whole(r['n_pairs'])}",
            whole(r["reversed"]),
            r["which"] or r["note"] or "",
        ]
        for r in rows
    ]
    heads = (
        Column("left out", code=True),
        Column("scale"),
        Column("rank correlation", number=True),
        Column("largest change", number=True),
        Column("of", code=True),
        Column("verdicts changed", number=True),
        Column("turned round", number=True),
        Column("which", wide=True),
    )
    note = (
        "Models’ scores with all judges against those without one: Spearman’s correlation, and the largest change in points "
        "once the change that all models share is taken out. Verdict on two models: t interval of their difference over stems."
    )
    return Table("judge-left-out", "What hangs on one judge", heads, body, note)
