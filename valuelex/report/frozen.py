"""The section `frozen`: what was fixed before the data were seen, and everything that deviates from it."""

from __future__ import annotations

from valuelex.report.content import Block, Cell, Column, Details, Listing, Section, Table
from valuelex.report.evidence import Evidence
from valuelex.report.wording import count, listed
from valuelex.study.deviations import Standing, lost_plan

NAME, TITLE = "frozen", "What was fixed beforehand, and what deviates from it"
MOST_NAMED = 6
KINDS = {
    "plan": "the frozen file",
    "version": "version",
    "model": "model",
    "setting": "setting",
    "file": "file",
    "threshold": "threshold",
    "packaged": "packaged content",
    "calls": "calls",
}


def section(evidence: Evidence) -> Section | None:
    """Return the section; None for a study without a frozen plan."""
    found = evidence.standing
    if found is None:
        return None
    blocks: list[Block] = []
    if found.deviations:
        blocks.append(_deviations(found))
    blocks += _history(found)
    blocks += [_thresholds(found), _settings(found)]
    return Section(NAME, TITLE, [found.frozen.summary(), _verdict(found)], blocks)


def frozen_warnings(evidence: Evidence) -> list[str]:
    """Return what has to stand at the top of the page."""
    found = evidence.standing
    if found is None:
        return [gone] if (gone := lost_plan(evidence.study.path, evidence.study.results)) else []
    out = []
    if not found.frozen.intact:
        out.append(
            f"The frozen plan ({found.frozen.path.name}) was changed by hand after it was frozen: its hash is another one."
        )
    if found.frozen.answers:
        out.append(
            f"The plan of this study was frozen when {count(found.frozen.answers, 'answer')} had been collected already: "
            "this is no preregistration."
        )
    if found.deviations:
        keys = [d.key for d in found.deviations]
        more = f", and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
        out.append(
            f"This study deviates from its frozen plan in {count(len(keys), 'point')}: {listed(keys[:MOST_NAMED])}{more}. "
            "See the section frozen."
        )
    return out


def _verdict(found: Standing) -> str:
    if not found.deviations:
        return "Nothing deviates from the frozen plan: settings, files, thresholds and packaged content are as frozen."
    return f"{count(len(found.deviations), 'deviation')} from the frozen plan."


def _deviations(found: Standing) -> Table:
    rows: list[list[str | Cell]] = [
        [Cell(d.key, strong=True), KINDS[d.kind], d.frozen, d.now] for d in found.deviations
    ]
    heads = (Column("what", code=True), Column("kind"), Column("as frozen", wide=True), Column("now", wide=True))
    note = (
        "Worked out when this page was made. Settings that cannot move an answer (concurrency, time limits, prices, where "
        "results lie) are left out; of files and packaged content the first digits of their SHA-256 stand here."
    )
    return Table("frozen-deviations", "Deviations from the frozen plan", heads, rows, note)


def _history(found: Standing) -> list[Block]:
    rows: list[list[str | Cell]] = []
    for entry in found.frozen.history:
        changes = "; ".join(f"{c['key']}: {c['before']} -> {c['after']}" for c in entry["changes"]) or "nothing"
        intact = "" if entry["intact"] else " (changed by hand)"
        rows.append([f"{entry['frozen']}{intact}", str(entry["answers"]), changes, str(entry["reason"])])
    if not rows:
        return []
    heads = (
        Column("frozen"),
        Column("answers by then", number=True),
        Column("changed next", wide=True),
        Column("why", wide=True),
    )
    return [
        Table(
            "frozen-history",
            "Earlier plans, and what replaced them",
            heads,
            rows,
            "Deviations are counted from the last plan; this table says how it came about.",
        )
    ]


def _thresholds(found: Standing) -> Details:
    rows: list[list[str | Cell]] = [
        [str(t["name"]), str(t["value"]), str(t["about"]), str(t["where"])] for t in found.frozen.content["thresholds"]
    ]
    heads = (
        Column("threshold", code=True),
        Column("value", number=True),
        Column("what it decides", wide=True),
        Column("where", code=True),
    )
    table = Table("frozen-thresholds", "Thresholds and exclusion rules, as frozen", heads, rows)
    return Details(f"{count(len(rows), 'threshold')} of the code, as frozen", (table,))


def _settings(found: Standing) -> Details:
    import yaml

    content = found.frozen.content
    text = yaml.safe_dump(
        {name: content[name] for name in ("settings", "files", "packaged")}, sort_keys=False, allow_unicode=True
    )
    return Details("Settings and files, as frozen", (Listing("frozen plan", text),))
