"""Respondents, prompts in their frames, and the plan of calls."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from valuelex.elicitation import (
    ElicitationSettings,
    Persona,
    Prompt,
    RespondentSettings,
    load_prompts,
    plan,
    respondents,
    run,
)
from valuelex.errors import BadInput, StudyFileError
from valuelex.models import Caller, Ledger, ModelSettings, Request, Response, resolve

CHAT = resolve(ModelSettings(id="chatty", base_url="http://stub/v1"))
BASE = resolve(ModelSettings(id="base", base_url="http://stub/v1", training="pretrained"))
HERE = Path()


class ScriptedEngine:
    """Answers from a script by prompt; no model is behind it."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    async def complete(self, request: Request) -> Response:
        asked = request.prompt or request.messages[-1][1]
        return Response(self.texts[asked], n_tokens_in=1, n_tokens_out=2)

    async def close(self) -> None:
        pass


def test_respondents_are_crossed_models_outermost() -> None:
    who = respondents(
        [CHAT, BASE], RespondentSettings(temperature=[0.5, 1.0], top_p=[0.9], personas=[None, "You sail."])
    )
    assert [r.id for r in who[:4]] == [
        "chatty/t0.5/p0.9",
        "chatty/t1/p0.9",
        "chatty/t0.5/p0.9/you-sail",
        "chatty/t1/p0.9/you-sail",
    ]
    assert len({r.id for r in who}) == 8


def test_a_repeated_persona_is_refused() -> None:
    with pytest.raises(StudyFileError, match="nurse stands more than once"):
        respondents([CHAT], RespondentSettings(personas=[Persona(id="nurse", text="a"), Persona(id="nurse", text="b")]))


def test_the_default_set_has_15_prompts_in_both_frames_and_shows_no_value() -> None:
    prompts = load_prompts("default", HERE)
    ids = {p.id for p in prompts}
    assert len(ids) == 15
    for frame in ("chat", "completion"):
        assert {p.id for p in prompts if p.frame == frame} == ids
    text = " ".join(p.text.lower() for p in prompts)
    assert not {"honesty", "integrity", "respect", "love", "kindness"} & set(text.replace(",", " ").split())


def test_frames_follow_the_model() -> None:
    prompts = [
        Prompt(id="p1", frame="chat", text="Which values?"),
        Prompt(id="p1", frame="completion", text="Values: 1."),
        Prompt(id="p2", frame="chat", text="Name words."),
        Prompt(id="p3", text="For both:"),
    ]
    settings = ElicitationSettings(prompts=prompts, samples=1)
    who = RespondentSettings(
        temperature=[1.0], top_p=[1.0], personas=[Persona(id="n", text="You nurse.", completion="For nurses.")]
    )
    items = plan([CHAT, BASE], who, settings, seed=1, folder=HERE)
    chat, base = items[:3], items[3:]
    assert chat[0].request.messages == (("system", "You nurse."), ("user", "Which values?"))
    assert chat[0].request.stop == ()
    assert base[0].request.prompt == "For nurses. Values: 1."
    assert base[1].request.prompt == "For nurses. Question: Name words.\nAnswer (single words, separated by commas):"
    assert base[2].request.prompt == "For nurses. For both:"
    assert base[0].request.stop == ("\n",)


def test_seeds_belong_to_the_cell_not_to_the_order() -> None:
    settings = ElicitationSettings(samples=2)
    small = plan([CHAT], RespondentSettings(temperature=[0.5], top_p=[0.9]), settings, seed=7, folder=HERE)
    large = plan([BASE, CHAT], RespondentSettings(temperature=[1.0, 0.5], top_p=[0.9]), settings, seed=7, folder=HERE)
    seeds = {i.response_id: i.request.seed for i in large}
    assert all(seeds[i.response_id] == i.request.seed for i in small)
    assert len({i.request.seed for i in large}) == len(large)
    other = plan([CHAT], RespondentSettings(temperature=[0.5], top_p=[0.9]), settings, seed=8, folder=HERE)
    assert not {i.request.seed for i in small} & {i.request.seed for i in other}


def test_closed_mode_is_held_to_the_vocabulary() -> None:
    closed = ElicitationSettings(modes=["closed"], samples=1, words_per_answer=4)
    who = RespondentSettings(temperature=[1.0], top_p=[1.0])
    schema = plan([CHAT], who, closed, seed=1, folder=HERE)[0].request.extra["response_format"]
    values = schema["json_schema"]["schema"]["properties"]["values"]
    assert (values["minItems"], values["maxItems"]) == (4, 4)
    assert "honesty" in values["items"]["enum"]
    embedded = resolve(ModelSettings(id="gemma-3-270m"))
    grammar = plan([embedded], who, closed, seed=1, folder=HERE)[0].request.extra["grammar"]
    assert '"honesty"' in grammar
    assert "{3}" in grammar
    free = resolve(ModelSettings(id="c", base_url="http://stub/v1", structured="none"))
    with pytest.raises(StudyFileError, match="closed needs an endpoint"):
        plan([free], who, closed, seed=1, folder=HERE)


