"""A paragraph of the methods section, and the words that all of them need."""

from __future__ import annotations

from dataclasses import dataclass

from valuelex.psychometrics.handover.apa import plain
from valuelex.report.evidence import Evidence
from valuelex.report.paper.references import WORKS


@dataclass(frozen=True)
class Paragraph:
    """One part of the methods section.

    Attributes
    ----------
    title : str
    text : str
        Plain text with citations in APA style.
    """

    title: str
    text: str

    @property
    def works(self) -> list[str]:
        """Keys of `references.WORKS` that the text cites."""
        return [key for key, work in WORKS.items() if work.cited in self.text or work.narrative in self.text]


def percent(share: float, digits: int = 1) -> str:
    """As APA writes it: no space before the sign."""
    return f"{plain(100 * share, digits)}%"


def sentences(*parts: str) -> str:
    """Join sentences; empty ones are left out."""
    return " ".join(part for part in parts if part)


def given(evidence: Evidence, stage: str, what: str) -> str:
    """Say that a step's tables came from elsewhere."""
    return f"{what} were not collected or computed here but given ({evidence.given(stage)})."
