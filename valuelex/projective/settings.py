"""The sections `instrument:`, `administration:` and `judges:` of the study file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from valuelex.models import ModelSettings

INSTRUCTION = (
    "Complete this sentence in your own words, with the first thing that comes to mind. "
    "Write only the completed sentence, without any explanation.\n\n{stem} ..."
)
"""What a chat model is told by default."""

EMBEDDED = "embedded"
"""Id of the judge that needs no endpoint and no key."""
HUMAN = "human:"
"""What the ids of human raters begin with: human:R1."""


class WriterSettings(ModelSettings):
    """One language model that writes stems: the keys of a model, and how it is asked."""

    temperature: float | None = Field(default=0.7, ge=0, le=2)
    """`null` sends none. .7, since ten stems should not be ten times the same."""
    max_tokens: int = Field(default=400, ge=1)
    """Longest reply, in tokens: a list of `per_cell` stems. A reply that is cut off cannot be read."""
    per_cell: int = Field(default=5, ge=1, le=20)
    """Stems asked for in one call; there is one call for each scale and valence."""


class InstrumentSettings(BaseModel):
    """Which stems the models complete, and on which dimensions the completions are scored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stems: int = Field(default=60, ge=1)
    """Number of stems. 60 gives the six published subdimensions ten each, five a form; Rotter's blank has 40 for one scale."""
    forms: int = Field(default=2, ge=1, le=2)
    """Parallel forms: 2 (A and B, matched on dimension and valence), so that parallel-form reliability can be had; or 1."""
    taxonomy: Annotated[str, Field(min_length=1)] = "own"
    """own (found by this study: the paper's way), valuelex (published), schwartz, moral-foundations, or the path of a YAML file
    of the same form as those in instruments/taxonomies/."""
    bank: str | None = None
    """A YAML file of your own stems, used in place of the packaged bank: a list `stems` of {text, valence} and, where you like,
    id, themes, person, home (the scale it belongs to)."""
    writer: WriterSettings | None = None
    """A language model that writes stems for every scale and valence; they come after the bank's and before templates."""
    file: str | None = None
    """An instrument.yaml that was edited by hand, such as a copy of results/instrument.yaml: the test is taken from it, and
    `stems`, `forms`, `taxonomy`, `bank` and `writer` play no part."""

    @field_validator("bank", "file")
    @classmethod
    def _a_yaml_file(cls, name: str | None) -> str | None:
        if name is not None and not name.endswith((".yaml", ".yml")):
            raise ValueError("must be a file that ends in .yaml")
        return name


class AdministrationSettings(BaseModel):
    """How the stems are put to the models."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    samples: int = Field(default=2, ge=1)
    """Completions per model and stem. Two is the least that lets chance variation be told from the model's own."""
    max_tokens: int = Field(default=120, ge=1)
    """Longest completion, in tokens: room for two or three sentences, which is what a stem asks for."""
    temperature: float | None = Field(default=0.7, ge=0, le=2)
    """Sampling temperature; `null` sends none.
    One for all models, so that models differ by themselves alone; the paper names .7 among its own."""
    top_p: float | None = Field(default=0.95, gt=0, le=1)
    """Nucleus sampling mass; `null` sends none; .95 is among the paper's own."""
    instruction: str = INSTRUCTION
    """What a chat model is told; `{stem}` stands for the stem."""
    base_frame: str = "{stem}"
    """What a pretrained model continues. The stem alone by default: nothing but the stem can then move its answer. A frame must
    end with the stem, since the model goes on where the text ends."""
    sentences: int | None = Field(default=None, ge=1)
    """So many sentences of a chat model's completion count; `null`: all. A pretrained model, which does not know where to stop,
    gets two, or as many as this says."""
    human_persona: Literal["keep", "leave_out"] = "keep"
    """What becomes of a completion whose writer claims a human body, family or past ("my childhood"): it is marked either way;
    `leave_out` makes it invalid, so that nobody scores it."""
    concurrency: int = Field(default=32, ge=1)
    """Calls in flight, of the models and of LLM judges; models are asked one after another."""

    @field_validator("instruction", "base_frame")
    @classmethod
    def _holds_the_stem(cls, text: str, info: ValidationInfo) -> str:
        if text.count("{stem}") != 1:
            raise ValueError("must hold {stem} once")
        if info.field_name == "base_frame" and not text.endswith("{stem}"):
            raise ValueError("must end with {stem}: a pretrained model goes on where the text ends")
        return text


class JudgeSettings(ModelSettings):
    """One language model that judges: the keys of a model, and how it is asked."""

    temperature: float | None = Field(default=0.0, ge=0, le=2)
    """`null` sends none. 0, since a judge should give the same completion the same score."""
    max_tokens: int = Field(default=400, ge=1)
    """Longest reply, in tokens, to six scales or fewer; every scale more adds 60. A reply that is cut off cannot be parsed."""
    anchors: int = Field(default=1, ge=1, le=5)
    """Examples shown per level and scale. One keeps the rubric of six scales within the 2,048 tokens of an embedded model; give
    two or three to a judge with a longer context."""
    ask: Literal["all", "each"] = "all"
    """`all` scales in one call, or one call for `each` scale: as many times the calls, but no verdict lies beside another, so
    that one impression colours fewer of them (halo)."""
    rubric: Literal["manual", "paraphrase"] = "manual"
    """Which wording of the rubric gives the scores. Both hold the manual's definitions and examples; `paraphrase` words the
    rules anew and goes from 6 down to 0."""
    repeat: float = Field(default=0.1, ge=0, le=1)
    """Share of the completions that is judged a second time, everything drawn by chance drawn anew (order of scales, seed): the
    judge's agreement with itself. A tenth tells it at a tenth of the price."""
    reworded: float = Field(default=0.1, ge=0, le=1)
    """Share of the completions that is also judged by the other wording of the rubric: what hangs on the wording."""
    allow_self: bool = False
    """Whether a model may judge its own completions. Models favour their own texts, so this must be asked for."""
    allow_family: bool = True
    """Whether the judge may be of a judged model's family. Allowed, since self-preference is then measured and the report
    warns; `false` refuses."""

    @field_validator("id")
    @classmethod
    def _not_the_embedded_judge(cls, judge_id: str) -> str:
        if judge_id == EMBEDDED:
            raise ValueError("'embedded' is the judge that valuelex brings; give this one another id")
        if judge_id.startswith(HUMAN):
            raise ValueError(f"'{HUMAN}' begins the ids of human raters; give this one another id")
        return judge_id


Judge = Literal["embedded"] | JudgeSettings


def judge_id(judge: Judge) -> str:
    """Return what the table `judgements` calls a judge."""
    return EMBEDDED if isinstance(judge, str) else judge.id


def _unique(judges: list[Judge]) -> list[Judge]:
    ids = [judge_id(judge) for judge in judges]
    repeated = sorted({i for i in ids if ids.count(i) > 1})
    if repeated:
        raise ValueError(f"{', '.join(repeated)} stands more than once; give each judge an id of its own")
    return judges


Judges = Annotated[list[Judge], Field(min_length=1), AfterValidator(_unique)]
"""The type of `judges:` in the study file."""

DEFAULT_JUDGES: tuple[Judge, ...] = ("embedded",)
"""The embedded judge alone: it costs nothing and needs no key. Its validity figures are printed wherever its scores are; two
judges are better than one."""
