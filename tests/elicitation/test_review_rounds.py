"""What a review found: a stopping rule without evidence, mixed modes, and scores without their baseline."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from tests.elicitation.test_design import BASE, CHAT, PROMPTS
from valuelex.elicitation import ElicitationSettings, RespondentSettings, StopRule, run
from valuelex.models import Caller, Ledger, ModelSettings, Request, Response, resolve

WHO = RespondentSettings(temperature=[1.0], top_p=[0.9])


class ScriptedEngine:
    """A STUB: refuses, scores, or fails at the neutral frame, as the request has it."""

    async def complete(self, request: Request) -> Response:
        if "score" not in request.extra:
            return Response("honesty, love", finish_reason="stop")
        if "come to mind" in request.prompt or request.prompt.startswith("Words"):
            return Response("", status="error", error="400: no")
        scored = [{"word": w, "logprob": -1.0, "n_tokens": 1} for w in request.extra["score"]["words"]]
        return Response("", finish_reason="scored", logprobs=scored)

    async def close(self) -> None: ...


@dataclass
class FakeCoverage:
    estimate: float
    low: float = 0.0


@dataclass
class FakeCounter:
    """A STUB: knows nothing until a word was counted, and then all."""

    value: float
    texts: list[str] = field(default_factory=list)

    def add(self, model_id: str, text: str, status_reason: str | None, language: str) -> None:
        self.texts.append(text)

    def coverage(self, model_id: str | None) -> FakeCoverage:
        return FakeCoverage(self.value)


def ask(tmp_path: Path, counter: FakeCounter, *models, **settings) -> dict:
    caller = Caller(Ledger(tmp_path / "calls.jsonl"), engines={m.id: ScriptedEngine() for m in models})
    asked = ElicitationSettings(**{"prompts": PROMPTS, "samples": 3, **settings})
    return run(models, WHO, asked, seed=1, caller=caller, folder=tmp_path, counter=lambda: counter)


def test_a_model_that_has_named_no_value_yet_is_asked_again(tmp_path: Path) -> None:
    made = ask(tmp_path, FakeCounter(math.nan), CHAT, stop_when=StopRule(coverage=0.9))
    assert set(made["responses"]["sample_index"]) == {0, 1, 2}


def test_the_rule_rests_on_open_answers_where_there_are_any(tmp_path: Path) -> None:
    both, closed = FakeCounter(0.99), FakeCounter(0.99)
    ask(tmp_path, both, CHAT, modes=["open", "closed"], stop_when=StopRule(coverage=0.9))
    assert len(both.texts) == len(PROMPTS)
    ask(tmp_path, closed, CHAT, modes=["closed"], stop_when=StopRule(coverage=0.9))
    assert len(closed.texts) == len(PROMPTS)


def test_without_its_baseline_an_answer_names_nothing(tmp_path: Path) -> None:
    model = resolve(ModelSettings(id="echoing", base_url="http://stub/v1", training="pretrained", echo=True))
    made = ask(tmp_path, FakeCounter(0.0), model, BASE, modes=["open", "logprob"], samples=1)
    scored = made["responses"][made["responses"]["elicitation"] == "logprob"]
    assert set(scored["status"]) == {"error"} and set(scored["text"]) == {""}
    assert made["word_scores"]["baseline"].isna().all(), "the scores stay in their own table, where the gap shows"


class TalkativeEngine:
    """A STUB that gives the log-probability of every token of its answer, as endpoints do on request."""

    async def complete(self, request: Request) -> Response:
        tokens = [{"token": "honesty", "logprob": -0.5}, {"token": ",", "logprob": -0.1}]
        return Response("honesty, love", finish_reason="stop", logprobs=tokens)

    async def close(self) -> None: ...


def test_log_probabilities_of_an_open_answer_are_no_scores_of_words(tmp_path: Path) -> None:
    caller = Caller(Ledger(tmp_path / "calls.jsonl"), engines={CHAT.id: TalkativeEngine()})
    made = run([CHAT], WHO, ElicitationSettings(prompts=PROMPTS, samples=1), seed=1, caller=caller, folder=tmp_path)
    assert set(made["responses"]["text"]) == {"honesty, love"} and "word_scores" not in made
