"""The dendrogram of words by meaning, of the words that most respondents named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from valuelex.report import figures
from valuelex.report.content import Figure
from valuelex.report.evidence import records
from valuelex.report.wording import count

MOST_DRAWN = 60
"""Words in the picture: with more, it is longer than anyone reads."""
ROW = 17
"""Pixels of a word."""


@dataclass(frozen=True)
class Node:
    """A word (height 0, no parts), or what two parts are joined into."""

    height: float
    words: tuple[str, ...]
    parts: tuple[Node, ...] = ()


def grown(tree: pd.DataFrame, chosen: set[str]) -> Node | None:
    """Return the tree of the chosen words: joints that join nothing of theirs are left out.

    Parameters
    ----------
    tree : DataFrame
        The table `word_tree`.
    chosen : set of str
    """
    made: dict[str, Node | None] = {}

    def node(name: str) -> Node | None:
        if name.startswith("#") and name in made:
            return made[name]
        return Node(0.0, (name,)) if name in chosen else None

    root: Node | None = None
    for row in records(tree.sort_values("step")):
        sides = [side for side in (node(str(row["left"])), node(str(row["right"]))) if side is not None]
        if len(sides) == 2:
            joined = Node(float(row["height"]), sides[0].words + sides[1].words, (sides[0], sides[1]))
        else:
            joined = sides[0] if sides else None  # type: ignore[assignment]
        made[f"#{row['step']}"] = joined
        root = joined
    return root


def dendrogram(tree: pd.DataFrame, assignments: pd.DataFrame) -> Figure | None:
    """Draw the tree beside the words, each marked by its dimension."""
    rows = records(assignments.sort_values(["n_respondents", "word"], ascending=[False, True]).head(MOST_DRAWN))
    root = grown(tree, {str(row["word"]) for row in rows})
    if root is None or len(root.words) < 3:
        return None
    place = {word: k for k, word in enumerate(root.words)}
    x: list[float | None] = []
    y: list[float | None] = []

    def draw(node: Node) -> float:
        if not node.parts:
            return float(place[node.words[0]])
        ends = [draw(part) for part in node.parts]
        heights = [node.parts[0].height, node.height, node.height, node.parts[1].height]
        x.extend([*(round(h, 4) for h in heights), None])
        y.extend([ends[0], ends[0], ends[1], ends[1], None])
        return sum(ends) / 2

    draw(root)
    line = {"color": figures.GREY, "width": 1.5}
    data: list[dict[str, Any]] = [
        {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "hoverinfo": "skip", "showlegend": False}
    ]
    data += _leaves(rows, place)
    left = len(assignments) - len(root.words)
    layout = {
        "xaxis": {
            "title": {"text": "distance at which two groups are joined"},
            "range": [-0.03 * root.height, 1.03 * root.height],
        },
        "yaxis": {
            "tickvals": list(range(len(root.words))),
            "ticktext": [figures.label(word) for word in root.words],
            "range": [len(root.words) - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
        },
    }
    note = (
        "Hierarchical clustering of the words’ embeddings (average linkage where the study clusters so, else Ward’s); colour "
        "and symbol: dimension."
    )
    if left > 0:
        note += f" The {count(left, 'word')} named least are left out of the picture, not of the clustering."
    return Figure(
        "taxonomy-tree",
        "Words joined by meaning",
        f"Dendrogram of {count(len(root.words), 'word')}: words that are joined further to the left are nearer in meaning. "
        f"The last joint is at {root.height:.2f}.",
        figures.finished(data, layout, 150 + ROW * len(root.words)),
        note,
    )


def _leaves(rows: Sequence[Mapping[str, Any]], place: Mapping[str, int]) -> list[dict[str, Any]]:
    names = list(dict.fromkeys(str(r["dimension"] or "no dimension") for r in rows))
    made = []
    for k, name in enumerate(names):
        mine = [r for r in rows if str(r["dimension"] or "no dimension") == name and str(r["word"]) in place]
        made.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": figures.wrapped(name, 36),
                "x": [0] * len(mine),
                "y": [place[str(r["word"])] for r in mine],
                "marker": {"color": figures.colour(k), "symbol": figures.symbol(k), "size": 9},
                "customdata": [r["word"] for r in mine],
                "text": [figures.label(r["subdimension"] or name) for r in mine],
                "hovertemplate": "%{customdata}: %{text}<extra></extra>",
            }
        )
    return made
