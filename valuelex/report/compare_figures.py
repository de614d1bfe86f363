"""Pictures of the section `compare`: contrasts, profiles, sizes, matched pairs, and how alike models are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from valuelex.report import figures
from valuelex.report.content import Figure
from valuelex.report.evidence import records
from valuelex.report.wording import count, interval, listed, number, percent

MOST_SERIES = 8
"""So many models can be told apart by colour and symbol."""


def forest(rows: list[dict[str, Any]], smallest: float, scope: str, measure: str) -> Figure | None:
    """Contrasts of one scope and measure with their intervals, one line for each dimension."""
    told = [r for r in rows if r["scope"] == scope and r["measure"] == measure and r["ci_low"] is not None]
    if not told:
        return None
    names = list(dict.fromkeys(r["contrast"] for r in told))[:MOST_SERIES]
    scales = list(dict.fromkeys(r["dimension"] for r in told))
    cells = {(r["contrast"], r["dimension"]): (r["estimate"], r["ci_low"], r["ci_high"]) for r in told}
    series = [
        figures.Series(n, [cells.get((n, s), (None, None, None)) for s in scales], k) for k, n in enumerate(names)
    ]
    said = [
        f"{r['contrast']} on {r['dimension']} {number(r['estimate'])} {interval(r['ci_low'], r['ci_high'])}"
        for r in told
    ]
    return Figure(
        f"compare-{measure}-{scope.split()[0]}",
        f"Contrasts of {measure}s: {scope}",
        f"Points with intervals around zero; differences within {smallest:g} points are shaded. {listed(said, 10)}.",
        figures.dots(scales, series, "difference in score points, or points per tenfold size or year", band=smallest),
        f"Shaded: the smallest effect of interest, −{smallest:g} to {smallest:g}.",
    )


def profile_dots(profiles: pd.DataFrame, models: Sequence[str]) -> Figure | None:
    """Profiles as points with intervals: each model's scores around their mean over dimensions."""
    rows = [r for r in records(profiles) if r["profile"] is not None and r["model_id"] in models[:MOST_SERIES]]
    if not rows:
        return None
    scales = list(dict.fromkeys(r["dimension"] for r in rows))
    cells = {(r["model_id"], r["dimension"]): (r["profile"], r["profile_low"], r["profile_high"]) for r in rows}
    shown = [m for m in models[:MOST_SERIES] if any(r["model_id"] == m for r in rows)]
    series = [
        figures.Series(m, [cells.get((m, s), (None, None, None)) for s in scales], k) for k, m in enumerate(shown)
    ]
    more = f" {len(models) - len(shown)} more models stand in the table." if len(models) > len(shown) else ""
    said = [f"{m}: {', '.join(f'{s} {number(cells[m, s][0])}' for s in scales if (m, s) in cells)}" for m in shown]
    return Figure(
        "compare-profiles",
        "Profiles: what models put above and below their own average",
        f"{listed(said, 8)}.",
        figures.dots(scales, series, "score less the model's mean over dimensions", band=0.0),
        f"The halo, which raises or lowers all of a model's scores, is taken out.{more}",
    )


