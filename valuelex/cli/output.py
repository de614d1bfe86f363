"""How a command answers: text for people, one JSON object for scripts, or as little as can be.

Text goes to stdout as it is; on a terminal a table has colours, unless NO_COLOR is set. Whatever models, endpoints and files
say is printed without markup and without control characters.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from valuelex.errors import ValuelexError

JSON = "--json"
JsonOption = Annotated[bool, typer.Option(JSON, help="Print one JSON object in place of text; errors are JSON, too.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress: the answer alone, and errors.")]
STATES = {"done": "green", "stale": "yellow", "missing": "red", "not needed": "dim"}


def say(text: str, facts: dict[str, Any], as_json: bool) -> None:
    """Print an answer as text, or its facts as one JSON object."""
    from valuelex.cli.console import printable

    typer.echo(json.dumps(facts, indent=2, ensure_ascii=True, default=str) if as_json else printable(text))


def say_status(facts: dict[str, Any], plan: str) -> None:
    """Print where every stage stands: a table on a terminal, plain lines elsewhere."""
    from valuelex.cli.console import printable

    rows = [(s["stage"], s["state"], _counts(s["counts"])) for s in facts["stages"]]
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for head in ("stage", "state", "rows"):
            table.add_column(head)
        for stage, state, counts in rows:
            table.add_row(Text(stage), Text(state, style=STATES.get(state, "")), Text(counts))
        Console().print(table)
    else:
        for stage, state, counts in rows:
            typer.echo(f"{stage:<12} {state:<11} {counts}".rstrip())
    if plan:
        typer.echo(printable(plan))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items() if n)


def error_json(error: ValuelexError) -> str:
    """Return an error as one line of JSON: kind, what, cases, remedy, exit_code."""
    from valuelex.cli.console import one_line

    told = {
        "kind": type(error).__name__,
        "what": one_line(error.what),
        "cases": [one_line(case) for case in error.cases],
        "remedy": one_line(error.remedy),
        "exit_code": error.exit_code,
    }
    return json.dumps({"error": told}, ensure_ascii=True)
