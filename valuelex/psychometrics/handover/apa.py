"""A factor solution as an APA table (7th edition): one plain layout, written as HTML, LaTeX, DOCX or text."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from valuelex.errors import DataError, MissingExtra, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.exploratory.flags import SALIENT

if TYPE_CHECKING:
    from valuelex.psychometrics.exploratory.result import EFAResult

KINDS = ("html", "latex", "docx", "text")
CONVENTIONS = {"psych": "psych (R)", "lavaan": "lavaan (R)", "efatools": "EFAtools (R)", "spss": "SPSS"}
METHODS = {
    "minres": "minimum residuals",
    "ml": "maximum likelihood",
    "paf": "principal axis factoring",
    "dwls": "diagonally weighted least squares",
    "alpha": "alpha factoring",
    "image": "image factoring",
    "pca": "principal components",
}
CORRELATIONS = {"pearson": "Pearson", "spearman": "Spearman", "polychoric": "polychoric", "tetrachoric": "tetrachoric"}


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


def to_apa(
    result: EFAResult,
    kind: str = "html",
    path: str | Path | None = None,
    *,
    cutoff: float | None = None,
    sort: bool = False,
    decimals: int = 2,
    title: str | None = None,
    number: int = 1,
) -> str | Path:
    """Write the solution as an APA table; see `EFAResult.to_apa`."""
    checks.choice(kind, KINDS, "kind")
    if kind == "docx" and path is None:
        raise SettingError("A DOCX table is a file.", "Give path='table.docx'.")
    table = layout(result, cutoff=cutoff, sort=sort, decimals=decimals, title=title, number=number)
    if kind == "docx":
        return _docx(table, Path(str(path)))
    text = {"html": _html, "latex": _latex, "text": _text}[kind](table)
    if path is None:
        return text
    return _written(Path(path), text)


def layout(
    result: EFAResult, *, cutoff: float | None, sort: bool, decimals: int, title: str | None, number: int
) -> ApaTable:
    """Rows and note of the table.

    Loadings of `cutoff` or more in size (default .30) are bold. With a cutoff, smaller ones are left blank; without, all
    are shown.
    """
    decimals = checks.integer(decimals, "decimals", low=1, high=6)
    number = checks.integer(number, "number", low=1)
    blank = cutoff is not None
    salient = SALIENT if cutoff is None else checks.number(cutoff, "cutoff", low=0, high=1)
    L, k = result.loadings, result.n_factors
    values = L.to_numpy()
    A = np.abs(values)
    order = np.lexsort((-A.max(axis=1), A.argmax(axis=1))) if sort else np.arange(len(L))

    def cell(value: float, strong: bool = False) -> Entry:
        return Entry(bounded(value, decimals), strong)

    items = []
    for i in order:
        row = [
            Entry("") if blank and A[i, j] < salient else cell(float(values[i, j]), not blank and A[i, j] >= salient)
            for j in range(k)
        ]
        items.append((Entry(str(L.index[i])), *row, cell(result.communalities.iloc[i])))
    share = [Entry(plain(100 * value, max(decimals - 1, 1))) for value in result.variance["proportion"]]
    summed = [Entry(plain(value, decimals)) for value in result.variance["ss_loadings"]]
    blocks: list[tuple[str, tuple[tuple[Entry, ...], ...]]] = [
        ("", tuple(items)),
        (
            "",
            (
                (Entry("Sum of squared loadings"), *summed, Entry("")),
                (Entry("% of variance"), *share, Entry("")),
            ),
        ),
    ]
    oblique = result.spec.oblique and k > 1
    if oblique:
        phi = result.phi.to_numpy()
        rows = [
            (
                Entry(str(factor)),
                *(cell(phi[i, j]) if j < i else Entry("—" if j == i else "") for j in range(k)),
                Entry(""),
            )
            for i, factor in enumerate(L.columns)
        ]
        blocks.append(("Factor correlations", tuple(rows)))
    what = "component" if result.settings["method"] == "pca" else "factor"
    title = title or f"{'Component' if what == 'component' else 'Factor'} Loadings From an Exploratory Analysis"
    heads = ("Variable", *map(str, L.columns), "h²")
    return ApaTable(number, title, heads, tuple(blocks), _note(result, salient, blank, what, oblique))


def bounded(value: float, decimals: int) -> str:
    """A number that cannot exceed 1 in size: no zero before the point (APA 7, 6.36), a true minus; beyond 1 as it is."""
    text = plain(value, decimals)
    return text.replace("0.", ".", 1) if text.lstrip("−").startswith("0.") else text


def plain(value: float, decimals: int) -> str:
    """A number with a true minus, none before a zero."""
    if not np.isfinite(value):
        return "—"
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def _note(result: EFAResult, salient: float, blank: bool, what: str, oblique: bool) -> str:
    s = result.settings
    correlation = CORRELATIONS.get(str(s.get("correlation")), "given" if result.source.X is None else "mixed")
    rotation = "no rotation"
    if s["rotation"] != "none" and result.n_factors > 1:
        weights = {False: "no row weights", "varimax": "Kaiser's row weights in the varimax step"}
        weighted = weights.get(
            s["normalize"], "Cureton-Mulaik row weights" if s["normalize"] == "cureton-mulaik" else ""
        )
        details = [weighted or "Kaiser's row weights"]
        details += [f"{key} = {s[key]:g}" for key in ("gamma", "epsilon", "power", "kappa") if key in s]
        turned = "oblique" if result.spec.oblique else "orthogonal"
        rotation = f"{s['rotation']} rotation ({turned}, {', '.join(details)})"
    matrix = "pattern coefficients" if oblique else "loadings"
    shown = (
        f"{matrix.capitalize()} below {bounded(salient, 2)} in size are not shown"
        if blank
        else f"{matrix.capitalize()} of {bounded(salient, 2)} or more in size are bold"
    )
    conventions = f"Conventions of {CONVENTIONS[s['mimic']]}." if s["mimic"] else "Conventions of valuelex."
    return (
        f"N = {result.source.n_obs}. Extraction: {METHODS[s['method']]} from {correlation} correlations; {rotation}. "
        f"{shown}. h² = communality. {conventions}"
    )


def _html(table: ApaTable) -> str:
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
    # At the start of a row a bracket would be read as the optional argument of the \\ before it.
    "[": "{[}",
    "]": "{]}",
    '"': "{''}",
}


def tex(text: str) -> str:
    """Escape text for LaTeX; line breaks become spaces."""
    return "".join(_TEX.get(letter, letter) for letter in " ".join(text.split()))


def _latex(table: ApaTable) -> str:
    width = len(table.heads)
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        f"\\noindent\\textbf{{Table {table.number}}}\\par\\smallskip",
        f"\\noindent\\textit{{{tex(table.title)}}}\\par\\smallskip",
        f"\\begin{{tabular}}{{l{'r' * (width - 1)}}}",
        "\\toprule",
        " & ".join(map(tex, table.heads)) + r" \\",
    ]
    for name, rows in table.blocks:
        lines.append("\\midrule")
        if name:
            lines.append(f"\\multicolumn{{{width}}}{{l}}{{\\textit{{{tex(name)}}}}} \\\\")
        for row in rows:
            lines.append(" & ".join(f"\\textbf{{{tex(e.text)}}}" if e.strong else tex(e.text) for e in row) + r" \\")
    note = tex(table.note).replace("N = ", "\\textit{N} = ", 1)
    lines += ["\\bottomrule", "\\end{tabular}", f"\\par\\smallskip\\noindent\\textit{{Note.}} {note}", "\\end{table}"]
    return "\n".join(lines) + "\n"


def _text(table: ApaTable) -> str:
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


def _docx(table: ApaTable, path: Path) -> Path:
    if find_spec("docx") is None:
        raise MissingExtra("python-docx", "docx", "A DOCX table")
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    document = Document()
    style: Any = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(11)
    style.paragraph_format.space_after = Pt(0)
    document.add_paragraph().add_run(f"Table {table.number}").bold = True
    document.add_paragraph().add_run(_clean(table.title)).italic = True
    grid: Any = document.add_table(rows=0, cols=len(table.heads))

    def add(entries: tuple[Entry, ...], *, above: bool = False, below: bool = False, italic: bool = False) -> None:
        for j, (cell, entry) in enumerate(zip(grid.add_row().cells, entries, strict=True)):
            paragraph = cell.paragraphs[0]
            run = paragraph.add_run(_clean(entry.text))
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
    note.add_run(_clean(table.note))
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


def _clean(text: str) -> str:
    """Text without the control characters that XML does not allow."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")


def _written(path: Path, text: str) -> Path:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}).", "Give another path.") from error
    return path
