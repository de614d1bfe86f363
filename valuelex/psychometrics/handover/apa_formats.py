"""The formats of an APA table: HTML, LaTeX, DOCX and text. Names of variables are escaped in each."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from valuelex.errors import DataError, MissingExtra


@dataclass(frozen=True)
class Entry:
    """A cell: its text, and whether it is set bold."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class ApaTable:
    """What every format is written from; a block of rows is separated from the next by a line of its own title."""

    number: int
    title: str
    heads: tuple[str, ...]
    blocks: tuple[tuple[str, tuple[tuple[Entry, ...], ...]], ...]
    note: str


def html(table: ApaTable) -> str:
    """HTML with its styles in place, so that it can be pasted anywhere."""
    width = len(table.heads)
    heads = "".join(f'<th scope="col" style="{_HEAD}{_side(j)}">{escape(h)}</th>' for j, h in enumerate(table.heads))
    body = []
    for i, (name, rows) in enumerate(table.blocks):
        line = "border-top:1px solid;" if i else ""
        if name:
            cell = f'<th scope="rowgroup" colspan="{width}" style="{line}text-align:left;font-weight:normal;'
            body.append(f'<tr>{cell}padding:4px 12px 2px 0;font-style:italic">{escape(name)}</th></tr>')
            line = ""
        for row in rows:
            cells = []
            for j, entry in enumerate(row):
                tag, scope = ("td", "") if j else ("th", ' scope="row"')
                said = f"<b>{escape(entry.text)}</b>" if entry.strong else escape(entry.text)
                cells.append(f'<{tag} style="{line}{_CELL}{_side(j)}"{scope}>{said}</{tag}>')
            body.append(f"<tr>{''.join(cells)}</tr>")
            line = ""
    return (
        f'<div style="font-family:\'Times New Roman\',Times,serif">\n<p style="margin:0 0 6px"><b>Table {table.number}</b>'
        f'</p>\n<p style="margin:0 0 6px"><i>{escape(table.title)}</i></p>\n'
        '<table style="border-collapse:collapse;border-top:1px solid;border-bottom:1px solid">\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n" + "\n".join(body) + "\n</tbody>\n</table>\n"
        f'<p style="margin:6px 0 0;max-width:42em"><i>Note.</i> {_note_html(table.note)}</p>\n</div>\n'
    )


_HEAD = "border-bottom:1px solid;font-weight:normal;padding:4px 12px 4px 0;"
_CELL = "font-weight:normal;padding:2px 12px 2px 0;"


def _side(j: int) -> str:
    return "text-align:right" if j else "text-align:left"


def _note_html(note: str) -> str:
    return escape(note).replace("N = ", "<i>N</i> = ", 1)


_TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "−": "$-$",
    "²": "$^2$",
    "—": "---",
    # Letters that LaTeX's own fonts lack.
    "χ": "$\\chi$",
    "α": "$\\alpha$",
    "ω": "$\\omega$",
    "×": "$\\times$",
    "…": "\\dots{}",
    # At the start of a row a bracket would be read as the optional argument of the \\ before it.
    "[": "{[}",
    "]": "{]}",
    '"': "{''}",
}


def tex(text: str) -> str:
    """Escape text for LaTeX; line breaks become spaces."""
    return "".join(_TEX.get(letter, letter) for letter in " ".join(text.split()))


ONE_PAGE = 40
"""Rows that one page holds; LaTeX gives a table with more to `longtable`, which goes on over the next page."""


def latex(table: ApaTable) -> str:
    """LaTeX with the rules of booktabs; more rows than a page holds go on over the next."""
    width, long = len(table.heads), sum(len(rows) + bool(name) for name, rows in table.blocks) > ONE_PAGE
    grid = "longtable" if long else "tabular"
    aligned = f"l{'r' * (width - 1)}"
    lines = [
        f"% needs \\usepackage{{booktabs{',longtable' if long else ''}}}",
        *([] if long else ["\\begin{table}"]),
        f"\\noindent\\textbf{{Table {table.number}}}\\par\\smallskip",
        f"\\noindent\\textit{{{tex(table.title)}}}\\par\\smallskip",
        f"\\begin{{{grid}}}{'[l]' if long else ''}{{{aligned}}}",
        "\\toprule",
        " & ".join(map(tex, table.heads)) + r" \\",
        *(["\\midrule", "\\endhead"] if long else []),
    ]
    for k, (name, rows) in enumerate(table.blocks):
        # The head of a long table, which every page repeats, ends in a line of its own.
        lines += [] if long and not k else ["\\midrule"]
        if name:
            lines.append(f"\\multicolumn{{{width}}}{{l}}{{\\textit{{{tex(name)}}}}} \\\\")
        for row in rows:
            lines.append(" & ".join(f"\\textbf{{{tex(e.text)}}}" if e.strong else tex(e.text) for e in row) + r" \\")
    note = tex(table.note).replace("N = ", "\\textit{N} = ", 1)
    lines += ["\\bottomrule", f"\\end{{{grid}}}", f"\\par\\smallskip\\noindent\\textit{{Note.}} {note}"]
    lines += [] if long else ["\\end{table}"]
    return "\n".join(lines) + "\n"


