"""Pictures as plotly specifications: plain dicts, so that nothing heavy is imported.

Colours are names of variables of the style sheet (``var(--c1)``); the page's script puts in their values, light or dark, and
draws again when the reader's preference changes. No picture rests on colour alone: symbol, pattern or position say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SYMBOLS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "cross",
    "x",
    "triangle-down",
    "star",
    "pentagon",
    "hexagram",
    "hourglass",
    "bowtie",
)
PATTERNS = ("", "/", "x", ".", "\\", "+", "-", "|")
N_COLOURS = 8
GREY = "var(--faint)"
LINE = 18
"""Pixels of one line of axis label."""


def colour(index: int) -> str:
    return f"var(--c{index % N_COLOURS + 1})"


def symbol(index: int) -> str:
    return SYMBOLS[index % len(SYMBOLS)]


def label(text: Any) -> str:
    """Escape a text for plotly, which reads a little HTML in labels; words of models are data, not markup."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def wrapped(text: str, width: int = 18) -> str:
    """Break an axis label into lines of about `width` characters, and escape it."""
    lines: list[str] = []
    for word in text.replace("-", "-\u200b").split():
        for piece in word.split("\u200b"):
            joint = " " if piece == word.split("\u200b")[0] else ""
            if lines and len(lines[-1]) + len(piece) + len(joint) <= width:
                lines[-1] += joint + piece
            else:
                lines.append(piece)
    return "<br>".join(label(line) for line in lines)


@dataclass(frozen=True)
class Series:
    """One model's (or judge's) row of points: value, low and high, None where there is none."""

    name: str
    values: Sequence[tuple[float | None, float | None, float | None]]
    index: int


def shares(
    rows: Sequence[str], parts: Mapping[str, Sequence[float]], unit: str, *, counts: bool = True
) -> dict[str, Any]:
    """Stacked bars, one row per `rows`, widths in percent of the row's total; `counts` of so many units are shown with them."""
    totals = [sum(values[i] for values in parts.values()) for i in range(len(rows))]
    names = [wrapped(row) for row in rows]
    data = []
    for k, (name, values) in enumerate(parts.items()):
        if not any(values):
            continue
        portion = [100 * v / t if t else 0.0 for v, t in zip(values, totals, strict=True)]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": label(name),
                "y": names,
                "x": portion,
                "text": [f"{p:.0f}\u00a0%" if p >= 8 else "" for p in portion],
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textfont": {"color": "var(--paper)"},
                "marker": {
                    "color": colour(k),
                    "pattern": pattern(k),
                    "line": {"color": "var(--paper)", "width": 1},
                },
                "customdata": list(values),
                "hovertemplate": f"%{{y}}: {f'%{{customdata}} {label(unit)}, ' if counts else ''}%{{x:.1f}} %"
                f"<extra>{label(name)}</extra>",
            }
        )
    layout = {
        "barmode": "stack",
        "bargap": 0.35,
        "xaxis": {
            "range": [0, 100.5],
            "tickvals": [0, 25, 50, 75, 100],
            "title": {"text": f"% of {label(unit)}"},
        },
        "yaxis": {"autorange": "reversed", "showgrid": False},
        "legend": {"traceorder": "normal"},
    }
    return finished(data, layout, 120 + 44 * len(rows))


