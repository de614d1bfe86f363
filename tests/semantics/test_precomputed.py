"""Vectors of someone else's: looked up by word, unit length, and what is missing is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from valuelex.errors import DataError
from valuelex.semantics import Embedder, PrecomputedEmbedder

TABLE = pd.DataFrame(
    {"word": ["honesty", "Care", "open-mindedness"], "note": ["x", "y", "z"], "a": [3, 0, 1], "b": [4.0, 2, 1]}
)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_vectors_come_from_a_file_at_unit_length(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"vectors{suffix}"
    TABLE.to_csv(path, index=False) if suffix == ".csv" else TABLE.to_parquet(path)
    given: Embedder = PrecomputedEmbedder.from_file(path)
    vectors = given.encode(["care", "honesty: telling the truth: always", "honesty"])
    np.testing.assert_allclose(vectors, [[0, 1], [0.6, 0.8], [0.6, 0.8]])
    assert given.name == f"precomputed:vectors{suffix}"
    assert given.encode([]).shape == (0, 2)


def test_missing_words_are_named() -> None:
    with pytest.raises(DataError, match="2 of 3 words have no vector in precomputed: 'grit', 'vim'"):
        PrecomputedEmbedder(TABLE).encode(["grit: staying power", "honesty", "vim"])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (TABLE.rename(columns={"word": "term"}), "no column 'word'"),
        (TABLE[["word", "note", "a"]], "1 numeric columns"),
        (TABLE.assign(a=[1, 0, np.nan]), "'open-mindedness' .* missing numbers"),
        (TABLE.assign(a=[1, 0, 2], b=[1, 0, 2]), "'Care' .* no length"),
        (pd.concat([TABLE, TABLE.assign(a=9)]), "'honesty' stands twice"),
    ],
)
def test_tables_that_do_not_do_are_named(table: pd.DataFrame, said: str) -> None:
    with pytest.raises(DataError, match=said):
        PrecomputedEmbedder(table)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        PrecomputedEmbedder.from_file(tmp_path / "none.csv")


def test_letter_case_counts_only_where_it_tells_words_apart() -> None:
    table = pd.DataFrame({"word": ["Grace", "grace"], "a": [1, 0], "b": [0, 1]})
    given = PrecomputedEmbedder(table)
    np.testing.assert_array_equal(given.encode(["grace", "Grace"]), [[0, 1], [1, 0]])
    with pytest.raises(DataError, match="GRACE"):
        given.encode(["GRACE"])
