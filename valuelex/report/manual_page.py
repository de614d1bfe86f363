"""The scoring manual as one page to print, for people who rate; a file of its own, beside the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from valuelex.errors import writing
from valuelex.projective.manual import check_manual
from valuelex.report.page import templates
from valuelex.tables import replace_file

if TYPE_CHECKING:
    from valuelex.study import Study


def write_manual(study: Study, out: Path | None = None) -> Path:
    """Write the manual of a study as manual.html beside its study file, or as `out`; return the path.

    Raises
    ------
    TableError
        If the instrument is not built yet.
    DataError
        If the manual lacks anchors.
    """
    path = study.folder / "manual.html" if out is None else out
    page = manual_page(study.document("manual"), study.file.name)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, page.encode())
    return path


def manual_page(manual: Mapping[str, Any], title: str) -> str:
    """Return a scoring manual as one HTML page for A4, without scripts or outside files.

    Parameters
    ----------
    manual : mapping
        As in instrument.yaml; every text in it is data.
    title : str
        The study's name.
    """
    return (
        templates()
        .get_template("manual.html.j2")
        .render(
            title=title,
            version=manual.get("version", 1),
            how=str(manual.get("how") or ""),
            entries=check_manual(manual),
            sha=str(manual.get("sha256") or "")[:16],
        )
    )
