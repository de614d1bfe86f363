"""The target paper: methods section, tables and figures."""

from __future__ import annotations

from pathlib import Path

from valuelex.errors import ValuelexError
from valuelex.report.handover.source import Source, Written
from valuelex.report.page import build, pictures
from valuelex.report.paper import write_paper
from valuelex.report.paper.figures import write_figures


def write_for_paper(source: Source, folder: Path) -> tuple[list[Written], list[str]]:
    """Text and tables as HTML, LaTeX, Markdown and DOCX, figures as SVG and PNG; what cannot be made is said."""
    made, notes = write_paper(source.evidence, folder), []
    told = {
        "paper.html": "methods section, references and all tables, to read or to paste",
        "paper.tex": "the same in LaTeX (xelatex or lualatex, booktabs)",
        "paper.md": "the same in Markdown",
        "paper.docx": "the same for Word",
    }
    there = {path.relative_to(folder).as_posix() for path in made}
    files = [Written(name, about) for name, about in told.items() if name in there]
    files.append(Written("tables/", "each table by itself"))
    if "paper.docx" not in there:
        notes.append("No Word files: python-docx is not installed (pip install 'valuelex[docx]').")
    try:
        drawn = write_figures(list(pictures(build(source.evidence))), folder / "figures")
    except ValuelexError as error:
        notes.append(f"No figures: {error} Every figure of the report can be saved from it, too.")
    else:
        files += [Written("figures/", f"{len(drawn) // 2} figures, each as SVG and PNG")] if drawn else []
    notes.append("Read the text against what you know of the study before you publish it.")
    return files, notes
