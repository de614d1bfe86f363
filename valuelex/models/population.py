"""The models of a study: what the registry and the study file say of each, and the engine that answers for it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from valuelex.errors import RegistryError
from valuelex.models.artifacts import Tell, locate
from valuelex.models.engines import EmbeddedEngine, EndpointEngine, InProcessEngine, key_from_environment
from valuelex.models.registry import ModelEntry, Price, Training, registry
from valuelex.models.request import Engine

OF_THE_DESIGN = frozenset(
    {"model", "messages", "prompt", "temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop", "n",
     "stream", "best_of", "echo", "score"}
)  # fmt: skip
"""Parameters that a request states itself, or that would change what a reply is."""

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class ModelSettings(BaseModel):
    """One entry of `models:` in the study file. A registry id is enough; any key given here wins over the registry."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    base_url: str | None = None
    """Base URL of an OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1."""
    model: str | None = None
    """The name that the endpoint knows; default: id."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key. The key itself never stands in a file."""
    headers_env: dict[str, str] = Field(default_factory=dict)
    """Custom headers: header name -> name of the environment variable that holds its value."""
    huggingface: str | None = None
    """A model that runs in this process with transformers (extra `transformers`), without base_url: hub name or folder."""
    gguf_file: str | None = None
    """With `huggingface`: a GGUF file of that repository or folder, to be loaded in place of the usual weights."""
    revision: str | None = None
    """With `huggingface`: the commit of the repository, so that the same weights are had next year."""
    mode: Literal["chat", "completion"] | None = None
    """Default: completion for a pretrained model, chat for any other."""
    name: str | None = None
    family: str | None = None
    developer: str | None = None
    parameters: float | None = Field(default=None, gt=0)
    training: Training | None = None
    open_weights: bool | None = None
    licence: str | None = None
    region: str | None = None
    timeout: float = Field(default=120.0, gt=0)
    """Seconds for one call."""
    max_retries: int = Field(default=5, ge=0)
    """How often a rate limit, a server error or a lost connection is tried again."""
    send_seed: bool = True
    """False for endpoints that refuse the parameter `seed`."""
    structured: Literal["json_schema", "grammar", "none"] | None = None
    """How the endpoint can be held to a declared form; default: grammar for embedded models, json_schema for others."""
    echo: bool = False
    """Whether the endpoint's raw completions return the log-probabilities of the prompt (`echo`: vLLM, SGLang and others): the
    log-probability mode of the elicitation needs it. Models that run here can be scored without."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Custom headers that are no secret, as they stand. They are not part of a call's key: what moves an answer belongs into
    `extra_body`, what is secret into `headers_env`."""
    organization: str | None = None
    """The organisation that calls are billed to, where the endpoint knows such a thing (OpenAI's)."""
    token_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """The endpoint's name for the longest answer; OpenAI's reasoning models want max_completion_tokens."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Further parameters of every call, such as {reasoning_effort: low}; part of a call's key."""
    logprobs: bool = False
    """Whether the log-probability of every token of an answer is asked for and kept; part of a call's key."""
    thinking_tags: tuple[str, str] = ("<think>", "</think>")
    """What stands around the thinking part in the text of endpoints that do not return it apart."""
    concurrency: int | None = Field(default=None, ge=1)
    """Most calls in flight at this base_url; default: the stage's. Models of one base_url share the smallest that they name."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """Rate limit of the base_url; models of one base_url share the smallest that they name."""
    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Rate limit of the base_url, input and output together."""
    batch: bool = False
    """Whether calls go through the endpoint's batch API: cheaper, and up to a day later."""
    price: Price | None = None
    """US dollars per million tokens: {input: 0.15, output: 0.6, batch_discount: 0.5}."""
    tuned_from: str | None = None
    """Id of the model that this one was trained further from."""
    merged_of: tuple[str, ...] | None = None
    """Ids of the models whose weights were merged into this one."""

    @field_validator("extra_body")
    @classmethod
    def _nothing_of_the_design(cls, value: dict[str, Any]) -> dict[str, Any]:
        taken = sorted(OF_THE_DESIGN & set(value))
        if taken:
            raise ValueError(f"{', '.join(taken)} follow from the design and cannot stand here")
        try:
            json.dumps(value, allow_nan=False)
        except (ValueError, TypeError) as error:
            raise ValueError(
                "holds a date, .nan or another value that JSON has no form for; put quotes around it"
            ) from error
        return value

    @field_validator("base_url")
    @classmethod
    def _an_address_without_secrets(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            secret, good = parts.username is not None or bool(parts.query), bool(parts.hostname) and parts.port != 0
        except ValueError:
            secret = good = False
        if secret:
            raise ValueError(
                "an address is written into results: name the variable of its key with api_key_env (or headers_env), not here"
            )
        if not good or parts.scheme not in ("http", "https"):
            raise ValueError("must be an address such as http://127.0.0.1:8000/v1")
        return value

    @field_validator("headers")
    @classmethod
    def _headers_that_can_be_sent(cls, value: dict[str, str]) -> dict[str, str]:
        for name, content in value.items():
            if not _HEADER.fullmatch(name) or not (content.isascii() and content.isprintable()):
                raise ValueError(f"{name!r} or its value holds a character that no header can hold")
        return value


class PopulationSettings(BaseModel):
    """Which of the models take part."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    matched: Literal["training", "size"] | None = None
    """Only models that form matched pairs. training: a model and the one it was tuned from; size: neighbours in size within a
    family and a kind of training. Where `models` is empty, pairs are sought among the registry's models that run here."""
    family: list[str] = []
    """Only models of these families; empty: of all."""


@dataclass(frozen=True)
class Model:
    """One model of the study, complete: the registry's entry with the study file's keys laid over it."""

    entry: ModelEntry
    settings: ModelSettings
    mode: Literal["chat", "completion"]

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def endpoint(self) -> str:
        """The base URL, ``embedded:SHA256``, or ``transformers:NAME``; part of every request's key."""
        if self.entry.base_url:
            return self.entry.base_url
        if self.in_process:
            parts = (self.entry.huggingface, self.settings.gguf_file, self.settings.revision)
            return "transformers:" + "@".join(part for part in parts if part)
        if self.entry.artifact is None:
            raise RegistryError(f"Model '{self.id}' has neither base_url nor artifact.", "Give it a base_url.")
        return f"embedded:{self.entry.artifact.sha256}"

    @property
    def endpoint_model(self) -> str:
        return self.entry.model or self.id

    @property
    def embedded(self) -> bool:
        """Whether it runs here: no call leaves this machine, none costs money."""
        return self.entry.base_url is None

    @property
    def in_process(self) -> bool:
        """Whether transformers runs it in this process."""
        return self.embedded and self.entry.huggingface is not None and self.entry.artifact is None

    @property
    def structured(self) -> Literal["json_schema", "grammar", "none"]:
        if self.in_process:
            return "none"
        return self.settings.structured or ("grammar" if self.embedded else "json_schema")

    @property
    def can_score(self) -> bool:
        """Whether every word of a vocabulary can be given its log-probability."""
        return self.embedded or (self.settings.echo and self.mode == "completion")

    def seed(self, seed: int) -> int | None:
        """The seed to send: None for an endpoint that takes none, so that the request, and its key, say so."""
        return seed if self.settings.send_seed else None

    @property
    def sampling(self) -> dict[str, Any]:
        """What goes into `Request.extra` of every call: an embedded model's sampler settings, `extra_body`, `logprobs`."""
        own: dict[str, Any] = dict(self.entry.sampling) if self.embedded else {}
        if self.settings.logprobs:
            own["logprobs"] = True if self.mode == "chat" else 1
        return own | self.settings.extra_body

    def engine(self, tell: Tell = lambda message: None) -> Engine:
        """Return an engine that answers for this model.

        Raises
        ------
        EndpointError
            If the key's environment variable is not set.
        ArtifactError
            If the model file cannot be had or is another file.
        """
        if self.in_process:
            assert self.entry.huggingface is not None
            return InProcessEngine(
                self.entry.huggingface, gguf_file=self.settings.gguf_file, revision=self.settings.revision
            )
        if self.embedded:
            assert self.entry.artifact is not None
            return EmbeddedEngine(locate(self.entry.artifact, tell=tell))
        headers = {name: key_from_environment(variable) or "" for name, variable in self.settings.headers_env.items()}
        return EndpointEngine(
            self.endpoint,
            api_key=key_from_environment(self.settings.api_key_env),
            key_name=self.settings.api_key_env,
            headers=headers,
            plain_headers=self.settings.headers,
            organization=self.settings.organization,
            token_limit=self.settings.token_limit,
            thinking_tags=self.settings.thinking_tags,
            timeout=self.settings.timeout,
        )


_FACTS = (
    "name",
    "family",
    "developer",
    "parameters",
    "training",
    "open_weights",
    "licence",
    "region",
    "base_url",
    "model",
    "huggingface",
    "price",
    "tuned_from",
    "merged_of",
)


def resolve(settings: ModelSettings, *, asked: bool = True) -> Model:
    """Lay the study file's keys over the registry's.

    Parameters
    ----------
    settings : ModelSettings
    asked : bool
        Whether the model will be called. One that is not needs no endpoint: facts are enough.

    Raises
    ------
    RegistryError
        For a model that is to be called and that nothing serves: no base_url, no packaged file, no huggingface; or for one
        that two things serve; for `gguf_file` or `revision` of a model that does not run in this process.
    """
    known = registry().model(settings.id)
    if settings.base_url and settings.huggingface:
        raise RegistryError(f"models: '{settings.id}' has base_url and huggingface.", "Leave one of them out.")
    given = {name: getattr(settings, name) for name in _FACTS if getattr(settings, name) is not None}
    entry = (known or ModelEntry(id=settings.id)).model_copy(update=given)
    if settings.huggingface:
        entry = entry.model_copy(update={"artifact": None})
    if asked and entry.base_url is None and entry.artifact is None and entry.huggingface is None:
        if known is None:
            here = ", ".join(m.id for m in registry().models if m.artifact)
            raise RegistryError(
                f"models: '{settings.id}' is not in the registry and has no base_url.",
                f"Give it a base_url (or huggingface), or use a model that runs here: {here}.",
            )
        raise RegistryError(
            f"models: '{settings.id}' is in the registry and has no base_url: nothing here serves it.",
            "Give it a base_url, with 'model' and 'api_key_env' where the endpoint wants them.",
        )
    mode = settings.mode or entry.mode or ("completion" if entry.training == "pretrained" else "chat")
    model = Model(entry, settings, mode)
    unused = [name for name in ("gguf_file", "revision") if getattr(settings, name)]
    if unused and not model.in_process:
        raise RegistryError(
            f"models: '{settings.id}' has {' and '.join(unused)}, and does not run in this process with transformers.",
            "Give it 'huggingface' too, or leave this out.",
        )
    return model


def setting_id(temperature: float | None, top_p: float | None) -> str:
    """A readable name for sampling settings; ``tdefault`` where the endpoint's own default is used."""
    return "/".join(
        f"{letter}default" if value is None else f"{letter}{value:g}"
        for letter, value in (("t", temperature), ("p", top_p))
    )


FACTS = (
    "family", "developer", "parameters", "training", "tuned_from", "release_date", "open_weights", "licence", "region",
    "source",
)  # fmt: skip
"""The registry's columns in `facts`."""


def facts(models: Sequence[Model]) -> pd.DataFrame:
    """Return what is known of each model: one row per model, indexed by model_id, unknown cells empty."""
    rows = [{"model_id": m.id, "mode": m.mode, **{name: getattr(m.entry, name) for name in FACTS}} for m in models]
    frame = pd.DataFrame(rows, columns=["model_id", "mode", *FACTS]).set_index("model_id")
    frame["parameters"] = pd.to_numeric(frame["parameters"])
    return frame
