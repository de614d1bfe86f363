"""``valuelex edits`` and ``valuelex freeze``: the taxonomy under a person's hands, and the plan fixed beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="A folder with study.yaml, or the file itself.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this page."""
    app.command()(edits)
    app.command()(freeze)


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
