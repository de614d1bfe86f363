"""Sheets that came back: every problem is named with file, line and column, and nothing is taken unless there is none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from valuelex.errors import BadInput
from valuelex.models.answers import inert
from valuelex.projective.manual import LEVELS
from valuelex.projective.ratings.sheet import CODE, COMMENT, COMPLETION, FIXED, RATER, STEM, fingerprint
from valuelex.projective.ratings.workbook import rows_of_xlsx

MOST_NAMED = 20
_NOT_APPLICABLE = {"na", "n/a", "n.a."}
_LEVELS = {str(level): float(level) for level in LEVELS}


def read_returned(paths: Sequence[Path], key: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the ratings of filled sheets, one row per rater, completion and scale that was rated.

    A blank cell is a missing rating and gives no row; NA is a rating: not applicable.

    Parameters
    ----------
    paths : sequence of Path
        CSV (comma, semicolon or tab; UTF-8) or XLSX.
    key : mapping
        What `rating_sheets` gave.

    Returns
    -------
    list of dict
        completion_id, rater, dimension, score (float or None), applicable, comment (or None), text (digest of what was judged).

    Raises
    ------
    BadInput
        Listing the first 20 problems: unreadable files, missing columns, unknown codes or raters, a text that is not its
        code's, ratings that are not 0 to 6 or NA, rows that stand twice.
    """
    problems: list[str] = []
    found: list[dict[str, Any]] = []
    seen: dict[tuple[str, str], str] = {}
    for path in paths:
        rows = _rows(path)
        places = _columns(rows[0] if rows else [], key, path, problems)
        if places is None:
            continue
        for line, row in enumerate(rows[1:], start=2):
            if any(cell.strip() for cell in row):
                cells = {name: row[at].strip() if at < len(row) else "" for name, at in places.items()}
                found += _row(cells, f"{path.name}, line {line}", key, seen, problems)
    if problems:
        more = [f"... and {len(problems) - MOST_NAMED} more"] if len(problems) > MOST_NAMED else []
        noun = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise BadInput(
            f"{noun}, nothing was imported:",
            "Mend these cells and import again.",
            [*problems[:MOST_NAMED], *more],
        )
    return found


def _rows(path: Path) -> list[list[str]]:
    if path.suffix.lower() == ".xlsx":
        if not path.is_file():
            raise BadInput(f"{path} does not exist.", "Give the filled sheets.")
        return rows_of_xlsx(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}).", "Give the filled sheets.") from error
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path}: is not in UTF-8.", "Save it as 'CSV UTF-8', or send the XLSX file in its place."
        ) from error
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise BadInput(f"{path}: is no CSV file that can be read ({error}).", "Save it again as CSV UTF-8.") from error


def _columns(head: Sequence[str], key: Mapping[str, Any], path: Path, problems: list[str]) -> dict[str, int] | None:
    names = [name.strip() for name in head]
    wanted = [*FIXED, *key["columns"]]
    missing = [name for name in wanted if name not in names]
    repeated = [name for name in dict.fromkeys(wanted) if names.count(name) > 1]
    problems += [f"{path.name}, line 1: the column '{name}' is missing" for name in missing]
    problems += [f"{path.name}, line 1: the column '{name}' stands more than once" for name in repeated]
    if missing or repeated:
        return None
    return {name: names.index(name) for name in [*wanted, COMMENT] if name in names}


def _row(
    cells: Mapping[str, str],
    where: str,
    key: Mapping[str, Any],
    seen: dict[tuple[str, str], str],
    problems: list[str],
) -> Iterator[dict[str, Any]]:
    code, rater = cells[CODE], cells[RATER]
    known = key["codes"].get(code)
    wrong = []
    if known is None:
        wrong.append(f"column {CODE}: {_quoted(code)} is no code of this study" if code else f"column {CODE}: is empty")
    elif fingerprint(cells[STEM], cells[COMPLETION]) != known["shown"]:
        wrong.append(f"column {COMPLETION}: the text is not the one of {code} (were columns sorted apart?)")
    if rater not in key["raters"]:
        wrong.append(f"column {RATER}: {_quoted(rater)} is none of {', '.join(key['raters'])}")
    if not wrong and (rater, code) in seen:
        wrong.append(f"column {CODE}: {rater} rates {code} a second time, first in {seen[rater, code]}")
    else:
        seen[rater, code] = where
    ratings: list[tuple[str, float | None]] = []
    for name, scale in key["columns"].items():
        cell = cells[name]
        if not cell:
            continue
        if cell.casefold() in _NOT_APPLICABLE:
            ratings.append((scale, None))
        elif cell in _LEVELS:
            ratings.append((scale, _LEVELS[cell]))
        else:
            wrong.append(f"column {name}: {_quoted(cell)} is no whole number from 0 to 6, and not NA")
    problems += [f"{where}, {what}" for what in wrong]
    if wrong:
        return
    for scale, score in ratings:
        yield {
            "completion_id": known["completion_id"],
            "rater": rater,
            "dimension": scale,
            "score": score,
            "applicable": score is not None,
            "comment": inert(cells.get(COMMENT, "")) or None,
            "text": known["text"],
        }


def _quoted(text: str) -> str:
    return f"'{inert(text[:40])}'"
