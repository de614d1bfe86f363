"""The sections `respondents:` and `elicitation:` of the study file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


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


class Prompt(BaseModel):
    """One prompt in one frame."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    frame: Literal["chat", "completion", "any"] = "any"
    """chat: sent as a message; completion: a text to continue; any: used for both kinds of model."""
    wording: str | None = None
    """What varies from prompt to prompt."""

    @field_validator("text")
    @classmethod
    def _not_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("must not be blank")
        return text


class ElicitationSettings(BaseModel):
    """How the values are asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompts: str | list[Prompt] = "default"
    """Name of a set in instruments/prompts/, a YAML file relative to the study file, or a list of {id, text, frame}."""
    samples: int = Field(default=2, ge=1)
    """Answers per respondent and prompt."""
    max_tokens: int = Field(default=80, ge=1)
    """Longest answer, in tokens."""
    concurrency: int = Field(default=32, ge=1)
    """Calls in flight; models are asked one after another."""
    modes: Annotated[list[Literal["open", "closed"]], Field(min_length=1)] = ["open"]
    """open: free answers (the paper's); closed: only words of a declared vocabulary, held to it by grammar or JSON schema."""
    vocabulary: str = "values"
    """Closed mode: a lexicon in instruments/lexicon/ or a CSV file with a column `word`."""
    words_per_answer: int = Field(default=10, ge=1, le=50)
    """Closed mode: how many words an answer holds."""
    stop_when: dict[str, Any] = {}
    """Reserved for a stopping rule; only the empty rule is known to this version."""

    @field_validator("prompts")
    @classmethod
    def _some_prompts(cls, prompts: str | list[Prompt]) -> str | list[Prompt]:
        if not prompts:
            raise ValueError("no prompts: name a set, a file, or list at least one {id, text}")
        return prompts

    @field_validator("stop_when")
    @classmethod
    def _no_rule_yet(cls, rule: dict[str, Any]) -> dict[str, Any]:
        if rule:
            raise ValueError(f"the stopping rule {', '.join(rule)} is not known to this version; leave it empty")
        return rule