def dots(
    rows: Sequence[str],
    series: Sequence[Series],
    title: str,
    *,
    span: tuple[float, float] | None = None,
    band: float | None = None,
) -> dict[str, Any]:
    """Points with intervals, one line per row; `band` shades -band .. band and marks zero."""
    data = []
    step = 0.62 / max(1, len(series))
    for k, one in enumerate(series):
        at = [(i, *v) for i, v in enumerate(one.values) if v[0] is not None]
        shift = (k - (len(series) - 1) / 2) * step
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": label(one.name),
                "x": [m for _, m, _, _ in at],
                "y": [i + shift for i, *_ in at],
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [(h - m) if h is not None and m is not None else 0 for _, m, _, h in at],
                    "arrayminus": [(m - w) if w is not None and m is not None else 0 for _, m, w, _ in at],
                    "thickness": 2,
                    "width": 4,
                },
                "marker": {"color": colour(one.index), "symbol": symbol(one.index), "size": 10},
                "text": [label(rows[i]) for i, *_ in at],
                "hovertemplate": f"%{{text}}: %{{x:.2f}}<extra>{label(one.name)}</extra>",
            }
        )
    axis: dict[str, Any] = {"title": {"text": title}, "zeroline": band is not None}
    if span:
        axis["range"] = list(span)
    layout: dict[str, Any] = {
        "xaxis": axis,
        "yaxis": {
            "tickvals": list(range(len(rows))),
            "ticktext": [wrapped(row) for row in rows],
            "range": [len(rows) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
        },
        "showlegend": len(series) > 1,
    }
    if band is not None:
        rectangle = {"type": "rect", "xref": "x", "yref": "paper", "x0": -band, "x1": band, "y0": 0, "y1": 1}
        layout["shapes"] = [{**rectangle, "fillcolor": GREY, "opacity": 0.25, "line": {"width": 0}, "layer": "below"}]
    tallest = max([len(wrapped(row).split("<br>")) for row in rows], default=1)
    return finished(data, layout, 130 + len(rows) * max(30, LINE * tallest, 17 * len(series)))


def columns(names: Sequence[str], series: Mapping[str, Sequence[float]], titles: tuple[str, str]) -> dict[str, Any]:
    """Grouped columns; `titles` are those of the axes."""
    data = [
        {
            "type": "bar",
            "name": label(name),
            "x": [label(n) for n in names],
            "y": list(values),
            "marker": {
                "color": colour(k),
                "pattern": pattern(k),
            },
            "hovertemplate": f"%{{x}}: %{{y:.1f}}<extra>{label(name)}</extra>",
        }
        for k, (name, values) in enumerate(series.items())
    ]
    layout = {
        "barmode": "group",
        "bargap": 0.25,
        "xaxis": {"title": {"text": titles[0]}, "type": "category", "showgrid": False},
        "yaxis": {"title": {"text": titles[1]}, "rangemode": "tozero"},
        "showlegend": len(series) > 1,
    }
    return finished(data, layout, 340)


def scree(observed: Sequence[float], reference: Sequence[float | None]) -> dict[str, Any]:
    """Eigenvalues in falling order beside those of column-permuted data."""
    index = list(range(1, len(observed) + 1))
    line = {"type": "scatter", "mode": "lines+markers", "x": index}
    data: list[dict[str, Any]] = [
        {
            **line,
            "name": "data",
            "y": list(observed),
            "line": {"color": colour(0), "width": 2},
            "marker": {"color": colour(0), "symbol": "circle", "size": 8},
            "hovertemplate": "eigenvalue %{x}: %{y:.2f}<extra>data</extra>",
        }
    ]
    if any(value is not None for value in reference):
        data.append(
            {
                **line,
                "name": "columns permuted",
                "y": list(reference),
                "line": {"color": colour(1), "width": 2, "dash": "dash"},
                "marker": {"color": colour(1), "symbol": "diamond-open", "size": 8},
                "hovertemplate": "eigenvalue %{x}: %{y:.2f}<extra>columns permuted</extra>",
            }
        )
    layout = {
        "xaxis": {"title": {"text": "eigenvalue, largest first"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "size"}, "rangemode": "tozero"},
    }
    return finished(data, layout, 340)


def pattern(index: int) -> dict[str, Any]:
    """Hatching over the colour, so that parts differ in grey too."""
    shape = PATTERNS[index % len(PATTERNS)]
    return {
        "shape": shape,
        "fillmode": "overlay",
        "fgcolor": "var(--paper)",
        "fgopacity": 0.3,
        "size": 7,
        "solidity": 0.2,
    }


def finished(data: list[dict[str, Any]], layout: dict[str, Any], height: int) -> dict[str, Any]:
    return {"data": data, "layout": layout, "height": height}
