"""The section `taxonomy.naming` of the study file: the language model that names the pieces."""

from __future__ import annotations

from pydantic import Field, field_validator

from valuelex.models import ModelSettings

CENTRAL = "central"


class NamingSettings(ModelSettings):
    """A language model that is asked what to call each dimension and subdimension: the keys of a model, and how it is asked."""

    temperature: float | None = Field(default=0.0, ge=0, le=2)
    """`null` sends none. 0, since the same words should get the same name."""
    max_tokens: int = Field(default=24, ge=1)
    """Longest reply, in tokens: it is a name."""

    @field_validator("id")
    @classmethod
    def _not_the_default(cls, model_id: str) -> str:
        if model_id == CENTRAL:
            raise ValueError("'central' names by central words; give the model another id")
        return model_id
