"""Names by a language model in the section `taxonomy`: who was asked, what came back, and which names were used."""

from __future__ import annotations

from valuelex.report.content import Block, Cell, Column, Details, Listing, Table
from valuelex.report.evidence import Evidence, records
from valuelex.report.wording import NONE, count, listed


def naming_findings(evidence: Evidence) -> list[str]:
    """Say that a language model named the pieces, and how many kept the name of their central words."""
    table = evidence.table("naming")
    if table is None or table.empty:
        return []
    who = listed(sorted(set(table["model_id"].astype(str))))
    kept = int((~table["used"].astype(bool)).sum())
    rest = f"; {count(kept, 'piece')} kept the name of the central words" if kept else ""
    return [f"Names are those of a language model ({who}){rest}. They moved no word."]


def naming_blocks(evidence: Evidence) -> list[Block]:
    """Return every prompt's reply as a table, with one prompt in full; nothing where central words name the pieces."""
    table = evidence.table("naming")
    if table is None or table.empty:
        return []
    rows: list[list[str | Cell]] = [
        [
            str(r["piece"]),
            str(r["level"]),
            str(r["answer"] or NONE),
            Cell(str(r["name"]), strong=bool(r["used"])),
            str(r["why"] or NONE),
        ]
        for r in records(table)
    ]
    heads = (
        Column("by central words", wide=True),
        Column("level"),
        Column("reply", wide=True),
        Column("name", wide=True),
        Column("why it is not the reply", wide=True),
    )
    note = "All prompts are in the table naming; calls and replies are in the ledger. Bold: the reply is the name."
    prompt = Listing("The first prompt", str(table["prompt"].iloc[0]).replace("{form}", "").strip())
    shown = Table("taxonomy-naming", "What the language model called the pieces", heads, rows, note)
    return [Details(f"How {count(len(rows), 'piece')} got names from a language model", (shown, prompt))]
