"""A study whose taxonomy is the structure inside a model: nothing is elicited, the ledger holds the scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from valuelex.errors import ValuelexError
from valuelex.models import Request, Response
from valuelex.report import taxonomy
from valuelex.report.evidence import Evidence
from valuelex.study import Study
from valuelex.study.dry_run import dry_run

WORDS = {
    "moral": ["honesty", "integrity", "truthfulness", "sincerity", "fairness", "justice"],
    "warm": ["compassion", "kindness", "empathy", "generosity", "care", "love"],
    "able": ["competence", "accuracy", "knowledge", "excellence", "efficiency", "diligence"],
}


class StubScoringEngine:
    """A STUB: words of a group raise the same continuations after "and"; no model is behind it."""

    def __init__(self) -> None:
        self.asked = 0

    async def complete(self, request: Request) -> Response:
        self.asked += 1
        words = request.extra["score"]["words"]
        group = next((i for i, members in enumerate(WORDS.values()) if any(m in request.prompt for m in members)), None)
        rng = np.random.default_rng(sum(i * ord(c) for i, c in enumerate(request.prompt)))
        taste = np.random.default_rng(9).normal(size=(3, len(words)))
        signal = 1.5 * taste[group] if group is not None and request.prompt.endswith("and") else np.zeros(len(words))
        values = -8 + signal + 0.7 * rng.normal(size=len(words))
        rows = [{"word": w, "logprob": float(v), "n_tokens": 1} for w, v in zip(words, values, strict=True)]
        return Response("", finish_reason="scored", logprobs=rows)

    async def close(self) -> None:
        pass


def study(folder: Path, *, words: str = "mine.csv", models: str = "[{id: smollm2-135m-instruct}]") -> Study:
    lines = [f'{w},"",{w}' for members in WORDS.values() for w in members]
    (folder / "mine.csv").write_text("word,gloss,variants\n" + "\n".join(lines) + "\n", encoding="utf-8")
    rows = [
        f"{word},{i == 0:d},{i == 1:d},{(i == 2) + 0.1 * j:.1f}"
        for i, members in enumerate(WORDS.values())
        for j, word in enumerate(members)
    ]
    (folder / "vectors.csv").write_text("word,a,b,c\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "study.yaml").write_text(
        f"name: inside\nseed: 3\nmodels: {models}\ntaxonomy:\n  structure: intrinsic\n  bootstrap: 5\n"
        f"  embedding: precomputed:vectors.csv\n  intrinsic: {{words: {words}}}\n",
        encoding="utf-8",
    )
    made = Study.load(folder)
    made.engines = {"smollm2-135m-instruct": StubScoringEngine()}  # type: ignore[dict-item]
    return made


def test_a_structure_without_asking_anything(tmp_path: Path) -> None:
    made = study(tmp_path)
    assert made.stages("taxonomy") == ["taxonomy"]
    [plan] = dry_run(made, "taxonomy")
    assert (plan.model_id, plan.planned, plan.remote) == ("smollm2-135m-instruct", 1 + 150 * 6, False)
    assert made.run("taxonomy") == ["taxonomy"]
    document = made.document("taxonomy")
    found = [frozenset(d["words"]) for d in document["dimensions"]]
    assert set(found) == {frozenset(members) for members in WORDS.values()}
    assert made.intrinsic["model_id"].tolist() == ["smollm2-135m-instruct"]
    assert made.run("taxonomy") == []


def test_the_ledger_holds_the_scores(tmp_path: Path) -> None:
    made = study(tmp_path)
    made.run("taxonomy")
    before = (tmp_path / "results" / "assignments.csv").read_bytes()
    again = Study.load(tmp_path)
    silent = StubScoringEngine()
    again.engines = {"smollm2-135m-instruct": silent}  # type: ignore[dict-item]
    again.run("taxonomy", replay=True)
    assert silent.asked == 0
    assert (tmp_path / "results" / "assignments.csv").read_bytes() == before


def test_the_report_says_what_it_is(tmp_path: Path) -> None:
    made = study(tmp_path)
    made.run("taxonomy")
    section = taxonomy.section(Evidence(made))
    said = " ".join(section.findings)
    assert "read from log-probabilities" in said
    assert section.findings[0].startswith("The words can be factored (18 words over ")
    assert "contexts): 2 factors kept (as many as come back with other continuations)." in section.findings[0]
    tables = {block.name for block in section.blocks if hasattr(block, "rows")}
    assert {"taxonomy-intrinsic", "taxonomy-adequacy", "taxonomy-controls"} <= tables


def test_the_own_word_list_counts_for_freshness(tmp_path: Path) -> None:
    made = study(tmp_path)
    made.run("taxonomy")
    with (tmp_path / "mine.csv").open("a", encoding="utf-8") as file:
        file.write('courage,"",courage\n')
    assert {s.stage: s.state for s in Study.load(tmp_path).status()}["taxonomy"] == "stale"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"models": "[{id: far, base_url: 'http://127.0.0.1:9/v1'}]"}, "None of the study's models gives no log|gives no log"),
        ({"models": "[]"}, "models is empty"),
        ({"words": "nowhere.csv"}, "nowhere.csv"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_before_anything_is_scored(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    made = study(tmp_path, **changes)
    with pytest.raises(ValuelexError, match=said):
        made.run("taxonomy")
    assert not (tmp_path / "results" / "calls.jsonl").exists()
