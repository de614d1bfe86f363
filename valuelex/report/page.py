"""From a study to one HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from valuelex.report import (
    administer,
    compare,
    elicit,
    explore,
    frozen,
    instrument,
    judge,
    lexicon,
    multiverse,
    paper_section,
    score,
    settings,
    taxonomy,
)
from valuelex.report.content import Block, Details, Explorer, Figure, Section
from valuelex.report.evidence import Evidence
from valuelex.report.overview import overview

if TYPE_CHECKING:
    from jinja2 import Environment

    from valuelex.study import Study

TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = (
    frozen, elicit, lexicon, taxonomy, multiverse, instrument, administer, judge, score, compare, explore, paper_section,
    settings,
)  # fmt: skip
"""The modules that make a section each, in the order of the chain."""
STEPS = tuple(step for step in SECTIONS if step not in (frozen, multiverse, explore, paper_section))
"""Sections that every report has; the others are there only where there is something to show."""
SCRIPTS = ("report.js", "tables.js", "explore.js")
"""The page's own scripts, in the order in which they run: pictures, tools of tables, looking up."""


def render(study: Study) -> str:
    """Return the report of a study as one HTML page; what the results do not hold is said in one line.

    Parameters
    ----------
    study : Study
        Its results are read, never written.
    """
    return page_of(Evidence(study))


def page_of(evidence: Evidence, *, served: bool = False) -> str:
    """Return the page of what is already read; `served`: without answers and completions, which it asks its server for."""
    return assemble("study.html.j2", overview(evidence), build(evidence, rows=not served), served=served)


@cache
def templates() -> Environment:
    """Return the templates' environment, for whole pages of any kind; a process compiles each template once.

    What models and other people's tables say is data: autoescape is on, and only the package's own files pass as they are.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def assemble(template: str, head: Any, sections: list[Section], *, served: bool = False) -> str:
    """Return head and sections as one self-contained HTML page.

    Parameters
    ----------
    template : str
        A child of page.html.j2, which names the kind of page and may add to the head.
    head : object
        With title, summary, facts and warnings, and what the template asks for besides.
    sections : list of Section
    served : bool
        Whether the page may ask the server that it comes from.
    """
    from markupsafe import Markup

    scripts = _scripts()
    explorers = [b for section in sections for b in section.blocks if isinstance(b, Explorer)]
    return (
        templates()
        .get_template(template)
        .render(
            head=head,
            sections=sections,
            explorer=Markup(script_json(explorers[0].data)) if explorers else "",
            specs={figure.name: Markup(script_json(figure.spec)) for figure in pictures(sections)},
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
            scripts=[Markup(script) for script in scripts],
            policy=policy(scripts, served=served),
        )
    )


def build(evidence: Evidence, *, rows: bool = True) -> list[Section]:
    """Return the page's sections, in their order; `rows`: whether answers and completions stand in the page."""
    made = [explore.section(evidence, rows=rows) if one is explore else one.section(evidence) for one in SECTIONS]
    return [section for section in made if section is not None]


def pictures(sections: Iterable[Section]) -> Iterator[Figure]:
    """Yield every figure, in the order of the page."""
    for section in sections:
        yield from _figures(section.blocks)


def _figures(blocks: Iterable[Block]) -> Iterator[Figure]:
    for block in blocks:
        if isinstance(block, Figure):
            yield block
        elif isinstance(block, Details):
            yield from _figures(block.blocks)


def script_json(value: Any) -> str:
    """Return JSON that may stand inside a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _scripts() -> tuple[str, ...]:
    from plotly.offline import get_plotlyjs

    # plotly.js is the whole bundle: the Python package ships no smaller one.
    return get_plotlyjs(), *((TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS)


@cache
def policy(scripts: tuple[str, ...], *, served: bool = False) -> str:
    """Return a content security policy: no request leaves the page (or its server), and only the known scripts run."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{value}'" for value in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
        "form-action 'none'" + ("; connect-src 'self'" if served else "")
    )
