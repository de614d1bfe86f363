"""The section `scoring:` of the study file."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ScoringSettings(BaseModel):
    """How judgements become scores, and what the scores are meant to generalise to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    not_applicable: Literal["leave_out", "zero", "indifferent"] = "leave_out"
    """What a completion counts that a judge found *not applicable* to a scale: nothing (missing), 0 (silence is rejection),
    or 3 (silence is indifference). A completion that was refused, unusable, or whose judgement could not be read is always
    left out: nobody judged it."""
    judges: Literal["fixed", "random"] = "fixed"
    """What scores generalise to. fixed: the mean of these judges, as if no others could have judged; random: judges like these,
    so that the adjusted scores' intervals also hold how far judges differ (with two or three judges they become very wide).
    Stems and samples are random always."""
    bootstrap: int = Field(default=999, ge=0)
    """Resamples of stems for the bootstrap intervals, of models for those of correlations; 0 makes none."""
    target: float = Field(default=0.8, gt=0, lt=1)
    """Generalizability for which the decision study says how many stems, samples and judges are needed."""
    short_form: int | None = Field(default=None, ge=2)
    """Items per scale of the short form; null: half of them."""
