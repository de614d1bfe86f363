"""The model registry: who made a model, how large it is, how it was trained, and where its file comes from."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from valuelex.errors import RegistryError
from valuelex.resources import instruments
from valuelex.tables import load_yaml

Training = Literal["pretrained", "instruction-tuned", "aligned"]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Entry):
    """A file inside a package of the Python package index."""

    package: str
    version: str
    path: str


class Artifact(_Entry):
    """A model file: the concatenation of its parts, accepted only with this SHA-256."""

    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    parts: tuple[Part, ...] = Field(min_length=1)


class Price(_Entry):
    """What a model's tokens cost, in US dollars per million."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    """Thinking tokens are billed as output."""
    batch_discount: float = Field(default=0.5, ge=0, le=1)
    """Share of the price that the batch API takes off."""
    as_of: date | None = None
    """The day on which it was the list price."""


class ModelEntry(_Entry):
    """What is known of one model; unknown is None."""

    id: str
    name: str | None = None
    family: str | None = None
    developer: str | None = None
    parameters: float | None = Field(default=None, gt=0)
    training: Training | None = None
    release_date: date | None = None
    open_weights: bool | None = None
    licence: str | None = None
    region: str | None = None
    source: str | None = None
    mode: Literal["chat", "completion"] | None = None
    base_url: str | None = None
    """An endpoint that serves the model; embedded models have an artifact in its place."""
    model: str | None = None
    """The name that the endpoint knows; the id where it is not given."""
    huggingface: str | None = None
    """Its name on the model hub, to be run in this process."""
    artifact: Artifact | None = None
    sampling: dict[str, float] = Field(default_factory=dict)
    """Sampler settings sent with every call to an embedded model."""
    price: Price | None = None
    tuned_from: str | None = None
    """Id of the model that this one was trained further from: base and tuned form a matched pair."""
    merged_of: tuple[str, ...] = ()
    """Ids of the models whose weights were merged into this one."""


class EmbeddingEntry(_Entry):
    """A sentence-embedding model whose files lie in packages."""

    id: str
    licence: str | None = None
    source: str | None = None
    dimensions: int = Field(gt=0)
    max_tokens: int = Field(gt=0)
    artifacts: dict[str, Artifact]


class Registry(_Entry):
    """All of instruments/models.yaml."""

    models: tuple[ModelEntry, ...]
    embeddings: tuple[EmbeddingEntry, ...] = ()

    def model(self, model_id: str) -> ModelEntry | None:
        """Return the entry of a model, or None."""
        return next((m for m in self.models if m.id == model_id), None)

    def embedding(self, model_id: str) -> EmbeddingEntry:
        """Return the entry of an embedding model; raise `RegistryError` for an unknown one."""
        found = next((m for m in self.embeddings if m.id == model_id), None)
        if found is None:
            raise RegistryError(
                f"Embedding model '{model_id}' is not in instruments/models.yaml.",
                f"Known: {', '.join(m.id for m in self.embeddings)}.",
            )
        return found


@cache
def registry() -> Registry:
    """Read instruments/models.yaml.

    Raises
    ------
    RegistryError
        Naming the entry and key that is wrong.
    """
    path = instruments() / "models.yaml"
    try:
        found = Registry.model_validate(load_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(p) for p in first["loc"])
        raise RegistryError(f"{path}, {where}: {first['msg']}.", "Mend this key.") from error
    ids = [m.id for m in found.models]
    repeated = sorted({i for i in ids if ids.count(i) > 1})
    if repeated:
        raise RegistryError(
            f"{path}: the id {', '.join(repeated)} stands more than once.", "Give each model its own id."
        )
    return found
