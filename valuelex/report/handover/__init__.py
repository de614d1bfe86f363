"""``valuelex export``: a finished study in the hands of SPSS, R, JASP, Inspect, any reader of CSV, or a paper."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from valuelex.errors import BadInput, MissingExtra, ResultsFolderError, writing
from valuelex.report.handover.inspection import write_inspect
from valuelex.report.handover.paper import write_for_paper
from valuelex.report.handover.plain import write_csv, write_dictionary, write_jasp
from valuelex.report.handover.source import MARK, Source, Written, put, readme
from valuelex.report.handover.statistics import write_r, write_spss
from valuelex.study import Study

Writer = Callable[[Source, Path], tuple[list[Written], list[str]]]
TARGETS: dict[str, tuple[Writer, str]] = {
    "spss": (write_spss, "For SPSS: every table as .sav with labels and missing codes, and syntax."),
    "r": (write_r, "For R: every table as CSV, and scripts that repeat the analyses."),
    "jasp": (write_jasp, "For JASP: one flat file for each analysis."),
    "inspect": (write_inspect, "For Inspect AI: the test as a dataset, completions and judgements as records."),
    "csv": (write_csv, "For any program: every table as CSV, with Frictionless and RO-Crate metadata."),
    "dictionary": (write_dictionary, "The data dictionary: every column of every table."),
    "paper": (write_for_paper, "For a paper: the methods section, tables in APA style, figures."),
}
FOLDER = "export"


def export_study(
    study: Study, to: Sequence[str] = (), out: Path | None = None, *, tell: Callable[[str], None] = lambda said: None
) -> dict[str, Path]:
    """Write a study's results for other programs, one folder for each; an earlier export of the same target is replaced.

    Parameters
    ----------
    study : Study
    to : sequence of str
        Of `TARGETS`; empty takes all whose packages are installed.
    out : Path, optional
        Default: the folder `export` in the results. Each target has a folder of its own name there.
    tell : callable
        Hears in one line each what a user should know: results older than the settings, targets left out.

    Returns
    -------
    dict of str -> Path
        Target -> its folder. README.txt there says what each file is and where numbers can differ.

    Raises
    ------
    BadInput
        For an unknown target.
    MissingExtra
        If a target that was asked for needs a package that is not installed.
    ResultsFolderError
        If there are no tables, or a folder is in the way that no export made.
    """
    unknown = [name for name in to if name not in TARGETS]
    if unknown:
        raise BadInput(f"'{unknown[0]}' is nothing to export to.", f"Known: {', '.join(TARGETS)}.")
    source = Source(study)
    if source.stale:
        tell(f"Settings, inputs or code have changed since these steps were run: {', '.join(source.stale)}.")
    base = study.results / FOLDER if out is None else out
    made = {}
    for name in dict.fromkeys(to or TARGETS):
        try:
            made[name] = _write(source, name, base)
        except MissingExtra as error:
            if to:
                raise
            tell(f"{name} is left out. {error}")
    return made


def _write(source: Source, name: str, base: Path) -> Path:
    """Write one target into a temporary folder, then put it in its place: a folder is whole, or not there."""
    writer, what = TARGETS[name]
    place = base / name
    _free(place)
    with writing(base):
        base.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=base))
    try:
        with writing(place):
            files, notes = writer(source, folder)
            put(folder, "README.txt", readme(source, name, what, files, notes))
            folder.chmod(0o755)
            if place.exists():
                shutil.rmtree(place)
            folder.rename(place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return place


def _free(place: Path) -> None:
    """Refuse to replace what no export made."""
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return
    note = place / "README.txt"
    if not (note.is_file() and note.read_text(encoding="utf-8", errors="replace").startswith(MARK)):
        raise ResultsFolderError(f"{place} exists and was not made by an export.", "Name another folder with --out.")


__all__ = ["FOLDER", "TARGETS", "export_study"]
