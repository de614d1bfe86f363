"""``valuelex multiverse``: which dimensions come back under every other defensible choice."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from valuelex.cli.output import JsonOption, QuietOption, say


def multiverse(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="A folder with study.yaml, or the file itself.")],
    cells: Annotated[
        int | None, typer.Option("--cells", metavar="N", min=1, help="Draw so many cells of the grid at random.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", help="Worker processes; default: one for each core.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show how much there is to do; compute nothing.")] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Analyse the words in every other defensible way, and say which dimensions come back."""
    import valuelex
    from valuelex.cli.console import Console
    from valuelex.errors import SettingError
    from valuelex.study import Listener
    from valuelex.study.multiverse import plan_multiverse, run_multiverse

    if jobs is not None and (jobs == 0 or jobs < -1):
        raise SettingError(f"--jobs {jobs} is out of range.", "Give at least 1, or -1 for every core.")
    found = valuelex.Study.load(study)
    if dry_run:
        plan = plan_multiverse(found, cells=cells)
        say("\n".join(f"{name:<12} {n:>9,}" for name, n in plan.items()), dict(plan), as_json)
        return
    with Console() if not quiet else nullcontext() as console:
        told = Listener() if console is None else console.listener()
        made = run_multiverse(found, cells=cells, n_jobs=jobs, listener=told)
    say("\n".join([*made.about["findings"], *made.about["notes"]]), dict(made.about), as_json)
    if as_json:
        return
    if cells is not None and cells != found.file.multiverse.max_cells:
        typer.echo(
            f"To keep this draw as the study's own, write into the study file: multiverse: {{max_cells: {cells}}}"
        )
