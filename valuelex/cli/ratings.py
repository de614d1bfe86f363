"""``valuelex ratings`` and ``valuelex manual``: what human raters are given, and what they give back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="A folder with study.yaml, or the file itself.")]

ratings_app = typer.Typer(name="ratings", help="Blinded rating sheets for people.", no_args_is_help=True)


@ratings_app.command()
def export(
    study: StudyArgument,
    raters: Annotated[int, typer.Option(help="How many people will rate.")] = 2,
    completions: Annotated[
        int | None, typer.Option(metavar="N", help="How many completions; whole stems, drawn by chance. Default: all.")
    ] = None,
    form: Annotated[str | None, typer.Option(help="Of this form alone.", metavar="A|B")] = None,
    seed: Annotated[int | None, typer.Option(help="Of choice, codes and orders; default: the study's.")] = None,
) -> None:
    """Write a sheet per rater (CSV and XLSX) into STUDY/ratings, without names of models, and the key that stays."""
    import valuelex
    from valuelex.cli.console import printable
    from valuelex.study.ratings import export_ratings

    made = export_ratings(valuelex.Study.load(study), raters=raters, completions=completions, form=form, seed=seed)
    typer.echo(printable(f"{made.completions} completions for {made.raters} raters:"))
    for path in made.files:
        typer.echo(printable(str(path)))
    typer.echo("Send the sheets and the printed manual (valuelex manual STUDY); keep key.json.")
    if made.note:
        typer.echo(printable(made.note), err=True)


@ratings_app.command(name="import")
def take_in(
    study: StudyArgument,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Filled sheets, CSV or XLSX.")],
) -> None:
    """Check filled sheets and add them to the study: nothing is imported unless all of it is clean."""
    import valuelex
    from valuelex.cli.console import printable
    from valuelex.study.ratings import import_ratings

    made = import_ratings(valuelex.Study.load(study), files)
    known = f"; {made.known} were there already" if made.known else ""
    typer.echo(printable(f"{made.ratings} ratings imported{known}. Next: valuelex judge {study}"))


def manual(
    study: StudyArgument,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: manual.html beside the study file.")
    ] = None,
) -> None:
    """Write the scoring manual as a page to print: definitions, polarity, examples from 0 to 6, how to rate."""
    import valuelex
    from valuelex.cli.console import printable
    from valuelex.report.manual_page import write_manual

    typer.echo(printable(f"Wrote {write_manual(valuelex.Study.load(study), out)}."))
