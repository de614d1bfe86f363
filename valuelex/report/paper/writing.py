"""The methods section and the tables as files: HTML, LaTeX, DOCX and Markdown, each whole, and each table by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from valuelex.errors import writing
from valuelex.psychometrics.handover import apa_formats as formats
from valuelex.psychometrics.handover.apa_formats import ApaTable
from valuelex.report.evidence import Evidence
from valuelex.report.paper.methods import Paragraph, paragraphs
from valuelex.report.paper.references import entries
from valuelex.report.paper.tables import tables


def write_paper(evidence: Evidence, folder: Path) -> list[Path]:
    """Write paper.html, paper.tex, paper.md, paper.docx (with the extra `docx`), and tables/NAME.html, .tex and .docx.

    Parameters
    ----------
    evidence : Evidence
    folder : Path
        Made if it does not exist.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    DataError
        If the folder cannot be written.
    """
    parts, made = paragraphs(evidence), tables(evidence)
    works = entries(key for part in parts for key in part.works)
    texts = {
        "paper.html": _html(evidence.file.name, parts, made, works),
        "paper.tex": _latex(parts, made, works),
        "paper.md": _markdown(parts, made, works),
    }
    for name, table in made.items():
        texts[f"tables/{name}.html"] = formats.html(table)
        texts[f"tables/{name}.tex"] = formats.latex(table)
    written = []
    with writing(folder):
        (folder / "tables").mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", errors="replace")
            written.append(folder / name)
    if find_spec("docx") is not None:
        written.append(_docx(parts, made, works, folder / "paper.docx"))
        written += [formats.docx(table, folder / "tables" / f"{name}.docx") for name, table in made.items()]
    return written


def _html(title: str, parts: Sequence[Paragraph], made: Mapping[str, ApaTable], works: Sequence[str]) -> str:
    body = ["<h1>Method</h1>"]
    body += [f"<h2>{escape(part.title)}</h2>\n<p>{escape(part.text)}</p>" for part in parts]
    body += ["<h1>References</h1>", *(f'<p class="work">{escape(work)}</p>' for work in works), "<h1>Tables</h1>"]
    body += [f"<section>{formats.html(table)}</section>" for table in made.values()]
    style = (
        "body{font:12pt/1.5 'Times New Roman',Times,serif;max-width:46em;margin:2em auto;padding:0 1em}"
        "body{background:#fff;color:#000}"
        "h1{font-size:14pt;text-align:center}h2{font-size:12pt}.work{padding-left:2em;text-indent:-2em}"
        "section{margin:2em 0;overflow-x:auto}"
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, '
        f'initial-scale=1"><title>{escape(title)}: method and tables</title><style>{style}</style></head>\n<body>\n'
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _latex(parts: Sequence[Paragraph], made: Mapping[str, ApaTable], works: Sequence[str]) -> str:
    lines = [
        "% Compile with xelatex or lualatex: names may hold any letter.",
        "\\documentclass[12pt]{article}",
        "\\usepackage{fontspec}",
        "\\usepackage{booktabs,longtable}",
        "\\usepackage[margin=1in]{geometry}",
        "\\begin{document}",
        "\\section*{Method}",
    ]
    for part in parts:
        lines += [f"\\subsection*{{{formats.tex(part.title)}}}", formats.tex(part.text), ""]
    lines += ["\\section*{References}", "\\begin{list}{}{\\leftmargin=2em\\itemindent=-2em}"]
    lines += [f"\\item {formats.tex(work)}" for work in works] or ["\\item"]
    lines += ["\\end{list}", "\\clearpage", *(formats.latex(table) for table in made.values()), "\\end{document}", ""]
    return "\n".join(lines)


def _markdown(parts: Sequence[Paragraph], made: Mapping[str, ApaTable], works: Sequence[str]) -> str:
    def inert(text: str) -> str:
        return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in text)

    lines = ["# Method", ""]
    for part in parts:
        lines += [f"## {part.title}", "", inert(part.text), ""]
    lines += ["# References", "", *(f"- {inert(work)}" for work in works), "", "# Tables", ""]
    for table in made.values():
        lines += [f"**Table {table.number}.** *{inert(table.title)}*", ""]
        lines += [f"| {' | '.join(map(inert, table.heads))} |", f"|{'---|' * len(table.heads)}"]
        for name, rows in table.blocks:
            if name:
                lines.append(f"| *{inert(name)}* |{' |' * (len(table.heads) - 1)}")
            lines += [
                "| " + " | ".join(f"**{inert(e.text)}**" if e.strong else inert(e.text) for e in row) + " |"
                for row in rows
            ]
        lines += ["", f"*Note.* {inert(table.note)}", ""]
    return "\n".join(lines)


def _docx(parts: Sequence[Paragraph], made: Mapping[str, ApaTable], works: Sequence[str], path: Path) -> Path:
    document: Any = formats.word_document()
    document.add_heading("Method", 1)
    for part in parts:
        document.add_heading(part.title, 2)
        document.add_paragraph(formats.clean(part.text))
    document.add_heading("References", 1)
    for work in works:
        document.add_paragraph(formats.clean(work))
    for table in made.values():
        document.add_page_break()
        formats.add_to_word(document, table)
    return formats.save_word(document, path)
