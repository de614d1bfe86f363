"""The section `paper`: what a methods section has to say of this study, to be copied."""

from __future__ import annotations

from valuelex.report.content import Prose, Section
from valuelex.report.evidence import Evidence
from valuelex.report.paper.methods import paragraphs
from valuelex.report.paper.references import entries

NAME, TITLE = "paper", "For your paper: the methods section"


def section(evidence: Evidence) -> Section | None:
    """Turn settings and tables into the section; None where there is nothing to report on."""
    parts = paragraphs(evidence)
    if len(parts) < 2:
        return None
    finding = (
        "Every choice and number of this study that a methods section needs, generated from the study file and the "
        "tables. Read it against what you know of the study before you publish it. The command ‘valuelex export "
        "STUDY --to paper’ writes it with all tables (HTML, LaTeX, DOCX) and figures (SVG, PNG)."
    )
    works = entries(key for part in parts for key in part.works)
    return Section(
        NAME, TITLE, [finding], [Prose("paper-methods", tuple((p.title, p.text) for p in parts), tuple(works))]
    )