def profile_map(
    profiles: pd.DataFrame, clusters: pd.DataFrame, links: Sequence[Mapping[str, list[float]]], groups: str
) -> Figure | None:
    """Profiles as a heat map with the dendrogram beside it, models in its order; `groups` says what to think of them."""
    wide = profiles.pivot(index="model_id", columns="dimension", values="profile").dropna().astype(float)
    if len(wide) < 4:
        return None
    place = clusters.set_index("model_id")["place"].astype(int) if not clusters.empty else None
    order = [str(m) for m in (wide.index if place is None else place.reindex(wide.index).sort_values().index)]
    wide = wide.loc[order]
    most = float(wide.abs().to_numpy().max()) or 1.0
    group = dict(zip(clusters["model_id"].astype(str), clusters["cluster"].astype(int), strict=True))
    data = [
        {
            "type": "heatmap",
            "x": [figures.wrapped(str(d)) for d in wide.columns],
            "y": list(range(1, len(wide) + 1)),
            "z": wide.round(3).to_numpy().tolist(),
            "customdata": [[figures.label(m)] * wide.shape[1] for m in order],
            "zmin": -most,
            "zmax": most,
            "colorscale": [[0, figures.colour(1)], [0.5, "var(--paper)"], [1, figures.colour(0)]],
            "colorbar": {"title": {"text": "points"}, "thickness": 12},
            "texttemplate": "%{z:.1f}",
            "hovertemplate": "%{customdata}, %{x}: %{z:.2f}<extra></extra>",
        },
        _tree(links),
    ]
    layout = {
        "yaxis": {
            "range": [len(wide) + 0.5, 0.5],
            "showgrid": False,
            "zeroline": False,
            "tickvals": list(range(1, len(wide) + 1)),
            "ticktext": [figures.label(f"{m} ({group[m]})" if m in group else m) for m in order],
        },
        "xaxis": {"showgrid": False, "side": "top", "domain": [0, 0.8]},
        "xaxis2": {
            "domain": [0.82, 1],
            "showgrid": False,
            "zeroline": False,
            "side": "top",
            "nticks": 3,
            "rangemode": "tozero",
        },
        "showlegend": False,
    }
    return Figure(
        "compare-map",
        "Profiles of models, alike ones next to one another",
        f"Heat map of {count(len(wide), 'model')} by {count(len(wide.columns), 'dimension')}, from −{number(most)} to "
        f"{number(most)} points, with a dendrogram of {count(len(links), 'link')}.",
        figures.finished(data, layout, 120 + 22 * len(wide)),
        "Order and dendrogram: average linkage on profiles, in points per dimension; the group stands behind each name. "
        f"{groups}",
    )


def profile_parts(shares: pd.DataFrame) -> Figure | None:
    """What the scores of each model are made of, one bar a model."""
    known = shares.dropna(subset=["share"])
    wide = known.pivot(index="model_id", columns="source", values="share").astype(float).fillna(0.0)
    order = [
        source
        for source in dict.fromkeys(shares["source"].astype(str))
        if source in wide.columns and wide[source].any()
    ]
    if wide.empty:
        return None
    own = wide["dimension"] if "dimension" in wide.columns else wide.iloc[:, 0] * 0
    return Figure(
        "compare-profile-parts",
        "What the scores of each model are made of",
        f"Stacked bars for {count(len(wide), 'model')}; between {percent(own.min(), 0)} and {percent(own.max(), 0)} of the "
        "differences between single judgements of a model set its dimensions apart.",
        figures.shares(
            [str(m) for m in wide.index], {s: wide[s].tolist() for s in order}, "a model's variance", counts=False
        ),
        "dimension: its profile; valence: answering to what the stem invites; form: the form of the test; the rest is what "
        "else was varied. Sums of squares set to their expectations, negative ones as 0.",
    )


def _tree(links: Sequence[Mapping[str, list[float]]]) -> dict[str, Any]:
    """The links of a dendrogram as one broken line, beside the rows that it joins."""
    x: list[float | None] = []
    y: list[float | None] = []
    for link in links:
        x += [*link["heights"], None]
        y += [*link["places"], None]
    line = {"color": figures.GREY, "width": 1}
    return {"type": "scatter", "mode": "lines", "xaxis": "x2", "x": x, "y": y, "line": line, "hoverinfo": "skip"}


def sizes(profiles: pd.DataFrame, covariates: pd.DataFrame) -> Figure | None:
    """Level of each dimension against size, a line for each family."""
    known = covariates.dropna(subset=["parameters"])
    if known["parameters"].nunique() < 2:
        return None
    table = profiles.dropna(subset=["level"]).merge(known[["model_id", "family", "parameters"]], on="model_id")
    dimensions = sorted(table["dimension"].unique())
    families = sorted(table["family"].fillna("no known family").unique())
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"legend": {"traceorder": "normal"}}
    columns = 2 if len(dimensions) > 1 else 1
    lines = -(-len(dimensions) // columns)
    for k, dimension in enumerate(dimensions):
        column, line = k % columns, k // columns
        suffix = "" if k == 0 else str(k + 1)
        width, height = 1 / columns, 1 / lines
        layout[f"xaxis{suffix}"] = {
            "type": "log",
            "domain": [column * width + (0.07 if column else 0), (column + 1) * width - (0.02 if not column else 0)],
            "anchor": f"y{suffix}",
            "title": {"text": "weights", "font": {"size": 12}},
            "exponentformat": "SI",
        }
        layout[f"yaxis{suffix}"] = {
            "domain": [1 - (line + 1) * height + 0.12 / lines, 1 - line * height - 0.06 / lines],
            "anchor": f"x{suffix}",
            "title": {"text": figures.label(dimension), "font": {"size": 12}},
        }
        for f, family in enumerate(families):
            mine = table[(table["dimension"] == dimension) & (table["family"].fillna("no known family") == family)]
            mine = mine.sort_values("parameters")
            if mine.empty:
                continue
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": figures.label(family),
                    "legendgroup": family,
                    "showlegend": k == 0,
                    "xaxis": f"x{suffix}",
                    "yaxis": f"y{suffix}",
                    "x": [float(v) for v in mine["parameters"]],
                    "y": [round(float(v), 4) for v in mine["level"]],
                    "text": [figures.label(m) for m in mine["model_id"]],
                    "line": {"color": figures.colour(f), "width": 1.5},
                    "marker": {"color": figures.colour(f), "symbol": figures.symbol(f), "size": 8},
                    "hovertemplate": "%{text}: %{y:.2f}<extra></extra>",
                }
            )
    return Figure(
        "compare-sizes",
        "Scores by size, a line for each family",
        f"{count(len(known), 'model')} of known size in {count(len(families), 'family', 'families')}; one panel for each of "
        f"{listed(dimensions)}.",
        figures.finished(data, layout, 120 + 240 * lines),
        "Models of unknown size are left out. A line joins the models of one family, and is no fit.",
    )


