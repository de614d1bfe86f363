"""``valuelex inspect``: logs of Inspect AI become a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

inspect_app = typer.Typer(
    name="inspect", help="Take over logs of 'inspect eval valuelex/projective'.", no_args_is_help=True
)


@inspect_app.command("import")
def take_over(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="Logs of one test, .eval or .json.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The new study's folder.")],
    rejudge: Annotated[bool, typer.Option("--rejudge", help="Leave the log's judgements out: judge again.")] = False,
) -> None:
    """Write instrument, completions and judgements as tables, and a study.yaml that starts from them."""
    from valuelex.study.inspection.logs import read_inspect_logs, write_study

    tables = read_inspect_logs(logs)
    path = write_study(tables, out, rejudge=rejudge)
    models = tables["completions"]["model_id"].nunique()
    typer.echo(
        f"{len(tables['completions'])} completions of {models} models in {path.parent}. Next: valuelex run {path.parent}"
    )
