"""The command line: parse arguments, call the Python API, print. No logic lives here."""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from valuelex._version import __version__
from valuelex.cli import taxonomies
from valuelex.cli.inspection import inspect_app
from valuelex.cli.ledger import ledger_app
from valuelex.cli.multiverse import multiverse
from valuelex.cli.output import JSON, JsonOption, QuietOption, error_json, say, say_status
from valuelex.cli.ratings import manual, ratings_app
from valuelex.errors import BadInput, RunInterrupted, ValuelexError

app = typer.Typer(
    name="valuelex",
    help="The psychometric workbench for the values of language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

INTERRUPTED = 130
"""What typer returns for Ctrl-C where it catches it itself."""

STOPPED = RunInterrupted("Stopped.", "Everything answered so far is kept; the same command goes on from here.")

StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="A folder with study.yaml, or the file itself.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask before calls that may cost money.")]
RetryOption = Annotated[
    bool, typer.Option("--retry-errors", help="Ask again what failed or was filtered; all else comes from the ledger.")
]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Show calls, tokens and cost; ask nothing.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"valuelex {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The psychometric workbench for the values of language models."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write study.yaml.")],
    template: Annotated[str, typer.Option(help="demo | replication")] = "demo",
) -> None:
    """Write a commented study.yaml."""
    from valuelex.study.init import write_template

    typer.echo(f"Wrote {write_template(folder, template)}. Next: valuelex run {folder}")


