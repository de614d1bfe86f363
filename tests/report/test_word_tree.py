"""The dendrogram of words: scipy's clustering, cut down to the words that are drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import squareform

from valuelex.report.word_tree import MOST_DRAWN, Node, dendrogram, grown
from valuelex.tables import empty, frame
from valuelex.taxonomy.outputs import word_tree


def cloud(n: int, seed: int) -> tuple[list[str], np.ndarray]:
    vectors = np.random.default_rng(seed).normal(size=(n, 6))
    return [f"w{k}" for k in range(n)], vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def joined_at(node: Node, a: str, b: str) -> float:
    for part in node.parts:
        if a in part.words and b in part.words:
            return joined_at(part, a, b)
    return node.height


@pytest.mark.parametrize(("method", "kind"), [("agglomerative", "ward"), ("average", "average"), ("kmeans", "ward")])
def test_the_table_is_scipy_s_tree(method: str, kind: str) -> None:
    names, points = cloud(12, 1)
    table = word_tree(names, points, method)
    distances = 1 - points @ points.T if kind == "average" else np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, 0)
    expected = linkage(squareform(distances, checks=False), kind)
    np.testing.assert_allclose(table["height"].astype(float), expected[:, 2], atol=1e-7)
    assert table["n_words"].tolist() == expected[:, 3].astype(int).tolist()
    root = grown(table, set(names))
    assert root is not None and sorted(root.words) == sorted(names)
    heights = squareform(cophenet(expected))
    for a in range(12):
        for b in range(a):
            assert joined_at(root, names[a], names[b]) == pytest.approx(heights[a, b], abs=1e-7)


@settings(max_examples=30, deadline=None)
@given(st.integers(3, 30), st.integers(0, 10_000), st.data())
def test_leaving_words_out_moves_no_joint(n: int, seed: int, data: st.DataObject) -> None:
    names, points = cloud(n, seed)
    table = word_tree(names, points, "agglomerative")
    chosen = data.draw(st.sets(st.sampled_from(names), min_size=2))
    whole, part = grown(table, set(names)), grown(table, chosen)
    assert whole is not None and part is not None
    assert set(part.words) == chosen
    for a in chosen:
        for b in chosen - {a}:
            assert joined_at(part, a, b) == joined_at(whole, a, b)


def test_the_most_named_words_are_drawn_in_the_colours_of_their_dimensions() -> None:
    names, points = cloud(80, 2)
    rows = [
        {"word": w, "dimension": "A" if k % 2 else None, "subdimension": None, "cluster": 0, "n_respondents": 100 - k}
        for k, w in enumerate(names)
    ]
    figure = dendrogram(word_tree(names, points, "agglomerative"), frame("assignments", _full(rows)))
    assert figure is not None
    drawn = [w for trace in figure.spec["data"][1:] for w in trace["customdata"]]
    assert set(drawn) == set(names[:MOST_DRAWN])
    assert [trace["name"] for trace in figure.spec["data"][1:]] == ["no dimension", "A"]
    assert "20 words named least" in figure.note
    assert len(figure.spec["layout"]["yaxis"]["ticktext"]) == MOST_DRAWN


def _full(rows: list[dict]) -> list[dict]:
    given = ("factor", "loading", "communality", "placed_by", "probability", "x", "y")
    return [row | dict.fromkeys(given) for row in rows]


def test_no_tree_is_no_figure() -> None:
    rows = _full([{"word": "a", "dimension": "A", "subdimension": None, "cluster": 0, "n_respondents": 3}])
    assert dendrogram(empty("word_tree"), frame("assignments", rows)) is None
    assert grown(pd.DataFrame(columns=["step", "left", "right", "height", "n_words"]), {"a"}) is None
