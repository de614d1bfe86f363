"""Edits by hand in the section `taxonomy`: which pieces and words a person changed, and which edits did not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from valuelex.report.content import Block, Branch, Cell, Column, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.wording import NONE, count, listed

UNCHANGED = "Loadings, stability, the verdict and every other statistic are those of the taxonomy as computed."


def edit_findings(evidence: Evidence) -> list[str]:
    """Say that the taxonomy was edited, and what was left as computed."""
    rows = _rows(evidence)
    if not rows:
        return []
    applied = [r for r in rows if r["applied"] != "no"]
    if not applied:
        return [f"None of the {count(len(rows), 'edit')} by hand fits: the taxonomy is the one computed."]
    words = {w for r in applied for w in str(r["words"] or "").split(", ") if w}
    names = sorted({str(r["by"]) for r in applied if r["by"]})
    by = f" (by {listed(names)})" if names else ""
    return [
        f"The taxonomy was edited by hand{by}: {count(len(applied), 'edit')} of {len(rows)} applied, "
        f"{count(len(words), 'word')} in another piece than computed. {UNCHANGED}"
    ]


def edit_warnings(evidence: Evidence) -> list[str]:
    """Name the edits that could not be applied, or not wholly."""
    return [
        f"The edit {r['number']} by hand ({r['operation']}: {r['target']}) was "
        f"{'not applied' if r['applied'] == 'no' else 'applied in part'}: {r['why']}"
        for r in _rows(evidence)
        if r["applied"] != "yes"
    ]


def edits_in_short(evidence: Evidence) -> list[str]:
    """Return the same for the top of the page: one sentence, however many they are."""
    found = edit_warnings(evidence)
    if len(found) < 2:
        return found
    numbers = [str(r["number"]) for r in _rows(evidence) if r["applied"] != "yes"]
    total = len(_rows(evidence))
    return [
        f"{len(found)} of {count(total, 'edit')} by hand were not applied, or only in part, because they do not fit the "
        f"taxonomy as computed (number {listed(numbers, 10)}). The section taxonomy says why."
    ]


def edits_blocks(evidence: Evidence) -> list[Block]:
    """Return the log of edits as a table; nothing where there were none."""
    rows = _rows(evidence)
    if not rows:
        return []
    heads = (
        Column("edit", number=True),
        Column("operation"),
        Column("what", wide=True),
        Column("applied"),
        Column("words", number=True),
        Column("remark", wide=True),
        Column("reason", wide=True),
        Column("by"),
    )
    body: list[list[str | Cell]] = [
        [
            str(r["number"]),
            str(r["operation"]),
            str(r["target"]),
            Cell(str(r["applied"]), strong=r["applied"] != "yes"),
            str(r["n_words"]),
            str(r["why"] or NONE),
            str(r["reason"] or NONE),
            str(r["by"] or NONE),
        ]
        for r in rows
    ]
    note = (
        f"In the order of the file of edits; words: how many changed their place. {UNCHANGED} Words whose dimension was "
        "given by hand have no probability of assignment."
    )
    return [Table("taxonomy-edits", "Edits by hand", heads, body, note)]


def _rows(evidence: Evidence) -> list[dict[str, Any]]:
    table = evidence.table("edits")
    return [] if table is None else records(table)


def branches(taxonomy: Mapping[str, Any]) -> tuple[Branch, ...]:
    """Return the taxonomy as a tree; pieces and words that a person changed say so."""
    computed = taxonomy.get("computed") if taxonomy.get("edited") else None
    parts = [s for d in computed or [] for s in d["subdimensions"]]
    home = {str(w): str(d["name"]) for d in computed or [] for w in d["words"]}
    home |= {
        str(w): f"{d['name']} / {s['name']}" for d in computed or [] for s in d["subdimensions"] for w in s["words"]
    }
    found = []
    for dimension in taxonomy["dimensions"]:
        inner = (
            tuple(_branch(s, parts, home) for s in dimension["subdimensions"])
            if computed
            else tuple(_plain(s) for s in dimension["subdimensions"])
        )
        whole = _branch(dimension, computed, home) if computed else _plain(dimension)
        loose = _outside(dimension)
        words = whole.words if not inner else ""
        if inner and loose:
            words = f"in no subdimension: {_shown(loose, set(), home) if computed else ', '.join(loose)}"
        found.append(Branch(whole.name, whole.remark, inner, words, whole.badge))
    return tuple(found)


def _outside(dimension: Mapping[str, Any]) -> list[str]:
    inner = {str(w) for s in dimension["subdimensions"] for w in s["words"]}
    return [str(w) for w in dimension["words"] if str(w) not in inner] if inner else []


def _plain(piece: Mapping[str, Any]) -> Branch:
    return Branch(
        str(piece["name"]), count(len(piece["words"]), "word"), words=", ".join(str(w) for w in piece["words"])
    )


def _branch(piece: Mapping[str, Any], computed: Sequence[Mapping[str, Any]], home: Mapping[str, str]) -> Branch:
    """A piece with what was done to it, as against the computed piece that it continues."""
    plain, words = _plain(piece), [str(w) for w in piece["words"]]
    before = _continued(plain.name, words, computed)
    if before is None:
        return Branch(plain.name, plain.remark, (), plain.words, "made by hand")
    was = {str(w) for w in before["words"]}
    into, out = [w for w in words if w not in was], was - set(words)
    done = [] if str(before["name"]) == plain.name else [f"renamed by hand, computed as {before['name']}"]
    done += [f"{count(len(into), 'word')} moved in by hand"] if into else []
    done += [f"{count(len(out), 'word')} taken out by hand"] if out else []
    return Branch(plain.name, plain.remark, (), _shown(words, was, home), "; ".join(done))


def _continued(name: str, words: Sequence[str], computed: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The computed piece of the same name with a common word, else the one of which the piece is mostly made."""
    mine = set(words)
    for piece in computed:
        if str(piece["name"]) == name and mine & {str(w) for w in piece["words"]}:
            return piece
    for piece in computed:
        theirs = {str(w) for w in piece["words"]}
        if 2 * len(mine & theirs) > len(mine | theirs):
            return piece
    return None


def _shown(words: Sequence[str], was: set[str], home: Mapping[str, str]) -> str:
    """The words that were there, then the others by where they came from."""
    parts = [", ".join(w for w in words if w in was)]
    came: dict[str, list[str]] = {}
    for word in words:
        if word not in was:
            came.setdefault(home.get(word, "no dimension"), []).append(word)
    parts += [f"from {place}: {', '.join(mine)}" for place, mine in came.items()]
    return "; ".join(part for part in parts if part)
