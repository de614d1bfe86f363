"""The figures that `verify --full` recomputes beside the simulations: anchors, and people's factors inside a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from valuelex.errors import BadInput
from valuelex.study import validation
from valuelex.study.validation import Figures, anchors, human_loadings, psycho_lexical, validate_all


def test_anchors_fall_into_their_dimensions_better_than_relabelings(embedder) -> None:
    """Words alone, as many clusters as there are places. The 99th percentile is that of 1,000 random relabelings."""
    found = anchors(embedder)
    assert found.table["places"].tolist() == ["3 dimensions", "6 subdimensions"] * 2
    alone = found.table[found.table["text"] == "word alone"]
    assert (alone["ARI"] > alone["99 % of relabelings"]).all()
    assert found.passed
    assert found.to_markdown().startswith("## Published anchors, recomputed\n")
    assert "| yes |" in found.to_markdown()
    assert int(found.text.split(" words of the value lexicon")[0].split()[-1]) >= 150


def test_without_peoples_loadings_the_section_says_so(tmp_path: Path) -> None:
    assert "name no file" in psycho_lexical(None).text
    missing = psycho_lexical(tmp_path / "none.csv")
    assert "none.csv is not there" in missing.text
    assert missing.passed
    assert missing.table.empty


def test_a_table_without_words_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loadings.csv"
    path.write_text("adjective,A\nkind,.5\n")
    with pytest.raises(BadInput, match="no column 'word'"):
        human_loadings(path)


def test_factors_are_called_by_their_first_name(shared: Path) -> None:
    found = human_loadings(shared / "lexical" / "adjectives435_human_loadings.csv")
    assert found.shape == (435, 5)
    assert "Agreeableness" in found.columns


class StubScorer:
    """A STUB of `ModelScorer` that knows what people say: words that load alike raise the same words. No model is behind it."""

    human: pd.DataFrame

    def __init__(self, caller: Any, model: Any) -> None:
        pass

    def one_token(self, words: list[str]) -> list[str]:
        return words

    def __call__(self, texts: list[str], words: list[str]) -> Any:
        sign = 1.0 if texts[0].endswith("and") else 0.0
        names = [next(w for w in self.human.index if f" {w} " in text) for text in texts]
        return sign * (self.human.loc[names].to_numpy() @ self.human.loc[words].to_numpy().T) - 8.0


def test_a_scorer_that_knows_peoples_factors_passes_and_one_that_does_not_fails(
    tmp_path: Path, embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "loadings.csv"
    words = [f"{a}{b}" for a in ("ka", "lo", "mi", "ru", "se") for b in ("dan", "fel", "gor", "hin", "jum", "pas")]
    rows = [
        f"{w}," + ",".join(f"{0.7 if i // 6 == f else 0.02 * (i % 3):.2f}" for f in range(5))
        for i, w in enumerate(words)
    ]
    path.write_text("word,A/x,B,C,D,E\n" + "\n".join(rows) + "\n")
    StubScorer.human = human_loadings(path)
    monkeypatch.setattr(validation, "ModelScorer", StubScorer)
    found = psycho_lexical(path, embedder=embedder)
    assert found.checks["figure"].iloc[0] > 0.75
    assert found.passed
    StubScorer.human = StubScorer.human.sample(frac=1, random_state=2).set_axis(words)
    assert not psycho_lexical(path, embedder=embedder).passed


def test_floors_that_are_missed_are_seen() -> None:
    checks = pd.DataFrame({"what": ["a"], "figure": [0.2], "floor": [0.5], "ok": [False]})
    found = Figures("T", "How.", pd.DataFrame({"x": [1.0]}), checks)
    assert not found.passed
    assert "| a | 0.200 | 0.500 | **no** |" in found.to_markdown()
    assert found.summary().startswith("T. How.")


def test_every_section_is_told_as_soon_as_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Figures(name, "", pd.DataFrame(), pd.DataFrame()) for name in "abc"]
    monkeypatch.setattr(validation, "anchors", lambda: made[0])
    monkeypatch.setattr(validation, "psycho_lexical", lambda path: made[1])
    monkeypatch.setattr(validation, "validate", lambda draws: made[2])
    told: list[str] = []
    assert validate_all(3, tell=told.append) == made
    assert [said[0] for said in told] == ["a", "b", "c"]
