"""The sections `respondents:` and `elicitation:` of the study file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Language = Annotated[str, Field(pattern="^[a-z]{2,3}$")]
"""ISO 639 code: en, de, zh."""

Asking = Literal["open", "closed", "logprob"]


class Persona(BaseModel):
    """A persona or context frame: who is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    """The system message of a chat model."""
    completion: str | None = None
    """What a pretrained model's text begins with; default: text."""


class RespondentSettings(BaseModel):
    """A respondent is a configuration: every model is crossed with these settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: Annotated[list[Annotated[float, Field(ge=0, le=2)] | None], Field(min_length=1)] = [0.5, 0.7, 1.0]
    """Sampling temperatures; `null` sends none, for endpoints that refuse the parameter.
    The paper names .5 and .7 among its own; the full grid was not published."""
    top_p: Annotated[list[Annotated[float, Field(gt=0, le=1)] | None], Field(min_length=1)] = [0.7, 0.95]
    """Nucleus sampling masses; `null` sends none. The paper names .7 and .95 among its own."""
    personas: list[Persona | str | None] = []
    """Personas or context frames; an empty list asks without one, and `null` in the list keeps that neutral respondent."""
    languages: Annotated[list[Language], Field(min_length=1)] = ["en"]
    """Languages to ask in; each needs prompts with that `language`. The value lexicon of valuelex is English: for another
    language give `lexicon.values` a file of your own."""
    total: int | None = Field(default=None, ge=1)
    """Fractional crossing: so many respondents in all, with equal numbers of settings per model and of models per setting (they
    differ by at most one). Default: every model with every setting."""

    @field_validator("personas")
    @classmethod
    def _some_text(cls, personas: list[Persona | str | None]) -> list[Persona | str | None]:
        if any(isinstance(p, str) and not p.strip() for p in personas):
            raise ValueError("a persona without text; write null for the respondent without a persona")
        return personas


class Prompt(BaseModel):
    """One prompt in one frame."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    frame: Literal["chat", "completion", "any"] = "any"
    """chat: sent as a message; completion: a text to continue; any: used for both kinds of model."""
    wording: str | None = None
    """What varies from prompt to prompt."""
    language: Language = "en"
    """Language of the text."""
    reordered: str | None = None
    """The same wording with its parts in another order, asked where `elicitation.orders` is 2 or more."""

    @field_validator("text", "reordered")
    @classmethod
    def _not_blank(cls, text: str | None) -> str | None:
        if text is not None and not text.strip():
            raise ValueError("must not be blank")
        return text


class ExampleSet(BaseModel):
    """What a few-shot frame shows before the prompt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    topic: str = Field(min_length=1)
    """What the examples are examples of; fills {topic} of the frame."""
    items: Annotated[list[str], Field(min_length=1)]
    """The examples, single words."""


class StopRule(BaseModel):
    """When further answers bring nothing: sampling then ends before `samples` is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    coverage: float | None = Field(default=None, gt=0, lt=1)
    """Good-Turing sample coverage to reach: the share of further value words that would be known ones. Null: no rule."""
    bound: Literal["estimate", "lower"] = "estimate"
    """Whether the estimate or the lower end of its 95 % interval has to reach it."""
    by: Literal["model", "all"] = "model"
    """Whether each model stops for itself, or all stop when the common lexicon is complete."""
    min_samples: int = Field(default=1, ge=1)
    """Samples that are drawn in any case."""


class ElicitationSettings(BaseModel):
    """How the values are asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompts: str | list[Prompt] = "default"
    """Name of a set in instruments/prompts/, a YAML file relative to the study file, or a list of {id, text, frame}."""
    prompts_per_respondent: int | None = Field(default=None, ge=1)
    """Fractional crossing: so many of the prompts for each respondent, every prompt equally often in a model. Default: all."""
    samples: int = Field(default=2, ge=1)
    """Answers per respondent and prompt; with `stop_when` the most there can be."""
    max_tokens: int = Field(default=80, ge=1)
    """Longest answer, in tokens."""
    concurrency: int = Field(default=32, ge=1)
    """Calls in flight per endpoint; endpoints are asked at the same time."""
    modes: Annotated[list[Asking], Field(min_length=1)] = ["open"]
    """open: free answers (the paper's); closed: only words of a declared vocabulary, held to it by grammar or JSON schema;
    logprob: every word of the vocabulary scored under every frame, none sampled. A model is asked in the modes it offers."""
    vocabulary: str = "values"
    """Closed and log-probability mode: a lexicon in instruments/lexicon/ or a CSV file with a column `word`."""
    words_per_answer: int = Field(default=10, ge=1, le=50)
    """Closed mode: how many words an answer holds. Log-probability mode: how many of the best words count as named."""
    cases: Annotated[list[Literal["lower", "title"]], Field(min_length=1)] = ["lower", "title"]
    """Log-probability mode: how a word may be written (honesty, Honesty); the probabilities of the cases are added."""
    orders: int = Field(default=1, ge=1, le=8)
    """Orders in which a prompt is put, a factor of the design: 1 as written; 2 also with its parts reordered (where the prompt
    says how) and the examples turned round; more turn the examples further."""
    few_shot: str | list[ExampleSet] | None = None
    """Examples before the prompts of pretrained models: a name in instruments/examples/, a YAML file, or a list of
    {id, topic, items}. Their effect on the answers is estimated and reported."""
    few_shot_design: Literal["rotate", "cross"] = "rotate"
    """rotate: each call shows one set, sets in turn over respondents, prompts and samples; cross: every cell with every set."""
    few_shot_frame: str = "{topic} (one word each): {items}"
    """How a set is written; the prompt follows on the next line."""
    stop_when: StopRule = StopRule()
    """Stopping rule, looked at after every sample of the whole design: {coverage: 0.98}. Empty: all samples are drawn."""

    @field_validator("prompts")
    @classmethod
    def _some_prompts(cls, prompts: str | list[Prompt]) -> str | list[Prompt]:
        if not prompts:
            raise ValueError("no prompts: name a set, a file, or list at least one {id, text}")
        return prompts

    @field_validator("stop_when")
    @classmethod
    def _looked_at(cls, rule: StopRule, info: ValidationInfo) -> StopRule:
        samples = info.data.get("samples", rule.min_samples)
        if rule.coverage is not None and rule.min_samples > samples:
            raise ValueError(
                f"min_samples is {rule.min_samples} and samples {samples}: the rule would never be looked at"
            )
        return rule

    @field_validator("few_shot_frame")
    @classmethod
    def _places(cls, frame: str) -> str:
        if "{items}" not in frame:
            raise ValueError("must hold {items}")
        return frame
