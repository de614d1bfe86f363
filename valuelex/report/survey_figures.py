"""Pictures of the survey itself: curves that level off, and bars of shares with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from valuelex.report.figures import Series, colour, finished, label, pattern, symbol, wrapped


@dataclass(frozen=True)
class Curve:
    """One rarefaction curve: points (answers, expected, low, high) in rising order, the observed point among them."""

    name: str
    points: Sequence[tuple[float, float, float | None, float | None]]
    observed: tuple[float, float]
    index: int


def curves(series: Sequence[Curve], titles: tuple[str, str]) -> dict[str, Any]:
    """Lines up to what was observed, dashed beyond, each in the band of its interval; `titles` are those of the axes."""
    bands: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for one in series:
        held = [(x, low, high) for x, _, low, high in one.points if low is not None and high is not None]
        if len(held) > 1:
            bands.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": [x for x, _, _ in held] + [x for x, _, _ in reversed(held)],
                    "y": [high for _, _, high in held] + [low for _, low, _ in reversed(held)],
                    "fill": "toself",
                    "fillcolor": colour(one.index),
                    "line": {"width": 0},
                    "opacity": 0.14,
                    "hoverinfo": "skip",
                    "showlegend": False,
                }
            )
        at = one.observed[0]
        for points, dash in (
            ([p for p in one.points if p[0] <= at], "solid"),
            ([p for p in one.points if p[0] >= at], "dash"),
        ):
            if len(points) > 1:
                lines.append(
                    {
                        "type": "scatter",
                        "mode": "lines",
                        "x": [p[0] for p in points],
                        "y": [p[1] for p in points],
                        "line": {"color": colour(one.index), "width": 2, "dash": dash},
                        "hovertemplate": f"%{{x}} answers: %{{y:.1f}} words<extra>{label(one.name)}</extra>",
                        "showlegend": False,
                    }
                )
        lines.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": label(one.name),
                "x": [one.observed[0]],
                "y": [one.observed[1]],
                "marker": {"color": colour(one.index), "symbol": symbol(one.index), "size": 11},
                "hovertemplate": f"observed: %{{y}} words in %{{x}} answers<extra>{label(one.name)}</extra>",
            }
        )
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": titles[0]}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": titles[1]}, "rangemode": "tozero"},
        "showlegend": True,
    }
    return finished([*bands, *lines], layout, 400) | {"narrow_height": 340 + 22 * len(series)}


def bars(rows: Sequence[str], series: Sequence[Series], title: str) -> dict[str, Any]:
    """Bars from zero with intervals where there are any, one group per row."""
    data = []
    for one in series:
        at = [i for i, value in enumerate(one.values) if value[0] is not None]
        held = [one.values[i] for i in at]
        spans = [(0.0, None, None) if v is None or w is None or h is None else (v, w, h) for v, w, h in held]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": label(one.name),
                "y": [wrapped(rows[i]) for i in at],
                "x": [value for value, _, _ in held],
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [None if high is None else high - value for value, _, high in spans],
                    "arrayminus": [None if low is None else value - low for value, low, _ in spans],
                    "thickness": 2,
                    "width": 4,
                    "color": "var(--ink)",
                    "visible": any(low is not None for _, low, _ in spans),
                },
                "marker": {"color": colour(one.index), "pattern": pattern(one.index)},
                "hovertemplate": f"%{{y}}: %{{x:.1f}} %<extra>{label(one.name)}</extra>",
            }
        )
    names = [wrapped(row) for row in rows]
    layout = {
        "barmode": "group",
        "bargap": 0.3,
        "xaxis": {"title": {"text": title}, "rangemode": "tozero"},
        "yaxis": {"autorange": "reversed", "showgrid": False, "categoryorder": "array", "categoryarray": names},
        "showlegend": len(series) > 1,
    }
    return finished(data, layout, 120 + len(rows) * max(34, 20 * len(series)))
