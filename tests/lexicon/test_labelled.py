"""The filters against labelled words, as docs/lexicon.py measures them; bounds below what docs/method.md prints."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from valuelex.lexicon import ValueLexicon, load_lexicon
from valuelex.resources import instruments

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    """docs/lexicon.py, which is a script and not part of the package."""
    spec = importlib.util.spec_from_file_location("docs_lexicon", ROOT / "docs" / "lexicon.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def lexicon() -> ValueLexicon:
    return load_lexicon("values", Path())


def test_no_labelled_word_and_none_of_its_family_is_an_anchor(measure, lexicon, embedder) -> None:
    rows = pd.read_csv(instruments() / "lexicon" / "labelled.csv")
    found = measure.held_out(rows["word"].tolist(), lexicon, embedder)
    assert not set(found.anchors) & set(rows["word"])
    assert not {"honesty", "kindness", "wisdom"} & set(found.anchors), "honest, kind and wise are labelled"
    verdicts = measure.said(rows["word"].tolist(), lexicon, found)
    clear = (rows["label"] != "borderline").to_numpy()
    value = (rows["label"] == "value").to_numpy()
    for judge, precision, recall in (("lexicon", 0.95, 0.5), ("embedding", 0.8, 0.5), ("either", 0.8, 0.68)):
        yes = verdicts[judge].to_numpy() & clear
        assert (yes & value).sum() / yes.sum() > precision, judge
        assert (yes & value).sum() / value.sum() > recall, judge


def test_values_of_another_project_are_found(measure, lexicon, embedder) -> None:
    if not measure.OUTSIDE.is_dir():
        pytest.skip("the value words of DailyDilemmas lie outside the project, and are not here")
    words = pd.read_csv(measure.OUTSIDE / "daily_dilemmas_values.csv")["value"].str.lower().tolist()
    verdicts = measure.said(words, lexicon, measure.held_out(words, lexicon, embedder))
    assert verdicts["either"].mean() > 0.75


@pytest.mark.parametrize(("k", "n", "shown"), [(81, 263, "0.31 [0.26, 0.37]"), (0, 10, "0.00 [0.00, 0.28]")])
def test_wilson_intervals(measure, k: int, n: int, shown: str) -> None:
    """Newcombe (1998, Statistics in Medicine 17, 857-872, table I): .2553 to .3662, and 0 to .2775."""
    assert measure.wilson(k, n) == shown