def text(table: ApaTable) -> str:
    """Plain text; a star stands for bold."""
    rows = [[Entry(h) for h in table.heads], *([*row] for _, block in table.blocks for row in block)]
    texts = [[" ".join(e.text.split()) + ("*" if e.strong else "") for e in row] for row in rows]
    widths = [max(len(row[j]) for row in texts) for j in range(len(table.heads))]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [f"Table {table.number}", table.title, rule]

    def line(row: list[str]) -> str:
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        return "  ".join(cells).rstrip()

    lines += [line(texts[0])]
    at = 1
    for name, block in table.blocks:
        lines += [rule, *([name] if name else [])]
        lines += [line(row) for row in texts[at : at + len(block)]]
        at += len(block)
    return "\n".join([*lines, rule, f"Note. {table.note.replace('are bold', 'have a star')}"]) + "\n"


def docx(table: ApaTable, path: Path) -> Path:
    """A Word file with one table."""
    document = word_document()
    add_to_word(document, table)
    return save_word(document, path)


def word_document() -> Any:
    """An empty Word document in a paper's type; raise `MissingExtra` without python-docx."""
    if find_spec("docx") is None:
        raise MissingExtra("python-docx", "docx", "A DOCX table")
    from docx import Document
    from docx.shared import Pt

    document = Document()
    style: Any = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(11)
    style.paragraph_format.space_after = Pt(0)
    return document


def add_to_word(document: Any, table: ApaTable) -> None:
    """Put a table at the end of a Word document."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    document.add_paragraph().add_run(f"Table {table.number}").bold = True
    document.add_paragraph().add_run(clean(table.title)).italic = True
    grid: Any = document.add_table(rows=0, cols=len(table.heads))

    def add(entries: tuple[Entry, ...], *, above: bool = False, below: bool = False, italic: bool = False) -> None:
        for j, (cell, entry) in enumerate(zip(grid.add_row().cells, entries, strict=True)):
            paragraph = cell.paragraphs[0]
            run = paragraph.add_run(clean(entry.text))
            run.bold, run.italic = entry.strong or None, italic or None
            if j:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            _lines(cell, above, below)

    add(tuple(map(Entry, table.heads)), above=True, below=True)
    last = len(table.blocks) - 1
    for b, (name, rows) in enumerate(table.blocks):
        if name:
            add((Entry(name), *(Entry("") for _ in table.heads[1:])), above=b > 0, italic=True)
        for i, row in enumerate(rows):
            add(row, above=b > 0 and i == 0 and not name, below=b == last and i == len(rows) - 1)
    note: Any = document.add_paragraph()
    note.paragraph_format.space_before = Pt(6)
    note.add_run("Note. ").italic = True
    note.add_run(clean(table.note))


def save_word(document: Any, path: Path) -> Path:
    """Write a Word document; raise `DataError` where that cannot be done."""
    try:
        document.save(str(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}).", "Give another path.") from error
    return path


def _lines(cell: Any, above: bool, below: bool) -> None:
    """Horizontal lines of a cell; Word tables have no other way than the XML of its borders."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders: Any = OxmlElement("w:tcBorders")
    for edge, drawn in (("top", above), ("bottom", below)):
        if drawn:
            line: Any = OxmlElement(f"w:{edge}")
            for key, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "auto")):
                line.set(qn(f"w:{key}"), value)
            borders.append(line)
    cell._tc.get_or_add_tcPr().append(borders)


def clean(text: str) -> str:
    """Text without the control characters that XML does not allow."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")