def slopes(profiles: pd.DataFrame, pairs: Mapping[str, str]) -> Figure | None:
    """Base and tuned model of each matched pair, a line for each pair and dimension."""
    level = {(r["model_id"], r["dimension"]): r["level"] for r in records(profiles) if r["level"] is not None}
    dimensions = sorted({d for _, d in level})
    data = []
    for k, (tuned, base) in enumerate(pairs.items()):
        for d in dimensions:
            if (base, d) in level and (tuned, d) in level:
                data.append(
                    {
                        "type": "scatter",
                        "mode": "lines+markers",
                        "name": figures.label(f"{base} → {tuned}"),
                        "legendgroup": tuned,
                        "showlegend": d == dimensions[0],
                        "x": [f"{figures.label(d)}, base", f"{figures.label(d)}, tuned"],
                        "y": [round(level[base, d], 4), round(level[tuned, d], 4)],
                        "line": {"color": figures.colour(k)},
                        "marker": {"color": figures.colour(k), "symbol": figures.symbol(k), "size": 9},
                        "hovertemplate": "%{x}: %{y:.2f}<extra></extra>",
                    }
                )
    if not data:
        return None
    layout = {"xaxis": {"type": "category", "showgrid": False}, "yaxis": {"title": {"text": "score"}}}
    return Figure(
        "compare-pairs",
        "Matched pairs: a base model and what was tuned from it",
        f"{count(len(pairs), 'pair')}: {listed(f'{b} to {t}' for t, b in pairs.items())}.",
        figures.finished(data, layout, 380),
    )


def specification_curves(table: pd.DataFrame) -> list[Figure]:
    """For each contrast its estimates under every set of choices, the lowest first."""
    out: list[Figure] = []
    for contrast, mine in table.groupby("contrast", sort=False):
        names = (mine["held_equal"] + " held equal; " + mine["measure"] + "; by " + mine["cluster"]).astype(str)
        if mine["scores"].nunique() > 1:
            names += "; " + mine["scores"].astype(str)
        names += mine["own"].map({True: " (the study's)", False: ""}).astype(str)
        mine = mine.assign(choices=names, estimate=mine["estimate"].astype(float))
        order = [str(name) for name in mine.groupby("choices")["estimate"].mean().sort_values().index]
        if len(order) < 2:
            continue
        dimensions = sorted(mine["dimension"].astype(str).unique())[:MOST_SERIES]
        cells = {(r["choices"], r["dimension"]): (r["estimate"], r["ci_low"], r["ci_high"]) for r in records(mine)}
        series = [
            figures.Series(d, [cells.get((name, d), (None, None, None)) for name in order], k)
            for k, d in enumerate(dimensions)
        ]
        low, high = float(mine["estimate"].min()), float(mine["estimate"].max())
        out.append(
            Figure(
                f"compare-choices-{len(out) + 1}",
                f"Specification curve: {contrast}",
                f"{count(len(order), 'set')} of choices; estimates from {number(low)} to {number(high)}.",
                figures.dots(order, series, "difference in score points, or points per tenfold size or year", band=0.0),
                "Each line is an analysis that could as well have been made. No test: nothing is adjusted for their number.",
            )
        )
    return out
