"""The design: fractional crossing, languages, orders, rotated examples, modes; and the rule that ends sampling."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from valuelex.elicitation import (
    ElicitationSettings,
    ExampleSet,
    Prompt,
    RespondentSettings,
    StopRule,
    load_examples,
    plan,
    respondents,
    run,
)
from valuelex.elicitation.balance import balanced_fraction
from valuelex.elicitation.quality import effective_n, quality_table
from valuelex.elicitation.scored import named, score_rows
from valuelex.errors import BadInput, StudyFileError
from valuelex.models import Caller, Ledger, ModelSettings, Request, Response, resolve

HERE = Path()
CHAT = resolve(ModelSettings(id="chatty", base_url="http://stub/v1"))
BASE = resolve(ModelSettings(id="base", base_url="http://stub/v1", training="pretrained"))
PROMPTS = [
    Prompt(id=f"p{i}", text=f"Name your values, way {i}.", reordered=f"Way {i}: name your values.") for i in range(4)
]
SETS = [
    ExampleSet(id="fruit", topic="Fruit", items=["apple", "plum", "pear"]),
    ExampleSet(id="tools", topic="Tools", items=["hammer", "saw", "drill"]),
]


def items(*models, who: dict | None = None, seed: int = 1, **settings):
    asked = ElicitationSettings(**{"prompts": PROMPTS, "samples": 1, **settings})
    return plan(
        models,
        RespondentSettings(**(who or {"temperature": [0.5, 1.0], "top_p": [0.9]})),
        asked,
        seed=seed,
        folder=HERE,
    )


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_a_fraction_is_balanced_over_rows_and_columns(n_rows: int, n_columns: int, data: st.DataObject) -> None:
    total = data.draw(st.integers(1, n_rows * n_columns))
    found = balanced_fraction(n_rows, n_columns, total, seed=data.draw(st.integers(0, 99)))
    assert sum(map(len, found)) == total
    assert all(len(set(row)) == len(row) for row in found)
    rows = [len(row) for row in found]
    columns = [sum(c in row for row in found) for c in range(n_columns)]
    assert max(rows) - min(rows) <= 1
    assert max(columns) - min(columns) <= 1


def test_the_whole_crossing_is_the_fraction_that_holds_every_cell() -> None:
    assert balanced_fraction(3, 4, 12, seed=5) == [[0, 1, 2, 3]] * 3


def test_525_respondents_of_31_models() -> None:
    models = [resolve(ModelSettings(id=f"m{i}", base_url="http://stub/v1")) for i in range(31)]
    settings = RespondentSettings(temperature=[0.1, 0.3, 0.5, 0.7, 0.9, 1.0], top_p=[0.7, 0.85, 0.95], total=525)
    people = respondents(models, settings, seed=7)
    assert len({p.id for p in people}) == 525
    assert set(Counter(p.model.id for p in people).values()) == {16, 17}
    assert set(Counter((p.temperature, p.top_p) for p in people).values()) == {29, 30}
    assert people == respondents(models, settings, seed=7)
    assert people != respondents(models, settings, seed=8)
    with pytest.raises(StudyFileError, match="559 respondents are wanted, and 31 models x 18 settings make 558"):
        respondents(models, settings.model_copy(update={"total": 559}))


def test_prompts_in_a_fraction_are_asked_equally_often_in_each_model() -> None:
    found = items(CHAT, BASE, who={"temperature": [0.1, 0.4, 0.7, 1.0], "top_p": [0.9]}, prompts_per_respondent=3)
    for model in (CHAT, BASE):
        mine = [i for i in found if i.respondent.model.id == model.id]
        assert set(Counter(i.respondent.id for i in mine).values()) == {3}
        assert set(Counter(i.prompt.id for i in mine).values()) == {3}
    with pytest.raises(StudyFileError, match="5 are wanted and there are 4 prompts"):
        items(CHAT, prompts_per_respondent=5)


def test_languages_are_crossed_and_each_needs_prompts() -> None:
    both = [*PROMPTS, Prompt(id="p0", text="Nenne deine Werte.", language="de")]
    found = items(CHAT, who={"temperature": [1.0], "top_p": [1.0], "languages": ["en", "de"]}, prompts=both)
    assert Counter(i.respondent.language for i in found) == {"en": 4, "de": 1}
    assert {i.respondent.id for i in found} == {"chatty/t1/p1", "chatty/t1/p1/de"}
    assert found[-1].request.messages == (("user", "Nenne deine Werte."),)
    with pytest.raises(StudyFileError, match="no prompt has the language 'fr'"):
        items(CHAT, who={"languages": ["fr"]})
    with pytest.raises(ValidationError):
        RespondentSettings(languages=["English"])


def test_orders_put_the_same_prompt_in_another_order() -> None:
    found = items(CHAT, orders=2, who={"temperature": [1.0], "top_p": [1.0]})
    assert [(i.wording.order, i.request.messages[-1][1]) for i in found[:2]] == [
        (0, "Name your values, way 0."),
        (1, "Way 0: name your values."),
    ]
    assert len({i.response_id for i in found}) == len({i.request.seed for i in found}) == 8
    # A chat prompt has no third order: nothing in it could stand elsewhere.
    assert len(items(CHAT, orders=3, who={"temperature": [1.0], "top_p": [1.0]})) == 8


def test_simpler_designs_keep_their_ids_and_seeds_when_factors_are_added() -> None:
    plain, more = items(CHAT), items(CHAT, orders=2)
    assert {i.response_id for i in plain} < {i.response_id for i in more}
    assert {i.request.key for i in plain} < {i.request.key for i in more}


def test_example_sets_take_turns_and_only_pretrained_models_see_them() -> None:
    found = items(CHAT, BASE, few_shot=SETS, samples=2)
    assert all(i.wording.examples is None for i in found if i.respondent.model is CHAT)
    mine = [i for i in found if i.respondent.model is BASE]
    assert set(Counter((i.wording.examples, i.prompt.id) for i in mine).values()) == {2}
    assert set(Counter((i.wording.examples, i.respondent.id) for i in mine).values()) == {4}
    assert mine[0].request.prompt == "Fruit (one word each): apple, plum, pear\nName your values, way 0."
    crossed = [i for i in items(BASE, few_shot=SETS, few_shot_design="cross", orders=2) if i.prompt.id == "p0"]
    assert Counter((i.wording.order, i.wording.examples) for i in crossed) == {
        (o, e): 2 for o in (0, 1) for e in ("fruit", "tools")
    }
    turned = next(i for i in crossed if i.wording.order == 1 and i.wording.examples == "tools")
    assert turned.request.prompt == "Tools (one word each): saw, drill, hammer\nWay 0: name your values."


def test_one_set_of_examples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="cannot be rotated"):
        load_examples(SETS[:1], HERE)
    with pytest.raises(StudyFileError, match="fruit stands more than once"):
        load_examples([SETS[0], SETS[0]], HERE)
    (tmp_path / "e.yaml").write_text("sets: [{id: a, topic: A}]")
    with pytest.raises(StudyFileError, match=r"e\.yaml, set 1, items: Field required"):
        load_examples("e.yaml", tmp_path)
    with pytest.raises(BadInput, match="neutral"):
        load_examples("no-such-set", tmp_path)
    assert len(load_examples("neutral", HERE)) == 5


# ---- modes ----


def test_a_model_is_asked_in_the_modes_it_offers(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("word\nhonesty\nlove\n")
    echoing = resolve(
        ModelSettings(id="echo", base_url="http://stub/v1", training="pretrained", echo=True, structured="none")
    )
    asked = ElicitationSettings(prompts=PROMPTS[:1], samples=3, modes=["open", "closed", "logprob"], vocabulary="v.csv")
    who = RespondentSettings(temperature=[0.5, 1.0], top_p=[0.9])
    found = plan([CHAT, echoing], who, asked, seed=1, folder=tmp_path)
    kinds = Counter((i.respondent.model.id, i.elicitation, i.baseline) for i in found)
    # Open and closed: 2 temperatures x 3 samples. Log-probability: one frame and its neutral one, nothing is sampled.
    assert kinds == {
        ("chatty", "open", False): 6,
        ("chatty", "closed", False): 6,
        ("echo", "open", False): 6,
        ("echo", "logprob", True): 1,
        ("echo", "logprob", False): 1,
    }
    frame = found[-1]
    assert frame.request.extra["score"] == {"words": ["honesty", "love"], "lead": " ", "cases": ["lower", "title"]}
    assert frame.request.seed is None and frame.request.temperature is None
    with pytest.raises(StudyFileError, match="no model offers logprob"):
        plan([CHAT], who, asked, seed=1, folder=tmp_path)
    with pytest.raises(StudyFileError, match="echo offers none of closed"):
        plan([CHAT, echoing], who, asked.model_copy(update={"modes": ["closed"]}), seed=1, folder=tmp_path)


def test_scores_have_the_neutral_frame_taken_out_and_are_divided_by_length(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("word\nhonesty\nlove\nself-care\n")
    echoing = resolve(ModelSettings(id="echo", base_url="http://stub/v1", training="pretrained", echo=True))
    asked = ElicitationSettings(prompts=PROMPTS[:1], samples=1, modes=["logprob"], vocabulary="v.csv")
    base, frame = plan([echoing], RespondentSettings(), asked, seed=1, folder=tmp_path)
    assert base.baseline and base.prompt.id == "neutral"

    def scored(*values: tuple[str, float, int]) -> Response:
        return Response(
            "", finish_reason="scored", logprobs=[{"word": w, "logprob": p, "n_tokens": n} for w, p, n in values]
        )

    neutral = {(base.respondent.id, 0, None): scored(("honesty", -9.0, 1), ("love", -4.0, 1), ("self-care", -12.0, 3))}
    answer = scored(("honesty", -5.0, 1), ("love", -3.0, 1), ("self-care", -6.0, 3))
    rows = score_rows(frame, answer, neutral)
    assert [(r["word"], r["score"], r["rank"]) for r in rows] == [
        ("honesty", 4.0, 1),
        ("self-care", 2.0, 2),
        ("love", 1.0, 3),
    ]
    assert named(rows, 2) == "honesty, self-care"


# ---- when to stop ----


class EngineOfFewWords:
    """Answers from a list of words by seed; no model is behind it."""

    words = ("honesty", "love", "justice", "courage", "loyalty", "kindness")

    def __init__(self) -> None:
        self.asked: list[Request] = []

    async def complete(self, request: Request) -> Response:
        self.asked.append(request)
        return Response(", ".join(np.random.default_rng(request.seed).choice(self.words, 3, replace=False)))

    async def close(self) -> None: ...


@dataclass
class Found:
    estimate: float
    low: float


class CounterOfRounds:
    """Says that a model is complete after so many answers."""

    def __init__(self, enough: dict[str | None, int]) -> None:
        self.enough, self.seen = enough, Counter()

    def add(self, model_id: str, text: str, status_reason: str | None, language: str) -> None:
        self.seen.update([model_id, None])

    def coverage(self, model_id: str | None) -> Found:
        return Found(1.0 if self.seen[model_id] >= self.enough[model_id] else 0.0, 0.0)


def stopped(tmp_path: Path, rule: dict, enough: dict[str | None, int], name: str = "calls.jsonl"):
    engines = {"chatty": EngineOfFewWords(), "base": EngineOfFewWords()}
    said: list[str] = []
    caller = Caller(Ledger(tmp_path / name), engines=engines, tell=said.append)
    settings = ElicitationSettings(prompts=PROMPTS, samples=5, stop_when=rule)
    who = RespondentSettings(temperature=[0.5, 1.0], top_p=[0.9])
    made = run([CHAT, BASE], who, settings, seed=1, caller=caller, folder=HERE, counter=lambda: CounterOfRounds(enough))
    return made["responses"], engines, said


def test_each_model_stops_after_the_round_in_which_it_is_complete(tmp_path: Path) -> None:
    table, engines, said = stopped(tmp_path, {"coverage": 0.9}, {"chatty": 9, "base": 25})
    # A round is 2 respondents x 4 prompts: 9 answers are there after the second, 25 after the fourth.
    assert table["model_id"].value_counts().to_dict() == {"base": 32, "chatty": 16}
    assert len(engines["chatty"].asked) == 16
    assert table.groupby(["model_id", "sample_index"]).size().unique().tolist() == [8], "rounds stay whole"
    assert [line.split(":")[0] for line in said] == ["chatty", "base"]


def test_the_rule_can_count_all_models_together_or_ask_for_a_least_number(tmp_path: Path) -> None:
    table, _, _ = stopped(tmp_path, {"coverage": 0.9, "by": "all"}, {None: 17})
    assert len(table) == 32
    table, _, _ = stopped(tmp_path, {"coverage": 0.9, "min_samples": 3}, {"chatty": 1, "base": 1}, "b.jsonl")
    assert len(table) == 48
    table, _, _ = stopped(tmp_path, {"coverage": 0.9, "bound": "lower"}, {"chatty": 1, "base": 1}, "c.jsonl")
    assert len(table) == 80, "the lower bound of this counter never reaches the rule: all samples are drawn"


def test_a_stopped_run_that_is_resumed_stops_in_the_same_place(tmp_path: Path) -> None:
    first, _, _ = stopped(tmp_path, {"coverage": 0.9}, {"chatty": 9, "base": 25})
    again, engines, _ = stopped(tmp_path, {"coverage": 0.9}, {"chatty": 9, "base": 25})
    assert not engines["chatty"].asked and not engines["base"].asked
    pd.testing.assert_frame_equal(first.drop(columns="latency_s"), again.drop(columns="latency_s"))


def test_no_rule_no_stop() -> None:
    assert StopRule().coverage is None
    with pytest.raises(ValidationError):
        StopRule(coverage=1.0)


# ---- quality ----


def test_quality_counts_every_label_that_occurs_anywhere() -> None:
    table = pd.DataFrame(
        {
            "model_id": ["a"] * 6 + ["b"] * 4,
            "elicitation": "open",
            "respondent_id": ["a/1"] * 3 + ["a/2"] * 3 + ["b/1"] * 4,
            "labels": [
                "refusal",
                "refusal",
                "refusal",
                None,
                "truncation|disclaimer",
                None,
                None,
                None,
                "truncation",
                None,
            ],
        }
    )
    found = quality_table(table).set_index(["model_id", "label"])
    assert found["k"].to_dict() == {
        ("a", "refusal"): 3,
        ("a", "disclaimer"): 1,
        ("a", "truncation"): 1,
        ("b", "refusal"): 0,
        ("b", "disclaimer"): 0,
        ("b", "truncation"): 1,
    }
    # All refusals come from one of two respondents: the six answers are worth two.
    assert found.loc[("a", "refusal"), "n_effective"] == pytest.approx(1.5, abs=0.6)
    assert found.loc[("b", "refusal"), "ci_low"] == 0.0
    # Wilson's interval for 0 of 4 (statsmodels.stats.proportion.proportion_confint).
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(0, 4, method="wilson")
    assert (found.loc[("b", "refusal"), "ci_low"], found.loc[("b", "refusal"), "ci_high"]) == pytest.approx((low, high))


def test_answers_that_do_not_cluster_keep_their_number() -> None:
    rng = np.random.default_rng(0)
    hits, who = rng.random(4000) < 0.3, np.repeat(np.arange(400), 10)
    assert effective_n(hits, who) > 3400
    assert effective_n(np.repeat(rng.random(400) < 0.3, 10), who) == pytest.approx(400, rel=0.02)
    assert effective_n(np.zeros(5, dtype=bool), np.arange(5)) == 5