@app.command()
def run(
    study: StudyArgument,
    to: Annotated[str, typer.Option("--to", metavar="STAGE", help="Stop after this stage.")] = "report",
    dry_run: DryOption = False,
    yes: YesOption = False,
    retry_errors: RetryOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run what is not up to date; stop it at any time, the same command goes on where it was."""
    _run(study, to, dry=dry_run, yes=yes, retry_errors=retry_errors, quiet=quiet, as_json=as_json)


def _stage_command(stage: str, about: str) -> None:
    def command(
        study: StudyArgument,
        dry_run: DryOption = False,
        yes: YesOption = False,
        retry_errors: RetryOption = False,
        quiet: QuietOption = False,
        as_json: JsonOption = False,
    ) -> None:
        _run(study, stage, dry=dry_run, yes=yes, retry_errors=retry_errors, quiet=quiet, as_json=as_json)

    command.__doc__ = about
    app.command(name=stage)(command)


for _stage, _about in {
    "elicit": "Ask every respondent every prompt.",
    "lexicon": "Turn answers into words, each kept or set aside for a reason.",
    "taxonomy": "Find the structure of the words.",
    "instrument": "Build the projective test.",
    "administer": "Let the models complete the stems.",
    "judge": "Score every completion on every dimension.",
    "score": "Turn judgements into scores of models, and examine the test.",
    "compare": "Compare the models.",
    "report": "Write report.html.",
}.items():
    _stage_command(_stage, _about)


def _run(path: Path, to: str, *, dry: bool, yes: bool, retry_errors: bool, quiet: bool, as_json: bool) -> None:
    import valuelex
    from valuelex.cli.console import printable
    from valuelex.study.dry_run import dry_run
    from valuelex.study.hand_edits import unapplied
    from valuelex.study.instrument_made import instrument_line

    study = valuelex.Study.load(path)
    if dry:
        plan = dry_run(study, to)
        if as_json:
            say("", {"study": study.file.name, "calls": [asdict(part) for part in plan]}, as_json)
        else:
            _print_plan(plan)
        return
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        paid = sum(p.planned - p.answered for p in dry_run(study, to) if p.remote)
        if paid and not typer.confirm(f"{paid} calls go to remote endpoints and may cost money. Go on?", err=True):
            raise typer.Exit(1)
    facts = _watched(study, to, quiet=quiet, retry_errors=retry_errors)
    if said := unapplied(study):
        typer.echo(printable(said), err=True)
    if as_json:
        say("", facts, as_json)
        return
    if to == "instrument":
        typer.echo(printable(instrument_line(study)))
    if to == "report":
        typer.echo(f"Report: {_shown(study.results / 'report.html')}")
    else:
        typer.echo(f"Results: {_shown(study.results)}")


def _watched(study: Any, to: str, *, quiet: bool, **options: bool) -> dict[str, Any]:
    """Run a study with progress on stderr, or without, and return what was done."""
    from valuelex.cli.console import Console
    from valuelex.study import Listener
    from valuelex.study.summaries import run_summary

    events: list[tuple[str, str]] = []
    start = time.monotonic()
    with Console() if not quiet else nullcontext() as console:
        told = Listener() if console is None else console.listener()

        def on_stage(stage: str, what: str) -> None:
            events.append((stage, what))
            told.on_stage(stage, what)

        study.run(to, listener=replace(told, on_stage=on_stage), **options)
    return run_summary(study, events, time.monotonic() - start)


@app.command()
def replay(
    study: StudyArgument,
    to: Annotated[str, typer.Option("--to", metavar="STAGE", help="Stop after this stage.")] = "report",
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make every table anew from the ledger alone: no key, no network, no call."""
    import valuelex

    found = valuelex.Study.load(study)
    say(f"Results: {_shown(found.results)}", _watched(found, to, quiet=quiet, replay=True), as_json)


@app.command()
def pack(
    study: StudyArgument,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The zip; default: NAME.zip here.")] = None,
    licence: Annotated[str | None, typer.Option(help="SPDX id of your data's licence, such as CC-BY-4.0.")] = None,
    author: Annotated[str | None, typer.Option(help="Whom to name as author.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Pack study, ledger and tables into one zip for OSF or Zenodo, with README, data dictionary and RO-Crate metadata."""
    import valuelex
    from valuelex.study.pack import pack as make

    packed = make(valuelex.Study.load(study), out, licence=licence, author=author)
    facts = {"path": str(packed.path), "files": list(packed.files)}
    say(f"Packed {len(packed.files)} files: {packed.path}", facts, as_json)


@app.command()
def export(
    study: StudyArgument,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", metavar="TARGET", help="spss | r | jasp | inspect | csv | dictionary | paper; several are fine."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the folders go; default: export/ in the results.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Hand the results over to other programs, or to a paper; default: all targets whose packages are installed."""
    import valuelex
    from valuelex.cli.console import printable
    from valuelex.report.handover import export_study

    def tell(line: str) -> None:
        typer.echo(printable(line), err=True)

    made = export_study(valuelex.Study.load(study), to or (), out, tell=tell)
    text = "\n".join(f"{target:<11} {_shown(folder)}" for target, folder in made.items())
    say(text, {target: str(folder) for target, folder in made.items()}, as_json)


@app.command()
def serve(
    study: StudyArgument,
    port: Annotated[int, typer.Option(help="On this machine alone; 0 takes a free one.")] = 8765,
) -> None:
    """Show the report in a browser with all its answers, for studies too large for one file; Ctrl-C ends it."""
    import valuelex
    from valuelex.report.serve import serve as show

    show(valuelex.Study.load(study), port, ready=lambda address: typer.echo(f"The report: {address}  (Ctrl-C ends it)"))


def _print_plan(plan: list[Any]) -> None:
    typer.echo(
        f"{'stage':<12} {'model':<28} {'calls':>7} {'answered':>9} {'tokens in':>10} {'tokens out':>11}  cost, USD"
    )
    for p in plan:
        cost = "runs here" if not p.remote else "unknown: no price" if p.cost is None else f"{p.cost:.2f}"
        about = "" if p.exact else "  (estimated from the settings)"
        typer.echo(
            f"{p.stage:<12} {p.model_id:<28} {p.planned:>7} {p.answered:>9} {p.tokens_in:>10} {p.tokens_out:>11}  {cost}{about}"
        )
    todo = sum(p.planned - p.answered for p in plan)
    known, unknown = sum(p.cost or 0.0 for p in plan), sum(p.cost is None for p in plan)
    paid = f" At most {known:.2f} USD" if any(p.remote for p in plan) else ""
    paid += f", and {unknown} lines without a price" if unknown else ""
    typer.echo(f"{todo} calls to make.{paid}{'.' if paid else ''}")
    typer.echo("Tokens are estimates, rather too many: bytes / 3 in, at most max_tokens out.")


def _shown(path: Path) -> str:
    """A path relative to the current folder where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


@app.command()
def status(study: StudyArgument, as_json: JsonOption = False) -> None:
    """Show where every stage stands: done, stale, missing, and how many rows it wrote."""
    import valuelex
    from valuelex.study.deviations import lost_plan, standing
    from valuelex.study.summaries import study_status

    found = valuelex.Study.load(study)
    facts = study_status(found)
    if as_json:
        say("", facts, as_json)
        return
    plan = standing(found.path, found.file, found.folder, found.results)
    say_status(facts, (plan.summary() if plan is not None else lost_plan(found.path, found.results)) or "")


@app.command()
def prompt(
    study: StudyArgument,
    item: Annotated[int, typer.Option("--item", metavar="N", help="Which call of the elicitation, from 1.")] = 1,
) -> None:
    """Print exactly what a model will see."""
    import valuelex
    from valuelex.cli.console import printable
    from valuelex.study.views import show_prompt

    typer.echo(printable(show_prompt(valuelex.Study.load(study), item)))


@app.command()
def trace(
    study: StudyArgument,
    word: Annotated[str | None, typer.Argument(metavar="[WORD]", help="A word of the lexicon.")] = None,
    model: Annotated[str | None, typer.Option(help="Follow a score instead: of this model,", metavar="ID")] = None,
    dimension: Annotated[str | None, typer.Option(help="on this dimension or subdimension.", metavar="NAME")] = None,
    as_json: JsonOption = False,
) -> None:
    """Follow a word back to every answer it came from, or a model's score down to every completion and judgement."""
    import valuelex
    from valuelex.study.score_trace import show_score_trace
    from valuelex.study.views import show_trace, trace_word

    found = valuelex.Study.load(study)
    if word is not None and model is None and dimension is None:
        facts = trace_word(found, word)
        say(show_trace(facts), facts, as_json)
    elif word is None and model is not None and dimension is not None:
        text = show_score_trace(found, model, dimension)
        say(text, {"model": model, "dimension": dimension, "lines": text.splitlines()}, as_json)
    else:
        raise BadInput(
            "trace needs a word, or a model and a dimension.", "valuelex trace STUDY --model X --dimension Y"
        )


@app.command()
def models(
    study: Annotated[
        Path | None, typer.Argument(metavar="[STUDY]", help="Show this study's models and try its endpoints.")
    ] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch and verify the files of the embedded models.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the model registry, and which endpoints answer."""
    import valuelex
    from valuelex.study.views import fetch_models, list_models, show_models

    found = valuelex.Study.load(study) if study else None
    if fetch:
        fetch_models(found, tell=lambda message: typer.echo(message, err=True))
    rows = list_models(found)
    say(show_models(rows), {"models": rows}, as_json)


@app.command()
def efa(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A CSV, Parquet or SPSS file; a matrix with --n-obs.")],
    factors: Annotated[str, typer.Option(help="How many; auto asks several criteria.", metavar="N|auto")] = "auto",
    method: Annotated[
        str | None, typer.Option(help="minres | ml | paf | dwls | alpha | image | pca  [default: minres]")
    ] = None,
    rotation: Annotated[
        str | None,
        typer.Option(
            help="none | varimax | quartimax | equamax | parsimax | promax | oblimin | quartimin | geomin | "
            "crawford_ferguson | simplimax | bentler | infomax | bifactor | target  [default: oblimin]"
        ),
    ] = None,
    correlation: Annotated[str, typer.Option(help="pearson | spearman | polychoric | tetrachoric | mixed")] = "pearson",
    missing: Annotated[str | None, typer.Option(help="listwise | pairwise | fiml  [default: listwise]")] = None,
    n_obs: Annotated[
        int | None, typer.Option("--n-obs", help="DATA is a correlation or covariance matrix of so many cases.")
    ] = None,
    mimic: Annotated[
        str | None, typer.Option(help="spss | psych | lavaan | efatools: settings left out are theirs.")
    ] = None,
    bootstrap: Annotated[int, typer.Option(help="Resamples for intervals.", metavar="B")] = 0,
    scores: Annotated[
        str | None, typer.Option(help="regression | bartlett | tenberge | anderson  [with --out: regression]")
    ] = None,
    target: Annotated[
        Path | None, typer.Option(help="A pattern to rotate to, variables x factors; empty cells are free.")
    ] = None,
    smooth: Annotated[str | None, typer.Option(help="clip | higham: repair an indefinite matrix.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn by chance.")] = 1,
    columns: Annotated[str | None, typer.Option(help="Variables to analyse.", metavar="a,b,c")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the tables and report.html.", metavar="DIR")] = None,
    export: Annotated[
        bool, typer.Option("--export", help="Also write the data with scripts for SPSS and R that give the same table.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Factor-analyse any table; print a summary, or write every table and a report to --out.

    Example: valuelex efa survey.sav --columns q1,q2,q3,q4,q5,q6 --correlation polychoric --out results
    """
    from valuelex.report.analysis_files import run_efa

    said = run_efa(
        data,
        factors,
        n_obs=n_obs,
        columns=columns,
        out=out,
        export=export,
        as_text=not as_json,
        method=method,
        rotation=rotation,
        correlation=correlation,
        missing=missing,
        mimic=mimic,
        bootstrap=bootstrap,
        scores=scores,
        target=target,
        smooth=smooth,
        seed=seed,
    )
    typer.echo(said)


@app.command()
def verify(
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Also the figures of docs/validation.md: simulated populations, anchors (many minutes)."
        ),
    ] = False,
    draws: Annotated[int | None, typer.Option(help="With --full: simulated populations of each setting.")] = None,
    write: Annotated[
        Path | None, typer.Option(help="With --full: replace the recomputed sections in this file.", metavar="FILE")
    ] = None,
    adjectives: Annotated[
        Path | None,
        typer.Option(
            help="With --full: people's loadings of adjectives (word, one column per factor).", metavar="FILE"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute reference numbers of R programs; print a table, and end with 1 if one is missed."""
    from valuelex.psychometrics.verification import verify as recompute

    if not full and (draws is not None or write is not None or adjectives is not None):
        raise BadInput("--draws, --write and --adjectives belong to --full.", "Give --full too, or leave them out.")
    if full and as_json:
        raise BadInput("--json is not for --full, which prints long texts.", "Leave one of them out.")
    found = recompute()
    facts = {"passed": found.passed, "numbers": json.loads(found.to_frame().to_json(orient="records"))}
    say(found.summary(), facts, as_json)
    passed = found.passed
    if full:
        from valuelex.study.validation import validate_all
        from valuelex.taxonomy.validation import replace_section

        for section in validate_all(draws, adjectives=adjectives, tell=lambda said: typer.echo("\n" + said)):
            passed = passed and section.passed
            if write is not None:
                replace_section(write, section.to_markdown())
    if not passed:
        raise typer.Exit(1)


# After the commands of this page: help lists them in the order in which a study goes.
app.command()(multiverse)
taxonomies.register(app)
app.command()(manual)
app.add_typer(ratings_app)
app.add_typer(ledger_app)
app.add_typer(inspect_app)


def main() -> None:
    """Run the command; a `ValuelexError` becomes one or two lines on stderr and its exit code."""
    try:
        code = app(standalone_mode=False)
    except ValuelexError as error:
        _fail(error)
    except KeyboardInterrupt:
        _fail(STOPPED)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        usage = getattr(error, "format_message", None)  # click's own complaints about arguments
        if isinstance(error, typer.Abort):
            _fail(STOPPED)
        if usage is None:
            raise
        _fail(BadInput(usage(), "See valuelex --help."))
    else:
        if code == INTERRUPTED:
            _fail(STOPPED)
        sys.exit(code if isinstance(code, int) else 0)


def _fail(error: ValuelexError) -> NoReturn:
    from valuelex.cli.console import complaint

    print(error_json(error) if JSON in sys.argv[1:] else f"valuelex: {complaint(error)}", file=sys.stderr)
    sys.exit(error.exit_code)
