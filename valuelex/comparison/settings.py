"""The section `comparison:` of the study file."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Covariate = Literal["parameters", "training", "family", "developer", "region", "open_weights", "release_date"]
Measure = Literal["level", "profile"]


class ComparisonSettings(BaseModel):
    """What models are compared on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contrasts: list[Covariate] = ["parameters", "training"]
    """Registry columns. `parameters` is a slope per tenfold size, `release_date` one per year; the others compare every two of
    their levels. Where base and tuned models or several sizes of a family are there, matched contrasts are made besides."""
    adjust_for: list[Covariate] = []
    """Covariates that every contrast is held equal on, besides its own. Each costs degrees of freedom; the specification curve
    shows every choice of them."""
    measures: list[Measure] = Field(default=["level", "profile"], min_length=1)
    """level: scores as they are. profile: each model's scores less their mean over dimensions, so that what raises or lowers
    all of them (the halo) is gone."""
    scores: Literal["linear", "ordinal"] = "linear"
    """What ratings are taken as. linear: points on a scale. ordinal: ordered categories (cumulative link mixed model), so that
    nothing is assumed of the distances between them and models near an end of the scale are not drawn together; differences are
    then latent ones, in points as they are worth on average over models. The specification curve shows both."""
    smallest_effect: float = Field(default=0.2, gt=0)
    """Smallest difference that would matter, in score points; contrasts are held against it (slopes: points per tenfold size or
    per year). The default is meant for the 0-6 scale."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Coverage of all intervals; tests are at one minus this."""
    cluster: Literal["family", "developer"] = "family"
    """What models are sampled in: families as the registry has them (llama3 and llama3.1 are two), or all of a developer's."""
    confounded: Literal["refuse", "report"] = "refuse"
    """A covariate that is constant within every family (developer mostly is) cannot be told from whatever else sets families
    apart. refuse: say so, give no number for models like these. report: compare families, and say what that is."""
    scale: tuple[float, float] = (0.0, 6.0)
    """Lowest and highest score possible; scores outside are refused."""
    dimensions: dict[str, list[str]] = {}
    """Dimension -> scales whose mean it is, for given scores that have finer ones:
    {Competence: [Self-Competent, User-Oriented]}."""
    weights: dict[str, float] = {}
    """Dimension -> weight in the total; empty: every dimension the same. Weights are divided by their sum."""
    covariates: str | None = None
    """A CSV file of what is known of the models, relative to the study file: column model (id or name) and any of the
    registry's columns. What it says goes before the registry."""
    bootstrap: int = Field(default=1000, ge=99)
    """Draws of the wild cluster bootstrap over families, and of all other resampling."""
    power_draws: int = Field(default=100, ge=0)
    """Simulated studies behind each power figure; 0 makes none."""
    reference: str | None = None
    """A CSV file of value means of groups of people (Schwartz values by country, ...), relative to the study file: one row a
    group (column group or country), one column a dimension, on any scale; or long, with columns dimension and mean."""
    claims: str | None = "valuelex"
    """Claims to be tested: the name of a set in instruments/claims, a file, or null for none."""

    @model_validator(mode="after")
    def _sensible(self) -> ComparisonSettings:
        if not self.scale[0] < self.scale[1]:
            raise ValueError(f"scale goes from {self.scale[0]:g} to {self.scale[1]:g}: give the lower end first")
        weights = list(self.weights.values())
        if not all(0 <= weight < float("inf") for weight in weights) or (weights and not sum(weights) > 0):
            raise ValueError("weights must be finite and 0 or more, one of them above 0")
        empty = [name for name, members in self.dimensions.items() if not members]
        if empty:
            raise ValueError(f"dimensions.{empty[0]} is the mean of no scale")
        return self
