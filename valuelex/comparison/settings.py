"""The section `comparison:` of the study file."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Covariate = Literal["parameters", "training", "family", "developer", "region", "open_weights"]


class ComparisonSettings(BaseModel):
    """What models are compared on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contrasts: list[Covariate] = ["parameters", "training"]
    """Registry columns. `parameters` is a slope per tenfold size; the others compare every two of their levels."""
    smallest_effect: float = Field(default=0.2, gt=0, le=6)
    """Smallest difference that would matter, in score points on the 0-6 scale; contrasts are held against it (the slope: points
    per tenfold size)."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Coverage of all intervals."""
