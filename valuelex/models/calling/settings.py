"""The section `running:` of the study file: what a run may cost, and how long it may wait. Nothing here moves an answer."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from valuelex.models.calling.pacing import PATIENCE_S


class RunningSettings(BaseModel):
    """What a run may cost, and how long it may wait."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    budget: float | None = Field(default=None, gt=0)
    """Spending cap of the whole study in US dollars: no call is begun that could pass it, and the run ends cleanly. Needs a
    price for every model that is asked (the registry's, or `price` in the study file)."""
    batch_wait: float = Field(default=0.0, ge=0)
    """Seconds to wait for batches of the batch API. 0: the run ends when they are handed in; the same command fetches them."""
    patience: float = Field(default=PATIENCE_S, gt=0)
    """Seconds without one answer after which an endpoint that keeps refusing (429, 503) stops the run."""
