"""Judges, theories, languages and overrides in the report."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from valuelex.report.audit import audit_blocks, shares
from valuelex.report.content import Details, Table
from valuelex.tables import frame

CROSSWALK = frame(
    "crosswalk",
    [
        {"word": w, "system": s, "category": c, "confidence": p, "source": "hand"}
        for w, s, c, p in (
            ("kindness", "schwartz", "Benevolence", 0.9),
            ("kindness", "schwartz", "Universalism", 0.3),
            ("success", "schwartz", "Achievement", 0.6),
            ("success", "schwartz", "Power", 0.6),
            ("kindness", "schwartz-19", "Benevolence: caring", 0.9),
            ("success", "mine", "<b>own</b>", 0.5),
            ("absent", "schwartz", "Tradition", 0.9),
        )
    ],
)
LEXICON = frame(
    "lexicon",
    [
        {"word": w, "variants": w, "n_responses": n, "n_respondents": n, "n_models": 1, "gloss": None, "source": "test"}
        for w, n in (("kindness", 6), ("success", 2))
    ],
)
AGREEMENT = frame(
    "filter_agreement",
    [
        {"judges": "lexicon x embedding", "n_words": 40, "observed": 0.85, "kappa": 0.55, "kappa_low": 0.3, "kappa_high": 0.8,
         "alpha": 0.54, "alpha_low": 0.3, "alpha_high": 0.8, "method": "Cohen"},
        {"judges": "all", "n_words": 40, "observed": None, "kappa": None, "kappa_low": None, "kappa_high": None, "alpha": None,
         "alpha_low": None, "alpha_high": None, "method": "one judge alone"},
    ],
)  # fmt: skip


def evidence(**tables: pd.DataFrame) -> Any:
    return SimpleNamespace(table=lambda name: tables.get(name))


def test_a_word_counts_where_its_confidence_is_largest_in_equal_parts() -> None:
    found = shares(CROSSWALK, LEXICON)
    rows = found[found["system"] == "schwartz"].set_index("category")
    assert rows["share"].to_dict() == pytest.approx({"Benevolence": 0.75, "Achievement": 0.125, "Power": 0.125})
    assert found.groupby("system")["share"].sum().to_numpy() == pytest.approx([1.0, 1.0, 1.0])
    assert "Tradition" not in rows.index


def test_the_main_theories_are_open_and_the_others_behind_a_line() -> None:
    findings, blocks = audit_blocks(evidence(crosswalk=CROSSWALK, lexicon=LEXICON))
    [said] = findings
    assert said.replace("\u00a0", " ") == (
        "By Schwartz’s ten values, most mentions fall under Benevolence (75.0 %), Achievement (12.5 %) and Power (12.5 %)."
    )
    assert [b.name for b in blocks if isinstance(b, Table)] == ["lexicon-crosswalk-schwartz"]
    assert [b.blocks[0].name for b in blocks if isinstance(b, Details)] == [
        "lexicon-crosswalk-schwartz-19",
        "lexicon-crosswalk-mine",
    ]


def test_judges_that_agree_are_said_with_their_interval() -> None:
    findings, [table] = audit_blocks(evidence(filter_agreement=AGREEMENT))
    [said] = findings
    assert "lexicon and embedding agree on 85.0\u00a0% of 40 word types (kappa 0.55" in said
    assert table.rows[0][3] == "0.55 [0.30, 0.80]"
    assert table.rows[1][5] == "one judge alone"


def test_languages_and_overrides_are_shown_where_there_are_any() -> None:
    row = {"n_answers": 5, "n_pieces": 20, "n_kept": 9, "n_translated": 0}
    one = frame("languages", [row | {"language": "en", "n_set_aside": 0}])
    assert audit_blocks(evidence(languages=one)) == ([], [])
    two = frame("languages", [row | {"language": "en", "n_set_aside": 0}, row | {"language": "de", "n_set_aside": 7}])
    overrides = frame("overrides", [{"form": "woke", "word": None, "reason": "slang", "n_words": 0}])
    _, blocks = audit_blocks(evidence(languages=two, overrides=overrides))
    assert blocks[0].rows[1] == ["de", "5", "20", "9", "0", "7"]
    assert blocks[1].blocks[0].rows == [["woke", "set aside", "0", "slang"]]


def test_without_any_of_the_tables_there_is_nothing() -> None:
    assert audit_blocks(evidence()) == ([], [])
