"""The models of a study: what the registry and the study file say of each, and the engine that answers for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from valuelex.errors import RegistryError
from valuelex.models.artifacts import Tell, locate
from valuelex.models.engines import EmbeddedEngine, EndpointEngine, key_from_environment
from valuelex.models.registry import ModelEntry, Training, registry
from valuelex.models.request import Engine


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
        """The base URL, or ``embedded:SHA256``; part of every request's key."""
        if self.entry.base_url:
            return self.entry.base_url
        if self.entry.artifact is None:
            raise RegistryError(f"Model '{self.id}' has neither base_url nor artifact.", "Give it a base_url.")
        return f"embedded:{self.entry.artifact.sha256}"

    @property
    def endpoint_model(self) -> str:
        return self.entry.model or self.id

    @property
    def embedded(self) -> bool:
        return self.entry.base_url is None

    @property
    def structured(self) -> Literal["json_schema", "grammar", "none"]:
        return self.settings.structured or ("grammar" if self.embedded else "json_schema")

    def seed(self, seed: int) -> int | None:
        """The seed to send: None for an endpoint that takes none, so that the request, and its key, say so."""
        return seed if self.settings.send_seed else None

    @property
    def sampling(self) -> dict[str, float]:
        """Fixed sampler settings, sent only to embedded models."""
        return dict(self.entry.sampling) if self.embedded else {}

    def engine(self, tell: Tell = lambda message: None) -> Engine:
        """Return an engine that answers for this model.

        Raises
        ------
        EndpointError
            If the key's environment variable is not set.
        ArtifactError
            If the model file cannot be had or is another file.
        """
        if self.embedded:
            assert self.entry.artifact is not None
            return EmbeddedEngine(locate(self.entry.artifact, tell=tell))
        headers = {name: key_from_environment(variable) or "" for name, variable in self.settings.headers_env.items()}
        return EndpointEngine(
            self.endpoint,
            api_key=key_from_environment(self.settings.api_key_env),
            key_name=self.settings.api_key_env,
            headers=headers,
            timeout=self.settings.timeout,
            max_retries=self.settings.max_retries,
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
)


def resolve(settings: ModelSettings) -> Model:
    """Lay the study file's keys over the registry's.

    Raises
    ------
    RegistryError
        For an id that is not in the registry and comes without `base_url`.
    """
    known = registry().model(settings.id)
    if known is None and settings.base_url is None:
        raise RegistryError(
            f"models: '{settings.id}' is not in the registry and has no base_url.",
            f"Give it a base_url, or use one of: {', '.join(m.id for m in registry().models)}.",
        )
    given = {name: getattr(settings, name) for name in _FACTS if getattr(settings, name) is not None}
    entry = (known or ModelEntry(id=settings.id)).model_copy(update=given)
    mode = (
        settings.mode or (known.mode if known else None) or ("completion" if entry.training == "pretrained" else "chat")
    )
    return Model(entry, settings, mode)


def setting_id(temperature: float | None, top_p: float | None) -> str:
    """A readable name for sampling settings; ``tdefault`` where the endpoint's own default is used."""
    return "/".join(
        f"{letter}default" if value is None else f"{letter}{value:g}"
        for letter, value in (("t", temperature), ("p", top_p))
    )


FACTS = ("family", "developer", "parameters", "training", "release_date", "open_weights", "licence", "region", "source")
"""The registry's columns in `facts`."""


def facts(models: Sequence[Model]) -> pd.DataFrame:
    """Return what is known of each model: one row per model, indexed by model_id, unknown cells empty."""
    rows = [{"model_id": m.id, "mode": m.mode, **{name: getattr(m.entry, name) for name in FACTS}} for m in models]
    frame = pd.DataFrame(rows, columns=["model_id", "mode", *FACTS]).set_index("model_id")
    frame["parameters"] = pd.to_numeric(frame["parameters"])
    return frame
