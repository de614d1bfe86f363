"""``valuelex ratings``: sheets for human raters go out of a study and come back into it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from valuelex.errors import BadInput, MissingExtra, writing
from valuelex.models.seeds import call_seed
from valuelex.projective import add_ratings, rating_sheets, read_returned, to_xlsx
from valuelex.projective.ratings.files import FOLDER
from valuelex.projective.ratings.sheet import FORMAT
from valuelex.study.study import Study
from valuelex.tables import replace_file
from valuelex.tables.inert_csv import to_csv

KEY = "key.json"


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    files : list of Path
        The sheets, then the key.
    completions, raters : int
    note : str
        What could not be written, and why.
    """

    files: list[Path]
    completions: int
    raters: int
    note: str = ""


@dataclass(frozen=True)
class Imported:
    """What came in: files written, ratings that are new, and those that were there already."""

    files: list[Path]
    ratings: int
    known: int


def export_ratings(
    study: Study, *, raters: int = 2, completions: int | None = None, form: str | None = None, seed: int | None = None
) -> Exported:
    """Write ratings/sheet_R1.csv and .xlsx, ... and ratings/key.json; the key stays with the study.

    Parameters
    ----------
    study : Study
        Its completions must be up to date; nothing is asked.
    raters, completions, form, seed
        As in `projective.rating_sheets`; the seed defaults to one spawned from the study's.

    Raises
    ------
    BadInput
        If there are no completions yet, sheets were exported before, or an argument is out of range.
    """
    folder = study.folder / FOLDER
    if (folder / KEY).exists():
        raise BadInput(
            f"{folder / KEY}: sheets were exported before, and their codes would be lost.",
            "Import those first; then move key.json and the sheets out of the folder.",
        )
    for stage, what in (("instrument", "The instrument is"), ("administer", "The completions are")):
        if not study.is_done(stage):
            raise BadInput(f"{what} not made yet, or not up to date.", f"Run: valuelex {stage} STUDY")
    manual = study.document("manual")
    made = rating_sheets(
        study.read("completions"),
        study.read("instrument"),
        manual,
        raters=raters,
        n=completions,
        form=form,
        seed=call_seed(study.file.seed, "ratings") if seed is None else seed,
        population=study.population([]),
        study=study.file.name,
    )
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    note = ""
    for rater, sheet in made.sheets.items():
        path = folder / f"sheet_{rater}.csv"
        replace_file(path, b"\xef\xbb\xbf" + to_csv(sheet))  # the mark tells spreadsheets that this is UTF-8
        files.append(path)
        try:
            content = to_xlsx(sheet, manual)
        except MissingExtra as error:
            note = f"No XLSX was written: {error.what} {error.remedy}"
            continue
        path = folder / f"sheet_{rater}.xlsx"
        replace_file(path, content)
        files.append(path)
    key = folder / KEY
    replace_file(key, (json.dumps(made.key, indent=1, ensure_ascii=False) + "\n").encode())
    return Exported([*files, key], len(made.key["codes"]), len(made.sheets), note)


def import_ratings(study: Study, files: Sequence[Path]) -> Imported:
    """Check filled sheets and add them to the study; the stage `judge` then takes them in.

    Raises
    ------
    BadInput
        If anything is wrong in them (all of it is listed, and nothing is imported), or the key is missing.
    """
    if "judgements" in study.file.inputs:
        raise BadInput(
            "The judgements of this study are given (inputs: judgements), so that no ratings are taken in.",
            "Add the ratings to that table, with judge ids such as human:R1.",
        )
    if not files:
        raise BadInput("No sheet was named.", "valuelex ratings import STUDY sheet_R1.csv ...")
    ratings = read_returned(files, read_key(study.folder / FOLDER / KEY))
    written, known = add_ratings(study.folder, ratings)
    return Imported(written, len(ratings) - known, known)


def read_key(path: Path) -> dict[str, Any]:
    """Read what maps codes back to completions.

    Raises
    ------
    BadInput
        If it is not there or was changed.
    """
    try:
        key = json.loads(path.read_text(encoding="utf-8"))
        codes, wanted = key["codes"].values(), {"completion_id", "shown", "text"}
        whole = key["format"] == FORMAT and all(isinstance(key[n], dict) for n in ("columns", "codes"))
        if whole and all(set(c) == wanted for c in codes) and all(isinstance(r, str) for r in key["raters"]):
            return dict(key)
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist.", "Export first, or put back the key that export wrote.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    raise BadInput(f"{path}: is not the key that export wrote.", "Put it back; without it no code can be read.")
