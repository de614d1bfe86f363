"""A factor solution as an APA table (7th edition): one plain layout, written as HTML, LaTeX, DOCX or text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.exploratory.flags import SALIENT
from valuelex.psychometrics.handover import apa_formats as formats
from valuelex.psychometrics.handover.apa_formats import ApaTable, Entry

if TYPE_CHECKING:
    from valuelex.psychometrics.exploratory.result import EFAResult

KINDS = ("html", "latex", "docx", "text")
CONVENTIONS = {"psych": "psych (R)", "lavaan": "lavaan (R)", "efatools": "EFAtools (R)", "spss": "SPSS"}
METHODS = {
    "minres": "minimum residuals",
    "ml": "maximum likelihood",
    "paf": "principal axis factoring",
    "dwls": "diagonally weighted least squares",
    "alpha": "alpha factoring",
    "image": "image factoring",
    "pca": "principal components",
}
CORRELATIONS = {"pearson": "Pearson", "spearman": "Spearman", "polychoric": "polychoric", "tetrachoric": "tetrachoric"}


def to_apa(
    result: EFAResult,
    kind: str = "html",
    path: str | Path | None = None,
    *,
    cutoff: float | None = None,
    sort: bool = False,
    decimals: int = 2,
    title: str | None = None,
    number: int = 1,
) -> str | Path:
    """Write the solution as an APA table; see `EFAResult.to_apa`."""
    checks.choice(kind, KINDS, "kind")
    if kind == "docx" and path is None:
        raise SettingError("A DOCX table is a file.", "Give path='table.docx'.")
    table = layout(result, cutoff=cutoff, sort=sort, decimals=decimals, title=title, number=number)
    if kind == "docx":
        return formats.docx(table, Path(str(path)))
    text = {"html": formats.html, "latex": formats.latex, "text": formats.text}[kind](table)
    if path is None:
        return text
    return _written(Path(path), text)


def layout(
    result: EFAResult, *, cutoff: float | None, sort: bool, decimals: int, title: str | None, number: int
) -> ApaTable:
    """Rows and note of the table.

    Loadings of `cutoff` or more in size (default .30) are bold. With a cutoff, smaller ones are left blank; without, all
    are shown.
    """
    decimals = checks.integer(decimals, "decimals", low=1, high=6)
    number = checks.integer(number, "number", low=1)
    blank = cutoff is not None
    salient = SALIENT if cutoff is None else checks.number(cutoff, "cutoff", low=0, high=1)
    L, k = result.loadings, result.n_factors
    values = L.to_numpy()
    A = np.abs(values)
    order = np.lexsort((-A.max(axis=1), A.argmax(axis=1))) if sort else np.arange(len(L))

    def cell(value: float, strong: bool = False) -> Entry:
        return Entry(bounded(value, decimals), strong)

    items = []
    for i in order:
        row = [
            Entry("") if blank and A[i, j] < salient else cell(float(values[i, j]), not blank and A[i, j] >= salient)
            for j in range(k)
        ]
        items.append((Entry(str(L.index[i])), *row, cell(result.communalities.iloc[i])))
    share = [Entry(plain(100 * value, max(decimals - 1, 1))) for value in result.variance["proportion"]]
    summed = [Entry(plain(value, decimals)) for value in result.variance["ss_loadings"]]
    blocks: list[tuple[str, tuple[tuple[Entry, ...], ...]]] = [
        ("", tuple(items)),
        (
            "",
            (
                (Entry("Sum of squared loadings"), *summed, Entry("")),
                (Entry("% of variance"), *share, Entry("")),
            ),
        ),
    ]
    oblique = result.spec.oblique and k > 1
    if oblique:
        phi = result.phi.to_numpy()
        rows = [
            (
                Entry(str(factor)),
                *(cell(phi[i, j]) if j < i else Entry("—" if j == i else "") for j in range(k)),
                Entry(""),
            )
            for i, factor in enumerate(L.columns)
        ]
        blocks.append(("Factor correlations", tuple(rows)))
    what = "component" if result.settings["method"] == "pca" else "factor"
    title = title or f"{'Component' if what == 'component' else 'Factor'} Loadings From an Exploratory Analysis"
    heads = ("Variable", *map(str, L.columns), "h²")
    return ApaTable(number, title, heads, tuple(blocks), _note(result, salient, blank, what, oblique))


def bounded(value: float, decimals: int) -> str:
    """A number that cannot exceed 1 in size: no zero before the point (APA 7, 6.36), a true minus; beyond 1 as it is."""
    text = plain(value, decimals)
    return text.replace("0.", ".", 1) if text.lstrip("−").startswith("0.") else text


def plain(value: float, decimals: int) -> str:
    """A number with a true minus, none before a zero."""
    if not np.isfinite(value):
        return "—"
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def _note(result: EFAResult, salient: float, blank: bool, what: str, oblique: bool) -> str:
    s = result.settings
    correlation = CORRELATIONS.get(str(s.get("correlation")), "given" if result.source.X is None else "mixed")
    rotation = "no rotation"
    if s["rotation"] != "none" and result.n_factors > 1:
        weights = {False: "no row weights", "varimax": "Kaiser's row weights in the varimax step"}
        weighted = weights.get(
            s["normalize"], "Cureton-Mulaik row weights" if s["normalize"] == "cureton-mulaik" else ""
        )
        details = [weighted or "Kaiser's row weights"]
        details += [f"{key} = {s[key]:g}" for key in ("gamma", "epsilon", "power", "kappa") if key in s]
        turned = "oblique" if result.spec.oblique else "orthogonal"
        rotation = f"{s['rotation']} rotation ({turned}, {', '.join(details)})"
    matrix = "pattern coefficients" if oblique else "loadings"
    shown = (
        f"{matrix.capitalize()} below {bounded(salient, 2)} in size are not shown"
        if blank
        else f"{matrix.capitalize()} of {bounded(salient, 2)} or more in size are bold"
    )
    conventions = f"Conventions of {CONVENTIONS[s['mimic']]}." if s["mimic"] else "Conventions of valuelex."
    return (
        f"N = {result.source.n_obs}. Extraction: {METHODS[s['method']]} from {correlation} correlations; {rotation}. "
        f"{shown}. h² = communality. {conventions}"
    )


def _written(path: Path, text: str) -> Path:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}).", "Give another path.") from error
    return path
