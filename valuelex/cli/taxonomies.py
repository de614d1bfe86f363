"""``valuelex edits``, ``freeze`` and ``diff``: edits by hand, the plan fixed beforehand, two taxonomies compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="A folder with study.yaml, or the file itself.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this page."""
    app.command()(edits)
    app.command()(freeze)
    app.command()(diff)


def edits(
    study: StudyArgument,
    init: Annotated[bool, typer.Option("--init", help="Write edits.yaml beside study.yaml; never over one.")] = False,
) -> None:
    """Show the edits by hand and whether they were applied; --init writes a commented file that lists the pieces."""
    import valuelex
    from valuelex.cli.console import printable
    from valuelex.study.hand_edits import show_edits, write_starting_file

    found = valuelex.Study.load(study)
    typer.echo(printable(write_starting_file(found) if init else show_edits(found)))


def freeze(
    study: StudyArgument,
    again: Annotated[
        str | None,
        typer.Option("--again", metavar="REASON", help="Replace the plan; the earlier one stays in its history."),
    ] = None,
) -> None:
    """Fix settings, thresholds and files before the data are seen; every later deviation is printed in the report."""
    import valuelex
    from valuelex.cli.console import printable
    from valuelex.study.freeze import freeze as write_down

    made = write_down(valuelex.Study.load(study), again=again)
    typer.echo(printable(f"Wrote {made.path}.\n{made.summary()}"))


def diff(
    a: Annotated[
        Path, typer.Argument(metavar="A", help="A study, a results folder, a taxonomy.json, or assignments.csv.")
    ],
    b: Annotated[Path, typer.Argument(metavar="B", help="The same.")],
    words: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="Two columns: a word of A, the word of B it stands for."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="DIR", help="Also write each table as a CSV file.")
    ] = None,
) -> None:
    """Compare two taxonomies: matched dimensions, congruence, words that moved, settings that differ."""
    import json as codec

    from valuelex.cli.console import printable
    from valuelex.study.taxonomies import compare, write_tables

    found = compare(a, b, words=words)
    if csv is not None:
        write_tables(found, csv)
    typer.echo(codec.dumps(found.to_dict(), indent=2) if json else printable(found.summary()))
