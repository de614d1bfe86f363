"""`valuelex trace STUDY --model X --dimension Y` leads from a score to what it was made of."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

import valuelex
from tests.projective.scoring.made_up import study as made_up
from valuelex.errors import DataError
from valuelex.study.score_trace import show_score_trace


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> valuelex.Study:
    folder = tmp_path_factory.mktemp("traced")
    judgements, completions, instrument, _ = made_up(models=3, stems=8, missing=0.2)
    completions.loc[0, ["status", "text"]] = ["refused", "I\x1b[31m cannot."]
    tables = {"judgements": judgements, "completions": completions, "instrument": instrument}
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    content = {"name": "traced", "models": [], "inputs": {n: f"{n}.csv" for n in tables}, "scoring": {"bootstrap": 20}}
    (folder / "study.yaml").write_text(yaml.safe_dump(content))
    found = valuelex.Study.load(folder)
    found.run("score")
    return found


def test_every_completion_judgement_and_rationale_is_there(study: valuelex.Study) -> None:
    text = show_score_trace(study, "m01", "Kind")
    mine = study.completions[study.completions["model_id"] == "m01"]
    for completion in mine.to_dict("records"):
        assert repr(completion["text"]) in text
    assert text.count("a reason") == len(mine) * 2 * 2, "two judges, two subdimensions of the dimension"
    assert "not applicable" in text
    row = study.scores.set_index(["model_id", "level", "dimension"]).loc[("m01", "dimension", "Kind")]
    assert f"= {row['mean']:.2f}" in text


def test_a_subdimension_has_its_own_judgements_alone(study: valuelex.Study) -> None:
    text = show_score_trace(study, "m02", "warm")
    assert text.count("a reason") == len(study.completions) // 3 * 2
    assert "gentle" not in text


def test_a_refusal_is_shown_as_one(study: valuelex.Study) -> None:
    assert "(refused)" in show_score_trace(study, "m00", "Kind")


def test_what_is_not_there_is_refused(study: valuelex.Study, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No score is of the model 'nobody'"):
        show_score_trace(study, "nobody", "Kind")
    with pytest.raises(DataError, match="No score is on 'Nothing'"):
        show_score_trace(study, "m00", "Nothing")
    study.scores.to_csv(tmp_path / "scores.csv", index=False)
    (tmp_path / "study.yaml").write_text("models: []\ninputs: {scores: scores.csv}\n")
    given = valuelex.Study.load(tmp_path)
    given.run("compare")
    assert isinstance(given.scores, pd.DataFrame)
    with pytest.raises(DataError, match="given, not computed"):
        show_score_trace(given, "m00", "Kind")


def test_given_words_stand_beside_the_test(tmp_path: Path) -> None:
    """A study of given judgements and words: the step score reads the words' dimensions, and is stale when they change."""
    judgements, completions, instrument, _ = made_up(models=6, stems=8)
    words = [
        {"response_id": f"{m}-{k}", "respondent_id": f"m{m:02d}", "model_id": f"m{m:02d}", "position": 0, "word": word}
        for m in range(6)
        for k, word in enumerate(["honesty", "kindness", "honesty" if m % 2 else "kindness", "fairness"][: 2 + m % 3])
    ]
    assignments = [
        {"word": w, "dimension": d} for w, d in (("honesty", "Moral"), ("kindness", "Kind"), ("fairness", "Moral"))
    ]
    tables = {
        "judgements": judgements,
        "completions": completions,
        "instrument": instrument,
        "words": pd.DataFrame(words),
        "assignments": pd.DataFrame(assignments),
    }
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    content = {"name": "w", "models": [], "inputs": {n: f"{n}.csv" for n in tables}, "scoring": {"bootstrap": 20}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
    found = valuelex.Study.load(tmp_path)
    found.run("score")
    assert "elicited words" in set(found.multitrait["method_1"]) | set(found.multitrait["method_2"])
    assert {s.stage: s.state for s in found.status()}["score"] == "done"
    pd.DataFrame(words[1:]).to_csv(tmp_path / "words.csv", index=False)
    again = valuelex.Study.load(tmp_path)
    assert "score" in again.run("score")
