"""The published schema of every table and document in results/: the interface between the steps.

One file holds the tables of one step. `essential` columns must be in a table that someone else made; the others are filled
(see `Column.default`) when only the earlier stage could have known them.
"""

from valuelex.tables.schema import comparison, elicitation, judges, lexicon, multiverse, projective, scoring, taxonomy
from valuelex.tables.schema.kinds import PERSONS, STATUSES, VALENCES, Column, Table

TABLES: dict[str, Table] = {
    table.name: table
    for step in (elicitation, lexicon, taxonomy, multiverse, projective, judges, scoring, comparison)
    for table in step.TABLES
}
"""Every table by name."""

CSV_ONLY = frozenset({"stability"})
"""Tables that are written as CSV alone."""

DOCUMENTS: dict[str, str] = {
    "taxonomy": "taxonomy.json",
    "adequacy": "adequacy.json",
    "multiverse_summary": "multiverse.json",
    "reliability": "reliability.json",
    "manual": "instrument.yaml",
    "judging": "judging.json",
    "comparison": "comparison.json",
    "report": "report.html",
}
"""What a stage writes beside tables: name -> file."""

__all__ = ["CSV_ONLY", "DOCUMENTS", "PERSONS", "STATUSES", "TABLES", "VALENCES", "Column", "Table"]
