"""Pictures of results as plotly figures. Position, numbers, symbols or line style say what colour says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from valuelex.psychometrics import checks
from valuelex.psychometrics.exploratory.flags import SALIENT
from valuelex.psychometrics.handover.apa import bounded

if TYPE_CHECKING:
    from valuelex.psychometrics.exploratory.bootstrap import BootstrapResult
    from valuelex.psychometrics.exploratory.result import EFAResult

KINDS = ("loadings", "scree", "path")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "triangle-down", "star")
# Blue and orange stay apart in all common forms of colour blindness (Okabe & Ito, 2008); white is zero, and the ends are light
# enough for dark numbers on them.
DIVERGING = [[0.0, "#e6862b"], [0.5, "#fafafa"], [1.0, "#5aa0dd"]]
FONT = {"family": "system-ui, Segoe UI, Helvetica, Arial, sans-serif", "size": 13}


@dataclass(frozen=True)
class Palette:
    """Colours by their role; a page may put in the names of its own."""

    lines: tuple[str, ...] = ("#0072b2", "#c65300", "#00795b", "#a3478a", "#856404", "#4b5563", "#7a1f4b", "#2b6f9e")
    ink: str = "#1c1e21"
    faint: str = "#9aa0a6"


def label(text: Any) -> str:
    """Escape a text for plotly, which reads a little HTML in labels; names of columns are data, not markup."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def figure(spec: dict[str, Any]) -> Any:
    """Return a `plotly.graph_objects.Figure` of data, layout and height."""
    import plotly.graph_objects as go

    layout = {"template": "plotly_white", "font": FONT, "margin": {"l": 10, "r": 20, "t": 50, "b": 10}}
    axes = {"xaxis": {"automargin": True}, "yaxis": {"automargin": True}}
    own = spec["layout"]
    merged = {name: {**axis, **own.get(name, {})} for name, axis in axes.items()}
    return go.Figure(spec["data"], {**layout, **own, **merged, "height": spec["height"]})


def draw_solution(result: EFAResult, kind: str) -> Any:
    """Draw a factor solution; see `EFAResult.plot`."""
    checks.choice(kind, KINDS, "kind")
    if kind == "scree":
        values = np.linalg.eigvalsh(result.correlations.to_numpy())[::-1]
        return figure(scree(values, {}, n_factors=result.n_factors))
    return figure(heat_map(result) if kind == "loadings" else path_diagram(result))


def heat_map(result: EFAResult) -> dict[str, Any]:
    """Pattern with its numbers; the scale is symmetric, so that white is zero and sign is hue."""
    L = result.loadings
    values = L.to_numpy()
    most = max(1.0, float(np.abs(values).max()))
    # Labels carry the row number as category, so that two names that look alike stay two rows.
    names = [label(name) for name in L.index]
    texts = [[_strong(value) for value in row] for row in values]
    data = [
        {
            "type": "heatmap",
            "z": values.tolist(),
            "x": list(range(L.shape[1])),
            "y": list(range(L.shape[0])),
            "text": texts,
            "texttemplate": "%{text}",
            "textfont": {"color": Palette().ink},
            "zmin": -most,
            "zmax": most,
            "colorscale": DIVERGING,
            "colorbar": {"title": {"text": "loading"}, "thickness": 12},
            "xgap": 1,
            "ygap": 1,
            "customdata": [[name] * L.shape[1] for name in names],
            "hovertemplate": "%{customdata}: %{z:.3f}<extra></extra>",
        }
    ]
    layout = {
        "xaxis": {
            "tickvals": list(range(L.shape[1])),
            "ticktext": [label(name) for name in L.columns],
            "side": "top",
            "showgrid": False,
        },
        "yaxis": {
            "tickvals": list(range(L.shape[0])),
            "ticktext": names,
            "autorange": "reversed",
            "showgrid": False,
        },
    }
    return {"data": data, "layout": layout, "height": 120 + 24 * len(names)}


def _strong(value: float) -> str:
    text = bounded(value, 2)
    return f"<b>{text}</b>" if abs(value) >= SALIENT else text


