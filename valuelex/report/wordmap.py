"""The word map: words as points, near in meaning where near in the plane, the most named ones with their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from valuelex.report.figures import colour, label, symbol, wrapped

_LETTER = 7.2
"""Mean width of a letter of a label, in pixels."""

_ROW = 16
_NAMED = 15
"""So many of the most named words get a label even on top of a point."""

_LARGE = 11
"""Points from this diameter on keep labels off them, in pixels."""

_MARGIN = 0.07
"""Free share of the drawing area at each of its edges."""
_WIDE, _NARROW = (780, 440), (270, 340)
"""Drawing areas for which labels are placed: a desk's and a telephone's."""


def word_map(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the specification.

    Parameters
    ----------
    rows : sequence of dict
        Of the table `assignments`, with x and y. Colour: dimension; symbol: subdimension; size: respondents who named the word.
    """
    most = max((row["n_respondents"] or 1 for row in rows), default=1)
    dimensions = list(dict.fromkeys(row["dimension"] or "no dimension" for row in rows))
    groups = list(dict.fromkeys((row["dimension"] or "no dimension", row["subdimension"]) for row in rows))
    groups.sort(key=lambda group: dimensions.index(group[0]))
    data = []
    for k, (dimension, sub) in enumerate(groups):
        mine = [r for r in rows if (r["dimension"] or "no dimension") == dimension and r["subdimension"] == sub]
        name = f"{dimension}: {sub}" if sub else dimension
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": wrapped(name, 36),
                "x": [r["x"] for r in mine],
                "y": [r["y"] for r in mine],
                "marker": {
                    "color": colour(dimensions.index(dimension)),
                    "symbol": symbol(k),
                    "size": [_diameter(r, most) for r in mine],
                    "opacity": 0.75,
                    "line": {"color": "var(--paper)", "width": 1},
                },
                "text": [
                    label(f"{r['word']}, named by {r['n_respondents'] or 'an unknown number of'} respondents")
                    for r in mine
                ],
                "customdata": [r["word"] for r in mine],
                "hovertemplate": f"%{{text}}<extra>{label(name)}</extra>",
            }
        )
    xs, ys = _range([row["x"] for row in rows]), _range([row["y"] for row in rows])
    bare: dict[str, Any] = {
        "showticklabels": False,
        "showgrid": False,
        "zeroline": False,
        "showline": True,
        "mirror": True,
    }
    layout: dict[str, Any] = {
        "xaxis": {**bare, "range": xs},
        "yaxis": {**bare, "range": ys},
        "legend": {"itemsizing": "constant"},
    }
    # Each line of the legend below takes its share of a narrow page's height.
    return {
        "data": data,
        "layout": layout,
        "height": 620,
        "narrow_height": 520 + 22 * len(groups),
        "annotations": {"wide": _labels(rows, _WIDE, 40), "narrow": _labels(rows, _NARROW, 14)},
    }


def _range(values: Sequence[float]) -> list[float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = ((high - low) or 1.0) * _MARGIN / (1 - 2 * _MARGIN)
    return [low - room, high + room]


def _diameter(row: Mapping[str, Any], most: int) -> float:
    return round(6 + 16 * ((row["n_respondents"] or 1) / most) ** 0.5, 1)


def _labels(rows: Sequence[Mapping[str, Any]], area: tuple[int, int], limit: int) -> list[dict[str, Any]]:
    """Place labels greedily, the most named word first: one that would cover another finds a free side or stays away.

    Labels keep off large points too, save those of the `_NAMED` most named words, which have to be named.
    """
    if not rows:
        return []
    most = max(row["n_respondents"] or 1 for row in rows)
    (x0, x1), (y0, y1) = _range([row["x"] for row in rows]), _range([row["y"] for row in rows])

    def pixel(row: Mapping[str, Any]) -> tuple[float, float]:
        return (row["x"] - x0) / (x1 - x0) * area[0], (y1 - row["y"]) / (y1 - y0) * area[1]

    points = []
    for row in rows:
        (px, py), radius = pixel(row), _diameter(row, most) / 2
        if 2 * radius >= _LARGE:
            points.append((px - radius, py - radius, px + radius, py + radius))
    labels: list[_Box] = []
    placed: list[dict[str, Any]] = []
    for rank, row in enumerate(sorted(rows, key=lambda r: (-(r["n_respondents"] or 0), str(r["word"])))):
        if len(placed) == limit:
            break
        (px, py), width, gap = pixel(row), len(str(row["word"])) * _LETTER, _diameter(row, most) / 2 + 1
        sides: dict[tuple[str, str, float, float], tuple[float, float]] = {
            ("center", "bottom", 0, gap): (px - width / 2, py - gap - _ROW),
            ("left", "middle", gap, 0): (px + gap, py - _ROW / 2),
            ("center", "top", 0, -gap): (px - width / 2, py + gap),
            ("right", "middle", -gap, 0): (px - gap - width, py - _ROW / 2),
        }
        for obstacles in [[*labels, *points], labels] if rank < _NAMED else [[*labels, *points]]:
            free = next((side for side, at in sides.items() if _is_free(_box(at, width), area, obstacles)), None)
            if free is not None:
                labels.append(_box(sides[free], width))
                placed.append(_annotation(row, *free))
                break
    return placed


_Box = tuple[float, float, float, float]


def _box(corner: tuple[float, float], width: float) -> _Box:
    return corner[0], corner[1], corner[0] + width, corner[1] + _ROW


def _is_free(box: _Box, area: tuple[int, int], others: Sequence[_Box]) -> bool:
    inside = box[0] >= 0 and box[2] <= area[0] and box[1] >= 0 and box[3] <= area[1]
    return inside and not any(_meet(box, other) for other in others)


def _annotation(row: Mapping[str, Any], xanchor: str, yanchor: str, *shift: float) -> dict[str, Any]:
    return {
        "x": row["x"],
        "y": row["y"],
        "text": label(row["word"]),
        "showarrow": False,
        "xanchor": xanchor,
        "yanchor": yanchor,
        "xshift": shift[0],
        "yshift": shift[1],
        "borderpad": 0,
        "font": {"size": 13, "color": "var(--ink)"},
    }


def _meet(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