@pytest.mark.real_models
def test_a_real_model_keeps_to_the_vocabulary(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    (tmp_path / "v.csv").write_text("word\nhonesty\nlove\nwork-life balance\n")
    settings = ElicitationSettings(
        modes=["closed"],
        vocabulary="v.csv",
        samples=1,
        words_per_answer=3,
        max_tokens=30,
        prompts=[Prompt(id="p", text="Values:")],
    )
    model = resolve(ModelSettings(id="smollm2-135m-instruct"))
    who = RespondentSettings(temperature=[1.0], top_p=[1.0])
    made = run([model], who, settings, seed=1, caller=Caller(Ledger(tmp_path / "c.jsonl")), folder=tmp_path)
    words = made["responses"]["text"].iloc[0].strip().split(", ")
    assert len(words) == 3
    assert set(words) <= {"honesty", "love", "work-life balance"}


def test_refusals_and_empty_answers_are_rows(tmp_path: Path) -> None:
    prompts = [Prompt(id=f"p{i}", text=f"Which values {i}?") for i in range(3)]
    engine = ScriptedEngine(
        {
            "Which values 0?": "honesty, love",
            "Which values 1?": "I'm sorry, but I cannot answer that.",
            "Which values 2?": "",
        }
    )
    caller = Caller(Ledger(tmp_path / "calls.jsonl"), engines={"chatty": engine})
    who = RespondentSettings(temperature=[1.0], top_p=[1.0])
    made = run([CHAT], who, ElicitationSettings(prompts=prompts, samples=1), seed=1, caller=caller, folder=HERE)
    table = made["responses"]
    assert table["status"].tolist() == ["ok", "refused", "invalid"]
    assert table["text"].tolist()[1].startswith("I'm sorry")
    assert table["prompt_id"].tolist() == ["p0", "p1", "p2"]


@pytest.mark.parametrize(
    "bad",
    [
        {"prompts": []},
        {"prompts": ""},
        {"samples": 0},
        {"modes": []},
        {"stop_when": {"coverage": 1.5}},
        {"stop_when": {"chao": 5}},
        {"sample": 1},
    ],
)
def test_bad_settings_are_refused(bad: dict) -> None:
    with pytest.raises(ValidationError):
        ElicitationSettings(**bad)


def test_bad_prompt_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("prompts: []\n")
    with pytest.raises(StudyFileError, match="no prompts in empty.yaml"):
        load_prompts("empty.yaml", tmp_path)
    (tmp_path / "bad.yaml").write_text("prompts: [{id: p1, txt: hello}]\n")
    with pytest.raises(StudyFileError, match=r"bad\.yaml, prompt 1"):
        load_prompts("bad.yaml", tmp_path)
    (tmp_path / "twice.yaml").write_text("[{id: p1, text: a}, {id: p1, text: b}]\n")
    with pytest.raises(StudyFileError, match="p1 .* stands more than once"):
        load_prompts("twice.yaml", tmp_path)
    with pytest.raises(BadInput, match="there are: default"):
        load_prompts("nosuch", tmp_path)


def test_personas_in_any_script_and_of_any_length_have_ids_of_their_own() -> None:
    long = "You are a person who lives in a very small town by the sea "
    who = respondents(
        [CHAT],
        RespondentSettings(temperature=[1.0], top_p=[1.0], personas=["你是护士", "你是法官", long + "a", long + "b"]),
    )
    assert len({r.id for r in who}) == 4
    assert respondents([CHAT], RespondentSettings(temperature=[None], top_p=[None]))[0].id == "chatty/tdefault/pdefault"


def test_a_vocabulary_that_would_break_the_grammar_is_refused(tmp_path: Path) -> None:
    from valuelex.elicitation.closed import load_vocabulary

    (tmp_path / "v.csv").write_text('word\n"say ""hello"""\n')
    with pytest.raises(StudyFileError, match="quotation mark"):
        load_vocabulary("v.csv", tmp_path)
    (tmp_path / "e.csv").write_text("")
    with pytest.raises(BadInput, match="cannot be read"):
        load_vocabulary("e.csv", tmp_path)
