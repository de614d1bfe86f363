"""What a page is made of, as plain data: sections hold findings and blocks; templates turn them into HTML.

Every text here is raw. It is escaped once, by the templates (HTML) and by `valuelex.report.figures` (picture labels).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal


@dataclass(frozen=True)
class Cell:
    """A table cell that is more than text.

    Parameters
    ----------
    text : str
    strong : bool
        Set in bold: the text says something that matters, not only its colour.
    bar : float or None
        A number in -1 .. 1, drawn as a bar to the left or right of a middle line beside the text.
    """

    text: str
    strong: bool = False
    bar: float | None = None

    @property
    def bar_left(self) -> float:
        """Where the bar begins, in percent of its track."""
        value = max(-1.0, min(1.0, self.bar or 0.0))
        return round(50 + 50 * min(value, 0.0), 1)

    @property
    def bar_width(self) -> float:
        return round(50 * min(1.0, abs(self.bar or 0.0)), 1)


@dataclass(frozen=True)
class Column:
    """A table's column; numbers are set flush right, and `wide` columns keep a readable width.

    `look` says that its cells are words or models, which the reader can look up in the section `explore`.
    """

    title: str
    number: bool = False
    wide: bool = False
    code: bool = False
    look: Literal["", "word", "model"] = ""


@dataclass(frozen=True)
class Table:
    """A table with its caption and a note that names the method.

    With a `cutoff`, the reader may move it: numbers with a bar that are smaller in size are not shown.
    """

    kind: ClassVar[str] = "table"
    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: list[list[str | Cell]]
    note: str = ""
    cutoff: float | None = None


@dataclass(frozen=True)
class Figure:
    """A picture: a plotly specification, its caption, and the words for those who do not see it."""

    kind: ClassVar[str] = "figure"
    name: str
    caption: str
    alt: str
    spec: dict[str, Any]
    note: str = ""


@dataclass(frozen=True)
class Note:
    """A paragraph."""

    kind: ClassVar[str] = "note"
    text: str


@dataclass(frozen=True)
class Prose:
    """Text to be taken along: paragraphs under headings, then entries of a list of references."""

    kind: ClassVar[str] = "prose"
    name: str
    parts: tuple[tuple[str, str], ...]
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bullets:
    """A list of sentences under a short heading."""

    kind: ClassVar[str] = "bullets"
    title: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """Text shown character by character: a prompt, a study file."""

    kind: ClassVar[str] = "listing"
    title: str
    text: str


@dataclass(frozen=True)
class Branch:
    """A node of a tree: a name, a remark, branches or words or both, and a badge that says what a person changed."""

    name: str
    remark: str
    branches: tuple[Branch, ...] = ()
    words: str = ""
    badge: str = ""


@dataclass(frozen=True)
class Tree:
    """A taxonomy: dimensions over subdimensions over words."""

    kind: ClassVar[str] = "tree"
    title: str
    branches: tuple[Branch, ...]


@dataclass(frozen=True)
class Explorer:
    """Words, models and the answers they rest on, to look up and to filter; `data` is what the page's script reads."""

    kind: ClassVar[str] = "explorer"
    data: dict[str, Any]
    note: str = ""


@dataclass(frozen=True)
class Details:
    """Blocks behind a summary line that opens on a click, on a key, and on paper."""

    kind: ClassVar[str] = "details"
    summary: str
    blocks: tuple[Block, ...]


Block = Table | Figure | Note | Prose | Bullets | Listing | Tree | Explorer | Details


@dataclass(frozen=True)
class Section:
    """One step of the chain.

    Parameters
    ----------
    name : str
        The step's name: command, table family and anchor.
    title : str
        The question that the section answers.
    findings : list of str
        Plain sentences with their uncertainty, computed from the tables; the first is set as the lead.
    blocks : list of Block
        Pictures, then tables.
    settings : list of (str, str)
        What can move the step's numbers.
    ours : str
        Which choices are the project's own because the paper does not give them.
    absent : str
        One line, in place of everything else, where the step has no tables.
    warnings : list of str
        What a reader has to know first: tables older than the settings, tables that were given.
    """

    name: str
    title: str
    findings: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    settings: list[tuple[str, str]] = field(default_factory=list)
    ours: str = ""
    absent: str = ""
    warnings: list[str] = field(default_factory=list)
