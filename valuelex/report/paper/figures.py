"""The report's figures as SVG and PNG files, in its light colours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from valuelex.errors import MissingExtra, ResultsFolderError, writing
from valuelex.report.content import Figure
from valuelex.report.page import TEMPLATES

WIDTH = 800
SCALE = 3
"""Pixels of the PNG for one of the SVG: 800 pixels at 6.5 inches are then 370 dots an inch."""
FONT = "Arial, Helvetica, sans-serif"


def write_figures(figures: Sequence[Figure], folder: Path) -> list[Path]:
    """Write NAME.svg and NAME.png for every figure.

    Parameters
    ----------
    figures : sequence of Figure
    folder : Path
        Made if it does not exist.

    Raises
    ------
    MissingExtra
        Without kaleido.
    ResultsFolderError
        If kaleido finds no Chromium or Chrome, or the folder cannot be written.
    """
    if find_spec("kaleido") is None:
        raise MissingExtra("kaleido", "figures", "A figure as a file")
    if not figures:
        return []
    import plotly.io as pio

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    made = [plotly_figure(figure) for figure in figures]
    sizes = [int(figure.spec["height"]) for figure in figures]
    written = []
    for kind, scale in (("svg", 1), ("png", SCALE)):
        paths = [folder / f"{figure.name}.{kind}" for figure in figures]
        try:
            pio.write_images(made, paths, format=kind, width=[WIDTH] * len(made), height=sizes, scale=scale)
        except Exception as error:  # kaleido has no one error for a browser that is not there
            raise ResultsFolderError(
                f"{folder}: figures cannot be written ({type(error).__name__}).",
                "They are drawn by Chromium or Chrome: install one, or save figures from the report itself.",
            ) from error
        written += paths
    return written


def plotly_figure(figure: Figure) -> Any:
    """Return a figure as plotly has it, laid out as the page's script does for a wide page."""
    import plotly.graph_objects as go

    spec = painted(figure.spec)
    given = spec["layout"]
    colours = palette()

    def axis(own: dict[str, Any]) -> dict[str, Any]:
        usual = {"automargin": True, "gridcolor": colours["--grid"], "linecolor": colours["--grid"]}
        usual |= {"zerolinecolor": colours["--ink"], "tickfont": {"size": 13}}
        title = {"standoff": 10, "font": {"size": 13}} | own.get("title", {})
        return usual | own | {"title": title}

    layout = {
        "template": None,
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "font": {"family": FONT, "size": 13, "color": colours["--ink"]},
        "margin": {"l": 8, "r": 14, "t": 8, "b": 8},
        "showlegend": sum(trace.get("showlegend", True) for trace in spec["data"]) > 1,
        "annotations": (spec.get("annotations") or {}).get("wide", []),
    }
    layout |= given
    layout |= {"xaxis": axis(given.get("xaxis", {})), "yaxis": axis(given.get("yaxis", {}))}
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "yref": "container", "y": 0, "yanchor": "bottom"}
    layout["legend"] = legend | given.get("legend", {})
    return go.Figure({"data": spec["data"], "layout": layout}, skip_invalid=True)


@cache
def palette() -> dict[str, str]:
    """Return the light colours of the style sheet, by the names of their variables."""
    css = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    return dict(re.findall(r"(--[a-z0-9-]+):\s*([^;]+);", css.split("}", 1)[0]))


def painted(value: Any) -> Any:
    """Return a specification with the variables of the style sheet replaced by their colours."""
    if isinstance(value, str):
        found = re.fullmatch(r"var\((--[a-z0-9-]+)\)", value)
        return palette()[found[1]] if found else value
    if isinstance(value, dict):
        return {key: painted(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [painted(item) for item in value]
    return value
