"""What a schema is made of: columns, tables, and the columns that several tables share.

A table is long: one row is one observation. `essential` columns must be in a table that someone else made; the others are
filled (see `Column.default`) when only the earlier stage could have known them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "int", "number", "bool"]


@dataclass(frozen=True)
class Column:
    """One column: its name, kind, and what may stand in it.

    Parameters
    ----------
    name, kind, about
        The column's name, its type, and one line of documentation (the data dictionary is made from it).
    essential : bool
        Whether a table that was made elsewhere must have it.
    nullable : bool
        Whether a cell may be empty.
    choices : tuple of str
        The allowed texts; empty for any.
    low, high : float or None
        The allowed range, both ends included.
    default : object
        What fills the column when an outside table lacks it; None leaves it empty.
    optional : bool
        Whether every table may lack it, the project's own too: it is then empty.
    """

    name: str
    kind: Kind
    about: str
    essential: bool = False
    nullable: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    default: Any = None
    optional: bool = False


@dataclass(frozen=True)
class Table:
    """A table's name, what a row is, its declared columns, and the name of its open-ended columns if it has any.

    `key` names the columns that identify a row. `wide` says what further columns mean (``F1`` .. ``Fk``). `spread` names the
    column of names and that of values that a file from outside may have spread over one column for each name.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    wide: str = ""
    spread: tuple[str, str] | None = None

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name), None)


def identifier(name: str, about: str, *, essential: bool = False) -> Column:
    return Column(name, "text", about, essential=essential)


STATUSES = ("ok", "refused", "invalid", "error")
VALENCES = ("positive", "negative", "neutral", "trade-off")
PERSONS = ("first", "third", "impersonal")

RESPONDENT = identifier("respondent_id", "a configuration: model / temperature / top_p / persona")
MODEL = identifier("model_id", "the model's id in the registry or the study file")
SAMPLE = Column("sample_index", "int", "0, 1, ... among repeated samples of the same cell", low=0, default=0)
STATUS = Column(
    "status",
    "text",
    "ok, refused (declines or disclaims), invalid (nothing usable), error (the endpoint failed)",
    choices=STATUSES,
    default="ok",
)
