"""The rating sheet as a workbook: cells that take 0 to 6 or NA and nothing else, and the manual on a sheet of its own."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from valuelex.errors import BadInput, MissingExtra
from valuelex.models.answers import inert
from valuelex.projective.manual import LEVELS, check_manual
from valuelex.projective.ratings.sheet import CODE, COMMENT, COMPLETION, FIXED, NOT_APPLICABLE, STEM

SHEET, MANUAL = "Ratings", "Manual"
MOST_BYTES = 50 * 2**20
_WIDTHS = {STEM: 40, COMPLETION: 70, COMMENT: 30, CODE: 17}
_EPOCH = datetime.datetime(2000, 1, 1)


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ImportError as error:
        raise MissingExtra("openpyxl", "xlsx", "A workbook (XLSX)") from error
    return openpyxl


def to_xlsx(sheet: pd.DataFrame, manual: Mapping[str, Any]) -> bytes:
    """Return a rater's sheet as a workbook.

    Parameters
    ----------
    sheet : DataFrame
        One of `rating_sheets`.
    manual : mapping
        The scoring manual.

    Raises
    ------
    MissingExtra
        Without openpyxl.
    """
    openpyxl = _openpyxl()
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = _EPOCH
    page = book.active
    page.title = SHEET
    top, bold = Alignment(wrap_text=True, vertical="top"), Font(bold=True)
    for c, name in enumerate(sheet.columns, start=1):
        _put(page.cell(1, c), str(name), top, bold)
        page.column_dimensions[get_column_letter(c)].width = _WIDTHS.get(str(name), 13)
        for r, text in enumerate(sheet[name], start=2):
            _put(page.cell(r, c), str(text) or None, top)
    rated = [c for c, name in enumerate(sheet.columns, start=1) if name not in (*FIXED, COMMENT)]
    if rated and len(sheet):
        allowed = ",".join([*map(str, LEVELS), NOT_APPLICABLE])
        rule = DataValidation(type="list", formula1=f'"{allowed}"', allow_blank=True, showErrorMessage=True)
        rule.errorTitle, rule.error = "No rating", "0 to 6, or NA where the sentence says nothing on the scale."
        rule.add(f"{get_column_letter(rated[0])}2:{get_column_letter(rated[-1])}{len(sheet) + 1}")
        page.add_data_validation(rule)
    # The heading, and what is rated, stay in view.
    page.freeze_panes = f"{get_column_letter(len(FIXED) + 1)}2"
    _manual(book.create_sheet(MANUAL), manual, top, bold)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _put(cell: Any, value: str | None, alignment: Any, font: Any = None) -> None:
    cell.value = value
    if value is not None:
        cell.data_type = "s"  # what begins like a formula is a text all the same
    cell.alignment = alignment
    if font is not None:
        cell.font = font


def _manual(page: Any, manual: Mapping[str, Any], alignment: Any, bold: Any) -> None:
    rows: list[tuple[str, str, bool]] = [("How to rate", str(manual.get("how") or ""), True)]
    for entry in check_manual(manual):
        rows += [(entry["subdimension"], entry["definition"], True), ("", entry["polarity"], False)]
        rows += [(str(level), " / ".join(texts), False) for level, texts in entry["anchors"].items()]
        rows.append((NOT_APPLICABLE, " / ".join(entry["not_applicable"]), False))
    for r, (left, right, heading) in enumerate(rows, start=1):
        _put(page.cell(r, 1), inert(left) or None, alignment, bold if heading else None)
        _put(page.cell(r, 2), inert(right) or None, alignment)
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 24, 110


def rows_of_xlsx(path: Path) -> list[list[str]]:
    """Return the cells of the sheet "Ratings" (or the only one) as texts, row by row.

    Raises
    ------
    BadInput
        If the file is no workbook, is larger than 50 MB, or has no such sheet.
    MissingExtra
        Without openpyxl.
    """
    openpyxl = _openpyxl()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{path}: is larger than {MOST_BYTES // 2**20} MB.", "Give the sheet that export wrote.")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except BadInput:
        raise
    except Exception as error:  # zip, XML and openpyxl's own: all mean the same here
        raise BadInput(
            f"{path}: is no workbook that can be read ({error}).", "Save it as XLSX, or as CSV UTF-8."
        ) from error
    try:
        if SHEET not in book.sheetnames and len(book.sheetnames) != 1:
            raise BadInput(
                f"{path}: has no sheet '{SHEET}', but {', '.join(map(repr, book.sheetnames))}.",
                f"Give the sheet with the ratings the name {SHEET}.",
            )
        page = book[SHEET] if SHEET in book.sheetnames else book[book.sheetnames[0]]
        return [[_text(value) for value in row] for row in page.iter_rows(values_only=True)]
    finally:
        book.close()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
