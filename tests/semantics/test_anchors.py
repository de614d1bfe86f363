"""The published anchors keep together when all words of the value lexicon are clustered; docs/validation.md has the table."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "semantics.py"


def test_anchors_fall_into_their_dimensions_better_than_relabelings(embedder) -> None:
    """Words alone, as many clusters as there are dimensions. The 99th percentile is that of 1,000 random relabelings."""
    if not BENCHMARK.is_file():
        pytest.skip("the benchmarks are not here")
    spec = importlib.util.spec_from_file_location("benchmarks_semantics", BENCHMARK)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.anchor_agreement(3, gloss=False, embedder=embedder)
    assert found["n_words"] >= 150
    assert found["dimensions"] > found["dimensions_p99"]
    assert found["subdimensions"] > found["subdimensions_p99"]
