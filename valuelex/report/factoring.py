"""The report of `valuelex efa`: one analysis as one HTML page."""

from __future__ import annotations

from dataclasses import dataclass, field

from valuelex.psychometrics.analysis import Analysis
from valuelex.report.content import Column, Section, Table
from valuelex.report.overview import Fact
from valuelex.report.page import assemble
from valuelex.report.wording import count, number


@dataclass(frozen=True)
class Head:
    """What stands above the sections."""

    title: str
    summary: str
    facts: list[Fact]
    warnings: list[str] = field(default_factory=list)


def render_analysis(analysis: Analysis) -> str:
    """Return the report of an analysis as one HTML page."""
    L = analysis.efa.loadings
    head = Head("Factor analysis", f"{count(len(L), 'variable')}.", [], list(analysis.messages))
    heads = (Column("variable"), *(Column(str(name), number=True) for name in L.columns))
    rows = [[str(name), *(number(value) for value in row)] for name, row in zip(L.index, L.to_numpy(), strict=True)]
    table = Table("loadings-table", "Loadings", heads, [list(row) for row in rows])
    return assemble("analysis.html.j2", head, [Section("loadings", "Loadings", [], [table])])
