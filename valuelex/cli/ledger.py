"""``valuelex ledger``: ledgers as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ledger_app = typer.Typer(name="ledger", help="Merge and split ledgers of calls.", no_args_is_help=True)


@ledger_app.command()
def merge(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The new ledger; must not exist.")],
    ledgers: Annotated[list[Path], typer.Argument(metavar="LEDGER...", help="The earlier one wins.")],
) -> None:
    """Write the union of ledgers: each call once."""
    from valuelex.models.ledger import merge as union

    made = union(ledgers, out)
    typer.echo(f"{made.records} calls in {made.path}; {made.repeated} lines stood for a call that is there already.")
    if made.set_aside:
        typer.echo(f"{made.set_aside} lines are no record of a call and were left out.", err=True)
    if made.conflicts:
        typer.echo(f"{len(made.conflicts)} calls have answers that differ; the first was taken.", err=True)


@ledger_app.command()
def split(
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the parts go.")],
    by: Annotated[str, typer.Option(help="A field of the request.")] = "model_id",
) -> None:
    """Write a ledger's calls into one ledger per model."""
    from valuelex.models.ledger import split as divide

    for value, path in divide(ledger, by, folder).items():
        typer.echo(f"{value}: {path}")
