"""``valuelex edits``: a file of edits to start from, and what became of the edits of a study."""

from __future__ import annotations

from valuelex import taxonomy
from valuelex.errors import BadInput, TableError, writing
from valuelex.study.study import Study
from valuelex.tables import files_of, replace_file


def write_starting_file(study: Study) -> str:
    """Write a commented edits.yaml that lists the study's pieces, and return where.

    Raises
    ------
    BadInput
        If there is one already.
    TableError
        If there is no taxonomy yet.
    """
    path = study.folder / (study.file.taxonomy.edits or taxonomy.EDITS)
    if path.exists():
        raise BadInput(f"{path} is there already.", f"Edit it, then run: valuelex taxonomy {study.folder}")
    text = taxonomy.starting_file(_document(study))
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text.encode())
    return f"Wrote {path}. Edit it, then run: valuelex taxonomy {study.folder}"


def show_edits(study: Study) -> str:
    """Return each edit of the last run with whether it was applied; without edits, a file to start from.

    Raises
    ------
    TableError
        If there is no taxonomy yet.
    """
    document = _document(study)
    if not files_of("edits", study.results)[0].is_file():
        return taxonomy.starting_file(document).rstrip("\n")
    lines = []
    for row in study.read("edits").astype(object).to_dict("records"):
        why = f" {row['why']}" if isinstance(row["why"], str) else ""
        lines.append(f"{row['number']:>3} {row['operation']:<7} {row['target']}: applied: {row['applied']}.{why}")
    if not study.is_done("taxonomy"):
        lines.append("Settings or edits have changed since: run valuelex taxonomy to apply them.")
    return "\n".join(lines)


def unapplied(study: Study) -> str | None:
    """Return how many edits of the last run were not, or not wholly, applied, in one line; None where all were."""
    if not files_of("edits", study.results)[0].is_file():
        return None
    applied = study.read("edits")["applied"].astype(str)
    left = int((applied != "yes").sum())
    if not left:
        return None
    return (
        f"{left} of {len(applied)} edits by hand were not applied, or only in part. Why: valuelex edits {study.folder}"
    )


def _document(study: Study) -> dict[str, object]:
    try:
        return study.document("taxonomy")
    except TableError as error:
        raise TableError(
            f"{study.results}: holds no taxonomy yet.", f"Make it first: valuelex taxonomy {study.folder}"
        ) from error
