"""Parts of the section `taxonomy` that rest on pairs of words and on numbers of clusters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from valuelex.report import figures
from valuelex.report.content import Cell, Column, Figure, Table
from valuelex.report.evidence import records
from valuelex.report.wording import NONE, count, number, whole

MOST_DRAWN = 120
"""Words in a heat map; with more, a square is smaller than a pixel of a narrow screen."""


def square(pairs: pd.DataFrame, value: str, order: list[str]) -> pd.DataFrame:
    """Return one column of the table `word_pairs` as a symmetric matrix of these words, its diagonal 1."""
    wide = pairs.pivot(index="word", columns="other", values=value).reindex(index=order, columns=order)
    values = wide.to_numpy(dtype=float, na_value=np.nan)
    full = np.where(np.isnan(values), values.T, values)
    np.fill_diagonal(full, 1.0)
    return pd.DataFrame(full, index=order, columns=order)


def co_assignment(pairs: pd.DataFrame, assignments: pd.DataFrame) -> Figure | None:
    """Draw how often resamples put two words into one dimension, words in the order of their computed dimensions."""
    edited = "computed_dimension" in assignments and assignments["computed_dimension"].notna().any()
    if edited:  # resamples know nothing of what a hand moved
        assignments = assignments.assign(dimension=assignments["computed_dimension"])
    drawn = assignments[assignments["dimension"].notna() & assignments["word"].isin({*pairs["word"], *pairs["other"]})]
    if len(drawn) < 2 or pairs["together"].isna().all():
        return None
    chosen = drawn.nlargest(MOST_DRAWN, "n_respondents", keep="first")
    sizes = drawn["dimension"].value_counts()
    ranked = chosen.assign(size=chosen["dimension"].map(sizes)).sort_values(
        ["size", "dimension", "n_respondents", "word"], ascending=[False, True, False, True], kind="stable"
    )
    order = ranked["word"].astype(str).tolist()
    values = square(pairs, "together", order).to_numpy()
    dimension = ranked["dimension"].astype(str).tolist()
    same = np.equal.outer(np.array(dimension), np.array(dimension))
    off = ~np.eye(len(order), dtype=bool)
    within, across = float(np.nanmean(values[same & off])), float(np.nanmean(values[~same])) if (~same).any() else None
    said = f"{number(within)} on average for two words of one dimension"
    said += f", {number(across)} for two of different ones" if across is not None else ""
    left = len(drawn) - len(chosen)
    return Figure(
        "taxonomy-together",
        "How often two words come back in one dimension",
        f"Heat map of {count(len(order), 'word')} by the same words; share of resamples in one dimension: {said}.",
        _heat(values, order, dimension),
        f"Share of resamples (the most cautious way of resampling) in which both words had one dimension: {said}. Dark blocks "
        "along the diagonal are dimensions that hold together."
        + (" Dimensions as computed, before the edits by hand." if edited else "")
        + (f" The {count(left, 'word')} named least are left out." if left else ""),
    )


def _heat(values: Any, words: list[str], dimension: list[str]) -> dict[str, Any]:
    labels = [figures.label(word) for word in words]
    edges = [i for i in range(1, len(words)) if dimension[i] != dimension[i - 1]]
    few = len(words) <= 40
    starts = [0, *edges]
    line = {"type": "line", "line": {"color": "var(--ink)", "width": 1}}
    lines = [line | {"x0": -0.5, "x1": len(words) - 0.5, "y0": e - 0.5, "y1": e - 0.5} for e in edges]
    lines += [line | {"y0": -0.5, "y1": len(words) - 0.5, "x0": e - 0.5, "x1": e - 0.5} for e in edges]
    ticks = {"tickvals": list(range(len(words))), "ticktext": labels} if few else {
        "tickvals": [(a + b - 1) / 2 for a, b in zip(starts, [*edges, len(words)], strict=True)],
        "ticktext": [figures.wrapped(dimension[a]) for a in starts],
    }  # fmt: skip
    data = [
        {
            "type": "heatmap",
            "z": [[None if np.isnan(v) else round(float(v), 2) for v in row] for row in values],
            "text": [[f"{a} and {b}" for b in labels] for a in labels],
            "zmin": 0,
            "zmax": 1,
            "colorscale": [[0, "var(--paper)"], [1, "var(--c1)"]],
            "colorbar": {"thickness": 10, "len": 0.6, "tickvals": [0, 0.5, 1]},
            "hovertemplate": "%{text}: %{z:.2f}<extra></extra>",
        }
    ]
    layout = {
        "xaxis": {"showticklabels": False, "showgrid": False, "ticks": ""},
        "yaxis": {"autorange": "reversed", "showgrid": False, **ticks},
        "shapes": lines,
    }
    return figures.finished(data, layout, 620) | {"narrow_height": 420}


def cluster_numbers_table(numbers: pd.DataFrame) -> Table:
    """Return the criteria of the number of clusters side by side."""
    measures = ("silhouette", "gap", "stability", "prediction_strength")
    rows: list[list[str | Cell]] = []
    for r in records(numbers):
        by = set(filter(None, str(r["preferred_by"] or "").split(", ")))
        cells: list[str | Cell] = [Cell(number(r[m]), strong=m in by) for m in measures]
        cells[1] = Cell(f"{number(r['gap'])} ({number(r['gap_se'])})", strong="gap" in by)
        rows.append([Cell(whole(r["k"]), strong=bool(r["chosen"])), *cells, "chosen" if r["chosen"] else NONE])
    heads = (
        Column("clusters", number=True),
        Column("silhouette", number=True),
        Column("gap (its s)", number=True),
        Column("stability", number=True),
        Column("prediction strength", number=True),
        Column("taxonomy"),
    )
    note = (
        "Of the words' embeddings. In bold the number that a criterion prefers: largest silhouette; smallest k whose gap the "
        "next one's less its s does not exceed (Tibshirani, Walther & Hastie, 2001); most clusters with a mean Jaccard "
        "similarity of .85 under resampling (Hennig, 2007); most with prediction strength .80 (Tibshirani & Walther, 2005); "
        "where no number reaches .85 or .80, the one that comes nearest."
    )
    return Table("taxonomy-cluster-numbers", "How many clusters of meaning each criterion prefers", heads, rows, note)


def levels_sentence(pairs: pd.DataFrame) -> str | None:
    """Say how alike the words' correlations within and between models are."""
    both = pairs[["within_models", "between_models"]].dropna()
    if len(both) < 3:
        return None
    r = float(np.corrcoef(both["within_models"].to_numpy(float), both["between_models"].to_numpy(float))[0, 1])
    return (
        f"Over {count(len(both), 'pair')} of words, correlations within models and correlations between models agree by "
        f"r = {number(r)}."
    )