def scree(
    eigenvalues: Sequence[float] | np.ndarray[Any, Any],
    references: Mapping[str, Sequence[float] | np.ndarray[Any, Any]],
    *,
    n_factors: int | None = None,
    palette: Palette | None = None,
) -> dict[str, Any]:
    """Eigenvalues in falling order with reference lines by their names; a dotted line marks the number of factors."""
    palette = palette or Palette()
    index = list(range(1, len(eigenvalues) + 1))
    styles = [("solid", "circle"), ("dash", "diamond-open"), ("dot", "square-open")]
    data = []
    for j, (name, values) in enumerate({"data": eigenvalues, **references}.items()):
        dash, symbol = styles[min(j, 2)]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": label(name),
                "x": index[: len(values)],
                "y": [float(value) for value in values],
                "line": {"color": palette.lines[j], "width": 2, "dash": dash},
                "marker": {"color": palette.lines[j], "symbol": symbol, "size": 8},
                "hovertemplate": f"eigenvalue %{{x}}: %{{y:.2f}}<extra>{label(name)}</extra>",
            }
        )
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": "eigenvalue, largest first"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "size"}},
        "showlegend": len(data) > 1,
    }
    if n_factors is not None:
        at = n_factors + 0.5
        line = {"color": palette.faint, "dash": "dot", "width": 2}
        layout["shapes"] = [
            {"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1, "line": line}
        ]
        layout["annotations"] = [
            {
                "x": at,
                "y": 1,
                "yref": "paper",
                "yanchor": "top",
                "xanchor": "left",
                "xshift": 4,
                "text": f"{n_factors} factor{'' if n_factors == 1 else 's'}",
                "showarrow": False,
                "font": {"color": palette.ink},
            }
        ]
    return {"data": data, "layout": layout, "height": 360}


def intervals(found: BootstrapResult, palette: Palette | None = None) -> dict[str, Any]:
    """A dot and interval per loading, one row a variable, one symbol a factor; a line at zero."""
    palette = palette or Palette()
    frame = found.frame
    names = list(dict.fromkeys(frame["variable"]))
    factors = list(dict.fromkeys(frame["factor"]))
    step = 0.7 / len(factors)
    data = []
    for j, factor in enumerate(factors):
        rows = frame[frame["factor"] == factor]
        place = [names.index(name) + (j - (len(factors) - 1) / 2) * step for name in rows["variable"]]
        value = rows["loading"].to_numpy(dtype=float)
        low, high = rows["ci_low"].to_numpy(dtype=float), rows["ci_high"].to_numpy(dtype=float)
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": label(factor),
                "x": value.tolist(),
                "y": place,
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    # A percentile interval need not hold the estimate; its ends are drawn where they are.
                    "array": np.nan_to_num(high - value).tolist(),
                    "arrayminus": np.nan_to_num(value - low).tolist(),
                    "thickness": 1.5,
                    "width": 2,
                },
                "marker": {"color": palette.lines[j % 8], "symbol": SYMBOLS[j % 8], "size": 7},
                "customdata": [
                    [label(name), float(a), float(b)] for name, a, b in zip(rows["variable"], low, high, strict=True)
                ],
                "hovertemplate": "%{customdata[0]}: %{x:.2f} [%{customdata[1]:.2f}, %{customdata[2]:.2f}]"
                f"<extra>{label(factor)}</extra>",
            }
        )
    layout = {
        "xaxis": {"title": {"text": "loading"}, "zeroline": True},
        "yaxis": {
            "tickvals": list(range(len(names))),
            "ticktext": [label(name) for name in names],
            "range": [len(names) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
        },
        "showlegend": len(factors) > 1,
    }
    return {"data": data, "layout": layout, "height": 130 + len(names) * max(22, 9 * len(factors))}


def path_diagram(result: EFAResult) -> dict[str, Any]:
    """Factors left, variables right; a line per salient loading, dashed if negative; factor correlations as numbers."""
    L = result.loadings.to_numpy()
    p, k = L.shape
    order = np.lexsort((-np.abs(L).max(axis=1), np.abs(L).argmax(axis=1)))
    place = {int(i): row for row, i in enumerate(order)}
    home = np.abs(L).argmax(axis=1)
    at = [
        float(np.mean([place[i] for i in range(p) if home[i] == j])) if (home == j).any() else (j + 0.5) * p / k
        for j in range(k)
    ]
    lines: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    palette = Palette()
    for i in range(p):
        for j in range(k):
            if abs(L[i, j]) < SALIENT:
                continue
            share = 0.62 if home[i] == j else 0.4
            lines.append(
                {
                    "type": "line",
                    "x0": 0,
                    "x1": 1,
                    "y0": at[j],
                    "y1": place[i],
                    "line": {
                        "color": palette.lines[j % 8],
                        "width": 1 + 3 * min(abs(L[i, j]), 1.0),
                        "dash": "solid" if L[i, j] > 0 else "dash",
                    },
                    "layer": "below",
                }
            )
            notes.append(_said(share, at[j] + share * (place[i] - at[j]), bounded(L[i, j], 2), "center", 11))
    notes += [_said(1.02, place[i], label(name), "left", 13) for i, name in enumerate(result.loadings.index)]
    phi = result.phi.to_numpy()
    if result.spec.oblique:
        for i in range(k):
            others = [f"{label(result.phi.columns[j])} {bounded(phi[i, j], 2)}" for j in range(k) if j != i]
            if others:
                notes.append(_said(-0.06, at[i], "r: " + "<br>".join(others), "right", 11))
    data = [
        {
            "type": "scatter",
            "mode": "markers+text",
            "x": [0.0] * k,
            "y": at,
            "text": [label(name) for name in result.loadings.columns],
            "textfont": {"color": "#ffffff"},
            "marker": {"size": 34, "color": [palette.lines[j % 8] for j in range(k)]},
            "hoverinfo": "skip",
        }
    ]
    blank = {"visible": False, "fixedrange": True}
    layout = {
        "shapes": lines,
        "annotations": notes,
        "showlegend": False,
        "xaxis": {**blank, "range": [-0.3, 1.4]},
        "yaxis": {**blank, "range": [p - 0.4, -0.6]},
        "title": {
            "text": f"Loadings of {bounded(SALIENT, 2)} or more in size; dashed lines are negative",
            "font": {"size": 13},
        },
    }
    return {"data": data, "layout": layout, "height": 140 + 26 * p}


def _said(x: float, y: float, text: str, anchor: str, size: int) -> dict[str, Any]:
    return {
        "x": x,
        "y": y,
        "text": text,
        "xanchor": anchor,
        "showarrow": False,
        "font": {"size": size},
        "bgcolor": "rgba(255,255,255,.85)" if anchor == "center" else "rgba(0,0,0,0)",
    }
