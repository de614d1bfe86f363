"""Looking up: what the page knows of words and models, and the filter of answers that a server shares with the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valuelex.report import explore
from valuelex.report.content import Explorer
from valuelex.report.evidence import Evidence
from valuelex.report.explore_rows import Rows, answers, completions, thinned
from valuelex.study import Study


def data(study: Study, **options: bool) -> dict:
    found = explore.section(Evidence(study), **options)
    assert found is not None
    (block,) = found.blocks
    assert isinstance(block, Explorer)
    return block.data


def test_a_word_has_its_place_its_loadings_and_who_named_it(results: Callable[..., Study]) -> None:
    study = results()
    word = data(study)["words"]["honesty"]
    assert (word["dimension"], word["subdimension"]) == ("Virtue", "Truth")
    row = study.read("loadings").set_index("word").loc["honesty"]
    assert word["loadings"] == [row["F1"], row["F2"]]
    kept = study.read("words").query("kept and word == 'honesty'")
    expected = kept.groupby("model_id")["respondent_id"].nunique()
    assert dict(word["by"]) == expected.to_dict()


def test_a_model_has_its_facts_and_its_scores_subdimensions_under_their_dimension(
    results: Callable[..., Study],
) -> None:
    model = data(results())["models"][0]
    assert model["id"] == "smollm2-135m-instruct"
    assert ["parameters", "134.5 million"] in model["facts"]
    places = [(level, name) for level, name, *_ in model["scores"]]
    assert places == [
        ("dimension", "Virtue"), ("subdimension", "Bravery"), ("subdimension", "Truth"),
        ("dimension", "Warmth"), ("subdimension", "Care"),
    ]  # fmt: skip


def test_answers_have_the_words_that_were_kept_of_them(evidence: Evidence) -> None:
    rows = answers(evidence)
    responses = evidence.table("responses")
    assert responses is not None and len(rows) == len(responses)
    place = responses["response_id"].tolist().index("r02")
    assert [rows.names["word"][k] for k in rows.lists["words"][place]] == ["honesty", "courage"]
    assert rows.lists["words"][0] == [], "a refusal has none"


def test_completions_have_their_stems_and_what_judges_found_applicable(evidence: Evidence) -> None:
    rows = completions(evidence)
    judgements = evidence.table("judgements")
    assert judgements is not None
    assert sum(map(len, rows.lists["judgements"])) == int(judgements["score"].notna().sum())
    assert rows.names["stem"][0] == ["i000", "What matters in case 0 is", "Truth, positive"]


@pytest.mark.parametrize(
    ("asked", "condition"),
    [
        ({"model": "gemma-3-270m"}, "model_id == 'gemma-3-270m'"),
        ({"status": "refused"}, "status == 'refused'"),
        ({"text": "KIND"}, "text.str.contains('kind')"),
        ({"model": "gemma-3-270m", "text": "honesty"}, "model_id == 'gemma-3-270m' and text.str.contains('honesty')"),
        ({"model": "nobody"}, "status == 'nothing'"),
    ],
)
def test_the_filter_is_the_query(evidence: Evidence, asked: dict, condition: str) -> None:
    responses = evidence.table("responses")
    assert responses is not None
    expected = responses.reset_index(drop=True).query(condition, engine="python").index.tolist()
    assert answers(evidence).found(**asked) == expected


def test_a_word_that_nobody_gave_finds_nothing(evidence: Evidence) -> None:
    rows = answers(evidence)
    assert rows.found(word="honesty")
    assert rows.found(word="xyzzy") == []


def test_without_answers_words_stand_without_a_text(results: Callable[..., Study]) -> None:
    rows = answers(Evidence(results(without=("responses",))))
    assert set(rows.text) == {""}
    assert rows.found(word="honesty")


def test_a_large_page_holds_evenly_spread_rows_and_says_so(
    results: Callable[..., Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explore, "MOST_TEXT", 300)
    found = explore.section(Evidence(results()))
    assert found is not None
    (block,) = found.blocks
    assert isinstance(block, Explorer)
    assert 0 < len(block.data["answers"]["text"]) < 16
    assert "of 16 answers" in block.note and "valuelex serve" in block.note


def test_a_served_page_holds_no_rows(results: Callable[..., Study]) -> None:
    held = data(results(), rows=False)
    assert held["remote"] is True
    assert "answers" not in held and "completions" not in held


def test_nothing_to_look_at_is_no_section(results: Callable[..., Study]) -> None:
    assert explore.section(Evidence(results(only=("retention",)))) is None


@given(st.integers(0, 50), st.floats(0.01, 3))
def test_thinning_keeps_the_order_and_the_share(n: int, room: float) -> None:
    rows = Rows([str(k) for k in range(n)], {"model": [k % 3 for k in range(n)]}, {"model": ["a", "b", "c"]})
    few = thinned(rows, room)
    kept = [int(t) for t in few.text]
    assert kept == sorted(set(kept))
    assert few.coded["model"] == [k % 3 for k in kept]
    assert len(few) == (n if room >= 1 else min(n, max(1, int(n * room))))
