import pytest
from pydantic import BaseModel, ValidationError

from valuelex.projective import DEFAULT_JUDGES, AdministrationSettings, InstrumentSettings, Judges, JudgeSettings
from valuelex.projective.settings import judge_id


class Section(BaseModel):
    judges: Judges = list(DEFAULT_JUDGES)


def test_defaults_are_those_of_the_study_file():
    own = {"stems": 60, "forms": 2, "taxonomy": "own"}
    assert InstrumentSettings().model_dump() == own | dict.fromkeys(("bank", "writer", "file"))
    asked = AdministrationSettings().model_dump()
    assert asked.pop("instruction").endswith("{stem} ...")
    assert asked == {
        "base_frame": "{stem}",
        "sentences": None,
        "human_persona": "keep",
        "samples": 2,
        "max_tokens": 120,
        "temperature": 0.7,
        "top_p": 0.95,
        "concurrency": 32,
    }
    assert Section().judges == ["embedded"]


@pytest.mark.parametrize("bad", [{"stems": 0}, {"forms": 3}, {"forms": 0}, {"taxonomy": ""}, {"stem": 60}])
def test_instrument_settings_refuse(bad):
    with pytest.raises(ValidationError):
        InstrumentSettings(**bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"samples": 0},
        {"temperature": -1},
        {"top_p": 0},
        {"max_tokens": 0},
        {"unknown": 1},
        {"instruction": "Go on."},
        {"base_frame": "{stem} and so on"},
        {"base_frame": "{stem} {stem}"},
        {"sentences": 0},
        {"human_persona": "hide"},
    ],
)
def test_administration_settings_refuse(bad):
    with pytest.raises(ValidationError):
        AdministrationSettings(**bad)


def test_a_judge_takes_the_keys_of_a_model_and_its_own():
    judge = Section(judges=[{"id": "j", "base_url": "http://x/v1", "model": "m", "api_key_env": "K"}]).judges[0]
    assert isinstance(judge, JudgeSettings)
    assert (judge.model, judge.temperature, judge.max_tokens, judge.allow_self) == ("m", 0.0, 400, False)


def test_judges_must_be_there_and_differ():
    for bad in (
        [],
        ["embedded", "embedded"],
        [{"id": "j"}, {"id": "j"}],
        [{"id": "embedded"}],
        ["other"],
        [{"id": "j", "x": 1}],
    ):
        with pytest.raises(ValidationError):
            Section(judges=bad)


def test_judge_ids():
    assert [judge_id(j) for j in Section(judges=["embedded", {"id": "j"}]).judges] == ["embedded", "j"]


@pytest.mark.parametrize("section", [InstrumentSettings, AdministrationSettings, JudgeSettings])
def test_every_own_field_says_why(section):
    import ast
    import inspect
    import textwrap

    body = ast.parse(textwrap.dedent(inspect.getsource(section))).body[0].body
    for field, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign):
            documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            assert documented, f"{section.__name__}.{field.target.id} has no docstring"
